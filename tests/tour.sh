#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The README's five-minute tour, word for word: takes the lines that begin with "$ " in its console blocks
# and runs them in order as a reader would, in two terminals, and asserts 2, 3 and 2 running servers.
#
#   tests/tour.sh            in a checkout whose daemon does not run; installs and builds what is missing
#
# Read as meant, not as written, are only: "ssh -i …" is the line that was printed (it is given commands by
# standard input), and SESSION-ID is the id that was told. Uses a port of its own.

top=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
cd "$top" || exit 1
HEADROOM_SRCDIR=$top HEADROOM_BUILDDIR=$top/build
export HEADROOM_SRCDIR HEADROOM_BUILDDIR
# shellcheck source=tests/support/daemon.sh
. "$top/tests/support/daemon.sh"

demo=build/quickstart
judge_root=${top##*/}/$demo
terminal_pid=
session=
ssh_line=
seen=no # whether the demo was there before
[ ! -e $demo ] || seen=yes

# The first terminal: a pty, with what is typed coming by a pipe.
terminal_open()
{
	mkfifo "$work/keys" 2>/dev/null
	script -qefc "$1" /dev/null <"$work/keys" >>"$work/terminal" 2>&1 &
	terminal_pid=$!
	exec 7>"$work/keys"
}

terminal_wait()
{
	wait "$terminal_pid"
	terminal_pid=
	exec 7>&-
}

# Ctrl-C as it is typed.
terminal_interrupt()
{
	printf '\003' >&7
	terminal_wait
}

cleanup()
{
	local status=$?
	[ -z "$terminal_pid" ] || { terminal_interrupt; ./quickstart stop; } >>"$work/terminal" 2>&1
	if [ "$status" != 0 ] && [ -f "$work/terminal" ]; then
		say "--- the first terminal ended:" >&2
		grep -v " GET /" "$work/terminal" | tail -n 25 >&2
	fi
	[ $seen = yes ] || rm -rf $demo
	rm -rf "$work"
	exit "$status"
}

# The commands of the section's console blocks, without their comments.
commands()
{
	awk '
		/^## / { in_tour = ($0 == "## A five-minute tour") }
		/^```/ { in_block = (in_tour && $0 == "```console") }
		in_block && /^\$ / { sub(/^\$ /, ""); sub(/[ \t]+# .*/, ""); print }
	' README.md
}

readable_env()
{
	[ -z "$terminal_pid" ] || kill -0 "$terminal_pid" 2>/dev/null || fail "./quickstart run has ended"
	[ -f $demo/env ] && [ -S "$(sed -n 's/^export HEADROOM_SOCKET=//p' $demo/env)" ]
}

run_in_first_terminal()
{
	[ -z "$terminal_pid" ] || terminal_interrupt
	terminal_open "$1"
	# Installing and building may take long on a fresh machine.
	wait_for 1800 "the daemon answers" readable_env
	HEADROOM_SOCKET=$(sed -n 's/^export HEADROOM_SOCKET=//p' $demo/env)
	export HEADROOM_SOCKET
	wait_for 120 "two servers run" servers_running_is demo 2
	say "  (2 running servers)"
}

request_session()
{
	# shellcheck disable=SC2294 # words of the README, as a shell reads them
	ssh_line=$(eval "$@" 2>"$work/progress") || fail "$*: $(cat "$work/progress")"
	sed 's/^/  /' "$work/progress"
	say "  $ssh_line"
	session=$(grep -oE '[0-9a-f]{8}-[0-9a-f-]{27}' "$work/progress" | tail -n 1)
	[ -n "$session" ] || fail "the session's id was not told"
}

use_ssh()
{
	local said
	said=$(printf 'whoami\npwd\n' | bash -c "$ssh_line" 2>"$work/ssh") || fail "ssh: $(cat "$work/ssh")"
	say "  ${said//$'\n'/ }"
	expect "ssh as printed" "$said" /home/desktop
	wait_for 120 "a third server runs" servers_running_is demo 3
	say "  (3 running servers)"
}

run_here()
{
	# shellcheck disable=SC2294 # words of the README, as a shell reads them
	eval "$@" >"$work/out" 2>&1 || fail "$*: $(cat "$work/out")"
	sed 's/^/  /' "$work/out"
}

end_session()
{
	run_here "${1//SESSION-ID/$session}"
	wait_for 240 "two servers run again" servers_running_is demo 2
	say "  (2 running servers)"
}

stop_all()
{
	# The reader has pressed Ctrl-C: servers live on until this.
	[ -z "$terminal_pid" ] || terminal_interrupt
	[ "$(judge_trees | wc -l)" = 2 ] || fail "after Ctrl-C there are other than two process trees: $(judge_trees)"
	run_here "$1"
	[ -z "$(judge_trees)" ] || fail "process trees are left: $(judge_trees)"
}

needs script ssh curl jq
work=$(mktemp -d "${TMPDIR:-/tmp}/headroom-tour.XXXXXX") || exit 1
trap cleanup EXIT
trap 'exit 1' INT TERM
mkdir -m 700 "$work/run"
export XDG_RUNTIME_DIR=$work/run
HEADROOM_PORT=$(port_free)
export HEADROOM_PORT
headroom=$top/build/headroom

done_commands=" "
while IFS= read -r command <&8; do
	say "\$ $command"
	case $command in
	'./quickstart run'*) run_in_first_terminal "$command" ;;
	'headroom session request '*) request_session "$command" ;;
	'ssh -i '*) use_ssh ;;
	'headroom session end '*) end_session "$command" ;;
	'./quickstart stop'*) stop_all "$command" ;;
	*) run_here "$command" ;;
	esac
	done_commands="$done_commands${command%% -*} "
done 8< <(commands)
for wanted in './quickstart run' 'headroom session request' 'ssh' 'headroom session end' './quickstart stop'; do
	expect "the README's tour has the command" "$done_commands" "$wanted"
done
say "tour: 2, 3 and 2 running servers"
