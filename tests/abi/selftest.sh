#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The guards of the ABI, on copies of the headers that were changed: each change that matters is told, a comment is not.

. "${HEADROOM_SRCDIR:-.}/tests/abi/abi.sh"

header=$work/include/headroom/provider.h

# changed SED: the headers again, with that edit, which must change something.
changed()
{
	rm -rf "$work/include"
	mkdir "$work/include"
	cp -r "$include/headroom" "$work/include/" || fail "no copy"
	sed -i "$1" "$header"
	! cmp -s "$header" "$include/headroom/provider.h" || fail "this edit changes nothing: $1"
}

told()
{
	local guard=$1 words=$2
	if ABI_INCLUDE=$work/include bash "$abi/$guard.sh" >"$work/out" 2>&1; then
		fail "$guard.sh does not tell: $edit"
	fi
	grep -qE "$words" "$work/out" || { cat "$work/out"; fail "$guard.sh says something else of: $edit"; }
	echo "$guard.sh tells: $edit"
}

while IFS='|' read -r edit words; do
	changed "$edit"
	told layout "$words"
	case $words in
	'not that of draft'*) ! command -v abidiff >/dev/null || [[ $edit == *HR_QUOTA* ]] || told abidiff "" ;;
	esac
done <<'EDITS'
s/^\tuint64_t script_max;/\tuint32_t script_max;/|not that of draft
s/^\tuint32_t rate_burst;/\tuint32_t rate_burst;\n\tuint64_t another;/|not that of draft
s/struct hr_account \*\*ret_account);/struct hr_account **ret_account, int32_t more);/|not that of draft
s/HR_QUOTA = 19/HR_QUOTA = 20/|not that of draft
s/^#define HR_ABI_DRAFT .*/#define HR_ABI_DRAFT 999/|change-log .* no line for draft
s/^struct hr_list {/union hr_odd { int a; };\nstruct hr_list {/|not understood
EDITS
edit="a comment"
changed 's|^ \* A module is one shared object|  * Another word. A module is one shared object|'
ABI_INCLUDE=$work/include bash "$abi/layout.sh" >"$work/out" 2>&1 || { cat "$work/out"; fail "a comment is taken for a change"; }
echo "selftest: all are told"
