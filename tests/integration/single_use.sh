#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A server that is used once: a user reads by ssh what its startup script wrote, and after the session no
# process, port, mount or file of it is left. The judge reads /proc and the file system alone.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs bwrap sshd ssh jq
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

server_is_gone()
{
	[ "$("$headroom" -o json server show "$server" 2>/dev/null | jq -r .state)" = gone ]
}

nothing_remains()
{
	remains=$(judge_remains "$server")
	[ -z "$remains" ]
}

daemon_prepare
daemon_start || fail "the daemon did not start"
"$headroom" apply -f "$HEADROOM_SRCDIR/tests/integration/pools.yaml" >/dev/null || fail "apply"
wait_for 120 "a server runs" servers_running_is once 1
session_open once ana
server=$(session_server "$session")
nonce_file=$(find "$work/state/accounts" -path "*/$server/*" -name nonce)
[ -n "$nonce_file" ] || fail "the startup script of server $server wrote no nonce"
wanted=$(cat "$nonce_file")
[ ${#wanted} = 32 ] || fail "the nonce is \"$wanted\""
[ "$(ssh_run 'cat nonce')" = "$wanted" ] || fail "the nonce by ssh: $(cat "$work/ssh.log")"

# That the judge would see it is proved first, each way.
[ "$(judge_trees | grep -c "^$server ")" = 1 ] || fail "the judge sees no process tree of server $server"
server_port=$("$headroom" -o json server show "$server" | jq .port)
listener=$(judge_listener "$server_port")
[ -n "$listener" ] || fail "the judge sees no listener on port $server_port"
remains=$(judge_remains "$server")
expect "what the judge sees of a living server" "$remains" /mountinfo
expect "what the judge sees of a living server" "$remains" "/servers/$server"

# What the user leaves running goes with the server too.
ssh_run 'nohup setsid sleep 987654 >/dev/null 2>&1 & echo left' | grep -q left || fail "a job could not be left"
"$headroom" session end "$session" >/dev/null || fail "session end"
wait_for 120 "server $server is gone" server_is_gone
nothing_remains || fail "left of server $server: $remains"
[ "$(judge_listener "$server_port")" != "$listener" ] || fail "port $server_port is still listened on"
[ "$(judge_trees | grep -c "^$server ")" = 0 ] || fail "a process tree is left"
ssh_run true && fail "ssh still goes in"
wait_for 120 "another server took its place" servers_running_is once 1
say "single_use: nothing is left of server $server"
