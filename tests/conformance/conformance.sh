#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# headroom-conformance on module sim against its cloud, which has to pass; then (make check-conformance-self)
# on sim bent in each way of bends.txt, each of which has to fail by the line that is named there.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
. "$HEADROOM_SRCDIR/tests/support/sim.sh"
trap sim_cleanup EXIT
trap 'exit 1' INT TERM

# conformance ID FILE: as module ID, in a folder of its own; its lines in $work/lines.
conformance()
{
	rm -rf "$work/module"
	mkdir "$work/module"
	cp "$2" "$work/module/$1.so" || fail "no $2"
	"$HEADROOM_BUILDDIR/headroom-conformance" --host "$HEADROOM_BUILDDIR/headroom-host" \
		--settings "$work/settings.json" "$work/module/$1.so" >"$work/lines"
}

self()
{
	local n=0 wrong=0 what line mark
	while IFS='|' read -r what line; do
		n=$((n + 1)) mark=
		line=${line# }
		conformance bent "$HEADROOM_BUILDDIR/tests/conformance/.libs/bent$n.so"
		sed -nE "s/^not ok [0-9]+ - //p" "$work/lines" | grep -qxF "$line" || {
			mark='   <-- differs'
			wrong=$((wrong + 1))
		}
		printf '%s | %s | %s%s\n' "$what" "$line" \
			"$(sed -nE 's/^not ok [0-9]+ - //p' "$work/lines" | head -n 1)" "$mark"
	done < <(grep -v '^#' "$HEADROOM_SRCDIR/tests/conformance/bends.txt")
	[ "$n" -ge 20 ] || fail "only $n bent modules"
	[ "$wrong" = 0 ] || fail "$wrong bent modules are not told"
}

daemon_prepare
sim_start --seed 1 --set red.key=red-key --set recycle=700
printf '{"url": "%s", "key": "red-key"}\n' "$sim_url" >"$work/settings.json"
conformance sim "$HEADROOM_BUILDDIR/plugins/sim/.libs/sim.so" || {
	grep -A1 '^not ok' "$work/lines"
	fail "module sim does not conform"
}
[ "$(grep -c '^ok' "$work/lines")" -ge 80 ] || fail "too few lines: $(tail -n 2 "$work/lines")"
[ "$(sim_books '[.machines[] | select(.state != "gone")] | length')" = 0 ] || fail "machines are left"
say "module sim: $(tail -n 1 "$work/lines")"

# One life on a cassette, without the key; the cloud need not be there when it is played.
on_cassette()
{
	"$HEADROOM_BUILDDIR/headroom-conformance" --host "$HEADROOM_BUILDDIR/headroom-host" --settings "$work/settings.json" \
		"$@" "$work/module/sim.so"
}

mkdir -m 700 "$work/cassettes"
on_cassette --record "$work/cassettes" >"$work/recorded" || fail "no life was recorded: $(cat "$work/recorded")"
[ "$(grep -o '"method"' "$work/cassettes/conformance.json" | wc -l)" -ge 5 ] || fail "the cassette holds too little"
! grep -q red-key "$work/cassettes/conformance.json" || fail "the cassette holds the key"
sim_stop
printf '{"url": "%s", "key": "another"}\n' "$sim_url" >"$work/settings.json"
on_cassette --replay "$work/cassettes" --report "$work/report.json" >"$work/replayed" ||
	fail "the cassette does not play: $(cat "$work/replayed")"
diff "$work/recorded" "$work/replayed" || fail "it plays another life"
jq -e '.module == "sim" and .result.failed == 0 and (.sha256 | length) == 64 and (.result.lines | length) > 10' \
	"$work/report.json" >/dev/null || fail "the report: $(cat "$work/report.json")"
! grep -q another "$work/report.json" || fail "the report has settings"
sim_start --seed 1
printf '{"url": "%s", "key": "red-key"}\n' "$sim_url" >"$work/settings.json"

# Module local makes no requests: faults do not apply to it, and are said not to.
local_module=$HEADROOM_BUILDDIR/plugins/local/.libs/local.so
if [ -f "$local_module" ] && command -v sshd >/dev/null; then
	mkdir -m 755 "$work/local"
	cp "$local_module" "$work/local/" || fail "no copy"
	for file in headroom-local-server headroom-local-names.so; do
		cp "$HEADROOM_BUILDDIR/plugins/local/$file" "$work/local/" || fail "no copy of $file"
	done
	echo '{}' >"$work/local.json"
	"$HEADROOM_BUILDDIR/headroom-conformance" --local --host "$HEADROOM_BUILDDIR/headroom-host" \
		--settings "$work/local.json" "$work/local/local.so" >"$work/lines" || {
		grep -A1 '^not ok' "$work/lines"
		fail "module local does not conform"
	}
	[ "$(grep -c '^ok' "$work/lines")" -ge 30 ] || fail "too few lines: $(tail -n 2 "$work/lines")"
	say "module local: $(tail -n 1 "$work/lines")"
fi
[ -z "${CONFORMANCE_SELF-}" ] || self
