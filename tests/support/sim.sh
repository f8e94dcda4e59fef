# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # work is daemon.sh's
#
# Sourced after daemon.sh by tests that need a cloud: a headroom-sim of the test's own, with its books in
# $work. The trap is sim_cleanup instead of daemon_cleanup.

sim=$HEADROOM_BUILDDIR/tests/sim/headroom-sim
sim_pid=

# sim_start ARGUMENT…: after daemon_prepare; further arguments of headroom-sim serve. Sets sim_url; the
# daemon's modules are sim.so alone.
sim_start()
{
	local i
	sed -i "s|^path = .*|path = $HEADROOM_BUILDDIR/plugins/sim/.libs|" "$work/headroom.conf"
	"$sim" serve --books "$work/books" --listen "${sim_listen:-127.0.0.1}" "$@" \
		>"$work/sim.url" 2>"$work/sim.log" &
	sim_pid=$!
	for ((i = 0; i < 200; i++)); do
		sim_url=$(cat "$work/sim.url" 2>/dev/null)
		[ -z "$sim_url" ] || return 0
		kill -0 "$sim_pid" 2>/dev/null || break
		sleep 0.05
	done
	fail "headroom-sim did not start: $(cat "$work/sim.log")"
}

sim_stop()
{
	[ -n "$sim_pid" ] || return 0
	kill -TERM "$sim_pid" 2>/dev/null
	wait "$sim_pid" 2>/dev/null
	sim_pid=
}

# What is left is removed at a cloud that does as it is told.
sim_cleanup()
{
	local status=$? key
	if [ -n "$sim_pid" ]; then
		for key in down rate hang garbage unanswered partial lie deleting lag_gone latency fail_auth \
			fail_throttled fail_conflict fail_transient fail_internal fail_timeout; do
			printf '%s=0\n' $key
		done | xargs "$sim" set --books "$work/books"
	fi
	(exit "$status")
	daemon_cleanup
	status=$?
	sim_stop
	return "$status"
}

sim_set()
{
	"$sim" set --books "$work/books" "$@" || fail "headroom-sim set $*"
}

# sim_books FILTER: what jq makes of the books.
sim_books()
{
	"$sim" books --books "$work/books" --json | jq -r "$1"
}

# sim_alive ACCOUNT: how many machines exist there.
sim_alive()
{
	sim_books "[.accounts[] | select(.account == \"$1\").alive] | add"
}

sim_alive_is()
{
	[ "$(sim_alive "$1")" = "$2" ]
}
