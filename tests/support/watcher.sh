# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # work is daemon.sh's
#
# Sourced after daemon.sh by tests that watch for secrets: the arguments and environments of every process
# that has to do with this test's daemon are looked at again and again.

watcher=

# related_processes: those that have to do with this test's daemon, this shell excepted.
related_processes()
{
	grep -aslF -e "${work##*/}" /proc/[0-9]*/cmdline /proc/[0-9]*/environ /proc/[0-9]*/mountinfo |
		sed -n 's|^/proc/\([0-9]*\)/.*|\1|p' | sort -u
}

# One look at them all for the lines (extended expressions) of $work/shapes: lines "FILE:SECRET".
look()
{
	local pid files=()
	for pid in $(related_processes); do
		[ "$pid" != "${sim_pid:-}" ] || continue # the cloud's own key is in its arguments
		files+=("/proc/$pid/cmdline" "/proc/$pid/environ")
	done
	[ ${#files[@]} -eq 0 ] || grep -asoHE -f "$work/shapes" "${files[@]}"
}

watch()
{
	trap 'exit 0' TERM
	while :; do
		look >>"$work/seen"
		printf . >>"$work/looks"
	done
}

# watcher_start SECRET: looks from now on. First it is proved that one would be seen: SECRET in a process's
# environment.
watcher_start()
{
	local proof found
	: >"$work/seen"
	: >"$work/looks"
	HEADROOM_TEST_SECRET="$work $1" sleep 60 &
	proof=$!
	until [ "$(cat /proc/$proof/comm)" = sleep ]; do sleep 0.05; done
	found=$(look)
	kill "$proof"
	wait "$proof" 2>/dev/null
	expect "the watcher sees a secret" "$found" "/proc/$proof/environ"
	watch &
	watcher=$!
}

# Fails where anything was seen.
watcher_judge()
{
	watcher_stop
	[ -s "$work/looks" ] || fail "the watcher never looked"
	[ ! -s "$work/seen" ] || fail "a secret could be read: $(head -n 5 "$work/seen")"
}

watcher_stop()
{
	[ -n "$watcher" ] || return 0
	kill "$watcher" 2>/dev/null
	wait "$watcher" 2>/dev/null
	watcher=
}

# For: trap … EXIT.
watcher_cleanup()
{
	local status=$?
	watcher_stop
	return "$status"
}
