#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# --remove-servers beside accounts that cannot be asked: one whose module crashes when it opens, one whose
# module is gone. What can be removed is; the rest is named, with the reason, and soon.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs jq
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

# definition_of NAME MODULE BEHAVIOUR
definition_of()
{
	cat <<-EOT
	---
	kind: provider-config
	name: $1
	provider: $2
	settings:
	  behaviour: $3
	  token: t0ken
	EOT
}

# remove WANTED-STATUS: its output is in $work/removed then, and $took says how many seconds it needed.
remove()
{
	local began=$SECONDS status
	"$headroomd" --config "$work/headroom.conf" --remove-servers >"$work/removed" 2>"$work/trouble"
	status=$?
	took=$((SECONDS - began))
	cat "$work/trouble" >>"$work/daemon.log"
	grep -v '^{' "$work/trouble" >"$work/removed"
	[ "$status" = "$1" ] || fail "--remove-servers ended with status $status instead of $1: $(cat "$work/removed")"
}

server_of()
{
	"$headroom" -o json server list --pool "$1" | jq -r '.[0].name'
}

daemon_prepare
modules=$work/modules
mkdir -m 755 "$modules"
cp "$HEADROOM_BUILDDIR"/tests/modules/good/.libs/{mock,mockserial}.so "$modules" || fail "the modules are not built"
chmod 644 "$modules"/*.so
sed -i "s|^path = .*|path = $modules|" "$work/headroom.conf"
daemon_start || fail "the daemon did not start"
{
	printf 'kind: zone\nname: here\n'
	definition_of fine mock good
	definition_of crashes mock good
	definition_of gone mockserial good
	for name in fine crashes gone; do
		pool_of "$name"
	done
} >"$work/pools.yaml"
"$headroom" apply -f "$work/pools.yaml" >/dev/null || fail "apply"
for name in fine crashes gone; do
	wait_for 60 "a server of $name runs" servers_running_is "$name" 1
done
crashing=$(server_of crashes)
lost=$(server_of gone)
fine=$(server_of fine)
definition_of crashes mock segv-open >"$work/crashes.yaml"
"$headroom" apply -f "$work/crashes.yaml" >/dev/null || fail "apply of what crashes"
daemon_stop
mv "$modules/mockserial.so" "$work/mockserial.so"

remove 3
[ "$took" -lt 60 ] || fail "it took $took s"
out=$(cat "$work/removed")
expect "the crash" "$out" "headroomd: provider config crashes cannot be asked: the process of module mock"
expect "the module that is gone" "$out" "headroomd: provider config gone cannot be asked: there is no provider module \"mockserial\""
expect "a server" "$out" "  $crashing of provider config crashes"
expect "a server" "$out" "  $lost of provider config gone"
expect "the end" "$out" "headroomd: 2 servers remain, whose provider configs cannot be asked"
case $out in *"$fine"*) fail "the good one is left: $out" ;; esac

# With both put right nothing is left.
mv "$work/mockserial.so" "$modules/mockserial.so"
daemon_start || fail "the daemon did not start again"
definition_of crashes mock good >"$work/crashes.yaml"
"$headroom" apply -f "$work/crashes.yaml" >/dev/null || fail "apply of what does not crash"
# A create that is cut off by the daemon's end is looked for longer than this test waits.
for name in fine crashes gone; do
	wait_for 60 "a server of $name runs again" servers_running_is "$name" 1
done
daemon_stop
remove 0
say "remove: what can be removed is, the rest is named"
