#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The module runs in a process of its own, with a user and nothing of the daemon's; it ends with the daemon,
# and comes again by itself when it ends alone. Servers and sessions do not notice.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs bwrap sshd ssh jq
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

# find_host: sets host and spawner to the two processes of the one account.
host_is_there()
{
	host=$(hosts_running)
	spawner=${host:+$(spawner_of "$host")}
	[ -n "$spawner" ]
}

find_host()
{
	wait_for 30 "the module's process runs" host_is_there
	[ "$(judge_hosts | wc -l)" = 2 ] || fail "other processes than one host and its spawner: $(judge_hosts)"
}

# check_process PID WHAT: nothing of the daemon's but what it was given.
check_process()
{
	local uids caps environment descriptors
	uids=$(sed -n 's/^Uid:\t//p' "/proc/$1/status")
	caps=$(sed -n 's/^CapEff:\t//p' "/proc/$1/status")
	[ "$(id -u)" != 0 ] || [ "$2" != host ] || {
		grep -qE '(^|[[:space:]])0([[:space:]]|$)' <<<"$uids" && fail "the $2 runs as root: $uids"
		[ "$caps" = 0000000000000000 ] || fail "the $2 has capabilities: $caps"
		[ "${uids%%[[:space:]]*}" = "$(stat -c %u "$folder")" ] || fail "the $2 is another user than its folder's: $uids"
	}
	[ ! -r "/proc/$1/environ" ] || environment=$(tr '\0' '\n' <"/proc/$1/environ" 2>/dev/null)
	[ -z "${environment-}" ] || fail "the $2 has an environment: $environment"
	[ "$2" = host ] || return 0
	descriptors=$(find "/proc/$1/fd" -maxdepth 1 -type l -printf '%l\n' 2>/dev/null |
		grep -vE '^(socket:|/dev/null$)' | grep -vxF "$folder")
	sanitized || {
		[ -z "$descriptors" ] || fail "the host has what it was not given: $descriptors"
		grep -qxF "NoNewPrivs:	1" "/proc/$1/status" || fail "the host may get new privileges"
		grep -qxF "Seccomp:	2" "/proc/$1/status" || fail "the host has no filter of system calls"
	}
}

# logged WHAT COUNT: how often the daemon's log has it.
logged()
{
	[ "$(grep -cF "$1" "$work/daemon.log")" -ge "$2" ]
}

# serve_again WHAT COUNT: after the end that the log tells so, a session is served by a new process.
serve_again()
{
	local old=$host
	wait_for 10 "the log tells of the end: $1" logged "$1" 1
	session_open demo ben
	[ "$(ssh_run pwd)" = /home/desktop ] || fail "ssh to the new session: $(cat "$work/ssh.log")"
	wait_for 30 "the log tells of the new start" logged "module.running: this-machine: the process of module local runs again" "$2"
	"$headroom" session end "$session" >/dev/null || fail "session end"
	find_host
	[ "$host" != "$old" ] || fail "the process is still the old one: $host"
}

daemon_prepare
export HEADROOM_HOSTS_TEST=must-not-be-passed-on
daemon_start || fail "the daemon did not start"
"$headroom" apply -f "$HEADROOM_SRCDIR/templates/pools/demo.yaml" >/dev/null || fail "apply"
wait_for 120 "two servers run" servers_running_is demo 2
find_host
folder=$(echo "$work"/state/accounts/*)
check_process "$host" host
check_process "$spawner" spawner
session_open demo ana
kept=$ssh_line

# Each kill comes before the sessions that are asked for behind it; the servers stay what they are.
tree=$(judge_trees | grep "^$(session_server "$session")")
kill -KILL "$host"
serve_again "the process of module local was killed from outside (SIGKILL), perhaps by the kernel for lack of memory" 1
kill -KILL "$spawner"
serve_again "the process that starts servers has ended" 2
grep -qF "the process of module local ended with status 1" "$work/daemon.log" ||
	fail "the module's process did not end with its spawner"
[ "$(judge_trees | grep "^${tree%% *}")" = "$tree" ] || fail "a server changed as the module's process ended"
[ "$(sh -c "$kept pwd" </dev/null 2>>"$work/ssh.log")" = /home/desktop ] || fail "ssh to the first session"
wait_for 180 "two servers without a session run" servers_running_is demo 3

trees=$(judge_trees)
daemon_stop
hosts_are_gone || fail "module processes outlive the daemon's end: $(judge_hosts)"
[ "$(judge_trees)" = "$trees" ] || fail "servers changed as the daemon ended"
[ "$(sh -c "$kept pwd" </dev/null 2>>"$work/ssh.log")" = /home/desktop ] || fail "ssh without the daemon"

daemon_start || fail "the daemon did not start again"
find_host
daemon_kill
wait_for 5 "the module's process ends after the daemon was killed" hosts_are_gone
[ "$(judge_trees)" = "$trees" ] || fail "servers changed as the daemon was killed"
say "hosts: a process for the account, without rights or environment, ends with the daemon and is started again"
