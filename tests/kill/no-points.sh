#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The programs that are installed have no kill points: no symbol of them, in contrast to those of this test.

: "${HEADROOM_BUILDDIR:?}"

symbols=$(mktemp) || exit 1
trap 'rm -f "$symbols"' EXIT

has_points()
{
	local program=$1
	# libtool's wrapper of a program that is not installed yet
	[ ! -f "${1%/*}/.libs/${1##*/}" ] || program=${1%/*}/.libs/${1##*/}
	nm "$program" >"$symbols" || { echo "no symbols in $program"; exit 1; }
	grep -qE 'kill_(point|table)' "$symbols"
}

for program in headroomd headroom-host; do
	has_points "$HEADROOM_BUILDDIR/tests/kill/$program" || { echo "no kill points in tests/kill/$program"; exit 1; }
	has_points "$HEADROOM_BUILDDIR/$program" && { echo "kill points in $program"; exit 1; }
done
echo "no-points: headroomd and headroom-host have no kill points"
