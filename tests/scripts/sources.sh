# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Which files a check looks at. To be sourced. The tree is the first argument of the check, else
# HEADROOM_SRCDIR, else the tree that the check lies in.

# sources_enter [TREE]: goes to the tree's top.
sources_enter()
{
	local here
	here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd) || exit 99
	cd "${1:-${HEADROOM_SRCDIR:-$here}}" || exit 99
}

# sources_all: every file of the tree, one per line: git's view (with new files, without ignored
# ones) in a checkout; elsewhere, such as in an unpacked release, everything but build output.
sources_all()
{
	local top file
	top=$(git rev-parse --show-toplevel 2>/dev/null)
	if [ -n "$top" ] && [ "$top" -ef . ]; then
		git -c core.quotePath=off ls-files --cached --others --exclude-standard
	else
		find . \( -name .git -o -name autom4te.cache -o -path ./build-aux -o -path './build*' \
			-o -path './headroom-[0-9]*' -o -name _build -o -name _inst \) -prune \
			-o \( -path ./configure -o -path './config.*' -o -path ./libtool \) \
			-o -type f -print | sed 's|^\./||'
	fi | sort -u | while IFS= read -r file; do
		[ -f "$file" ] && printf '%s\n' "$file"
	done
}

# sources_c: every C source and header.
sources_c()
{
	sources_all | grep -E '\.[ch]$'
}
