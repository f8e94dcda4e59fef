#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make bench: every figure of the design in one run, each beside a floor that is measured in the same run.
# A line for each figure, as it comes; "missed" where the aim is not met, which fails nothing. Fails when
# something could not be measured. BENCH_PARTS picks parts (process request sessions reads plan rounds
# size creates).

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
. "$HEADROOM_SRCDIR/tests/support/sim.sh"
needs jq curl
trap finish EXIT
trap 'exit 1' INT TERM

bench=$HEADROOM_BUILDDIR/tests/bench
connections=200
bare_pid=
declare -A got

# ---- The table ----

line()
{
	printf '%-58s | %14s | %-46s | %s\n' "$@"
}

# row FIGURE VALUE UNIT FLOOR AIM CONDITION: the condition is awk's; "" where there is no aim.
row()
{
	local missed=
	[ -z "$6" ] || awk "BEGIN { exit !($6) }" || missed=" missed"
	line "$1" "$(short "$2") $3" "$4" "$5$missed"
}

short()
{
	awk -v n="$1" 'BEGIN { printf((n >= 1000 ? "%.0f" : n >= 100 ? "%.1f" : n >= 1 ? "%.2f" : "%.3f"), n) }'
}

calc()
{
	awk "BEGIN { printf \"%.6g\", $1 }"
}

# percentile PART: of the numbers read, one a line.
percentile()
{
	sort -g | awk -v part="$1" '{ v[NR] = $1 } END { if (NR == 0) exit 1; i = int(NR * part) + 1; if (i > NR) i = NR; print v[i] }'
}

# measure COMMAND…: takes its lines name=value into got.
measure()
{
	local name value
	"$@" >"$work/measured" || fail "$*"
	while IFS='=' read -r name value; do
		got[$name]=$value
	done <"$work/measured"
}

# median NAME TIMES COMMAND…: got[NAME] is then the median of so many runs.
median()
{
	local name=$1 times=$2 i
	shift 2
	: >"$work/values"
	for ((i = 0; i < times; i++)); do
		measure "$@"
		printf '%s\n' "${got[$name]}" >>"$work/values"
	done
	got[$name]=$(percentile 0.5 <"$work/values")
}

# ---- A daemon of the bench's own ----

# prepare MINIMUM [LINE…]: a new state folder with the bench's definitions; further lines of the
# configuration. The daemon runs afterwards.
prepare()
{
	local minimum=$1
	shift
	daemon_prepare
	sed -i "s|^path = .*|path = $bench/.libs|" "$work/headroom.conf"
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$work/headroom.conf"
	daemon_start || fail "the daemon did not start"
	sed "s/: MINIMUM/: $minimum/" "$HEADROOM_SRCDIR/tests/bench/pools.yaml" >"$work/pools.yaml"
	"$headroom" apply -f "$work/pools.yaml" >/dev/null || fail "apply"
}

bare_stop()
{
	[ -n "$bare_pid" ] || return 0
	kill -TERM "$bare_pid"
	wait "$bare_pid" 2>/dev/null
	bare_pid=
}

# What the modules made is nothing, or ends with headroom-sim: none of it has to be removed.
finish()
{
	bare_stop
	daemon_stop
	sim_stop
	[ -z "${work:-}" ] || rm -rf "$work"
	work=
}

fill()
{
	"$bench/bench-servers" fill "$work/state" "$work/state/master.key" many "$1" || fail "fill $1"
}

metric()
{
	api_get /metrics | awk -v name="$1" '$1 == name { print $2; found = 1 } END { exit !found }'
}

# ---- The parts ----

part_process()
{
	work=$(mktemp -d "${TMPDIR:-/tmp}/headroom-test.XXXXXX")
	measure "$bench/host_bench"
	row "call of a module in its own process, added" "$(calc "${got[call_us]} - ${got[socketpair_us]}")" us \
		"bare socketpair round trip $(short "${got[socketpair_us]}") us" "25 us" \
		"${got[call_us]} - ${got[socketpair_us]} <= 25"
	row "start of a module's process, to the answer of its open" "${got[host_start_ms]}" ms - "30 ms" \
		"${got[host_start_ms]} <= 30"
	row "idle module's process, private memory" "${got[host_private_mb]}" MiB - "< 3 MiB" \
		"${got[host_private_mb]} < 3"
	rm -rf "$work"
	work=
}

# Which session each server was made for, by the events.
planned_for()
{
	local after=0 count=1000
	while [ "$count" = 1000 ]; do
		api_get "/api/v1/events?pool=wait&after=$after&limit=1000" >"$work/events" || fail "events"
		jq -r '.items[] | select(.kind == "server.planned") | [.server, .session] | @tsv' "$work/events"
		after=$(jq -r '.items[-1].number' "$work/events")
		count=$(jq '.items | length' "$work/events")
	done
}

# When the create of each server was called, by the names that its module gave the instances.
called_at()
{
	cut -f 1 "$work/planned" | sed 's|.*|url = http://localhost/api/v1/servers/&|' >"$work/urls"
	curl -fsS --fail-early --unix-socket "$HEADROOM_SOCKET" -K "$work/urls" |
		jq -r 'select(.instance_id != null) | [.id, (.instance_id | split(".")[0])] | @tsv'
}

part_request()
{
	local n=1000 p50 p99 commit50 commit99 made
	prepare 0
	"$bench/bench-commits" "$work/commits.db" 300 100 >"$work/commits" || fail "bench-commits"
	"$bench/bench-requests" "$port" "$work/state/admin-token" wait 100 $n >"$work/asked" || fail "bench-requests"
	"$bench/bench-commits" "$work/commits.db" 300 100 >>"$work/commits" || fail "bench-commits"
	sleep 2
	planned_for | sort >"$work/planned"
	called_at | sort | join - "$work/planned" | awk '{ print $3, $2 }' | sort >"$work/called"
	sort "$work/asked" | join - "$work/called" | awk '{ printf "%.4f\n", ($3 - $2) / 1e6 }' >"$work/times"
	made=$(wc -l <"$work/times")
	[ "$made" = $n ] || fail "of $n requests $made led to a create"
	p50=$(percentile 0.5 <"$work/times") p99=$(percentile 0.99 <"$work/times")
	commit50=$(percentile 0.5 <"$work/commits") commit99=$(percentile 0.99 <"$work/commits")
	row "session request to create called, 100/s, p50" "$p50" ms "bare durable commit p50 $(short "$commit50") ms" - ""
	row "session request to create called, 100/s, p99" "$p99" ms "bare durable commit p99 $(short "$commit99") ms" \
		"2 commits + 0.3 ms" "$p99 <= 2 * $commit99 + 0.3"
	finish
}

part_sessions()
{
	local transactions commits group daemon_rate
	prepare 0
	daemon_stop
	fill 1000
	daemon_start || fail "the daemon did not start"
	transactions=$(metric headroom_store_transactions_total) commits=$(metric headroom_store_commits_total)
	median rate 1 "$bench/bench-load" sessions "$port" "$work/state/admin-token" $connections 8 many
	daemon_rate=${got[rate]}
	transactions=$(($(metric headroom_store_transactions_total) - transactions))
	commits=$(($(metric headroom_store_commits_total) - commits))
	group=$(calc "int($transactions / $commits + 0.5)")
	daemon_stop
	median rate 3 "$bench/bench-raw-sessions" "$work/state/headroom.db" "$group" 3
	row "session request, assign, end; durable, $connections connections" "$daemon_rate" /s \
		"raw SQLite, $group changes a commit: $(short "${got[rate]}")/s" ">= 80 % ($(calc "int(100 * $daemon_rate / ${got[rate]})") %)" \
		"$daemon_rate >= 0.8 * ${got[rate]}"
	finish
}

part_reads()
{
	local size bare_port daemon_rate
	prepare 0
	size=$(api_get /api/v1/zones/here | wc -c)
	median rate 3 "$bench/bench-load" reads "$port" "$work/state/admin-token" $connections 2 /api/v1/zones/here
	daemon_rate=${got[rate]}
	"$bench/bench-bare-http" "$size" >"$work/bare.port" &
	bare_pid=$!
	wait_for 10 "bench-bare-http listens" test -s "$work/bare.port"
	read -r bare_port <"$work/bare.port"
	median rate 3 "$bench/bench-load" reads "$bare_port" - $connections 2 /
	bare_stop
	row "reads of a zone ($size bytes), $connections connections" "$daemon_rate" /s \
		"bare libmicrohttpd $(short "${got[rate]}")/s" ">= 60 % ($(calc "int(100 * $daemon_rate / ${got[rate]})") %)" \
		"$daemon_rate >= 0.6 * ${got[rate]}"
	finish
}

part_plan()
{
	local n first=
	prepare 5 "[engine]" "dry_run = true"
	daemon_stop
	fill 10
	measure "$bench/bench-servers" plan "$work/state" "$work/state/master.key" many 500
	got[floor]=${got[plan_ms]}
	for n in 1000 10000 100000; do
		fill $n
		measure "$bench/bench-servers" plan "$work/state" "$work/state/master.key" many 500
		: "${first:=${got[plan_ms]}}"
		row "plan of one pool of $n servers, from the store" "${got[plan_ms]}" ms \
			"of 10 servers $(short "${got[floor]}") ms" "< 1 ms, flat (x$(short "$(calc "${got[plan_ms]} / $first")"))" \
			"${got[plan_ms]} < 1 && ${got[plan_ms]} < 2 * $first"
	done
	finish
}

# Of virtual time: probes take 20 ms, at most 16 at once; those that are mute 5 s.
part_rounds()
{
	local n slow floor
	work=$(mktemp -d "${TMPDIR:-/tmp}/headroom-test.XXXXXX")
	for n in 1000 10000; do
		for slow in 0 50; do
			measure "$bench/bench-rounds" "$work/$n-$slow" "$n" "$slow" 0
			floor=$(calc "($n * $slow * 5 + $n * (1000 - $slow) * 0.02) / 16000")
			row "round of probes of $n servers, $slow of 1000 mute" "$(calc "${got[round_ms]} / 1000")" s \
				"its probes, 16 at once: $(short "$floor") s" "1.2 times that, and 5 s" "${got[round_ms]} <= 1200 * $floor + 5000"
			row "processor time of that round" "${got[round_cpu_ms]}" ms - - ""
		done
	done
	finish
}

part_size()
{
	local n empty='' load_ms
	work=$(mktemp -d "${TMPDIR:-/tmp}/headroom-test.XXXXXX")
	median start_ms 9 "$bench/bench-start" headroomd "$headroomd" --version
	load_ms=${got[start_ms]}
	finish
	for n in 0 1000 10000; do
		prepare $((n + 1)) "[engine]" "dry_run = true"
		daemon_stop
		[ $n = 0 ] || fill $n
		median start_ms 9 "$bench/bench-start" "would make 1 and remove 0" "$headroomd" --config "$work/headroom.conf"
		daemon_start || fail "the daemon did not start"
		sleep 3
		got[rss]=$(awk '/^VmRSS:/ { print $2 / 1024 }' "/proc/$daemon_pid/status")
		: "${empty:=${got[rss]}}"
		row "resident memory of headroomd with $n servers" "${got[rss]}" MiB "with none $(short "$empty") MiB" \
			"$([ $n = 10000 ] && printf '< 20 MB' || printf -- -)" "$([ $n != 10000 ] || printf '%s' "${got[rss]} < 19.07")"
		row "start to a correct plan with $n servers" "${got[start_ms]}" ms "headroomd --version $(short "$load_ms") ms" \
			"$([ $n = 10000 ] && printf '< 50 ms' || printf -- -)" "$([ $n != 10000 ] || printf '%s' "${got[start_ms]} < 50")"
		finish
	done
}

# As it would be installed.
"$BASH" "$HEADROOM_SRCDIR/plugins/make-manifest.sh" "$HEADROOM_BUILDDIR/headroom-host" \
	"$bench/.libs/stamp.so" "$bench/.libs/stamp.json" || exit 1
# cloud_accounts POOLS EACH: definitions of so many pools, each of an account of its own.
cloud_accounts()
{
	local i
	printf 'kind: zone\nname: here\n'
	for ((i = 1; i <= $1; i++)); do
		cat <<-EOT
		---
		kind: provider-config
		name: a$i
		provider: sim
		list_interval: 1h
		settings:
		  url: $sim_url
		  key: key-$i
		---
		kind: pool
		name: a$i
		---
		kind: autoscale-config
		name: a$i
		pool: a$i
		zone: here
		provider_config: a$i
		connection_type: SSH
		probe: false
		minimum_available_sessions: $2
		creates_per_hour: 100000
		EOT
	done
}

# Processor time of the daemon and its modules' processes until now, in us.
daemon_cpu()
{
	local pids
	pids=$(cat "/proc/$daemon_pid/task/$daemon_pid/children")
	# shellcheck disable=SC2046,SC2086 # one word for each
	sed 's/.*) //' $(printf '/proc/%s/stat ' $daemon_pid $pids) 2>/dev/null | awk -v hertz="$(getconf CLK_TCK)" '{ n += $12 + $13 } END { print n / hertz * 1e6 }'
}

creates_done()
{
	api_get /metrics >"$work/metrics" || return 1
	awk '/^headroom_operations_in_flight / { print $2 > "/dev/stderr" }
		/^headroom_operations_total\{operation="create",outcome="done"\} / { n = $2 } END { print n + 0 }' \
		"$work/metrics" 2>>"$work/flights"
}

# creates_of ACCOUNTS EACH AT-ONCE LATENCY WORDS: rate and processor time of so many creates.
creates_of()
{
	local accounts=$1 each=$2 n=$(($1 * $2)) i begun cpu took rate sets=()
	daemon_prepare
	for ((i = 1; i <= accounts; i++)); do
		sets+=(--set "a$i.key=key-$i")
	done
	sim_start --seed 1 "${sets[@]}" --set "a0.key=key-0" --set "latency=$4"
	daemon_start || fail "the daemon did not start"
	cloud_accounts "$accounts" "$each" >"$work/pools.yaml"
	cpu=$(daemon_cpu)
	begun=${EPOCHREALTIME/./}
	"$headroom" apply -f "$work/pools.yaml" >/dev/null || fail "apply"
	until [ "$(creates_done)" -ge "$n" ]; do
		[ $((${EPOCHREALTIME/./} - begun)) -lt 60000000 ] || fail "of $n creates $(creates_done) were done in 60 s"
		sleep 0.05
	done
	took=$((${EPOCHREALTIME/./} - begun))
	cpu=$(calc "($(daemon_cpu) - $cpu) / $n")
	rate=$(calc "$n * 1e6 / $took")
	daemon_stop
	measure "$bench/bench-creates" "$sim_url" key-0 "$n" "$3"
	row "creates at headroom-sim, $5" "$rate" /s "bare libcurl multi loop $(short "${got[rate]}")/s" - ""
	row "processor time of a create, $5" "$cpu" us "bare libcurl multi loop $(short "${got[cpu_us]}") us" \
		"at most 3 times (x$(short "$(calc "$cpu / ${got[cpu_us]}")"))" "$cpu <= 3 * ${got[cpu_us]}"
	[ "$accounts" = 1 ] || row "creates in flight at once, $5" "$(sort -n "$work/flights" | tail -n 1)" "" - "1000" \
		"$(sort -n "$work/flights" | tail -n 1) >= 1000"
	finish
}

part_creates()
{
	creates_of 1 1500 64 0 "no latency"
	creates_of 20 160 1000 1000 "latency 1 s, 20 accounts" # of 64 places each
}

grep -q '^HR_DEFINES = .*-DHR_DEBUG=1' "$HEADROOM_BUILDDIR/Makefile" &&
	say "a build with --enable-debug: it checks all counters in each transaction, and its figures say little"
line figure value "floor, in this run" aim
for part in ${BENCH_PARTS:-process request sessions reads plan rounds size creates}; do
	"part_$part"
done
