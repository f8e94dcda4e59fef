#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The event stream: each event once, over kills of the daemon; filters, resuming, slow readers, too many
# readers, tokens that end, the daemon's stop.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs curl jq
readers=()

cleanup()
{
	local status=$?
	[ ${#readers[@]} -eq 0 ] || kill "${readers[@]}" 2>/dev/null
	(exit "$status")
	daemon_cleanup
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# happen N USER: N requests for a session in a pool that has no servers; each is an event or more.
happen()
{
	curl -sS -Z --parallel-max 8 -o /dev/null --unix-socket "$HEADROOM_SOCKET" -H 'Content-Type: application/json' \
		--data "{\"pool\":\"empty\",\"user\":\"$2\"}" "http://localhost/api/v1/sessions#[1-$1]" \
		2>/dev/null # it shows its progress, whatever it is told
}

# The numbers of all events, by the list.
numbers_listed()
{
	local after=0 page
	while :; do
		page=$(api_get "/api/v1/events?limit=1000&after=$after") || fail "the list"
		jq -r '.items[].number' <<<"$page"
		after=$(jq -r '.next // empty' <<<"$page")
		[ -n "$after" ] || break
	done
}

# stream FILE CURL-ARGUMENT…: a reader in the background; its number is $!.
stream()
{
	local file=$1
	shift
	curl -sSN -H 'Accept: text/event-stream' "$@" >"$file" 2>"$file.err" &
	readers+=($!)
}

stream_local()
{
	local file=$1 path=$2
	shift 2
	stream "$file" --unix-socket "$HEADROOM_SOCKET" "$@" "http://localhost$path"
}

# ids FILE: the numbers of the events in it, keep-alives not counted.
ids()
{
	awk '/^id: / { id = $2 } /^event: / { event = $2 } /^data: / && event != "lost" { print id }' "$1"
}

holds()
{
	grep -q -- "$2" "$1"
}

readers_are()
{
	[ "$(api_get /metrics | sed -n 's/^headroom_event_stream_readers //p')" = "$1" ]
}

newest()
{
	api_get '/api/v1/events?newest=true&limit=1' | jq '.items[0].number // 0'
}

# watched_all: the command has printed as many as there are.
watched_all()
{
	numbers_listed >"$work/listed"
	jq -r .number "$work/watched" >"$work/numbers" 2>/dev/null
	cmp -s "$work/listed" "$work/numbers"
}

daemon_prepare
daemon_start || fail "the daemon did not start"
printf 'kind: zone\nname: here\n---\nkind: pool\nname: empty\n---\nkind: pool\nname: other\n' >"$work/pools.yaml"
"$headroom" apply -f "$work/pools.yaml" >/dev/null || fail "apply"

# --- each once, over kills --------------------------------------------------------------------------
"$headroom" -o json event list --watch --limit 1000 >"$work/watched" 2>"$work/watched.err" &
readers+=($!)
stream_local "$work/begin" /api/v1/events
wait_for 20 "the stream begins" holds "$work/begin" '^retry: '
for ((round = 0; round < 3; round++)); do
	happen 40 ana
	begun=$(newest)
	happen 2000 ben &
	happening=$!
	# In the midst of it.
	until [ "$(newest)" -ge $((begun + 10)) ]; do sleep 0.02; done
	daemon_kill
	wait "$happening"
	[ "$round" != 0 ] || sleep 1.5 # so that the command finds nobody
	daemon_start || fail "the daemon did not start again"
	happen 20 eva
done
wait_for 60 "all events were printed" watched_all
[ "$(wc -l <"$work/listed")" -ge 210 ] || fail "too few events: $(wc -l <"$work/listed")"
expect "the command says that it has to wait" "$(cat "$work/watched.err")" "; trying again"
# The same, but not as JSON.
timeout 3 "$headroom" event list --watch --limit 5 >"$work/table"
[ "$(wc -l <"$work/table")" = 6 ] || fail "the table: $(cat "$work/table")"
expect "the table's head" "$(head -n 1 "$work/table")" "AT                    KIND"

# --- resuming and filters ---------------------------------------------------------------------------
last=$(newest)
stream_local "$work/resumed" /api/v1/events -H "Last-Event-ID: $((last - 3))"
stream_local "$work/after" "/api/v1/events?after=$((last - 2))&pool=empty"
stream_local "$work/elsewhere" '/api/v1/events?pool=other&after=0'
stream_local "$work/newest" '/api/v1/events?newest=true&limit=4'
wait_for 20 "four streams begin" readers_are 5
happen 1 ida
next=$(newest)
[ "$next" -gt "$last" ] || fail "nothing happened"
wait_for 20 "a new event comes" holds "$work/resumed" "^id: $next\$"
[ "$(ids "$work/resumed")" = "$(seq $((last - 2)) "$next")" ] || fail "resumed: $(cat "$work/resumed")"
wait_for 20 "a new event comes" holds "$work/after" "^id: $next\$"
[ "$(ids "$work/after")" = "$(seq $((last - 1)) "$next")" ] || fail "after: $(cat "$work/after")"
wait_for 20 "a new event comes" holds "$work/newest" "^id: $next\$"
[ "$(ids "$work/newest")" = "$(seq $((last - 3)) "$next")" ] || fail "newest: $(cat "$work/newest")"
[ -z "$(ids "$work/elsewhere")" ] || fail "another pool's events: $(cat "$work/elsewhere")"
# What is in a frame is what is in the list.
[ "$(sed -n 's/^data: //p' "$work/resumed" | tail -n 1 | jq -S .)" = \
	"$(api_get '/api/v1/events?newest=true&limit=1' | jq -S '.items[0]')" ] || fail "a frame is not as the list"
stream_local "$work/ahead" '/api/v1/events?after=900000000'
wait_for 20 "a point that never was" holds "$work/ahead" '"reason":"ahead"'
grep -qx "id: $next" "$work/ahead" || fail "ahead: $(cat "$work/ahead")"
status=$(curl -sS -o "$work/answer" -w '%{http_code}' --unix-socket "$HEADROOM_SOCKET" \
	-H 'Accept: text/event-stream' -H 'Last-Event-ID: x' http://localhost/api/v1/events)
[ "$status" = 422 ] || fail "a bad resume point: $status"
expect "a bad resume point" "$(cat "$work/answer")" "the header Last-Event-ID must be the number of an event"
kill "${readers[@]}" 2>/dev/null
wait "${readers[@]}" 2>/dev/null
readers=()
wait_for 20 "no reader is left" readers_are 0

# --- by TCP: tokens ---------------------------------------------------------------------------------
(umask 077 && "$headroom" token create looker --role viewer >"$work/viewer" &&
	"$headroom" token create seats --role broker >"$work/broker") 2>/dev/null || fail "token create"
[ "$(api_tcp "$work/broker" GET /api/v1/events)" = 403 ] || fail "a broker may list events"
printf 'header = "Authorization: Bearer %s"\n' "$(cat "$work/viewer")" >"$work/curlrc"
printf 'header = "Authorization: Bearer %s"\n' "$(cat "$work/broker")" >"$work/brokerrc"
stream "$work/by_token" -K "$work/curlrc" -D "$work/headers" "http://127.0.0.1:$port/api/v1/events"
reader=$!
wait_for 20 "the stream begins" holds "$work/by_token" '^retry: '
expect "the content type" "$(cat "$work/headers")" "Content-Type: text/event-stream"
expect "its request id" "$(cat "$work/headers")" "X-Request-Id: "
[ "$(curl -s -o /dev/null -w '%{http_code}' -K "$work/brokerrc" -H 'Accept: text/event-stream' \
	"http://127.0.0.1:$port/api/v1/events")" = 403 ] || fail "a broker may read the stream"
happen 1 ada
wait_for 20 "it comes" holds "$work/by_token" "^id: $(newest)\$"
"$headroom" token revoke looker >/dev/null || fail "token revoke"
revoked=$SECONDS
wait "$reader" || fail "the stream of a revoked token did not end well: $(cat "$work/by_token.err")"
[ $((SECONDS - revoked)) -le 20 ] || fail "the stream went on for $((SECONDS - revoked)) s after its token's end"
expect "why it ends" "$(cat "$work/by_token")" ": the access token was revoked, or has expired"

# --- a reader that reads nothing ----------------------------------------------------------------------
exec {slow}<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n\r\n' \
	"$(cat "$work/state/admin-token")" >&"$slow"
wait_for 20 "it is a reader" readers_are 1
first=$(newest)
stream_local "$work/quick" "/api/v1/events?after=$first"
wait_for 20 "there is another" readers_are 2
happen 2500 "$(printf '%060d' 0)"
last=$(newest)
wait_for 60 "who reads is not kept waiting" holds "$work/quick" "^id: $last\$"
[ "$(ids "$work/quick")" = "$(seq $((first + 1)) "$last")" ] || fail "the quick one missed some, or heard some twice"
wait_for 60 "who does not read has lost" eval \
	"api_get /metrics | grep '^headroom_event_stream_lost_total{reason=\"slow\"} 1\$' >/dev/null"
timeout 30 cat <&"$slow" >"$work/slow"
exec {slow}>&-
# A chunk may end anywhere, in the midst of a number too: lengths and bytes take turns.
awk 'BEGIN { RS = "\r\n"; ORS = "" } body { if (++n % 2 == 0) print; next } $0 == "" { body = 1 }' \
	"$work/slow" >"$work/slow.events"
grep -q '^event: lost' "$work/slow.events" || fail "it was not told: $(tail -n 5 "$work/slow.events")"
resume=$(sed -n 's/^data: {"after":\([0-9]*\),"reason":"slow".*/\1/p' "$work/slow.events")
[ -n "$resume" ] || fail "it was not told from where to resume: $(tail -n 5 "$work/slow.events")"
[ "$resume" -lt "$last" ] || fail "nothing was lost"
stream_local "$work/rest" "/api/v1/events?after=$resume"
wait_for 60 "the rest comes" holds "$work/rest" "^id: $last\$"
[ "$({ ids "$work/slow.events"; ids "$work/rest"; })" = "$(seq $((first + 1)) "$last")" ] ||
	fail "what came before and after the loss is not all, or some twice"
kill "${readers[@]}" 2>/dev/null
wait "${readers[@]}" 2>/dev/null
readers=()
wait_for 20 "no reader is left" readers_are 0

# --- one too many -----------------------------------------------------------------------------------
held=()
for ((i = 0; i < 256; i++)); do
	exec {fd}<>"/dev/tcp/127.0.0.1/$port"
	held+=("$fd")
	printf 'GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n\r\n' \
		"$(cat "$work/state/admin-token")" >&"$fd"
done
wait_for 60 "256 readers" readers_are 256
curl -sS -D "$work/headers" -o "$work/answer" --unix-socket "$HEADROOM_SOCKET" -H 'Accept: text/event-stream' \
	http://localhost/api/v1/events || fail "the 257th was not answered"
expect "the 257th" "$(head -n 1 "$work/headers")" " 503 "
expect "the 257th" "$(cat "$work/headers")" "Retry-After: 10"
expect "the 257th" "$(cat "$work/headers")" "application/problem+json"
expect "the 257th" "$(jq -r .detail "$work/answer")" \
	"there are 256 readers of the event stream already, as many as there may be"
[ "$(api_get '/api/v1/events?limit=1' | jq '.items | length')" = 1 ] || fail "the list does not answer"
for fd in "${held[@]}"; do
	exec {fd}>&-
done
wait_for 20 "places come free" readers_are 0

# --- the daemon's stop --------------------------------------------------------------------------------
stream_local "$work/stopped" /api/v1/events
reader=$!
wait_for 20 "a reader" readers_are 1
stopped=$SECONDS
daemon_stop
[ $((SECONDS - stopped)) -le 20 ] || fail "the daemon took $((SECONDS - stopped)) s to stop"
wait "$reader" || fail "the stream did not end well at the daemon's stop: $(cat "$work/stopped.err")"
expect "why it ends" "$(cat "$work/stopped")" ": the daemon stops"
say "events: each once over three kills; filters, resuming, a slow reader, the 257th, a revoked token, the stop"
