# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced by the shell tests: a headroomd of the test's own in a temporary folder, and what a judge
# needs that asks neither our store nor our API. Needs HEADROOM_BUILDDIR and HEADROOM_SRCDIR.

set -u
: "${HEADROOM_BUILDDIR:?}" "${HEADROOM_SRCDIR:?}"

headroomd=$HEADROOM_BUILDDIR/headroomd
headroom=$HEADROOM_BUILDDIR/headroom
daemon_pid=

# fail keeps the daemon's whole log in the file KEEP_LOG, if the environment names one.
say()
{
	printf '%s\n' "$*"
}

fail()
{
	say "FAIL: $*" >&2
	if [ -n "${work:-}" ] && [ -f "$work/daemon.log" ]; then
		say "--- last lines of the daemon's log" >&2
		grep -v '"GET /' "$work/daemon.log" | tail -n 25 >&2
		[ -z "${KEEP_LOG-}" ] || cp "$work/daemon.log" "$KEEP_LOG"
	fi
	exit 1
}

# needs PROGRAM…: without one of them the test is skipped (tests/skips.txt permits it).
needs()
{
	local program
	PATH=$PATH:/usr/sbin:/sbin
	for program in "$@"; do
		command -v "$program" >/dev/null || { say "skipped: $program is not installed"; exit 77; }
	done
}

# sanitized: whether this is a build with sanitizers, in which modules have no sandbox.
sanitized()
{
	grep -q '^HR_DEFINES = .*-DHR_SANITIZERS=1' "$HEADROOM_BUILDDIR/Makefile"
}

# expect WHAT TEXT PATTERN: TEXT holds PATTERN (a fixed string).
expect()
{
	case $2 in *"$3"*) ;; *) fail "$1: wanted \"$3\", got: $2" ;; esac
}

# pool_of NAME: definitions of a pool and its config, which keeps one server of the provider config NAME;
# of a module of the tests' own it may be one that nothing stands behind.
pool_of()
{
	cat <<-EOT
	---
	kind: pool
	name: $1
	---
	kind: autoscale-config
	name: $1
	pool: $1
	zone: here
	provider_config: $1
	connection_type: SSH
	probe: false
	minimum_available_sessions: 1
	EOT
}

# A port on 127.0.0.1 that nobody listens on just now.
port_free()
{
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	printf '%s' "$port"
}

# Makes $work (short path: sockets have a limit) with a configuration; exports HEADROOM_SOCKET.
daemon_prepare()
{
	work=$(mktemp -d "${TMPDIR:-/tmp}/headroom-test.XXXXXX") || exit 1
	port=$(port_free)
	mkdir -m 700 "$work/run"
	cat >"$work/headroom.conf" <<-EOT
	[server]
	listen = 127.0.0.1:$port
	socket = $work/headroom.sock

	[state]
	dir = $work/state

	[providers]
	path = $HEADROOM_BUILDDIR/plugins/local/.libs
	EOT
	export HEADROOM_SOCKET=$work/headroom.sock
	export XDG_RUNTIME_DIR=$work/run
	unset HEADROOM_URL HEADROOM_TOKEN_FILE
}

# Starts the daemon and waits until it answers.
daemon_start()
{
	local i
	"$headroomd" --config "$work/headroom.conf" >>"$work/daemon.log" 2>&1 &
	daemon_pid=$!
	for ((i = 0; i < 300; i++)); do
		curl -fsS -o /dev/null --unix-socket "$HEADROOM_SOCKET" http://localhost/readyz 2>/dev/null && return 0
		kill -0 "$daemon_pid" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

daemon_kill()
{
	[ -n "$daemon_pid" ] || return 0
	kill -KILL "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=
}

daemon_stop()
{
	[ -n "$daemon_pid" ] || return 0
	kill -TERM "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=
}

# What --remove-servers could not remove: every process whose mount table names this daemon's servers.
servers_kill()
{
	local file
	say "could not remove the servers below $work; ending their processes" >&2
	grep -aslF "$(judge_mark)/" /proc/[0-9]*/mountinfo |
	while read -r file; do
		file=${file#/proc/}
		kill -KILL "${file%/mountinfo}" 2>/dev/null
	done
}

# At the end of every test, whatever happened: no daemon, no server, no file. For: trap … EXIT.
daemon_cleanup()
{
	local status=$?
	daemon_stop
	if [ -n "${work:-}" ] && [ -d "$work" ]; then
		[ ! -d "$work/state" ] ||
			"$headroomd" --config "$work/headroom.conf" --remove-servers >>"$work/daemon.log" 2>&1 ||
			servers_kill
		if [ -n "${KEEP:-}" ] && [ "$status" != 0 ]; then
			say "kept: $work"
		else
			rm -rf "$work"
		fi
	fi
	return "$status"
}

# wait_for SECONDS WHAT COMMAND…: until the command succeeds. The time only ends a hang.
wait_for()
{
	local limit=$1 what=$2 end
	shift 2
	end=$((SECONDS + limit))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || fail "not within $limit s: $what"
		sleep 0.2
	done
}

# servers_running POOL: how many the API calls running.
servers_running()
{
	"$headroom" -o json server list --pool "$1" --state running 2>/dev/null | jq length
}

servers_running_is()
{
	[ "$(servers_running "$1")" = "$2" ]
}

# api_get PATH: the answer's body, by the socket.
api_get()
{
	curl -fsS --unix-socket "$HEADROOM_SOCKET" "http://localhost$1"
}

# api_tcp TOKEN-FILE METHOD PATH [JSON]: by TCP, with the token in that file ("": without one). Prints the
# HTTP status; the body goes to $work/answer.
api_tcp()
{
	{
		[ -z "$1" ] || printf 'header = "Authorization: Bearer %s"\n' "$(cat "$1")"
		[ -z "${4-}" ] || printf 'header = "Content-Type: application/json"\n'
	} | curl -sS -K - -o "$work/answer" -w '%{http_code}' -X "$2" ${4:+--data "$4"} "http://127.0.0.1:$port$3"
}

# session_open POOL USER: asks as a user does; sets session and ssh_line.
session_open()
{
	ssh_line=$("$headroom" session request --pool "$1" --user "$2" --wait 2>"$work/progress") ||
		fail "no session in pool $1: $(cat "$work/progress")"
	session=$(sed -n 's/.*headroom session end \([0-9a-f-]\{36\}\).*/\1/p' "$work/progress")
	[ -n "$session" ] || fail "the session's id was not told: $(cat "$work/progress")"
}

# ssh_run COMMAND: the printed line as it is, with a remote command behind it.
ssh_run()
{
	sh -c "$ssh_line $1" </dev/null 2>>"$work/ssh.log"
}

# The server that a session is on, by the API: its id.
session_server()
{
	"$headroom" -o json session show "$1" | jq -r .server_id
}

# --- The judge: reads /proc and the file system only. Servers are told by their folder's name, which is
# --- in the mount table of every process that runs in one (and in the arguments of those outside).

# What the paths of this daemon's servers have in common. Mount tables name paths from the root of their
# file system, so that the folder above $work may be missing there.
judge_mark()
{
	printf '%s' "${judge_root:-${work##*/}}/state/accounts"
}

# Lines "SERVER-ID PID-NAMESPACE", one for each pair that has a process, for servers of this daemon.
judge_trees()
{
	local file pid mark
	mark=$(judge_mark)
	grep -aslE "$mark/[^ ]*/servers/[0-9a-f-]{36}" /proc/[0-9]*/mountinfo |
	while read -r file; do
		pid=${file#/proc/}
		pid=${pid%/mountinfo}
		printf '%s %s\n' \
			"$(grep -asoE "$mark/[^ ]*/servers/[0-9a-f-]{36}" "$file" |
				head -n 1 | grep -oE '[0-9a-f-]{36}$')" \
			"$(readlink "/proc/$pid/ns/pid" 2>/dev/null)"
	done | grep -E '^[0-9a-f-]{36} pid:' | sort -u
}

# Everything that still bears this id or path, anywhere: processes (arguments, environment, mounts, folder,
# root, program, open files) and files. Prints nothing when nothing is left.
judge_remains()
{
	local place
	printf '%s\n' "$1" >"$work/wanted"
	grep -aslF -f "$work/wanted" /proc/[0-9]*/cmdline /proc/[0-9]*/environ /proc/[0-9]*/mountinfo
	# Links of processes that end meanwhile are no finding.
	find /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/exe /proc/[0-9]*/fd -maxdepth 1 -type l -printf '%p %l\n' \
		2>/dev/null | grep -aF -f "$work/wanted"
	rm -f "$work/wanted"
	for place in "$work" "${TMPDIR:-/tmp}" /tmp /var/tmp /run /dev/shm; do
		find "$place" -xdev -name "*$1*" 2>/dev/null
	done
	return 0
}

# The modules' processes of this daemon and of those before it, running or killed: lines
# "PID PARENT NAME ACCOUNT"; NAME is headroom-host, or headroom-spawn for the process beside it that starts
# servers. Known by their program and the account's folder in their arguments. Zombies are not listed.
judge_hosts()
{
	local file pid name link parent account program mark key value words
	mark=$(judge_mark)
	program=$(realpath "${host_program:-$HEADROOM_BUILDDIR/headroom-host}")
	grep -aslzF "$mark/" /proc/[0-9]*/cmdline |
	while read -r file; do
		pid=${file#/proc/}
		pid=${pid%/cmdline}
		name='' parent='' account=''
		read -r name <"/proc/$pid/comm"
		case $name in headroom-host | headroom-spawn) ;; *) continue ;; esac
		# One of a user who may not look has no link, and its name must do.
		link=$(readlink "/proc/$pid/exe")
		[ "${link:-$program}" = "$program" ] || continue
		while read -r key value; do
			[ "$key" != PPid: ] || parent=$value
		done <"/proc/$pid/status"
		mapfile -d '' -t words <"$file"
		for value in "${words[@]}"; do
			case $value in *"$mark/"*) account=${value#*"$mark/"} ;; esac
		done
		[ -z "$parent" ] || [ -z "$account" ] || printf '%s %s %s %s\n' "$pid" "$parent" "$name" "${account%%/*}"
	done 2>/dev/null # some end meanwhile
}

# Those of judge_hosts that run modules for the daemon that runs now: their PIDs.
hosts_running()
{
	judge_hosts | awk -v daemon="${daemon_pid:-none}" '$2 == daemon && $3 == "headroom-host" { print $1 }'
}

# spawner_of HOST: its PID, or nothing.
spawner_of()
{
	judge_hosts | awk -v host="$1" '$2 == host && $3 == "headroom-spawn" { print $1 }'
}

hosts_are_gone()
{
	[ -z "$(judge_hosts)" ]
}

# The inode of the socket that listens on this TCP port of 127.0.0.1/8, or nothing.
judge_listener()
{
	local hex
	hex=$(printf ':%04X' "$1")
	awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }' /proc/net/tcp
}
