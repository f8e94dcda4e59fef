# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # work, headroomd, headroom, input and row are daemon.sh's and check-input.sh's
#
# Sourced by check-input.sh: what happens to a daemon that runs: its disk fills, its database is locked,
# the clock is set, too many come. It goes on, says what is wrong, and has lost nothing.

# daemon_with NAME=VALUE…: started anew with these in its environment.
daemon_with()
{
	local headroomd_alone=$headroomd
	daemon_stop
	printf '#!/bin/sh\nexec env %s "%s" "$@"\n' "$*" "$headroomd_alone" >"$work/headroomd-with"
	chmod 755 "$work/headroomd-with"
	headroomd=$work/headroomd-with
	daemon_start || fail "the daemon did not start with $*"
	headroomd=$headroomd_alone
}

# preloads NAME: the library of that name, after the sanitizer's own in a build with sanitizers.
preloads()
{
	printf '%s' "$(ldd "$(real_program)" | awk '$1 ~ /^libasan/ { print $3 ":" }')$input/.libs/$1.so"
}

pool_create()
{
	printf '{"name": "%s"}' "$1" >"$work/body"
	asked POST pools "$work/body"
}

pools_named()
{
	"$headroom" -o name pool list | grep -c "^$1"
}

full_disk()
{
	local i acknowledged=0
	daemon_with LD_PRELOAD="$(preloads quota)" TEST_FULL="$work/full" TEST_FULL_BELOW="$work/state"
	for i in 1 2 3; do
		[ "$(pool_create "before-$i")" != 201 ] || acknowledged=$((acknowledged + 1))
	done
	: >"$work/full"
	row "full disk: a change" \
		"503: the change was not saved: STATE/headroom.db cannot grow: the disk is full; free space on it" \
		"$(pool_create full | sed "s|$work/state|STATE|g")"
	for i in {1..20}; do pool_create "full-$i" >/dev/null; done
	row "full disk: reading goes on" 200 "$(asked GET pools | cut -c1-3)"
	alive "full disk"
	rm "$work/full"
	row "full disk: room again" 201 "$(pool_create after-1)"
	row "full disk: nothing acknowledged is lost" "$acknowledged 0 1" \
		"$(pools_named before) $(pools_named full) $(pools_named after)"
	: >"$work/full"
	daemon_kill
	rm "$work/full"
	daemon_start || fail "the daemon did not start after kill -9 on a full disk"
	row "full disk, killed, started: nothing is lost" "$acknowledged 0 1" \
		"$(pools_named before) $(pools_named full) $(pools_named after)"
}

# Another program holds the database while the daemon runs.
locked_meanwhile()
{
	local holder hold_in
	coproc HOLD { exec "$input/hold_lock" "$work/state/headroom.db"; }
	holder=$HOLD_PID
	hold_in=${HOLD[1]}
	read -r -u "${HOLD[0]}" _
	row "locked meanwhile: a change" \
		"503: STATE/headroom.db is locked by another program; end whatever has it open (such as an sqlite3 shell)" \
		"$(pool_create locked | sed "s|$work/state|STATE|g")"
	row "locked meanwhile: reading goes on" 200 "$(asked GET pools | cut -c1-3)"
	alive "locked meanwhile"
	exec {hold_in}>&-
	wait "$holder" 2>/dev/null
	row "locked meanwhile: let go" 201 "$(pool_create unlocked)"
}

jumps_are()
{
	[ "$("$headroom" -o json event list --limit 1000 | jq -r '[.[] | select(.kind == "clock.jumped")] | length')" = "$1" ]
}

# What must not have happened after a jump.
ended_events()
{
	"$headroom" -o json event list --limit 1000 |
		jq -r '.[] | select(.kind | test("failed|ended|refused|destroying|gone")) | .kind' | sort | uniq -c | tr -s ' \n' ' '
}

session_is()
{
	[ "$("$headroom" -o json session show "$1" | jq -r .state)" = "$2" ]
}

clock_jumps()
{
	local waiting
	echo 0 >"$work/clock"
	daemon_with LD_PRELOAD="$(preloads skew)" TEST_CLOCK="$work/clock"
	{
		printf 'kind: provider-config\nname: w\nprovider: local\nmax_instances: 0\n'
		pool_of c
		pool_of w
	} | sed 's/zone: here/zone: z/' >"$work/clock.yaml"
	"$headroom" apply -f "$work/clock.yaml" >/dev/null || fail "apply"
	wait_for 60 "a server runs" servers_running_is c 1
	waiting=$("$headroom" -o name session request --pool c --user ana 2>/dev/null)
	wait_for 30 "ana's session has a server" session_is "$waiting" active
	"$headroom" session request --pool w --user bob >/dev/null 2>&1 || fail "no session queued"
	for seconds in 86400 0 -86400; do
		echo "$seconds" >"$work/clock"
		n_jumps=$((${n_jumps-0} + 1))
		wait_for 30 "the jump to $seconds s is told" jumps_are "$n_jumps"
		sleep 3
		row "clock $seconds s ahead: what ended" "" "$(ended_events)"
		row "clock $seconds s ahead: ana's session" active "$("$headroom" -o json session show "$waiting" | jq -r .state)"
		row "clock $seconds s ahead: bob waits" 1 "$("$headroom" -o json session list --pool w | jq '[.[] | select(.state == "queued")] | length')"
		row "clock $seconds s ahead: servers" 1 "$("$headroom" -o json server list --pool c | jq '[.[] | select(.state == "running" and .sessions == 1)] | length')"
		row "clock $seconds s ahead: the admin's token" 200 "$(api_tcp "$work/state/admin-token" GET /api/v1/pools)"
	done
	"$headroom" -o json event list --limit 1000 | jq -r '.[] | select(.kind == "clock.jumped") | .message' |
		sed -E 's/[0-9]{4}-[0-9-]+T[0-9:.]+Z/TIME/g' >"$work/jumps"
	row "clock: events" \
		"forward back back" "$(sed -nE 's/^the system.s clock was set (forward|back) by (86400|86399) s, from TIME to TIME; deadlines of servers, sessions and operations move with it$/\1/p' "$work/jumps" | tr '\n' ' ' | sed 's/ $//')"
	alive "clock"
	"$headroom" session end "$waiting" >/dev/null
}

# crowd N WHAT SECONDS: in the background; waits until all are there.
crowd()
{
	coproc CROWD { exec "$input/crowd" "127.0.0.1:$port" "" "$@"; }
	# shellcheck disable=SC2153 # set by coproc
	crowd_pid=$CROWD_PID
	exec {crowd_out}<&"${CROWD[0]}"
	read -r -u "$crowd_out" _
}

crowd_told()
{
	local line
	read -r -u "$crowd_out" line
	exec {crowd_out}<&-
	wait "$crowd_pid" 2>/dev/null
	printf '%s' "$line"
}

by_tcp()
{
	curl -sS -m 20 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/healthz" 2>/dev/null
}

crowds()
{
	# None asks for anything; what is over the limit waits or is closed, the socket's own is not touched.
	crowd 990 idle 6
	row "990 connections that do nothing: one more" 200 "$(by_tcp)"
	alive "990 connections that do nothing"
	row "990 connections that do nothing" "990 connected, 0 answered, 0 closed" "$(crowd_told)"
	crowd 1000 ask 20
	row "1,000 that ask at once" "1000 connected, 1000 answered, 0 closed" "$(crowd_told)"
	crowd 1100 idle 4
	alive "1,100 connections"
	crowd_told >/dev/null
	row "after 1,100 connections" 200 "$(by_tcp)"
	# Who sends a byte now and then is cut off all the same, after 30 s.
	crowd 200 drip 60
	row "200 slow heads: others meanwhile" 200 "$(by_tcp)"
	row "200 slow heads" "200 connected, 0 answered, 200 closed" "$(crowd_told)"
	crowd 200 drip-body 60
	row "200 slow bodies: others meanwhile" 200 "$(by_tcp)"
	row "200 slow bodies" "200 connected, 0 answered, 200 closed" "$(crowd_told)"
	alive crowds
}
