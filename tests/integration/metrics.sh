#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# /metrics of the real daemon by Prometheus' rules: read by our own checker, which is shown first to refuse
# what it should, and by promtool where that is installed; and the number of series does not grow with use.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs bwrap sshd ssh jq curl
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

checker=$HEADROOM_SRCDIR/tests/support/check-metrics.awk

# refuses WHAT TEXT: the checker finds WHAT in TEXT.
refuses()
{
	local said
	said=$(printf '%b' "$2" | awk -f "$checker") && fail "the checker takes: $2"
	expect "of: $2" "$said" "$1"
}

good='# HELP headroom_a_total A.\n# TYPE headroom_a_total counter\nheadroom_a_total{x="1"} 1\n'
printf '%b' "$good" | awk -f "$checker" >/dev/null || fail "the checker refuses what is good"
refuses "twice" "${good}headroom_a_total{x=\"1\"} 2\n"
refuses "HELP for the second time" "$good$good"
refuses "do not stand together" "$good# HELP headroom_b B.\n# TYPE headroom_b gauge\nheadroom_b 1\nheadroom_a_total{x=\"2\"} 1\n"
refuses "no HELP and TYPE" "${good}headroom_c 1\n"
refuses "_total is for counters" '# HELP headroom_a A.\n# TYPE headroom_a counter\nheadroom_a 1\n'
refuses "_total is for counters" '# HELP headroom_a_total A.\n# TYPE headroom_a_total gauge\nheadroom_a_total 1\n'
refuses "labels" "${good}headroom_a_total{x=\"a\\\\q\"} 1\n"
refuses "labels" "${good}headroom_a_total{x=\"1\",x=\"2\"} 1\n"
refuses "labels do not end" "${good}headroom_a_total{x=\"1} 1\n"
refuses "the value" "${good}headroom_a_total{x=\"3\"} 1,5\n"
refuses "the name" "# HELP other_a A.\n# TYPE other_a gauge\nother_a 1\n"
refuses "not a base unit" '# HELP headroom_a_ms A.\n# TYPE headroom_a_ms gauge\nheadroom_a_ms 1\n'
refuses "TYPE without HELP" '# TYPE headroom_a gauge\nheadroom_a 1\n'
refuses "no series at all" ''
histogram='# HELP headroom_h H.\n# TYPE headroom_h histogram\n'
refuses "not cumulative" "${histogram}headroom_h_bucket{le=\"1\"} 2\nheadroom_h_bucket{le=\"2\"} 1\nheadroom_h_bucket{le=\"+Inf\"} 2\nheadroom_h_sum 1\nheadroom_h_count 2\n"
refuses "bounds do not rise" "${histogram}headroom_h_bucket{le=\"2\"} 1\nheadroom_h_bucket{le=\"1\"} 1\nheadroom_h_bucket{le=\"+Inf\"} 1\nheadroom_h_sum 1\nheadroom_h_count 1\n"
refuses "its count is not" "${histogram}headroom_h_bucket{le=\"1\"} 1\nheadroom_h_bucket{le=\"+Inf\"} 2\nheadroom_h_sum 1\nheadroom_h_count 1\n"
refuses "no bucket +Inf" "${histogram}headroom_h_bucket{le=\"1\"} 1\nheadroom_h_sum 1\nheadroom_h_count 1\n"

# check_now: the daemon's answer is sound; prints "N families, M series".
check_now()
{
	curl -fsS -D "$work/headers" --unix-socket "$HEADROOM_SOCKET" http://localhost/metrics >"$work/metrics" ||
		fail "/metrics"
	awk -f "$checker" "$work/metrics" >"$work/checked" || fail "/metrics: $(cat "$work/checked")"
	if command -v promtool >/dev/null; then
		promtool check metrics <"$work/metrics" >&2 || fail "promtool refuses /metrics"
	fi
	cat "$work/checked"
}

value_of()
{
	api_get /metrics | awk -v name="$1" '$1 == name { print $2 }'
}

destroy_is_counted()
{
	[ "$(value_of 'headroom_operations_total{operation="destroy",outcome="done"}')" -ge 1 ]
}

daemon_prepare
daemon_start || fail "the daemon did not start"
check_now >/dev/null
tr -d '\r' <"$work/headers" | grep -qix 'content-type: text/plain; version=0.0.4; charset=utf-8' ||
	fail "the content type: $(cat "$work/headers")"
"$headroom" apply -f "$HEADROOM_SRCDIR/tests/integration/pools.yaml" >/dev/null || fail "apply"
wait_for 120 "a server runs" servers_running_is once 1
session_open once ana
# Also while somebody reads the stream, and with a refused request of every kind.
curl -sN -H 'Accept: text/event-stream' --unix-socket "$HEADROOM_SOCKET" http://localhost/api/v1/events >/dev/null &
reader=$!
for path in /nothing /api/v1/pools/none '/api/v1/events?limit=x'; do
	curl -sS -o /dev/null --unix-socket "$HEADROOM_SOCKET" "http://localhost$path"
done
check_now >"$work/before"
[ "$(value_of 'headroom_servers{pool="once",state="running"}')" -ge 1 ] || fail "no running server is counted"
[ "$(value_of 'headroom_operations_total{operation="create",outcome="done"}')" -ge 1 ] || fail "no create is counted"
[ "$(value_of headroom_event_stream_readers)" = 1 ] || fail "the stream's reader is not counted"
[ "$(value_of headroom_store_commit_duration_seconds_count)" -ge 1 ] || fail "no commit is counted"
"$headroom" session end "$session" >/dev/null || fail "session end"

# Use makes no series: users, sessions, servers and requests are in no label.
for ((i = 0; i < 30; i++)); do
	id=$("$headroom" -o name session request --pool once --user "user$i") || fail "session request"
	"$headroom" session end "$id" >/dev/null || fail "session end"
	curl -sS -o /dev/null --unix-socket "$HEADROOM_SOCKET" "http://localhost/nothing/$i"
done
wait_for 120 "a destroy is counted" destroy_is_counted
check_now >"$work/after"
before=$(cat "$work/before") after=$(cat "$work/after")
# Outcomes and answers of a kind appear with the first of their kind; there are few kinds.
grew=$(($(awk '{ print $3 }' <<<"$after") - $(awk '{ print $3 }' <<<"$before")))
[ "$grew" -le 40 ] || fail "30 sessions made $grew series: $before, then $after"
grep -qE 'user[0-9]|[{,]session=|[{,]server=' "$work/metrics" && fail "a label names a user, a session or a server"
kill "$reader" 2>/dev/null
say "metrics: $after, by the rules; before 30 sessions $before"
