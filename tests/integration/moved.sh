#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A copy must not destroy the original: --remove-servers on a copied state folder is refused and says what
# to do; after a person has said that it was moved, it works. Nor must a database that was put back from a
# backup destroy the servers that are newer than it.

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

copy_answers()
{
	"$headroom" server list >/dev/null 2>&1
}

# Whether an event of this kind has a message with these words.
event_says()
{
	"$headroom" -o json event list | jq -e --arg kind "$1" --arg words "$2" \
		'any(.[]; .kind == $kind and (.message | contains($words)))' >/dev/null
}

trees_are()
{
	[ "$(trees)" = "$1" ]
}

copy_tells()
{
	"$headroom" event list | grep -q "moved or copied.* (see headroomd --confirm-moved): would make 2 and remove 0"
}

copy_says_why()
{
	"$headroom" -o json server show "$server" | jq -r .stage | grep -q "moved or copied.*--confirm-moved"
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
grep -q "state folder $work/copy was moved or copied.* here, .*none was removed.*headroomd --confirm-moved" "$work/refused" ||
	fail "the refusal says: $(cat "$work/refused")"
[ "$(trees)" = 2 ] || fail "the original's servers are gone"

# Started, a copy only tells. (It takes its servers for stopped: their processes are the original's.)
(
	export HEADROOM_SOCKET=$work/copy.sock
	"$headroomd" --config "$work/copy.conf" >>"$work/daemon.log" 2>&1 &
	copy_pid=$!
	trap 'kill "$copy_pid" 2>/dev/null; wait "$copy_pid"' EXIT
	wait_for 30 "the copy listens" test -S "$HEADROOM_SOCKET"
	wait_for 30 "the copy answers" copy_answers
	wait_for 60 "the copy tells what it would make" copy_tells
	server=$("$headroom" -o name server list | head -n 1)
	"$headroom" server delete "$server" >/dev/null || fail "delete at the copy"
	wait_for 30 "the copy says why it does nothing" copy_says_why
	[ "$("$headroom" -o json server list | jq length)" = 2 ] || fail "the copy made or removed a server"
) || exit 1
[ "$(trees)" = 2 ] || fail "the copy has touched the original's servers"
rm -rf "$work/copy"

# An older database, put back over the present one: two servers and a session are newer than it.
cp "$work/state/headroom.db" "$work/backup.db"
daemon_start || fail "the daemon did not start"
sed 's/^list_interval: .*/list_interval: 1s\nreaper_grace: 2s/; s/^minimum_available_sessions: .*/minimum_available_sessions: 4/
	s|\.\./scripts|'"$HEADROOM_SRCDIR"'/templates/scripts|' "$HEADROOM_SRCDIR/templates/pools/demo.yaml" >"$work/four.yaml"
"$headroom" apply -f "$work/four.yaml" >/dev/null || fail "apply"
wait_for 120 "4 running servers" servers_running_is demo 4
daemon_kill
cp "$work/backup.db" "$work/state/headroom.db"
rm "$work/state/headroom.db-wal" "$work/state/headroom.db-shm"
"$headroomd" --config "$work/headroom.conf" --check >"$work/checked" 2>/dev/null
status=$?
[ "$status" = 1 ] || fail "--check of a database that was put back ended with $status"
grep -q "^store: .* was put back from a backup: .*headroom.db has .* commits, and .* were made.*headroomd --confirm-moved" "$work/checked" ||
	fail "--check says: $(cat "$work/checked")"
"$headroomd" --config "$work/headroom.conf" --remove-servers >"$work/refused" 2>&1 && fail "servers were removed"
grep -q "state folder $work/state was put back from a backup here.*none was removed.*headroomd --confirm-moved" "$work/refused" ||
	fail "the refusal says: $(cat "$work/refused")"
daemon_start || fail "the daemon did not start"
event_says installation.moved "an older copy was put back" || fail "no event tells what happened"
grep -q '"warning"'".*headroom.db has .* commits, and .* were made.*headroomd --confirm-moved" "$work/daemon.log" || fail "the log does not tell"
# The grace of the provider config is in the newer database: the older one has it made as short.
sed -i 's/^minimum_available_sessions: .*/minimum_available_sessions: 2/' "$work/four.yaml"
"$headroom" apply -f "$work/four.yaml" >/dev/null || fail "apply"
wait_for 60 "the strays are told of" event_says instance.unclaimed "was put back from a backup, so it is left alone"
sleep 3
trees_are 4 || fail "4 process trees were expected, there are $(trees)"
daemon_stop
"$headroomd" --config "$work/headroom.conf" --confirm-moved || fail "--confirm-moved"
daemon_start || fail "the daemon did not start"
"$headroomd" --config "$work/headroom.conf" --check | grep -q "^store: .* is well" || fail "--check after --confirm-moved"
event_says installation.confirmed "was put back from a backup" || fail "no event tells that it was confirmed"
wait_for 60 "what the older database does not know is destroyed" trees_are 2
servers_running_is demo 2 || fail "the two servers that it knows do not run"
daemon_stop

# A real move: the servers' folders do not survive it, their process trees must not either.
"$headroomd" --config "$work/headroom.conf" --remove-servers >>"$work/daemon.log" 2>&1 || fail "--remove-servers"
[ "$(trees)" = 0 ] || fail "process trees are left"
mv "$work/state" "$work/moved"
config_for moved
"$headroomd" --config "$work/moved.conf" --remove-servers >/dev/null 2>&1 && fail "a move was not noticed"
"$headroomd" --config "$work/moved.conf" --confirm-moved || fail "--confirm-moved"
"$headroomd" --config "$work/moved.conf" --remove-servers || fail "--remove-servers after --confirm-moved"

# A database that is gone is not made anew beside the file that tells of it.
rm -r "$work"/moved/headroom.db* "$work/moved/accounts"
for option in --check --confirm-moved; do
	"$headroomd" --config "$work/moved.conf" "$option" >"$work/refused" 2>&1 && fail "$option took a lost database for none"
	grep -q "moved/headroom.db is missing or empty, but .*/moved/headroom.newest shows that there was one: .*put back a backup" "$work/refused" ||
		fail "$option says: $(cat "$work/refused")"
	[ ! -e "$work/moved/headroom.db" ] || fail "$option made a database"
done
rm -rf "$work/moved"
say "moved: a copy is refused, a move is confirmed, an older database only tells"
