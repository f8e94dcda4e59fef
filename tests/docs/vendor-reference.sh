#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Prints docs/vendors/reference.md, made from the public headers.
# With --check: says whether that page is what they say, and that no header was left out.
# HEADROOM_SRCDIR names the source tree.

set -u
srcdir=${HEADROOM_SRCDIR:-.}
page=$srcdir/docs/vendors/reference.md
headers=(provider http secret log clock random crypto process sdk sdk_json sdk_script)

print_page()
{
	local header
	cat <<-'HEAD'
		# Reference

		Made from the headers by `make reference`; what is written here is written there. How it all goes together:
		[the tutorial](tutorial.md), [steps](steps.md), [errors](errors.md).

	HEAD
	for header in "${headers[@]}"; do
		printf -- '- [headroom/%s.h](#headroom%sh)\n' "$header" "$header"
	done
	printf '\n'
	for header in "${headers[@]}"; do
		awk -f "$srcdir/tests/docs/header-reference.awk" -v name="headroom/$header.h" \
			"$srcdir/sdk/include/headroom/$header.h" || return 1
	done
}

[ "${1-}" = --check ] || { print_page; exit; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
status=0
print_page >"$work/page" || exit 1
if ! diff -u "$page" "$work/page"; then
	echo "vendor-reference: docs/vendors/reference.md is not what the headers say; run: make reference" >&2
	status=1
fi
for header in "$srcdir"/sdk/include/headroom/*.h; do
	name=${header##*/}
	case " ${headers[*]} " in
	*" ${name%.h} "*) ;;
	*)
		echo "vendor-reference: $name is not in its list of headers" >&2
		status=1
		;;
	esac
done
# What a reader must find, whatever the headers hold by now: each function and each structure.
grep -ohE '^(struct [a-z0-9_]+ \{|[a-z].*[ *](hr_[a-z0-9_]+)\()' "$srcdir"/sdk/include/headroom/*.h |
	grep -oE 'struct hr_[a-z0-9_]+ \{|hr_[a-z0-9_]+\($' | sed 's/ {$//; s/($//' | sort -u >"$work/names"
[ -s "$work/names" ] || { echo "vendor-reference: no name was found in the headers" >&2; exit 1; }
while IFS= read -r name; do
	if ! grep -qF "$name" "$page"; then
		echo "vendor-reference: $name is missing" >&2
		status=1
	fi
done <"$work/names"
[ $status -ne 0 ] || echo "vendor-reference: docs/vendors/reference.md is what the headers say"
exit $status
