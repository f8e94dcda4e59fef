#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make check-canary: secrets of a known text are given to the daemon in every way there is, through modules
# that work, leak, crash and are refused, and through definitions with mistakes. Then they are looked for in
# logs, events, all that the API and the command line show, arguments and environments of processes, core
# files, recordings, the database and a copy of it. The log is at level debug throughout.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
. "$HEADROOM_SRCDIR/tests/support/sim.sh"
. "$HEADROOM_SRCDIR/tests/support/watcher.sh"
needs bwrap sshd ssh jq

cleanup()
{
	watcher_cleanup
	sim_cleanup
}
trap cleanup EXIT
trap 'exit 1' INT TERM

canary=canary-$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
n_places=0

# clean WHAT FILE…: none of the secrets is in these files, which are not empty all together.
clean()
{
	local what=$1 found
	shift
	[ -n "$(cat "$@" | head -c 1)" ] || fail "$what: there is nothing to look at"
	found=$(grep -aloE -f "$work/shapes" "$@" | head -n 3)
	[ -z "$found" ] || fail "$what holds a secret: $found: $(head -n 1 <<<"$found" | xargs grep -aoE -m 1 ".{0,60}($(paste -sd'|' "$work/shapes")).{0,20}")"
	n_places=$((n_places + 1))
}

# provider_of NAME PROVIDER SETTING…: a provider config, and a pool on it.
provider_of()
{
	local setting
	printf -- '---\nkind: provider-config\nname: %s\nprovider: %s\nmax_instances: 3\nlist_interval: 1s\nsettings:\n' "$1" "$2"
	for setting in "${@:3}"; do
		printf '  %s\n' "$setting"
	done
	pool_of "$1"
}

# definitions BEHAVIOUR BEHAVIOUR URL: of two modules that misbehave, one that reaches nobody, and good ones.
definitions()
{
	printf 'kind: zone\nname: here\n'
	provider_of leaks mock "behaviour: $1" "token: $canary-leaks"
	provider_of crashes mock "behaviour: $2" "token: $canary-crashes"
	provider_of refuses mock "behaviour: problems" "token: $canary-refuses"
	provider_of pings httpcloud "url: $3" "token: file:tok"
	provider_of cloud sim "url: $sim_url" "key: $canary-sim"
}

# Definitions with the secret beside, in and instead of what is wrong. Each must be refused.
mistakes()
{
	local i=0 text
	for text in "tokne: $canary-typo" "token: [$canary-list]" "token: {$canary-key: 1}" \
		"token: $canary-$(head -c 70000 /dev/zero | tr '\0' x)" "behaviour: $canary-choice
	  token: x" "token: file:not-there" "token: env:NOT_NAMED" "token: \"$canary-open" "token: $canary-bad
	  token: $canary-twice"; do
		i=$((i + 1))
		printf 'kind: provider-config\nname: wrong%s\nprovider: mock\nsettings:\n  %s\n' "$i" "$text" >"$work/wrong.yaml"
		"$headroom" apply -f "$work/wrong.yaml" >>"$work/refusals" 2>&1
	done
	for text in "{\"name\":\"w\",\"provider\":\"mock\",\"settings\":{\"token\":\"$canary\" x}}" \
		"{\"name\":\"w\",\"provider\":\"mock\",\"settings\":{\"token\":[\"$canary\"]}}" \
		"{\"name\":\"w\",\"provider\":\"nosuch\",\"settings\":{\"token\":\"$canary\"}}" \
		"{\"name\":\"w\",\"provider\":\"mock\",\"token\":\"$canary\",\"settings\":{}}"; do
		printf '%s' "$text" >"$work/wrong.json"
		case $(api_tcp "$work/state/admin-token" POST /api/v1/provider-configs "@$work/wrong.json") in
		400 | 422) ;;
		*) fail "a wrong provider config is not refused: $(cat "$work/answer")" ;;
		esac
		cat "$work/answer" >>"$work/refused-bodies"
	done
	# In what is no setting but a credential.
	printf '%s-token' "$canary" >"$work/false-token"
	[ "$(api_tcp "$work/false-token" GET /api/v1/servers)" = 401 ] || fail "a false token is taken"
	cat "$work/answer" >>"$work/refused-bodies"
	printf 'url = "http://127.0.0.1:%s/api/set_server_status?token=%s-checkin"\n' "$port" "$canary" |
		curl -sS -o "$work/answer" -X POST -H 'Content-Type: application/json' --data '{"status":"running"}' -K -
	cat "$work/answer" >>"$work/refused-bodies"
}

# Everything that the API and the command line can show.
show_all()
{
	local noun id route
	for route in zones pools autoscale-configs provider-configs providers?all=true servers sessions events?limit=1000 tokens; do
		api_get "/api/v1/$route" || fail "GET $route"
	done
	for noun in pools autoscale-configs provider-configs servers sessions; do
		for id in $(api_get "/api/v1/$noun" | jq -r '.items[].id'); do
			api_get "/api/v1/$noun/$id" || fail "GET $noun/$id"
		done
	done
	for id in $(api_get /api/v1/pools | jq -r '.items[].id'); do
		api_get "/api/v1/pools/$id/status" || fail "GET the pool's status"
	done
	for noun in zone pool autoscale provider-config provider server session token event; do
		"$headroom" "$noun" list || fail "$noun list"
		"$headroom" -o json "$noun" list || fail "$noun list as JSON"
	done
	api_get /metrics && api_get /healthz && api_get /api/v1/openapi.json
}

# hex_of FILE: its bytes, without the line's end that a text has.
hex_of()
{
	od -An -v -tx1 "$1" | tr -d ' \n' | sed 's/0a$//'
}

daemon_prepare
sim_start --set "red.key=$canary-sim"
mkdir -m 755 "$work/modules"
mkdir -m 700 "$work/secrets" "$work/cores"
cp "$HEADROOM_BUILDDIR/tests/modules/good/.libs/"{mock,httpcloud}.so "$work/modules" || fail "modules are not built"
chmod 644 "$work/modules"/*.so
printf '%s-file' "$canary" >"$work/secrets/tok"
chmod 600 "$work/secrets/tok"
sed -i "s|^path = .*|path = $work/modules:$HEADROOM_BUILDDIR/plugins/local/.libs:$HEADROOM_BUILDDIR/plugins/sim/.libs|" "$work/headroom.conf"
cat >>"$work/headroom.conf" <<-EOT

	[log]
	level = debug

	[security]
	secrets_dir = $work/secrets

	[debug]
	record_http = $work/recordings
EOT
# Private keys, access tokens, check-in tokens, and the canary.
printf '%s\n' 'PRIVATE KEY-----' 'hr_[A-Za-z0-9_-]{43}' 'eyJ[A-Za-z0-9_-]+\.eyJ' "$canary" >"$work/shapes"
watcher_start "$canary"
cd "$work/cores" || exit 1
ulimit -c unlimited || fail "core files cannot be permitted here"
daemon_start || fail "the daemon did not start"
definitions leak segv "http://127.0.0.1:$(port_free)/v1" >"$work/canary.yaml"
"$headroom" apply -f "$work/canary.yaml" >"$work/applied" 2>&1 || fail "apply: $(cat "$work/applied")"
"$headroom" apply -f "$HEADROOM_SRCDIR/tests/integration/pools.yaml" >>"$work/applied" || fail "apply"
for name in leaks crashes refuses pings cloud; do
	"$headroom" provider-config check "$name" >>"$work/checked" 2>&1
done
wait_for 60 "a server of the cloud runs" servers_running_is cloud 1
wait_for 120 "a server runs" servers_running_is once 1
session_open once ana
cat "$work/run/headroom-sessions/$session/key" >>"$work/keys"
cp "$work/progress" "$work/session-progress"
[ "$(ssh_run pwd)" = /home/desktop ] || fail "ssh: $(cat "$work/ssh.log")"
mistakes
sleep 2 # what is retried is retried
show_all >"$work/shown" 2>&1
for host in $(hosts_running | head -n 2); do
	kill -SEGV "$host"
done
"$headroom" session end "$session" >/dev/null || fail "session end"
# A copy of the database, as a backup takes it while the daemon runs.
mkdir "$work/backup"
cp "$work"/state/headroom.db* "$work/backup"
limits=$(sed -n 's/^Max core file size *//p' "/proc/$daemon_pid/limits")
kill -SEGV "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
daemon_pid=
watcher_judge
expect "the daemon's limit for core files" "$limits" "0                    0 "
[ -z "$(ls -A "$work/cores")" ] || fail "core files: $(ls "$work/cores")"

# The keys of sessions, line by line, beside the shapes.
grep -v -e '-----' "$work/keys" | sed 's/[+.]/\\&/g' >>"$work/shapes"
# The tool finds what is there: in our own definitions.
(clean "a proof" "$work/canary.yaml") >/dev/null 2>&1 && fail "the search finds nothing at all"
clean "the daemon's log" "$work/daemon.log"
grep -q '"level":"debug"' "$work/daemon.log" || fail "the log has no debug lines"
clean "what the API and the command line show" "$work/shown"
clean "what is said of definitions" "$work/applied" "$work/checked" "$work/refusals" "$work/refused-bodies"
clean "a session's progress" "$work/session-progress"
clean "the recordings" "$work"/recordings/*.json
clean "the database" "$work"/state/headroom.db*
clean "a copy of the database" "$work"/backup/*
# The key is 32 bytes of any value, which no pattern of grep can be: all is compared as hexadecimal.
for file in "$work/state/admin-token" "$work/state/master.key"; do
	secret=$(hex_of "$file")
	[ ${#secret} -ge 60 ] || fail "$file is too short to be looked for"
	for place in "$work/daemon.log" "$work/shown" "$work"/backup/*; do
		hex_of "$place" | grep -qF "$secret" && fail "$place holds what is in $file"
	done
done
# What a crash leaves is found and used by the next start.
daemon_start || fail "the daemon did not start after its crash"
# All modules do as they are told now, so that what there is can be removed.
definitions good good "$sim_url" >"$work/canary.yaml"
"$headroom" apply -f "$work/canary.yaml" >/dev/null || fail "apply after the crash"
say "canary: in none of $n_places places, nor seen in $(wc -c <"$work/looks") looks at all processes"
