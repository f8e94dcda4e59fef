#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What an administrator stops at 3 a.m., as he does it: a file stops new servers, another all changes,
# even his own; without them everything goes on. A pool's dry run tells what it would do.

# shellcheck source=tests/support/daemon.sh
. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs bwrap sshd ssh jq
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

event_says()
{
	"$headroom" -o json event list --limit 200 |
		jq -e --arg kind "$1" --arg text "$2" 'any(.[]; .kind == $kind and (.message | contains($text)))' >/dev/null
}

# change SED-SCRIPT: applies the demo pool with that change.
change()
{
	sed "s|startup_script_file: \.\./|startup_script_file: $HEADROOM_SRCDIR/templates/|; $1" \
		"$HEADROOM_SRCDIR/templates/pools/demo.yaml" >"$work/changed.yaml"
	"$headroom" apply -f "$work/changed.yaml" >/dev/null || fail "apply of a change"
}

daemon_prepare
daemon_start || fail "the daemon did not start"
touch "$work/state/stop-creates"
wait_for 20 "the stop is noticed" event_says engine.stopped "new servers are stopped while there is a file $work/state/stop-creates"
"$headroom" apply -f "$HEADROOM_SRCDIR/templates/pools/demo.yaml" >/dev/null || fail "apply"
wait_for 20 "the shortage is explained" event_says pool.short "demo-local is held back: new servers are stopped while there is a file $work/state/stop-creates"
[ "$(judge_trees | wc -l)" = 0 ] || fail "a server was made while new servers are stopped"
rm "$work/state/stop-creates"
wait_for 120 "2 running servers" servers_running_is demo 2

touch "$work/state/stop-changes"
wait_for 20 "the stop is noticed" event_says engine.stopped "all changes at providers are stopped"
server=$("$headroom" -o json server list --pool demo | jq -r '.[0].id')
"$headroom" server destroy "$server" >/dev/null || fail "server destroy"
sleep 3
[ "$(judge_trees | wc -l)" = 2 ] || fail "something was changed while all changes are stopped"
rm "$work/state/stop-changes"
wait_for 120 "what was ordered is done" event_says server.gone "is gone"
wait_for 120 "2 running servers again" servers_running_is demo 2

change 's/^kind: pool$/kind: pool\ndry_run: true/; s/minimum_available_sessions: 2/minimum_available_sessions: 4/'
wait_for 20 "the dry run tells" event_says pool.dry_run "dry run: would make 2 and remove 0"
[ "$(judge_trees | wc -l)" = 2 ] || fail "a dry run made a server"
say "stops: files stop new servers and all changes; a dry run only tells"
