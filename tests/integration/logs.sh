#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The daemon's log as a program reads it: JSON in every line, and a request's id leads from the API's answer
# to the lines, the events and the operations that came of it. And the form for people.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs bwrap sshd ssh jq curl
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

# ask METHOD PATH [BODY]: the answer in $work/answer; sets request to its id.
ask()
{
	curl -sS -D "$work/headers" -o "$work/answer" --unix-socket "$HEADROOM_SOCKET" -X "$1" ${3:+--data "$3"} \
		"http://localhost$2" || fail "$1 $2"
	request=$(tr -d '\r' <"$work/headers" | sed -n 's/^X-Request-Id: //p')
	[ -n "$request" ] || fail "$1 $2: an answer without a request id"
}

# Lines of the log that are JSON, to the filter; those of the program's own first words are none.
logged()
{
	grep '^{' "$work/daemon.log" | jq -c "$@"
}

# line_of JQ-CONDITION: there is such a line.
line_of()
{
	[ -n "$(logged "select($1)" | head -n 1)" ]
}

event_of()
{
	api_get '/api/v1/events?newest=true&limit=1000' | jq -ec "[.items[] | select($1)] | .[0] // empty" >"$work/event"
}

daemon_prepare
printf '[log]\nlevel = debug\nformat = json\n' >>"$work/headroom.conf"
daemon_start || fail "the daemon did not start"
"$headroom" apply -f "$HEADROOM_SRCDIR/tests/integration/pools.yaml" >/dev/null || fail "apply"
wait_for 120 "a server runs" servers_running_is once 1

# --- a refusal: header, problem and line have the same id
ask GET /api/v1/pools/none
[ "$(jq -r .request_id "$work/answer")" = "$request" ] || fail "the problem's request id: $(cat "$work/answer")"
ask POST /api/v1/sessions '{"pool":"none","user":"ana"}'
refused=$request
[ "$(jq -r .request_id "$work/answer")" = "$refused" ] || fail "the problem's request id: $(cat "$work/answer")"
line_of ".request == \"$refused\" and (.message | startswith(\"POST /api/v1/sessions 4\"))" ||
	fail "the refused request is not in the log"

# --- a session: its request is in its events and their lines
ask POST /api/v1/sessions '{"pool":"once","user":"ana"}'
asked=$request
session=$(jq -r .id "$work/answer")
wait_for 60 "the session has a server" event_of ".kind == \"session.assigned\" and .session == \"$session\""
[ "$(jq -r .request "$work/event")" = "$asked" ] || fail "session.assigned: $(cat "$work/event")"
server=$(jq -r .server "$work/event")
wait_for 20 "its line" line_of ".request == \"$asked\" and .session == \"$session\" and .server == \"$server\" and
	(.pool | length == 36) and (.message | startswith(\"session.assigned: \"))"

# --- a destroy by hand: request, operation and server, to its end
ask DELETE "/api/v1/servers/$server"
destroyed=$request
wait_for 60 "the server is gone" event_of ".kind == \"server.gone\" and .server == \"$server\""
operation=$(jq -r .operation "$work/event")
[ "$(jq -r .request "$work/event")" = "$destroyed" ] || fail "server.gone: $(cat "$work/event")"
ask GET "/api/v1/servers/$server"
[ "$(jq -r --arg id "$operation" '.operations[] | select(.id == $id) | .kind' "$work/answer")" = destroy ] ||
	fail "the event's operation $operation is not the server's destroy: $(cat "$work/answer")"
wait_for 20 "its line" line_of ".request == \"$destroyed\" and .operation == \"$operation\" and .server == \"$server\" and
	(.message | startswith(\"server.gone: \"))"
event_of ".kind == \"session.ended\" and .session == \"$session\"" || fail "the session did not end"
[ "$(jq -r .request "$work/event")" = "$destroyed" ] || fail "session.ended: $(cat "$work/event")"

# --- creates that nobody asked for have an operation and no request
event_of '.kind == "server.booting"' || fail "no server boots"
[ "$(jq -c '[.request, (.operation | length)]' "$work/event")" = '[null,36]' ] || fail "server.booting: $(cat "$work/event")"

# --- every line
daemon_stop
grep -v '^{' "$work/daemon.log" | grep -v '^headroomd ' >"$work/odd"
! sanitized || sed -i '/^sandbox off: sanitizer build$/d' "$work/odd" # said by the module's process itself
[ ! -s "$work/odd" ] || fail "not JSON: $(cat "$work/odd")"
[ -z "$(logged 'select((.time and .level and .message) | not)')" ] || fail "a line without time, level or message"
members=$(logged -r 'keys[]' | sort -u | tr '\n' ' ')
tr ' ' '\n' <<<"$members" | grep -vxE '|time|level|message|pool|server|session|operation|operation_kind|call|account|request' &&
	fail "unknown members: $members"
logged -r '.operation // empty' | grep -vxE '[0-9a-f-]{36}' && fail "a member \"operation\" that is no id"
logged -r '.operation_kind // empty' | grep -vxE 'open|close|check|create|status|list|destroy|inject' &&
	fail "a member \"operation_kind\" that is none"

# --- for people
sed -i 's/^format = json/format = text/' "$work/headroom.conf"
mv "$work/daemon.log" "$work/json.log"
daemon_start || fail "the daemon did not start again"
ask POST /api/v1/sessions '{"pool":"once","user":"ben"}'
wait_for 20 "its line" grep -qE "^[0-9T:.Z-]+ info .*request=$request .*POST /api/v1/sessions 201" "$work/daemon.log"
grep -q '^{' "$work/daemon.log" && fail "JSON in the log for people"
say "logs: JSON with ids ($members) from request to event, and the form for people"
