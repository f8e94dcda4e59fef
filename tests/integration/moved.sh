#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A copy must not destroy the original: --remove-servers on a copied state folder is refused and says what
# to do; after a person has said that it was moved, it works.

# shellcheck source=tests/support/daemon.sh
. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs bwrap sshd ssh jq
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

trees()
{
	judge_trees | wc -l
}

# The same configuration for a state folder at $work/$1, written to $work/$1.conf.
config_for()
{
	sed "s|^dir = .*|dir = $work/$1|; s|^socket = .*|socket = $work/$1.sock|" "$work/headroom.conf" >"$work/$1.conf"
}

daemon_prepare
daemon_start || fail "the daemon did not start"
"$headroom" apply -f "$HEADROOM_SRCDIR/templates/pools/demo.yaml" >/dev/null || fail "apply"
wait_for 120 "2 running servers" servers_running_is demo 2
daemon_stop
[ "$(trees)" = 2 ] || fail "2 process trees were expected, there are $(trees)"

cp -a "$work/state" "$work/copy"
config_for copy
if "$headroomd" --config "$work/copy.conf" --remove-servers >"$work/refused" 2>&1; then
	fail "a copy removed servers"
fi
grep -q "state folder $work/copy was moved or copied here.*none was removed.*headroomd --confirm-moved" "$work/refused" ||
	fail "the refusal says: $(cat "$work/refused")"
[ "$(trees)" = 2 ] || fail "the original's servers are gone"
rm -rf "$work/copy"

# A real move: the servers' folders do not survive it, their process trees must not either.
"$headroomd" --config "$work/headroom.conf" --remove-servers >>"$work/daemon.log" 2>&1 || fail "--remove-servers"
[ "$(trees)" = 0 ] || fail "process trees are left"
mv "$work/state" "$work/moved"
config_for moved
"$headroomd" --config "$work/moved.conf" --remove-servers >/dev/null 2>&1 && fail "a move was not noticed"
"$headroomd" --config "$work/moved.conf" --confirm-moved || fail "--confirm-moved"
"$headroomd" --config "$work/moved.conf" --remove-servers || fail "--remove-servers after --confirm-moved"
rm -rf "$work/moved"
say "moved: a copy is refused, a move is confirmed"
