#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make check-kill KILLS=n SEED=s: SIGKILLs of the daemon at random under churn on module `local`, then the
# judgement: nothing lost, doubled or leaked. The judge reads /proc and the file system, not our store.

here=$(dirname "$0")
HEADROOM_SRCDIR=${HEADROOM_SRCDIR:-$(cd "$here/../.." && pwd)}
# shellcheck source=tests/support/daemon.sh
. "$HEADROOM_SRCDIR/tests/support/daemon.sh"

kills=${KILLS:-5}
seed=${SEED:-$$}
RANDOM=$seed
acknowledged=
churn_pid=

cleanup()
{
	[ -z "$churn_pid" ] || { kill "$churn_pid"; wait "$churn_pid"; } 2>/dev/null
	daemon_cleanup
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# Users who come, stay a moment and go, for as long as the test lasts. Every session that the daemon
# acknowledged is written down, with its end when that was acknowledged too.
churn()
{
	local n=0 id pool
	trap 'exit 0' TERM
	while :; do
		n=$((n + 1))
		pool=$([ $((RANDOM % 2)) = 0 ] && echo once || echo again)
		id=$("$headroom" -o name session request --pool "$pool" --user "user$((n % 7))" 2>/dev/null) ||
			{ sleep 0.1; continue; }
		echo "asked $id" >>"$acknowledged"
		sleep "0.$((RANDOM % 4))"
		if [ $((RANDOM % 4)) != 0 ]; then
			"$headroom" session end "$id" >/dev/null 2>&1 && echo "ended $id" >>"$acknowledged"
		fi
	done
}

end_all_sessions()
{
	local id state
	for state in active queued; do
		for id in $("$headroom" -o json session list --state $state | jq -r '.[].id'); do
			"$headroom" session end "$id" >/dev/null || return 1
		done
	done
}

settled()
{
	[ "$("$headroom" -o json server list | jq '[.[] | select(.state != "running")] | length')" = 0 ] &&
		servers_running_is once 2 && servers_running_is again 2
}

judge_sessions()
{
	local id known missing=0
	known=" $("$headroom" -o json session list | jq -r '.[].id' | tr '\n' ' ')"
	for id in $(sed -n 's/^asked //p' "$acknowledged"); do
		case $known in *" $id "*) ;; *) missing=$((missing + 1)); say "lost session $id" >&2 ;; esac
	done
	[ "$missing" = 0 ] || fail "$missing acknowledged sessions are lost"
	for id in $(sed -n 's/^ended //p' "$acknowledged"); do
		[ "$("$headroom" -o json session show "$id" | jq -r .state)" = ended ] ||
			fail "session $id was ended and acknowledged, and is not ended"
	done
}

judge_servers()
{
	local rows trees doubled
	rows=$("$headroom" -o json server list | jq -r '.[].id' | sort)
	trees=$(judge_trees)
	doubled=$(printf '%s\n' "$trees" | cut -d' ' -f1 | sort | uniq -d)
	[ -z "$doubled" ] || fail "more than one process tree for: $doubled"
	[ "$(printf '%s\n' "$trees" | cut -d' ' -f1 | sort)" = "$rows" ] || {
		say "rows:"; say "$rows"; say "process trees:"; say "$trees"
		fail "rows and process trees differ"
	}
	[ "$(find "$work"/state/accounts/*/servers -mindepth 1 -maxdepth 1 -printf '%f\n' | sort)" = "$rows" ] ||
		fail "rows and folders differ"
}

daemon_prepare
acknowledged=$work/acknowledged
: >"$acknowledged"
daemon_start || fail "the daemon did not start"
"$headroom" apply -f "$HEADROOM_SRCDIR/tests/kill/pools.yaml" >/dev/null || fail "apply"
wait_for 60 "2 running servers in both pools" settled

churn &
churn_pid=$!
for ((k = 1; k <= kills; k++)); do
	sleep "$((RANDOM % 2)).$((RANDOM % 10))"
	daemon_kill
	daemon_start || fail "the daemon did not start again after kill $k"
done
sleep 1
kill "$churn_pid"
wait "$churn_pid" 2>/dev/null
churn_pid=

judge_sessions
end_all_sessions || fail "sessions could not be ended"
wait_for 120 "the pools settle after the last kill" settled
judge_servers
asked=$(grep -c '^asked' "$acknowledged")
created=$("$headroom" -o json event list --limit 1000 | jq '[.[] | select(.kind == "server.planned")] | length')
daemon_stop
"$headroomd" --config "$work/headroom.conf" --remove-servers >>"$work/daemon.log" 2>&1 || fail "--remove-servers"
remains=$(judge_remains "${work##*/}/state/accounts")
[ -z "$remains" ] || fail "left behind: $remains"
[ -z "$(judge_trees)" ] || fail "process trees left behind"
say "check-kill: $kills kills, seed $seed, $asked sessions, at least $created servers: nothing lost, doubled or leaked"
