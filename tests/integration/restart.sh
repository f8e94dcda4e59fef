#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Servers outlive the daemon: sessions go on meanwhile, the next start finds the same servers, and
# --remove-servers removes them with the daemon down.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs bwrap sshd ssh jq
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

server_ids()
{
	"$headroom" -o json server list | jq -r '.[] | select(.state == "running") | .id' | sort
}

# end_by SIGNAL: it must end by itself, with status 0, within 5 s (the limit here: four times that).
end_by()
{
	local status i
	kill "-$1" "$daemon_pid"
	for ((i = 0; i < 200; i++)); do
		kill -0 "$daemon_pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -0 "$daemon_pid" 2>/dev/null && fail "the daemon does not end on SIG$1"
	wait "$daemon_pid"
	status=$?
	daemon_pid=
	[ "$status" = 0 ] || fail "the daemon ended on SIG$1 with status $status"
}

daemon_prepare
daemon_start || fail "the daemon did not start"
"$headroom" apply -f "$HEADROOM_SRCDIR/templates/pools/demo.yaml" >/dev/null || fail "apply"
wait_for 120 "two servers run" servers_running_is demo 2
session_open demo ana
wait_for 120 "three servers run" servers_running_is demo 3
before=$(server_ids)
trees=$(judge_trees)
[ "$(wc -l <<<"$trees")" = 3 ] || fail "other than three process trees: $trees"

for signal in INT TERM; do
	end_by "$signal"
	[ "$(judge_trees)" = "$trees" ] || fail "servers changed as the daemon ended by SIG$signal"
	[ "$(ssh_run pwd)" = /home/desktop ] || fail "ssh without the daemon: $(cat "$work/ssh.log")"
	"$headroom" pool list >"$work/out" 2>&1 && fail "the command line reached a daemon that is down"
	expect "the daemon is down" "$(cat "$work/out")" \
		"cannot reach headroomd at $HEADROOM_SOCKET (No such file or directory); is it running? start it, or name its socket with --socket or HEADROOM_SOCKET"
	daemon_start || fail "the daemon did not start again"
	# It looks at each server before it trusts one; none is lost and none is made anew.
	wait_for 60 "the same servers run again" test "$(server_ids)" = "$before"
	[ "$(server_ids)" = "$before" ] || fail "other servers after the start: $(server_ids)"
	[ "$(judge_trees)" = "$trees" ] || fail "servers changed as the daemon started"
	[ "$("$headroom" -o json session show "$session" | jq -r .state)" = active ] || fail "the session is lost"
	[ "$(ssh_run pwd)" = /home/desktop ] || fail "ssh after the start: $(cat "$work/ssh.log")"
done

out=$("$headroomd" --config "$work/headroom.conf" --remove-servers 2>&1) &&
	fail "--remove-servers worked beside a daemon"
expect "--remove-servers beside a daemon" "$out" "$daemon_pid"
[ "$(judge_trees)" = "$trees" ] || fail "--remove-servers beside a daemon removed servers"
end_by INT
"$headroomd" --config "$work/headroom.conf" --remove-servers >>"$work/daemon.log" 2>&1 || fail "--remove-servers"
[ -z "$(judge_trees)" ] || fail "process trees are left: $(judge_trees)"
remains=$(judge_remains "$(judge_mark)/")
[ -z "$remains" ] || fail "left: $remains"
[ -z "$(find "$work"/state/accounts/*/servers -mindepth 1 -maxdepth 1)" ] || fail "folders of servers are left"
ssh_run true && fail "ssh still goes in"
"$headroomd" --config "$work/headroom.conf" --remove-servers >>"$work/daemon.log" 2>&1 ||
	fail "--remove-servers where there is nothing to remove"
say "restart: servers and sessions outlive the daemon; --remove-servers removes them"
