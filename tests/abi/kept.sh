#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Modules that were built long ago (binaries/draftN/sample.so, the template's module): one of this draft loads and
# conforms; one of another is refused with what it wants and what is offered.

. "${HEADROOM_SRCDIR:-.}/tests/abi/abi.sh"

build=${HEADROOM_BUILDDIR:-.}
trap '[ -z "${cloud-}" ] || kill "$cloud"; rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -m 755 "$work/module"

conforms()
{
	"$build/tests/abi/cloud" test-token >"$work/url" &
	cloud=$!
	for _ in {1..100}; do
		[ ! -s "$work/url" ] || break
		sleep 0.1
	done
	printf '{"url": "%s", "token": "test-token", "region": "west", "image": "debian-12"}\n' "$(cat "$work/url")" >"$work/test.json"
	"$build/headroom-conformance" --host "$build/headroom-host" --settings "$work/test.json" "$1" >"$work/lines" ||
		{ grep -A 1 '^not ok' "$work/lines"; fail "$2 does not conform"; }
	[ "$(grep -c '^ok' "$work/lines")" -ge 100 ] || fail "$2: too few lines: $(tail -n 1 "$work/lines")"
}

seen=0
for folder in "$abi"/binaries/draft*; do
	kept=${folder##*draft}
	[ "$(wc -c <"$folder/sample.so")" -le 65536 ] || fail "$folder/sample.so has more than 64 KiB"
	if ! grep -q '^revision ' "$folder/build.txt" || ! grep -q '^build ' "$folder/build.txt"; then
		fail "$folder/build.txt lacks revision or build line"
	fi
	rm -f "$work/module/sample.so"
	install -m 644 "$folder/sample.so" "$work/module/sample.so" || fail "no copy"
	"$build/headroom-host" --describe "$work/module/sample.so" >"$work/said"
	status=$?
	if [ "$kept" = "$draft" ]; then
		if [ $status -ne 0 ] || ! grep -q '"sample"' "$work/said"; then
			fail "draft $kept: $(cat "$work/said")"
		fi
		conforms "$work/module/sample.so" "the module kept of draft $kept"
		seen=1
	elif [ $status -ne 3 ] || ! grep -q "draft $kept, this Headroom offers .* draft $draft" "$work/said"; then
		fail "draft $kept: $(cat "$work/said")"
	fi
	echo "kept: draft $kept: as it should be"
done
[ $seen = 1 ] || fail "no binary of draft $draft is kept; see tests/abi/README.md"
