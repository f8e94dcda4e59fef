#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The ABI compared with its draft's dump by libabigail, whose judgment is not ours.

. "${HEADROOM_SRCDIR:-.}/tests/abi/abi.sh"

command -v abidiff >/dev/null || { echo "abidiff is not installed (Debian: abigail-tools)"; exit 77; }
[ -f "$abi/draft$draft.abi" ] || fail "there is no tests/abi/draft$draft.abi; run: make abi"
interface_make "$work/interface.so"
abidiff "$abi/draft$draft.abi" "$work/interface.so" || fail "the ABI is not that of draft $draft any more"
# It has to see what is there: a dump without our types would equal anything.
[ "$(grep -c "<class-decl name='hr_" "$abi/draft$draft.abi")" -ge 20 ] || fail "the dump has too few types"
echo "abidiff: the same as draft $draft"
