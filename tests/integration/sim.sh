#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Two pools on two accounts of a cloud that fails, lags, forgets to answer and gives ids again: the pools
# reach their size, a session is served, what is too much goes, and at the end nothing is left. The judge is
# the cloud's own books.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
. "$HEADROOM_SRCDIR/tests/support/sim.sh"
needs jq curl
trap sim_cleanup EXIT
trap 'exit 1' INT TERM

pools_run()
{
	servers_running_is red "$1" && servers_running_is blue "$2"
}

servers_are_gone()
{
	[ "$("$headroom" -o json server list | jq 'map(select(.state != "gone")) | length')" = 0 ]
}

daemon_prepare
sim_start --seed 4 --set red.key=red-key --set blue.key=blue-key \
	--set red.judge_max=4 --set blue.judge_max=3 --set latency=tail:5:200 \
	--set pending=uniform:0:800 --set boot=uniform:100:600 --set deleting=uniform:0:600 --set checkin=uniform:0:300 \
	--set fail_transient=60 --set fail_internal=60 --set unanswered=100 --set garbage=50 --set fail_conflict=60 \
	--set partial=200 --set lag_new=uniform:0:500 --set lag_gone=uniform:0:500 --set recycle=700 \
	--set checkin_twice=300 --set blue.rate=600 --set blue.burst=5
daemon_start || fail "the daemon did not start"
sed "s|: URL|: $sim_url|" "$HEADROOM_SRCDIR/tests/integration/sim.yaml" >"$work/sim.yaml"
"$headroom" apply -f "$work/sim.yaml" >/dev/null || fail "apply"
wait_for 120 "both pools reach their size" pools_run 3 2

session_open red ana
server=$(session_server "$session")
"$sim" busy --books "$work/books" "$server" yes || fail "the session's server has no machine"
wait_for 120 "a fourth server stands by" pools_run 4 2
"$headroom" session end "$session" >/dev/null || fail "session end"
"$sim" busy --books "$work/books" "$server" no || fail "the session's server went before its session's end"
wait_for 120 "what is too much goes" sim_alive_is red 3
wait_for 120 "both pools have their size again" pools_run 3 2

"$headroom" autoscale delete red-sim --force >/dev/null || fail "autoscale delete red-sim"
"$headroom" autoscale delete blue-sim --force >/dev/null || fail "autoscale delete blue-sim"
wait_for 120 "nothing is left of red" sim_alive_is red 0
wait_for 120 "nothing is left of blue" sim_alive_is blue 0
wait_for 120 "the daemon knows that nothing is left" servers_are_gone
for name in red blue; do
	"$headroom" autoscale delete $name-sim >/dev/null || fail "autoscale delete of what is empty: $name-sim"
	"$headroom" pool delete $name >/dev/null || fail "pool delete $name"
done
daemon_stop
"$sim" books --books "$work/books" >"$work/verdict" || fail "the books: $(cat "$work/verdict")"
# They would see it, and there was something to see.
failed=$(sim_books '[.calls[] | select(.code != "OK" or .delivery != 0).n] | add')
[ "$failed" -gt 0 ] || fail "no call failed"
[ ! -s "$work/sim.log" ] || fail "headroom-sim says: $(cat "$work/sim.log")"
say "sim: $(sim_books '[.machines[]] | length') machines, $failed creates and destroys failed, none doubled, none left"
