#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the daemon and the command line say of modules without loading one: by whom a module is described, a
# manifest that is of another file, and a second file of one id.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs jq
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

module=$HEADROOM_BUILDDIR/tests/modules/good/.libs/httpcloud.so

# shown MEMBER: of httpcloud, as the command line has it.
shown()
{
	"$headroom" -o json provider show httpcloud | jq -r ".$1"
}

daemon_prepare
mkdir -m 755 "$work/first" "$work/second"
cp "$module" "$work/first" || fail "the module httpcloud is not built"
cp "$module" "$work/second"
chmod 644 "$work"/*/httpcloud.so
sed -i "s|^path = .*|path = $work/first:$work/second|" "$work/headroom.conf"

# Without a manifest a process tells; of two files the first counts.
daemon_start || fail "the daemon did not start"
[ "$(shown described_by)" = process ] || fail "no process described it: $(shown described_by)"
[ "$(shown manifest_note)" = null ] || fail "a manifest that is not there: $(shown manifest_note)"
[ "$(shown path)" = "$work/first/httpcloud.so" ] || fail "another file counts: $(shown path)"
[ "$(shown 'others[].path')" = "$work/second/httpcloud.so" ] || fail "the second file: $(shown others)"
expect "why the second does not count" "$(shown 'others[].reason')" "found before in $work/first"
expect "list --all" "$("$headroom" provider list --all)" "found before in $work/first"
expect "as text" "$("$headroom" provider show httpcloud)" "$work/first/httpcloud.so"
"$headroom" provider show httpclout >"$work/said" 2>&1 && fail "a module that is not there is shown"
expect "a module that is not there" "$(cat "$work/said")" 'did you mean "httpcloud"?'
daemon_stop

# With one it tells: headroom-host is no program that could be run.
"$HEADROOM_BUILDDIR/headroom-host" --describe "$work/first/httpcloud.so" >"$work/first/httpcloud.json" ||
	fail "the module is not described"
chmod 644 "$work/first/httpcloud.json"
sed -i '/^path = /a host = /bin/false' "$work/headroom.conf"
daemon_start || fail "the daemon did not start with a manifest"
[ "$(shown described_by)" = manifest ] || fail "the manifest was not used: $(shown manifest_note)"
expect "its settings" "$("$headroom" provider describe httpcloud)" "url"
daemon_stop

# A file that is newer than its manifest is asked itself, and it is said why.
printf 'x' >>"$work/first/httpcloud.so"
sed -i '/^host = /d' "$work/headroom.conf"
daemon_start || fail "the daemon did not start with a stale manifest"
[ "$(shown state)" = usable ] || fail "the module is refused: $(shown reason)"
[ "$(shown described_by)" = process ] || fail "the manifest of another file was used"
expect "why not its manifest" "$(shown manifest_note)" "it is of another build of the module"
expect "the log" "$(cat "$work/daemon.log")" "it is of another build of the module"
say "modules: shown without being loaded, with what is wrong about their files"
