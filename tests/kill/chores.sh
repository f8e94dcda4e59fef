# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # work and sim are daemon.sh's and sim.sh's
#
# Sourced by check-kill.sh: what administrators do beside the users' churn, so that every kind of write and
# of frame is passed again and again: on pool spare and its account green, which no user of the churn has.

# chore METHOD PATH [JSON]: the answer, or nothing where the daemon is just not there.
chore()
{
	curl -sS -m 20 --unix-socket "$HEADROOM_SOCKET" -X "$1" ${3:+-H 'Content-Type: application/json' --data "$3"} \
		"http://localhost$2" 2>/dev/null
}

# green_settings ZONE: its settings with the key that the cloud has for it.
green_settings()
{
	printf '{"settings": {"zone": "%s", "key": "%s"}}' "$1" "$(cat "$work/green.key")"
}

# Green gets another key, and so an hour of its own for what no server claims: the last one's places are soon
# taken. The second edit lifts the pause that a call with the old key has led to.
green_rekeyed()
{
	printf 'green-key-%s' "$SECONDS" >"$work/green.key"
	sim_set "green.key=$(cat "$work/green.key")"
	chore PATCH /api/v1/provider-configs/green "$(green_settings north-1)" >/dev/null
	sleep 1.5
	chore PATCH /api/v1/provider-configs/green "$(green_settings south-1)" >/dev/null
	sleep 4
}

# strangers ACCOUNT COUNT NUMBER: machines with our mark that no server of ours claims.
strangers()
{
	jq -rn --arg url "$sim_url/v1/machines" --arg key "$(cat "$work/$1.key")" --argjson n "$2" --arg name "stranger-$3" --argjson number "$3" --arg installation "$installation" '
		def id: tostring | "57a6ce55-0000-4000-8000-" + "000000000000"[length:] + .;
		range($n) | "\($name)-\(.)" as $name | (($number * 1000 + .) | id) as $id |
		{token: $id, name: $name, zone: "north-1", size: "small", image: "debian-12", user_data: "none",
			marks: {installation: $installation, config: $id, server: $id}} |
		"url = \"\($url)\"\nheader = \"Authorization: Bearer \($key)\"\nheader = \"Content-Type: application/json\"",
		"data = \(tojson | tojson)\noutput = /dev/null\nnext"' | sed '$d' | curl -sS -m 20 -K - 2>/dev/null
}

# spare_asked METHOD SUFFIX: the same of each server of pool spare.
spare_asked()
{
	local id slash=/
	[ "$1" = POST ] || slash=
	for id in $(chore GET '/api/v1/servers?pool=spare' | jq -r '.items[]?.id'); do
		chore "$1" "/api/v1/servers/$id$slash$2" >/dev/null
	done
	sleep 1
}

# sshd_of SERVER: the process that listens.
sshd_of()
{
	local file pid name
	grep -aslF "/servers/$1" /proc/[0-9]*/mountinfo |
	while read -r file; do
		pid=${file#/proc/}
		pid=${pid%/mountinfo}
		name=
		read -r name <"/proc/$pid/comm"
		[ "$name" != sshd ] || echo "$pid"
	done 2>/dev/null | sort -n | head -n 1
}

# again_muted COUNT: so many servers of pool again are stopped, so that their ports accept and say nothing: until
# the first is found unanswered, or the point has been hit, and for a few rounds of probes, of 5 s each, at most.
again_muted()
{
	local id ids pid pids=() end=$((SECONDS + 30))
	mapfile -t ids < <(chore GET '/api/v1/servers?pool=again' | jq -r '.items[]? | select(.state == "running").id')
	for id in "${ids[@]:0:$1}"; do
		pid=$(sshd_of "$id")
		[ -z "$pid" ] || pids+=("$pid")
	done
	[ "${#pids[@]}" = "$1" ] || { sleep 1; return 0; }
	kill -STOP "${pids[@]}" 2>/dev/null
	until point_hit || [ "$SECONDS" -ge "$end" ] ||
		[ "$(chore GET "/api/v1/servers/${ids[0]}" | jq -r .health)" = unanswered ]; do
		sleep 0.5
	done
	kill -CONT "${pids[@]}" 2>/dev/null
	point_hit || sleep 3
}

chore_documents()
{
	local token
	token=$(chore POST /api/v1/tokens "{\"name\": \"token-$1\", \"role\": \"viewer\"}" | jq -r '.id // empty')
	[ -z "$token" ] || chore DELETE "/api/v1/tokens/$token" >/dev/null
	chore POST /api/v1/zones "{\"name\": \"zone-$1\"}" >/dev/null
	chore PATCH "/api/v1/zones/zone-$1" '{"search_alternate_zones": false}' >/dev/null
	chore PUT "/api/v1/zones/zone-$1" "{\"name\": \"zone-$1\"}" >/dev/null
	chore DELETE "/api/v1/zones/zone-$1" >/dev/null
}

# Its settings change, so that it is opened anew; its key is wrong for a moment, so that it pauses.
chore_account()
{
	local zones=(north-1 south-1)
	chore PATCH /api/v1/provider-configs/green "$(green_settings "${zones[$1 % 2]}")" >/dev/null
	chore POST /api/v1/provider-configs/green/check >/dev/null
	[ $(($1 % 3)) = 0 ] || return 0
	sim_set green.fail_auth=1000
	sleep 1.5
	sim_set green.fail_auth=0
	chore PATCH /api/v1/provider-configs/green '{"max_instances": '$((12 + $1 % 2))'}' >/dev/null
}

chore_servers()
{
	local id ids session
	session=$(chore POST /api/v1/sessions '{"pool": "spare", "user": "adm"}' | jq -r '.id // empty')
	[ -z "$session" ] || chore POST "/api/v1/sessions/$session/keepalive" >/dev/null
	mapfile -t ids < <(chore GET '/api/v1/servers?pool=spare' | jq -r '.items[]?.id')
	id=${ids[0]-}
	[ -z "$id" ] || [ $(($1 % 2)) = 0 ] || chore POST "/api/v1/servers/$id/drain" >/dev/null
	id=${ids[1]-$id}
	[ -z "$id" ] || [ $(($1 % 2)) = 0 ] || chore DELETE "/api/v1/servers/$id?force=true" >/dev/null
	[ $(($1 % 4)) = 0 ] || return 0 # else its keepalive lapses
	for session in $(chore GET '/api/v1/sessions?pool=spare' | jq -r '.items[]?.id'); do
		chore DELETE "/api/v1/sessions/$session" >/dev/null
	done
}

# Nothing is done while the file "rest" is there: what a server does by itself is waited for.
chores()
{
	local n=0
	trap 'exit 0' TERM
	while :; do
		while [ -e "$work/rest" ]; do
			sleep 0.2
		done
		n=$((n + 1))
		chore_documents "$n"
		chore_servers "$n"
		chore_account "$n"
		strangers green 1 "$n"
		judge_ends
		if [ $((n % 3)) = 0 ]; then
			touch "$work/state/stop-creates"
			sleep 0.7
			rm -f "$work/state/stop-creates"
		fi
	done
}
