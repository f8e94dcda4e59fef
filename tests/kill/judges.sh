# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # what check-kill.sh and daemon.sh have
#
# Sourced by check-kill.sh: what judges after the kills. Processes and folders of module local are judged by
# /proc and the file system, machines of module sim by headroom-sim's books; neither asks our store. What the
# API says of servers and sessions is what is compared with that.

# The cloud's module lies in the test's own folder, so that its hosts can be told by their arguments; beside
# it a file that is no module.
judges_prepare()
{
	mkdir "$work/modules"
	cp "$HEADROOM_BUILDDIR/plugins/sim/.libs/sim.so" "$work/modules/" || fail "no module sim"
	echo "no module" >"$work/modules/junk.so"
}

# Lines "PID PARENT" of the processes that run the cloud's module, for this daemon and those before it.
cloud_hosts()
{
	local file pid name parent
	grep -aslzF "$work/modules/" /proc/[0-9]*/cmdline |
	while read -r file; do
		pid=${file#/proc/}
		pid=${pid%/cmdline}
		name=
		read -r name <"/proc/$pid/comm"
		[ "$name" = headroom-host ] || continue
		parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
		[ -z "$parent" ] || printf '%s %s\n' "$pid" "$parent"
	done 2>/dev/null # some end meanwhile
}

# One process an account: one account here, three in the cloud.
judge_hosts_now()
{
	[ "$(hosts_running | wc -l)" -le 1 ] || fail "two processes for one account: $(judge_hosts)"
	[ "$(cloud_hosts | awk -v daemon="$daemon_pid" '$2 == daemon' | wc -l)" -le 3 ] || fail "two processes for one account in the cloud: $(cloud_hosts)"
}

# What belongs to no daemon any more ends by itself: nobody else would end it.
no_strays()
{
	{
		judge_hosts
		cloud_hosts | sed 's/$/ headroom-host/'
	} | awk -v daemon="${daemon_pid:-none}" '
		{ parent[$1] = $2; name[$1] = $3 }
		END {
			for (pid in parent) {
				top = name[pid] == "headroom-spawn" && parent[pid] in parent ? parent[pid] : pid
				if (parent[top] != daemon) exit 1
			}
		}'
}

all_hosts_are_gone()
{
	hosts_are_gone && [ -z "$(cloud_hosts)" ]
}

# How many servers were ordered or gone until now, by the daemon's log.
servers_turned()
{
	grep -cE '"message":"server\.(planned|gone): ' "$work/daemon.log"
}

# judge_ends: adds the sessions that events say have ended to $work/ends; what is over goes after a minute.
judge_ends()
{
	local after page n=1000
	while [ "$n" = 1000 ]; do
		after=$(tail -n 1 "$work/ends" | cut -d' ' -f1)
		page=$(api_get "/api/v1/events?after=${after:-0}&limit=1000" 2>/dev/null) || return 0
		n=$(jq '.items | length' <<<"$page")
		jq -r '.items[] | "\(.number) \(if .kind == "session.ended" or .kind == "session.refused" then .session else "" end)"' <<<"$page" >>"$work/ends"
	done
}

judge_sessions()
{
	"$headroom" -o json session list --state all | jq -r '.[] | .id + " " + .state' | sort >"$work/known" ||
		fail "session list"
	sed -n 's/^asked //p' "$acknowledged" | sort -u >"$work/asked"
	sed -n 's/^ended //p' "$acknowledged" | sort -u >"$work/ended"
	[ -s "$work/asked" ] || fail "there was no churn: no session was acknowledged"
	judge_ends
	{
		cut -d' ' -f1 "$work/known"
		cut -d' ' -f2 "$work/ends"
	} | sort -u | comm -13 - "$work/asked" >"$work/lost"
	[ ! -s "$work/lost" ] || fail "acknowledged sessions are lost: $(tr '\n' ' ' <"$work/lost")"
	sed -n '/ ended$/!s/ .*//p' "$work/known" | comm -12 - "$work/ended" >"$work/lost"
	[ ! -s "$work/lost" ] || fail "sessions whose end was acknowledged have not ended: $(tr '\n' ' ' <"$work/lost")"
}

judge_servers()
{
	local rows trees doubled folders pool
	rows=$(for pool in once again; do
		"$headroom" -o json server list --pool $pool | jq -r '.[].id'
	done | sort)
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
	folders=$(find "$work"/state/accounts/*/servers -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort)
	[ "$folders" = "$rows" ] || fail "rows and folders differ
rows:    $rows
folders: $folders"
}

# By the books: no server ever had two machines, none in use was destroyed, all that users were given was
# there, and what is there now are the servers that we know (strangers aside, whom nobody may touch).
judge_cloud()
{
	local pool
	"$sim" books --books "$work/books" >"$work/verdict" || fail "the cloud's books: $(grep -v '^machine' "$work/verdict")"
	sim_books '.machines[] | select(.state != "gone") | .server' | grep -v '^57a6ce55' | sort >"$work/alive"
	for pool in cloud-once cloud-again spare; do
		"$headroom" -o json server list --pool $pool | jq -r '.[].id'
	done | sort >"$work/rows"
	cmp -s "$work/alive" "$work/rows" || {
		"$headroom" server list
		fail "rows and machines differ
rows:     $(tr '\n' ' ' <"$work/rows")
machines: $(tr '\n' ' ' <"$work/alive")"
	}
	sim_books '.machines[].server' | sort >"$work/made"
	sed -n 's/^used //p' "$acknowledged" | sort -u | comm -23 - "$work/made" >"$work/lost"
	[ ! -s "$work/lost" ] || fail "sessions were on servers that the cloud never had: $(tr '\n' ' ' <"$work/lost")"
	[ "$(sim_alive blue)" = 300 ] || fail "strangers in account blue were touched: $(sim_alive blue) of 300 are left"
}

judge_end()
{
	local remains alive
	wait_for 10 "the modules' processes end with --remove-servers" all_hosts_are_gone
	remains=$(judge_remains "$(judge_mark)/")
	[ -z "$remains" ] || fail "left behind: $remains"
	[ -z "$(judge_trees)" ] || fail "process trees left behind"
	[ -z "$(find "$work"/state/accounts/*/servers -mindepth 1 -maxdepth 1 2>/dev/null)" ] || fail "folders left behind"
	alive=$(sim_books '.machines[] | select(.state != "gone") | .server' | grep -cv '^57a6ce55')
	[ "$alive" = 0 ] || fail "$alive machines are left in the cloud"
	"$sim" books --books "$work/books" >"$work/verdict" || fail "the cloud's books: $(grep -v '^machine' "$work/verdict")"
}

report()
{
	local state rate=$((turned * 10 / (churn_took > 0 ? churn_took : 1)))
	for state in "${!met[@]}"; do
		say "  servers met $state: ${met[$state]}"
	done | sort
	for state in "${!met_operations[@]}"; do
		say "  kills that met an operation $state: ${met_operations[$state]}"
	done | sort
	for kind in "${kinds[@]}"; do
		say "  random kills of $kind: ${tried[$kind]-0}"
	done
	say "  churn: $turned servers ordered or gone in $churn_took s: $((rate / 10)).$((rate % 10)) a second; the cloud made $(sim_books '.machines | length') machines"
	if [ "$share" = "$point_count" ] && [ -z "${POINT-}" ]; then
		for state in "${!met_operations[@]}"; do
			[ "${met_operations[$state]}" -gt 0 ] || fail "no kill met an operation $state"
		done
	fi
	[ "$kills" -lt 20 ] || [ "$rate" -ge 50 ] || fail "that is less than 5 a second"
	say "check-kill: $k kills at $(wc -l <"$work/share") of $point_count points and at random, seed $seed, $(wc -l <"$work/asked") sessions, $turned servers made or gone: nothing lost, doubled or leaked"
}
