#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make abi: writes down what the ABI of a new draft is, once. What is there is never written again.

. "${HEADROOM_SRCDIR:-.}/tests/abi/abi.sh"

for file in "draft$draft.txt" "draft$draft.abi"; do
	[ ! -e "$abi/$file" ] || fail "tests/abi/$file is there: a draft's ABI does not change; raise HR_ABI_DRAFT"
done
command -v abidw >/dev/null || fail "abidw is not installed (Debian: abigail-tools)"
layout_make "$work/layout.txt"
interface_make "$work/interface.so"
abidw --no-corpus-path --no-comp-dir-path --no-show-locs --out-file "$work/abi" "$work/interface.so" || fail "abidw"
cp "$work/layout.txt" "$abi/draft$draft.txt" || fail "tests/abi cannot be written"
cp "$work/abi" "$abi/draft$draft.abi" || fail "tests/abi cannot be written"
echo "written: tests/abi/draft$draft.txt and .abi; now keep a binary: see tests/abi/README.md"
