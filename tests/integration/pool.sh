#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The demo pool from end to end: apply, two servers, a session by ssh as printed, a third server, two again;
# events, metrics, and the API by TCP with tokens.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs bwrap sshd ssh jq
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

demo=$HEADROOM_SRCDIR/templates/pools/demo.yaml

servers_left()
{
	"$headroom" -o json server list --pool demo | jq 'map(select(.state != "gone")) | length'
}

two_again()
{
	servers_running_is demo 2 && [ "$(servers_left)" = 2 ]
}

check_apply()
{
	local out changed revision
	out=$("$headroom" apply -f "$demo" --dry-run) || fail "dry run on an empty daemon"
	expect "dry run" "$out" "zone here would be created"
	expect "dry run" "$out" "autoscale-config demo-local would be created"
	[ -z "$("$headroom" -o name pool list)" ] || fail "a dry run made a pool"
	out=$("$headroom" apply -f "$demo") || fail "apply"
	[ "$out" = "$(printf '%s created\n' 'zone here' 'provider-config this-machine' 'pool demo' \
		'autoscale-config demo-local')" ] || fail "apply said: $out"
	out=$("$headroom" apply -f "$demo") || fail "apply again"
	[ "$out" = "$(printf '%s unchanged\n' 'zone here' 'provider-config this-machine' 'pool demo' \
		'autoscale-config demo-local')" ] || fail "apply again said: $out"
	revision=$("$headroom" -o json autoscale show demo-local | jq .revision)
	changed=$work/changed.yaml
	sed -e 's/^minimum_available_sessions: 2/minimum_available_sessions: 3/' \
		-e "s|: ../scripts|: $HEADROOM_SRCDIR/templates/scripts|" "$demo" >"$changed"
	out=$("$headroom" apply -f "$changed" --dry-run) || fail "dry run of a change"
	expect "dry run of a change" "$out" "autoscale-config demo-local would be changed
    minimum_available_sessions: 2 -> 3"
	expect "dry run of a change" "$out" "pool demo unchanged"
	[ "$("$headroom" -o json autoscale show demo-local | jq .revision)" = "$revision" ] ||
		fail "a dry run changed something"
}

check_session()
{
	local folder other
	session_open demo ana
	case $ssh_line in
	*StrictHostKeyChecking=no* | *UserKnownHostsFile=/dev/null*) fail "host checking is off: $ssh_line" ;;
	esac
	[ "$(ssh_run whoami)" = desktop ] || fail "the session's user is not who logs in"
	[ "$(ssh_run pwd)" = /home/desktop ] || fail "ssh as printed: $(cat "$work/ssh.log")"
	[ "$(printf 'cat nonce\n' | sh -c "$ssh_line" 2>>"$work/ssh.log")" = "$(ssh_run 'cat nonce')" ] ||
		fail "ssh with input: $(cat "$work/ssh.log")"
	[ "$(ssh_run 'cat nonce' | wc -c)" = 32 ] || fail "no nonce was read"
	folder=$work/run/headroom-sessions/$session
	[ "$(stat -c %a "$folder" "$folder/key" "$folder/known_hosts" | tr '\n' ' ')" = "700 600 600 " ] ||
		fail "the session's files are open to others"
	# Another server behind the address is noticed.
	other=$work/other
	ssh-keygen -q -t ed25519 -N '' -f "$other" || fail "ssh-keygen"
	cp "$folder/known_hosts" "$work/known_hosts.saved"
	printf '%s %s\n' "$(cut -d' ' -f1 "$folder/known_hosts")" "$(cut -d' ' -f1,2 "$other.pub")" \
		>"$folder/known_hosts"
	ssh_run pwd && fail "ssh went to a server with another host key"
	grep -q 'Host key verification failed' "$work/ssh.log" || fail "ssh failed otherwise: $(cat "$work/ssh.log")"
	cp "$work/known_hosts.saved" "$folder/known_hosts"
	wait_for 120 "a third server runs" servers_running_is demo 3
	"$headroom" session end "$session" >/dev/null || fail "session end"
	[ ! -e "$work/run/headroom-sessions" ] || fail "the session's files are left"
	wait_for 240 "two servers again" two_again
	[ "$(judge_trees | wc -l)" = 2 ] || fail "other than two process trees: $(judge_trees)"
}

check_delete()
{
	local out
	out=$("$headroom" autoscale delete demo-local 2>&1) && fail "a config with servers was deleted"
	[ "$out" = 'headroom: autoscale-config "demo-local" still has 2 servers; disable it and wait until they are gone, or destroy them with force: headroom autoscale delete demo-local --force' ] ||
		fail "a config with servers: $out"
}

check_events()
{
	local events kinds
	events=$("$headroom" -o json event list --pool demo --limit 500) || fail "event list"
	[ "$(jq '[.[] | select(.message == null or .message == "")] | length' <<<"$events")" = 0 ] ||
		fail "events without a reason: $events"
	kinds=" $(jq -r '.[].kind' <<<"$events" | sort -u | tr '\n' ' ') "
	expect "kinds of events" "$kinds" " server.planned "
	expect "kinds of events" "$kinds" " server.running "
	expect "kinds of events" "$kinds" " server.gone "
	expect "kinds of events" "$kinds" " session.assigned "
	expect "kinds of events" "$kinds" " session.ended "
	"$headroom" event list --pool demo --limit 500 | grep -F 'server.planned' | grep -qF 'minimum' ||
		fail "no event says that a server was made for the minimum"
	[ "$("$headroom" -o json event list --pool demo --limit 3 | jq length)" = 3 ] || fail "--limit"
}

check_metrics()
{
	local metrics
	metrics=$(api_get /metrics) || fail "/metrics"
	printf '%s\n' "$metrics" >"$work/metrics"
	grep -qE '^headroom_servers\{pool="demo",state="running"\} 2$' "$work/metrics" ||
		fail "/metrics does not count two running servers: $metrics"
	grep -qE '^headroom_hosts_running\{module="local"\} 1$' "$work/metrics" ||
		fail "/metrics does not count the module's process: $metrics"
	grep -qE '^headroom_module_calls_total\{operation="create",outcome="done"\} [1-9]' "$work/metrics" ||
		fail "/metrics does not count creates: $metrics"
	grep -qE '^headroom_account_breaker_state\{account="[0-9a-f-]{36}",state="closed"\} 1$' "$work/metrics" ||
		fail "/metrics does not show the account's breaker: $metrics"
}

check_tokens()
{
	local admin=$work/state/admin-token viewer=$work/viewer
	[ "$(stat -c %a "$admin")" = 600 ] || fail "the admin token can be read by others"
	[ "$(api_tcp "$admin" GET /api/v1/pools/demo)" = 200 ] || fail "the admin token by TCP: $(cat "$work/answer")"
	[ "$(jq -r .name "$work/answer")" = demo ] || fail "the pool by TCP: $(cat "$work/answer")"
	[ "$(HEADROOM_URL=http://127.0.0.1:$port HEADROOM_TOKEN_FILE=$admin "$headroom" -o name pool list)" = demo ] ||
		fail "the command line by TCP"
	[ "$(api_tcp "" GET /api/v1/pools)" = 401 ] || fail "without a token: $(cat "$work/answer")"
	[ "$(api_tcp "" GET /healthz)" = 200 ] || fail "/healthz needs a token"
	printf 'hr_%s\n' "$(head -c 43 /dev/zero | tr '\0' x)" >"$work/wrong"
	[ "$(api_tcp "$work/wrong" GET /api/v1/pools)" = 401 ] || fail "a wrong token: $(cat "$work/answer")"
	(umask 077 && "$headroom" token create watcher --role viewer >"$viewer" 2>/dev/null) || fail "token create"
	[ "$(api_tcp "$viewer" GET /api/v1/servers)" = 200 ] || fail "a viewer may read: $(cat "$work/answer")"
	[ "$(api_tcp "$viewer" POST /api/v1/sessions '{"pool": "demo", "user": "eve"}')" = 403 ] ||
		fail "a viewer may not ask for sessions: $(cat "$work/answer")"
	[ "$(api_tcp "$viewer" PUT /api/v1/zones/other '{}')" = 403 ] || fail "a viewer may not write: $(cat "$work/answer")"
	[ "$(api_tcp "$viewer" GET /api/v1/tokens)" = 403 ] || fail "a viewer may not see tokens: $(cat "$work/answer")"
	"$headroom" token revoke watcher >/dev/null || fail "token revoke"
	[ "$(api_tcp "$viewer" GET /api/v1/servers)" = 401 ] || fail "a revoked token works"
	if grep -qF -f "$admin" "$work/daemon.log" || grep -qF -f "$viewer" "$work/daemon.log"; then
		fail "a token is in the daemon's log"
	fi
}

daemon_prepare
daemon_start || fail "the daemon did not start"
check_apply
# The contract is 30 s; the limit is four times that.
wait_for 120 "two servers run" servers_running_is demo 2
check_session
check_delete
check_events
check_metrics
check_tokens
say "pool: 2, 3 and 2 servers, a session by ssh, events, metrics, tokens"
