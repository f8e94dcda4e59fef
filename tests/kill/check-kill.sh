#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make check-kill KILLS=n POINTS=m SEED=s: SIGKILLs of daemon and hosts, at each kill point by a counter and at
# random, under churn on modules `local` and `sim`; then the judgement: nothing lost, doubled or leaked.
# What is killed, met and judged: tests/kill/README.md.

here=$(dirname "$0")
HEADROOM_SRCDIR=${HEADROOM_SRCDIR:-$(cd "$here/../.." && pwd)}
# shellcheck source=tests/support/daemon.sh
. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
# shellcheck source=tests/support/sim.sh
. "$HEADROOM_SRCDIR/tests/support/sim.sh"
# shellcheck source=tests/kill/points.sh
. "$HEADROOM_SRCDIR/tests/kill/points.sh"
# shellcheck source=tests/kill/chores.sh
. "$HEADROOM_SRCDIR/tests/kill/chores.sh"
# shellcheck source=tests/kill/judges.sh
. "$HEADROOM_SRCDIR/tests/kill/judges.sh"

needs bwrap sshd jq curl
kills=${KILLS:-3}
at_points=${POINTS:-$((kills - (kills + 4) / 5))} # most are
seed=${SEED:-$$}
RANDOM=$seed
acknowledged=
churn_pids=()
kinds=(daemon host cloud-host spawner both)
declare -A met   # server state -> how often a kill met one in it
declare -A tried # random kills of each kind
in_a_row_max=3
in_a_row=0 # ends of hosts that one daemon has seen: before each new start but the first it pauses longer
patience=90
missed=() # points that were not passed in that time

churn_stop()
{
	[ ${#churn_pids[@]} -gt 0 ] || return 0
	kill "${churn_pids[@]}" 2>/dev/null
	wait "${churn_pids[@]}" 2>/dev/null
	churn_pids=()
	rm -f "$work/state/stop-creates" # a chore may have ended before it did that
}

cleanup()
{
	local status=$?
	churn_stop
	[ -z "${table-}" ] || "$kill_points" disarm "$table"
	[ -z "$sim_pid" ] || cloud_well
	(exit "$status")
	sim_cleanup
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

# sit SESSION: the cloud's books know for a moment that somebody uses the server: nobody may destroy it then.
sit()
{
	local server
	server=$("$headroom" -o json session show "$1" 2>/dev/null | jq -r 'select(.state == "active") | .server_id // empty')
	[ -n "$server" ] || return 0
	echo "used $server" >>"$acknowledged"
	"$sim" busy --books "$work/books" "$server" yes
	sleep "0.$((RANDOM % 4))"
	"$sim" busy --books "$work/books" "$server" no
}

# churn USER SEED ONCE AGAIN: users who come, stay a moment and go, for as long as the test lasts; some leave a
# session for later. Every session that the daemon acknowledged is written down. ONCE and AGAIN are pools.
churn()
{
	local n=0 id pool later=
	trap 'exit 0' TERM
	RANDOM=$2
	while :; do
		n=$((n + 1))
		pool=$3
		[ $((RANDOM % 4)) != 0 ] || pool=$4
		id=$("$headroom" -o name session request --pool "$pool" --user "$1$((n % 3))" 2>/dev/null) ||
			{ sleep 0.1; leave_all "$1"; continue; }
		echo "asked $id" >>"$acknowledged"
		case $3 in
		cloud-*) [ $((RANDOM % 3)) != 0 ] || sit "$id" ;;
		*) sleep "0.$((RANDOM % 4))" ;;
		esac
		[ $((RANDOM % 4)) != 0 ] || { [ -z "$later" ] || leave "$later"; later=$id; continue; }
		leave "$id" || leave_all "$1"
	done
}

# What was under way at a kill: operations by the store that was left; servers by the API, of a daemon that
# has only just read it, or has not yet gone on.
count_servers()
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

# A point that is passed in a start may end the daemon before it answers.
daemon_again()
{
	local tries
	for tries in 1 2 3; do
		daemon_start && break
		if [ "$tries" = 3 ] || kill -0 "$daemon_pid" 2>/dev/null; then
			fail "the daemon did not start again after kill $k ($kind)"
		fi
		wait "$daemon_pid"
	done
	in_a_row=0
}

# kill_random: one SIGKILL (or two at once), of a kind drawn by lot.
kill_random()
{
	local victim
	kind=${kinds[RANDOM % ${#kinds[@]}]}
	# By then each start is put off for longer than a new daemon takes.
	[ "$in_a_row" -lt "$in_a_row_max" ] || kind=both
	[ "$kind" = daemon ] || [ "$kind" = cloud-host ] || find_host
	victim=$(cloud_hosts | awk -v daemon="$daemon_pid" '$2 == daemon { print $1 }' | shuf -n 1)
	[ "$kind" != cloud-host ] || [ -n "$victim" ] || kind=daemon
	kill -0 "$daemon_pid" || fail "the daemon ended by itself before kill $k ($kind)"
	case $kind in
	daemon) daemon_kill ;;
	host) kill -KILL "$host" ;;
	cloud-host) kill -KILL "$victim" ;;
	spawner) kill -KILL "$spawner" ;;
	both)
		kill -KILL "$daemon_pid" "$host"
		daemon_kill
		;;
	esac || fail "kill $k ($kind) met nothing"
	tried[$kind]=$((${tried[$kind]-0} + 1))
	in_a_row=$((in_a_row + 1))
	count_operations
	[ -n "$daemon_pid" ] || daemon_again
}

# It has another turn at the end of the run; points_judge has the last word.
point_missed()
{
	say "  point $1 was not passed (for the $2. time) in $patience s"
	"$kill_points" disarm "$table"
	missed+=("$1")
}

# until_hit END COMMAND…: again and again, until the point is hit, the clock shows END or COMMAND fails.
until_hit()
{
	local end=$1
	shift
	until point_hit || [ "$SECONDS" -ge "$end" ]; do
		"$@" || return 0
	done
}

daemon_killed() { daemon_kill; daemon_again; sleep 1; }
daemon_stopped() { daemon_stop; daemon_again; sleep 1; }

# local_killed host|spawner: fails once the daemon has been ended at its point.
local_killed()
{
	kill -0 "$daemon_pid" 2>/dev/null || return 1
	find_host
	kill -KILL "${!1}"
	sleep 3
}

# provoke POINT END: brings about what hardly comes by itself, until the point is hit or the clock shows END.
provoke()
{
	local server
	case $1 in
	# Passed in a daemon's start, and hardly ever later; not in each.
	*:recover_run | *.description | *.refused | *.ready | *.open) until_hit "$2" daemon_killed ;;
	# What is told of a module's process when it ends and starts again.
	*:news_run) until_hit "$2" local_killed host ;;
	# What local's process says before it ends because its spawner has.
	*.log) until_hit "$2" local_killed spawner ;;
	# A daemon that is told to stop cancels what is under way.
	*.cancel) until_hit "$2" daemon_stopped ;;
	*:reaping_run) until_hit "$2" green_rekeyed ;;
	*:run_drain) until_hit "$2" spare_asked POST drain ;;
	*:run_destroy) until_hit "$2" spare_asked DELETE '?force=true' ;;
	# A server's port falls silent, and speaks again; all do.
	*:verdict_run) until_hit "$2" again_muted 1 ;;
	*:saying_run) until_hit "$2" again_muted 3 ;;
	# Servers that stop by themselves, and that nobody takes before it is seen twice.
	*:failing_run)
		touch "$work/rest"
		sim_set green.stops=1000 green.stops_after=2000
		for server in $(chore GET '/api/v1/servers?pool=spare' | jq -r '.items[]?.id'); do
			chore DELETE "/api/v1/servers/$server?force=true" >/dev/null
		done
		;;
	esac
}

provoke_end()
{
	[ ! -e "$work/rest" ] || { rm -f "$work/rest"; cloud_faults; }
}

# kill_at POINT: waits until it is passed for the n-th time and has ended its process there.
kill_at()
{
	local end=$((SECONDS + patience)) n=1
	kind=$1
	# What is passed often is not always met at once.
	[ "$(point_figure "$1" 2)" -lt 300 ] || n=$((1 + RANDOM % 10))
	[ "$in_a_row" -lt "$in_a_row_max" ] || { daemon_kill; daemon_again; }
	point_arm "$1" "$n"
	provoke "$1" "$end"
	until point_hit; do
		[ "$SECONDS" -lt "$end" ] || { provoke_end; point_missed "$1" "$n"; return; }
		kill -0 "$daemon_pid" 2>/dev/null || point_hit || fail "the daemon ended by itself before kill $k ($1)"
		sleep 0.1
	done
	provoke_end
	case $1 in
	daemon.*)
		# In its start it may be the one before this that was killed.
		for n in 1 2 3 4 5 6 7 8 9 10; do
			kill -0 "$daemon_pid" 2>/dev/null || break
			! api_get /readyz >/dev/null 2>&1 || break
			sleep 0.1
		done
		kill -0 "$daemon_pid" 2>/dev/null || daemon_kill
		;;
	host.*.description | host.*.refused) daemon_kill ;; # a module that could not be looked at is refused until then
	esac
	in_a_row=$((in_a_row + 1))
	count_operations
	[ -n "$daemon_pid" ] || daemon_again
}

# kill_once random|POINT
kill_once()
{
	sleep "$((RANDOM % 2)).$((RANDOM % 10))"
	if [ "$1" = random ]; then kill_random; else kill_at "$1"; fi
	count_servers
	judge_hosts_now
}

# Points that only an installation's first start passes, and a folder's move: each in one of its own.
kill_at_first_start()
{
	local point points
	kind="first start"
	mapfile -t points < <(grep -E ':(ensure_key|run_first|confirm_moved)$' "$work/share")
	for point in "${points[@]}"; do
		k=$((k + 1))
		case $point in
		*:confirm_moved)
			daemon_start || fail "the daemon did not start"
			daemon_stop
			mv "$work/state" "$work/moved"
			sed -i "s|^dir = .*|dir = $work/moved|" "$work/headroom.conf"
			point_arm "$point" 1
			"$headroomd" --config "$work/headroom.conf" --confirm-moved >>"$work/daemon.log" 2>&1
			point_hit || fail "point $point was not passed"
			"$headroomd" --config "$work/headroom.conf" --confirm-moved >>"$work/daemon.log" 2>&1 || fail "--confirm-moved after $point"
			;;
		*)
			point_arm "$point" 1
			daemon_start && fail "the daemon passed $point"
			point_hit || fail "point $point was not passed"
			;;
		esac
		daemon_start || fail "the daemon did not start after $point"
		api_tcp "$(sed -n 's/^dir = //p' "$work/headroom.conf")/admin-token" GET /api/v1/tokens >"$work/status"
		[ "$(cat "$work/status")" = 200 ] || fail "after $point the admin token does not serve: $(cat "$work/status")"
		daemon_stop
		rm -rf "$work/state" "$work/moved"
		sed -i "s|^dir = .*|dir = $work/state|" "$work/headroom.conf"
	done
}

kill_at_removal()
{
	local point points
	mapfile -t points < <(grep ':remove_batch$' "$work/share" | sort -r)
	for point in "${points[@]}"; do
		k=$((k + 1))
		point_arm "$point" 1
		"$headroomd" --config "$work/headroom.conf" --remove-servers >>"$work/daemon.log" 2>&1 && fail "--remove-servers passed $point"
		point_hit || fail "point $point was not passed"
	done
}

# Queued ones first: with room they would become active meanwhile.
end_all_sessions()
{
	local id list=some
	while [ -n "$list" ]; do
		list=$("$headroom" -o json session list | jq -r 'sort_by(.state) | reverse | .[].id') || return 1
		for id in $list; do
			"$headroom" session end "$id" >/dev/null || return 1
		done
	done
}

settled()
{
	[ "$("$headroom" -o json server list | jq '[.[] | select(.state != "running")] | length')" = 0 ] &&
		servers_running_is once 2 && servers_running_is again 3 && servers_running_is cloud-once 4 &&
		servers_running_is cloud-again 2 && servers_running_is spare 2
}

# A server that is given up before its create has named an instance is looked for again after 5 min, which a short
# run need not wait for: only one with all points asks for kills in that state.
queued=0

# The cloud as it is during the churn, and as it does what it is told.
cloud_faults()
{
	sim_set latency=tail:5:200 pending=uniform:0:500 boot=uniform:50:400 deleting=uniform:0:500 \
		checkin=uniform:0:300 fail_transient=20 fail_internal=20 unanswered=30 garbage=20 fail_conflict=20 \
		partial=50 lag_new=uniform:0:500 lag_gone=uniform:0:500 recycle=700 checkin_twice=100 \
		checkin_late=30 checkin_late_after=4000 \
		green.hang=30 green.queued=$queued green.stops=500 green.stops_after=uniform:0:8000 green.checkin_never=200
}

cloud_well()
{
	local key
	for key in fail_transient fail_internal unanswered garbage fail_conflict partial checkin_late \
		green.hang green.queued green.stops green.checkin_never green.fail_auth; do
		printf '%s=0\n' $key
	done | xargs "$sim" set --books "$work/books"
	chore PATCH /api/v1/provider-configs/green "$(green_settings north-1)" >/dev/null
	chore PATCH /api/v1/provider-configs/green '{"max_instances": 14}' >/dev/null
}

daemon_prepare
points_prepare
acknowledged=$work/acknowledged
: >"$acknowledged"
points_share "$at_points" "$seed"
say "check-kill: seed $seed, $point_count points, $(wc -l <"$work/share") of them in this run:"
[ "$share" = "$point_count" ] || sed 's/^/  /' "$work/share"
[ "$share" != "$point_count" ] || queued=400
k=0
judges_prepare
sim_start --seed "$seed" --set red.key=red-key --set green.key=green-key --set blue.key=blue-key \
	--set red.judge_max=40 --set recycle=700
sed -i "s|^path = .*|path = $HEADROOM_BUILDDIR/plugins/local/.libs:$work/modules|" "$work/headroom.conf"
printf '\n[engine]\nkeep = 20s\nprobe_every = 1s\n' >>"$work/headroom.conf"
kill_at_first_start
daemon_start || fail "the daemon did not start"
installation=$(api_get /api/v1/info | jq -r .installation)
printf 'blue-key' >"$work/blue.key"
printf 'green-key' >"$work/green.key"
: >"$work/ends"
strangers blue 300 0
sed "s|: URL|: $sim_url|; s|TEMPLATES|$HEADROOM_SRCDIR/templates|" "$HEADROOM_SRCDIR/tests/kill/pools.yaml" >"$work/pools.yaml"
"$headroom" apply -f "$work/pools.yaml" >/dev/null || fail "apply"
wait_for 120 "the pools are at their minimum" settled

cloud_faults
user_seed=$seed
for user in ana ben kim lee mia; do
	user_seed=$((user_seed + 1))
	case $user in
	ana | ben) churn "$user" "$user_seed" once again & ;;
	*) churn "$user" "$user_seed" cloud-once cloud-again & ;;
	esac
	churn_pids+=("$!")
done
chores &
churn_pids+=("$!")
churn_began=$SECONDS
turned=$(servers_turned)
n_random=$((kills - $(wc -l <"$work/share")))
mapfile -t plan < <({
	grep -vE ':(ensure_key|run_first|confirm_moved|remove_batch)$' "$work/share"
	yes random | head -n $((n_random > 0 ? n_random : 0))
} | shuf --random-source=<(yes "$seed"))
for kind in "${plan[@]}"; do
	k=$((k + 1))
	kill_once "$kind"
done
# What hardly comes by itself may take longer, the more so on a machine that has much else to do.
for turn in 1 2; do
	again=("${missed[@]}")
	missed=()
	for kind in "${again[@]}"; do
		patience=$((90 + turn * 60))
		kill_once "$kind"
	done
done
sleep 1
churn_stop
churn_took=$((SECONDS - churn_began))
grep -m 1 -F headroom.newest "$work/daemon.log" && fail "what a kill left behind was taken for a database that was put back"
turned=$(($(servers_turned) - turned))

# Who was sitting when the users were stopped is not any more.
for server in $(sim_books '.machines[] | select(.busy) | .server'); do
	"$sim" busy --books "$work/books" "$server" no
done
cloud_well
wait_for 10 "module processes of killed daemons and hosts end" no_strays
find_host
judge_sessions
end_all_sessions || fail "sessions could not be ended"
wait_for 420 "the pools settle after the last kill" settled
judge_servers
judge_cloud
for pool in cloud-once cloud-again; do
	"$headroom" autoscale delete "$pool" --force >/dev/null || fail "autoscale delete $pool"
done
wait_for 120 "nothing is left of red" sim_alive_is red 0
daemon_stop
wait_for 10 "module processes end with the daemon" all_hosts_are_gone
kill_at_removal
"$headroomd" --config "$work/headroom.conf" --remove-servers >>"$work/daemon.log" 2>&1 || fail "--remove-servers"
judge_end
points_judge
report
