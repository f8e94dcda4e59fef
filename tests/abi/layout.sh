#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The ABI is what its draft's text says: another size, offset, declaration or constant needs another draft number,
# with its line in the change-log. Each header belongs to it, or to the SDK.

. "${HEADROOM_SRCDIR:-.}/tests/abi/abi.sh"

todo="raise HR_ABI_DRAFT in provider.h, add a line \"draft N\" to its change-log, then: make abi"
for header in "$include"/headroom/*.h; do
	case ${header##*/} in
	sdk.h | sdk_json.h | sdk_script.h) continue ;;
	esac
	grep -qxF "#include <headroom/${header##*/}>" "$abi/headers.h" || fail "tests/abi/headers.h lacks ${header##*/}"
done
for ((n = 1; n <= draft; n++)); do
	grep -qE "^ \*   draft $n +20[0-9]{2}-[0-9]{2}-[0-9]{2}  [^ ]" "$include/headroom/provider.h" ||
		fail "the change-log of provider.h has no line for draft $n"
done
[ -f "$abi/draft$draft.txt" ] || fail "there is no tests/abi/draft$draft.txt; run: make abi"
layout_make "$work/layout.txt"
# The text is that of machines with pointers of 64 bits.
grep -qxF "hr_span.ptr offset 0 size 8: const char *ptr;" "$work/layout.txt" || { echo "pointers have not 64 bits here"; exit 77; }
[ "$(wc -l <"$work/layout.txt")" -ge 300 ] || fail "the layout has too few lines"
diff -u "$abi/draft$draft.txt" "$work/layout.txt" || fail "the ABI is not that of draft $draft any more: $todo"
echo "layout: $(wc -l <"$work/layout.txt") sizes, offsets and constants are those of draft $draft"
