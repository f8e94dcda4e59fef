#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# No secret where others can read it: while servers are made and used, the arguments and environments of
# every process are watched, and at the end the daemon's log is searched.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
. "$HEADROOM_SRCDIR/tests/support/watcher.sh"
needs bwrap sshd ssh jq

cleanup()
{
	watcher_cleanup
	daemon_cleanup
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# What secrets look like: private keys, access tokens, check-in tokens.
shapes='PRIVATE KEY|hr_[A-Za-z0-9_-]{43}|eyJ[A-Za-z0-9_-]+\.eyJ'

daemon_prepare
printf '%s\n' "$shapes" >"$work/shapes"
watcher_start "hr_$(head -c 43 /dev/zero | tr '\0' x)"
daemon_start || fail "the daemon did not start"
"$headroom" apply -f "$HEADROOM_SRCDIR/tests/integration/pools.yaml" >/dev/null || fail "apply"
wait_for 120 "a server runs" servers_running_is once 1
for user in ana ben; do
	session_open once "$user"
	cat "$work/run/headroom-sessions/$session/key" >>"$work/keys"
	[ "$(ssh_run pwd)" = /home/desktop ] || fail "ssh: $(cat "$work/ssh.log")"
	"$headroom" session end "$session" >/dev/null || fail "session end"
	wait_for 120 "a server runs again" servers_running_is once 1
done
[ "$(api_tcp "$work/state/admin-token" GET /api/v1/servers)" = 200 ] || fail "the admin token: $(cat "$work/answer")"
(umask 077 && "$headroom" token create watcher --role viewer >"$work/viewer" 2>/dev/null) || fail "token create"
for noun in server session event token autoscale zone pool provider-config; do
	"$headroom" -o json "$noun" list || fail "$noun list"
done >"$work/shown"
watcher_judge
daemon_stop
grep -qE -f "$work/shapes" "$work/daemon.log" && fail "a secret is in the daemon's log"
grep -qE -f "$work/shapes" "$work/shown" && fail "a secret is in what the API shows"
grep -v -e '-----' "$work/keys" >"$work/key-lines"
[ -s "$work/key-lines" ] || fail "no key was there to look for"
grep -qF -f "$work/key-lines" "$work/daemon.log" && fail "a private key is in the daemon's log"
# At rest: sealed in the database, and the state folder is for the daemon alone.
cat "$work/state/admin-token" "$work/viewer" >>"$work/key-lines"
grep -qaF -f "$work/key-lines" "$work"/state/headroom.db* && fail "a secret is in plain text in the database"
[ -z "$(find "$work/state" -maxdepth 1 -type f -perm /077)" ] || fail "files of the state folder are open to others"
say "secrets: none seen in $(wc -c <"$work/looks") looks at all processes, nor in the log or the database"
