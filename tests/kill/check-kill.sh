#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make check-kill KILLS=n SEED=s: SIGKILLs at random under churn on module `local`, of the daemon, of the
# module's process (host), of the process beside that which starts servers (spawner), or of daemon and host
# at once; then the judgement: nothing lost, doubled or leaked. Only the daemon is started again by us. The
# judge reads /proc and the file system, not our store.

here=$(dirname "$0")
HEADROOM_SRCDIR=${HEADROOM_SRCDIR:-$(cd "$here/../.." && pwd)}
# shellcheck source=tests/support/daemon.sh
. "$HEADROOM_SRCDIR/tests/support/daemon.sh"

needs bwrap sshd jq
kills=${KILLS:-3}
seed=${SEED:-$$}
RANDOM=$seed
acknowledged=
churn_pids=()
kinds=(daemon host spawner both)
declare -A met   # server state -> how often a kill met one in it
declare -A tried # kind of kill -> how often
in_a_row_max=5
in_a_row=0 # ends of the host that one daemon has seen: before each new start but the first it pauses longer

churn_stop()
{
	[ ${#churn_pids[@]} -gt 0 ] || return 0
	kill "${churn_pids[@]}" 2>/dev/null
	wait "${churn_pids[@]}" 2>/dev/null
	churn_pids=()
}

cleanup()
{
	local status=$?
	churn_stop
	(exit "$status")
	daemon_cleanup
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# leave SESSION: ends it, and writes that down once it is acknowledged.
leave()
{
	"$headroom" session end "$1" >/dev/null 2>&1 && echo "ended $1" >>"$acknowledged"
}

# leave_all USER: whatever the daemon took without an answer that got here would hold its server for ever.
leave_all()
{
	local id
	for id in $("$headroom" -o json session list 2>/dev/null |
		jq -r --arg user "$1" '.[] | select(.user | startswith($user)) | .id'); do
		leave "$id"
	done
}

# churn USER SEED: users who come, stay a moment and go, for as long as the test lasts; some leave a session
# for later. Every session that the daemon acknowledged is written down.
churn()
{
	local n=0 id pool later=
	trap 'exit 0' TERM
	RANDOM=$2
	while :; do
		n=$((n + 1))
		pool=once
		[ $((RANDOM % 4)) != 0 ] || pool=again
		id=$("$headroom" -o name session request --pool "$pool" --user "$1$((n % 3))" 2>/dev/null) ||
			{ sleep 0.1; leave_all "$1"; continue; }
		echo "asked $id" >>"$acknowledged"
		sleep "0.$((RANDOM % 4))"
		[ $((RANDOM % 4)) != 0 ] || { [ -z "$later" ] || leave "$later"; later=$id; continue; }
		leave "$id" || leave_all "$1"
	done
}

# What was under way at the kill: a new daemon has only just read it, an old one not yet gone on.
count_met()
{
	local state
	for state in $("$headroom" -o json server list | jq -r '.[].state'); do
		met[$state]=$((${met[$state]-0} + 1))
	done
}

# find_host: sets host and spawner. A host just killed is started again by the daemon alone, after its
# pause (core/provider/crash_brake.c): 0, 1, 2, 4... seconds; and time for this machine to do it.
find_host()
{
	local end=$((SECONDS + 30 + (in_a_row > 1 ? 1 << (in_a_row - 2) : 0)))
	while :; do
		host=$(hosts_running)
		spawner=${host:+$(spawner_of "$host")}
		[ -z "$spawner" ] || break
		[ "$SECONDS" -lt "$end" ] || fail "the daemon did not start the module's process again"
		sleep 0.1
	done
	[ "$(wc -w <<<"$host $spawner")" = 2 ] || fail "more than one process for one account:
$(judge_hosts)"
}

# What belongs to no daemon any more ends by itself: nobody else would end it.
no_strays()
{
	judge_hosts | awk -v daemon="$daemon_pid" '
		{ parent[$1] = $2; name[$1] = $3 }
		END {
			for (pid in parent) {
				top = name[pid] == "headroom-spawn" && parent[pid] in parent ? parent[pid] : pid
				if (parent[top] != daemon) exit 1
			}
		}'
}

daemon_again()
{
	daemon_start || fail "the daemon did not start again after kill $k ($kind)"
	in_a_row=0
}

# kill_one: one SIGKILL (or two at once), of a kind drawn by lot.
kill_one()
{
	kind=${kinds[RANDOM % ${#kinds[@]}]}
	# By then each start is put off for longer than a new daemon takes.
	[ "$in_a_row" -lt "$in_a_row_max" ] || kind=both
	[ "$kind" = daemon ] || find_host
	kill -0 "$daemon_pid" || fail "the daemon ended by itself before kill $k ($kind)"
	case $kind in
	daemon) daemon_kill ;;
	host) kill -KILL "$host" ;;
	spawner) kill -KILL "$spawner" ;;
	both)
		kill -KILL "$daemon_pid" "$host"
		daemon_kill
		;;
	esac || fail "kill $k ($kind) met nothing"
	tried[$kind]=$((${tried[$kind]-0} + 1))
	case $kind in
	daemon | both) daemon_again ;;
	*) in_a_row=$((in_a_row + 1)) ;;
	esac
	count_met
	[ "$(hosts_running | wc -l)" -le 1 ] || fail "two processes for one account: $(judge_hosts)"
}

# Queued ones first: with room they would become active meanwhile.
end_all_sessions()
{
	local id ids=some
	while [ -n "$ids" ]; do
		ids=$("$headroom" -o json session list | jq -r 'sort_by(.state) | reverse | .[].id') || return 1
		for id in $ids; do
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
	"$headroom" -o json session list --state all | jq -r '.[] | .id + " " + .state' | sort >"$work/known" ||
		fail "session list"
	sed -n 's/^asked //p' "$acknowledged" | sort -u >"$work/asked"
	sed -n 's/^ended //p' "$acknowledged" | sort -u >"$work/ended"
	[ -s "$work/asked" ] || fail "there was no churn: no session was acknowledged"
	cut -d' ' -f1 "$work/known" | comm -13 - "$work/asked" >"$work/lost"
	[ ! -s "$work/lost" ] || fail "acknowledged sessions are lost: $(tr '\n' ' ' <"$work/lost")"
	sed -n 's/ ended$//p' "$work/known" | comm -13 - "$work/ended" >"$work/lost"
	[ ! -s "$work/lost" ] || fail "sessions whose end was acknowledged have not ended: $(tr '\n' ' ' <"$work/lost")"
}

judge_servers()
{
	local rows trees doubled folders
	rows=$("$headroom" -o json server list | jq -r '.[].id' | sort)
	trees=$(judge_trees)
	doubled=$(cut -d' ' -f1 <<<"$trees" | sort | uniq -d)
	[ -z "$doubled" ] || fail "more than one process tree for: $doubled"
	[ "$(cut -d' ' -f1 <<<"$trees" | sort)" = "$rows" ] || {
		"$headroom" server list
		"$headroom" event list --limit 40
		fail "rows and process trees differ
rows:  $rows
trees: $trees"
	}
	folders=$(find "$work"/state/accounts/*/servers -mindepth 1 -maxdepth 1 -printf '%f\n' | sort)
	[ "$folders" = "$rows" ] || fail "rows and folders differ
rows:    $rows
folders: $folders"
}

daemon_prepare
acknowledged=$work/acknowledged
: >"$acknowledged"
daemon_start || fail "the daemon did not start"
"$headroom" apply -f "$HEADROOM_SRCDIR/tests/kill/pools.yaml" >/dev/null || fail "apply"
wait_for 120 "2 running servers in both pools" settled

first_seed=$seed
# With three users at once at least five servers a second are made or destroyed.
for user in ana ben eve; do
	seed=$((seed + 1))
	churn "$user" "$seed" &
	churn_pids+=("$!")
done
for ((k = 1; k <= kills; k++)); do
	sleep "$((RANDOM % 2)).$((RANDOM % 10))"
	kill_one
done
sleep 1
churn_stop

wait_for 5 "module processes of killed daemons and hosts end" no_strays
find_host
judge_sessions
end_all_sessions || fail "sessions could not be ended"
wait_for 240 "the pools settle after the last kill" settled
judge_servers
asked=$(wc -l <"$work/asked")
turned=$(grep -cE '"message":"server\.(planned|gone): ' "$work/daemon.log")
daemon_stop
hosts_are_gone || fail "module processes outlive the daemon's end:
$(judge_hosts)"
"$headroomd" --config "$work/headroom.conf" --remove-servers >>"$work/daemon.log" 2>&1 || fail "--remove-servers"
wait_for 5 "the module's process ends with --remove-servers" hosts_are_gone
remains=$(judge_remains "$(judge_mark)/")
[ -z "$remains" ] || fail "left behind: $remains"
[ -z "$(judge_trees)" ] || fail "process trees left behind"
[ -z "$(find "$work"/state/accounts/*/servers -mindepth 1 -maxdepth 1)" ] || fail "folders left behind"
for state in "${!met[@]}"; do
	say "  servers met $state: ${met[$state]}"
done | sort
for kind in "${kinds[@]}"; do
	say "  kills of $kind: ${tried[$kind]-0}"
	[ "$kills" -lt 20 ] || [ "${tried[$kind]-0}" -gt 0 ] || fail "no kill of kind $kind was tried"
done
say "check-kill: $kills kills, seed $first_seed, $asked sessions, $turned servers made or gone: nothing lost, doubled or leaked"
