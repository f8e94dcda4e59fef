# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced by the tests of this folder. HEADROOM_SRCDIR: the source tree; ABI_INCLUDE: the folder of headroom/, for
# selftest.sh another one than ours. Compiler: CC, else gcc.

set -u
abi=$HEADROOM_SRCDIR/tests/abi
include=${ABI_INCLUDE:-$HEADROOM_SRCDIR/sdk/include}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

fail()
{
	echo "FAIL: $*" >&2
	exit 1
}

draft=$(awk '$1 == "#define" && $2 == "HR_ABI_DRAFT" { print $3 }' "$include/headroom/provider.h")
[[ $draft =~ ^[0-9]+$ ]] || fail "provider.h has no HR_ABI_DRAFT"

compile()
{
	${CC:-gcc} -I"$include" -I"$abi" "$@" || fail "this does not compile: $*"
}

# layout_make FILE: sizes, offsets, declarations and constants, as this compiler has them.
layout_make()
{
	local headers=()
	mapfile -t headers < <(sed -n "s|^#include <\(.*\)>|$include/\1|p" "$abi/headers.h")
	[ "${#headers[@]}" -ge 8 ] || fail "headers.h names too few headers"
	awk -f "$abi/layout.awk" "${headers[@]}" >"$work/layout.c" || fail "layout.awk"
	compile -o "$work/layout" "$work/layout.c"
	"$work/layout" >"$1" || fail "the layout program"
}

# interface_make FILE: all types in a shared object, with debugging information.
interface_make()
{
	compile -g -O0 -fPIC -shared -fvisibility=hidden -o "$1" "$abi/interface.c"
}
