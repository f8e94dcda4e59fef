#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Who may check in: the real token for its own server alone. Tokens that are wrong, forged, unsigned or of a
# server that is gone are refused, counted, and never written to a log.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs bwrap sshd jq openssl
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

# token_of SERVER-ID: the file that its startup script wrote.
token_of()
{
	find "$work/state/accounts" -path "*/$1/*" -name token 2>/dev/null
}

tokens_are_there()
{
	local id n=0
	for id in $("$headroom" -o json server list --pool silent | jq -r '.[].id'); do
		[ -n "$(token_of "$id")" ] && n=$((n + 1))
	done
	[ "$n" = 2 ]
}

state_of()
{
	"$headroom" -o json server show "$1" | jq -r .state
}

# call_query TOKEN BODY, call_header TOKEN BODY: print the HTTP status. The token goes in by a file.
call_query()
{
	printf 'url = "http://127.0.0.1:%s/api/set_server_status?token=%s"\n' "$port" "$1" |
		curl -sS -K - -o "$work/answer" -w '%{http_code}' -H 'Content-Type: application/json' --data "$2"
}

call_header()
{
	printf 'header = "Authorization: Bearer %s"\n' "$1" |
		curl -sS -K - -o "$work/answer" -w '%{http_code}' -H 'Content-Type: application/json' --data "$2" \
			"http://127.0.0.1:$port/api/set_server_status"
}

base64url()
{
	openssl base64 -A | tr '+/' '-_' | tr -d '='
}

from_base64url()
{
	local text
	text=$(tr -- '-_' '+/')
	while [ $((${#text} % 4)) != 0 ]; do text="$text="; done
	printf '%s' "$text" | openssl base64 -A -d
}

# signed HEADER PAYLOAD KEY: a token signed with another key than the daemon's.
signed()
{
	local text
	text=$(printf '%s' "$1" | base64url).$(printf '%s' "$2" | base64url)
	printf '%s.%s' "$text" "$(printf '%s' "$text" | openssl dgst -sha256 -hmac "$3" -binary | base64url)"
}

refused()
{
	local call
	for call in call_query call_header; do
		[ "$($call "$2" "$running")" = 401 ] || fail "$1 by $call: $(cat "$work/answer")"
		[ "$(jq -r .class "$work/answer")" = auth ] || fail "$1: the answer's class: $(cat "$work/answer")"
		# Every refusal reads the same: the reason would help whoever is guessing.
		jq -S 'del(.request_id, .instance)' "$work/answer" >"$work/refusal"
		if [ -f "$work/refusal.first" ]; then
			cmp -s "$work/refusal" "$work/refusal.first" || fail "$1 is told apart: $(cat "$work/refusal")"
		else
			cp "$work/refusal" "$work/refusal.first"
		fi
		refusals=$((refusals + 1))
	done
	[ "$(state_of "$server")$(state_of "$other")" = "$states" ] || fail "$1 changed a server"
}

daemon_prepare
daemon_start || fail "the daemon did not start"
"$headroom" apply -f "$HEADROOM_SRCDIR/tests/integration/checkin.yaml" >/dev/null || fail "apply"
wait_for 120 "both servers wrote their tokens" tokens_are_there
running='{"status": "running", "status_message": "ready", "status_progress": "100"}'
refusals=0
mapfile -t ids < <("$headroom" -o json server list --pool silent | jq -r '.[].id')
server=${ids[0]} other=${ids[1]}
token=$(cat "$(token_of "$server")")
other_token=$(cat "$(token_of "$other")")
states=$(state_of "$server")$(state_of "$other")
case $states in *running*) fail "a server runs that never checked in" ;; esac

IFS=. read -r header payload signature <<<"$token"
header_json=$(from_base64url <<<"$header")
payload_json=$(from_base64url <<<"$payload")
[ "$(jq -r .alg <<<"$header_json")" = HS256 ] || fail "the token's header: $header_json"
other_payload=$(cut -d. -f2 <<<"$other_token")
none=$(printf '{"alg":"none","typ":"JWT"}' | base64url)
none_kid=$(jq -c '.alg = "none"' <<<"$header_json" | tr -d '\n' | base64url)
late=$(jq -c '.exp += 864000' <<<"$payload_json" | tr -d '\n')

refused "no token's text" "nonsense"
refused "a token cut short" "${token%?????}"
refused "a changed signature" "$header.$payload.$(rev <<<"$signature")"
refused "a token forged with another key" "$(signed "$header_json" "$payload_json" guess)"
refused "a token signed with an empty key" "$(signed "$header_json" "$payload_json" "")"
refused "a token that gives itself more time" "$header.$(printf '%s' "$late" | base64url).$signature"
refused "the other server's claims under this signature" "$header.$other_payload.$signature"
refused "alg none" "$none.$payload."
refused "alg none with our key's name" "$none_kid.$payload."
refused "alg none with the signature" "$none_kid.$payload.$signature"
refused "an access token" "$(cat "$work/state/admin-token")"
[ "$(curl -sS -o "$work/answer" -w '%{http_code}' -H 'Content-Type: application/json' --data "$running" \
	"http://127.0.0.1:$port/api/set_server_status")" = 401 ] || fail "without a token: $(cat "$work/answer")"

# The real one: for its own server, with progress as text or number, and again as a heartbeat.
[ "$(call_query "$token" '{"status": "starting", "status_message": "half", "status_progress": "50"}')" = 200 ] ||
	fail "progress as text: $(cat "$work/answer")"
[ "$(call_header "$token" '{"status": "starting", "status_message": "more", "status_progress": 60}')" = 200 ] ||
	fail "progress as a number: $(cat "$work/answer")"
[ "$(state_of "$server")$(state_of "$other")" = "$states" ] || fail "progress is no check-in"
[ "$(call_query "$token" "$running")" = 200 ] || fail "the real token: $(cat "$work/answer")"
[ "$(state_of "$server")" = running ] || fail "the server does not run after its check-in"
[ "$(call_header "$token" "$running")" = 200 ] || fail "a heartbeat: $(cat "$work/answer")"
case $(state_of "$other") in running) fail "one server's token checked in another" ;; esac

# A startup script that cannot go on says why, and the administrator reads which setting it is.
sed -e 's/^name: once-local/name: taken/' -e 's/^connection_username:.*/connection_username: root/' \
	-e "s|: ../../templates|: $HEADROOM_SRCDIR/templates|" "$HEADROOM_SRCDIR/tests/integration/pools.yaml" >"$work/taken.yaml"
"$headroom" apply -f "$work/taken.yaml" >/dev/null || fail "apply of a user name that is taken"
taken_is_told()
{
	"$headroom" -o json event list --pool once --limit 500 | jq -r '.[].message' |
		grep -qF "connection_username 'root' is taken in this server; choose another in the autoscale config"
}
wait_for 120 "a user name that is taken is told" taken_is_told
"$headroom" autoscale delete taken --force >/dev/null || fail "autoscale delete"

# A server that is gone cannot come back.
"$headroom" server delete "$server" >/dev/null || fail "server delete"
server_is_gone() { [ "$(state_of "$server")" = gone ]; }
wait_for 60 "the server is gone" server_is_gone
states=$(state_of "$server")$(state_of "$other")
refused "the token of a server that is gone" "$token"

counted=$(api_get /metrics | grep -E '^headroom_checkins?_refused_total' | awk '{ n += $2 } END { print n + 0 }')
[ "$counted" -ge "$refusals" ] || fail "$refusals refusals, but /metrics counts $counted"
for text in "$token" "$other_token" "$signature" "$(cut -d. -f3 <<<"$other_token")"; do
	printf '%s\n' "$text"
done >"$work/secrets"
grep -qF -f "$work/secrets" "$work/daemon.log" && fail "a token is in the daemon's log"
grep -qE 'token=|eyJ' "$work/daemon.log" && fail "query strings or tokens are in the daemon's log"
say "checkin: $refusals calls refused, the real ones taken"
