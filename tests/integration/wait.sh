#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A request that waits for its seat and is interrupted: the session is withdrawn, or the user is told how
# to end it; nothing stays queued behind his back.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs bwrap sshd jq
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

# The id of the one session that is queued; empty while there is none.
queued()
{
	"$headroom" -o name session list --state queued
}

is_queued()
{
	[ -n "$(queued)" ]
}

request_is_over()
{
	! kill -0 "$request" 2>/dev/null
}

waits()
{
	grep -qs '^waiting, position 1: ' "$work/told"
}

# request_begin: the request in the background; sets request and session. A shell gives its background
# commands an ignored SIGINT, so that the signals must be put back.
request_begin()
{
	rm -f "$work/told" # what the last request said must not be taken for this one's
	env --default-signal=INT,TERM "$headroom" session request --pool none --user ana --wait \
		>"$work/out" 2>"$work/told" &
	request=$!
	wait_for 30 "the request waits" waits
	session=$(queued)
	[ ${#session} = 36 ] || fail "the queued session: \"$session\""
}

# request_is STATUS MESSAGE: it ends, with this status and last line on standard error.
request_is()
{
	local status
	wait "$request"
	status=$?
	[ "$(tail -n 1 "$work/told")" = "headroom: $2" ] || fail "wanted: $2
got: $(cat "$work/told")"
	[ "$status" = "$1" ] || fail "exit status $status, not $1"
	[ ! -s "$work/out" ] || fail "standard output: $(cat "$work/out")"
	[ ! -e "$work/run/headroom-sessions" ] || fail "files of the session are left"
}

daemon_prepare
daemon_start || fail "the daemon did not start"
# Its server never checks in, so that whoever asks waits.
cat >"$work/none.yaml" <<'EOF'
kind: zone
name: z
---
kind: provider-config
name: c
provider: local
max_instances: 1
---
kind: pool
name: none
---
kind: autoscale-config
name: none-local
pool: none
zone: z
provider_config: c
minimum_available_sessions: 0
require_checkin: true
connection_type: SSH
connection_username: desktop
startup_script: |
  #!/bin/sh
  exec sleep 3600
EOF
"$headroom" apply -f "$work/none.yaml" >/dev/null || fail "apply"

for signal in INT TERM HUP; do
	request_begin
	kill "-$signal" "$request"
	request_is $((128 + $(kill -l "$signal"))) "interrupted: session $session is withdrawn"
	is_queued && fail "the session is queued still, after SIG$signal"
	[ "$("$headroom" -o json session show "$session" | jq -r .state)" = ended ] ||
		fail "the session is not ended: $("$headroom" session show "$session")"
done

# Under nohup a hangup is none: it waits on.
trap '' HUP
request_begin
trap - HUP
kill -HUP "$request"
sleep 1
[ "$(queued)" = "$session" ] || fail "an ignored signal ended the request"
kill -INT "$request"
request_is 130 "interrupted: session $session is withdrawn"

# A daemon that does not answer: the request ends all the same, and says what is left to do.
request_begin
kill -STOP "$daemon_pid"
kill -INT "$request"
( wait_for 60 "the request ends" request_is_over )
ended=$?
kill -CONT "$daemon_pid"
[ "$ended" = 0 ] || exit 1
grep -q "^headroom: interrupted, but session $session could not be withdrawn (.*); end it with: headroom session end $session\$" \
	"$work/told" || fail "a withdrawal that fails: $(cat "$work/told")"
wait "$request"
status=$?
[ "$status" = 130 ] || fail "a withdrawal that fails: exit status $status"
"$headroom" session end "$session" >/dev/null || fail "the command that was told does not end the session"
is_queued && fail "the session is queued still"
say "wait: interrupted requests leave no session queued"
