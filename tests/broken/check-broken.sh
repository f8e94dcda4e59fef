#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Broken modules against a running daemon: make check-broken. First those that are refused when they are
# looked at, each with its whole message; then those that break in an operation, beside a good one that goes
# on. Everything is compared with refusals.txt and the table below, and printed.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs jq
# Without the sandbox a module that allocates endlessly would take the machine's memory.
if sanitized; then
	echo "sandbox off: sanitizer build"
	exit 77
fi
trap broken_cleanup EXIT
trap 'exit 1' INT TERM

# What the module mock makes is in its process: nothing is left to remove, and the broken ones would not.
broken_cleanup()
{
	local status=$?
	daemon_stop
	[ -z "${work:-}" ] || rm -rf "$work/state"
	(exit "$status")
	daemon_cleanup
}

n_wrong=0
modules=

# row WHAT EXPECTED SEEN
row()
{
	local mark=
	[ "$2" = "$3" ] || { mark='   <-- differs'; n_wrong=$((n_wrong + 1)); }
	printf '%-16s | %s | %s%s\n' "$1" "$2" "$3" "$mark"
}

# What its constructor does, a module does at its first account where a manifest told what it is: nothing has
# loaded it before.
late_ones='segv abort exit hang memory garbage fork socket'

# late_of ID BROKEN: a module with a manifest, which is that broken one.
late_of()
{
	cp "$modules/$2.so" "$modules/$1.so"
	jq -c --arg id "$1" --arg sha256 "$(sha256sum <"$modules/$1.so" | cut -d ' ' -f 1)" \
		--argjson size "$(stat -c %s "$modules/$1.so")" \
		'.module = $id | .file_sha256 = $sha256 | .file_size = $size' "$work/described" >"$modules/$1.json"
}

# needslate: of this one a library has been taken away since. closedlate: this one's mode changes later.
late_ones_gather()
{
	local how
	"$HEADROOM_BUILDDIR/headroom-host" --describe "$modules/mock.so" >"$work/described"
	late_of needslate needsgone
	late_of closedlate mock
	for how in $late_ones; do
		late_of "${how}late" "load$how"
	done
}

# Every module of tests/modules/broken with its file's name as its id, and files that are no modules.
modules_gather()
{
	modules=$work/modules
	mkdir -m 755 "$modules"
	cp "$HEADROOM_BUILDDIR"/tests/modules/broken/named/*.so "$modules" || fail "the broken modules are not built"
	cp "$HEADROOM_BUILDDIR/tests/modules/good/.libs/mock.so" "$modules" || fail "the module mock is not built"
	cp "$HEADROOM_BUILDDIR/tests/modules/hostile/.libs/outlaw.so" "$modules" || fail "the module outlaw is not built"
	cp "$modules/mock.so" "$modules/writable.so"
	late_ones_gather
	cp "$modules/mock.so" "$modules/Bad-name.so"
	yes 'no module at all' | head -n 100 >"$modules/text.so"
	: >"$modules/empty.so"
	chmod 644 "$modules"/*[a-z].so "$modules/empty.so" 2>/dev/null
	chmod 666 "$modules/writable.so"
	# Root may read it, but no module's process is root's.
	cp "$modules/mock.so" "$modules/closed.so"
	chmod 000 "$modules/closed.so"
	mkdir -m 755 "$modules/folder.so"
	# No name in UTF-8.
	cp "$modules/text.so" "$modules/"$'caf\351.so'
	sed -i "s|^path = .*|path = $modules|" "$work/headroom.conf"
	# Users of its own: as root one module here makes as many threads as its user may have.
	printf '\n[security]\nhost_uids = 61320-61389\n' >>"$work/headroom.conf"
}

daemon_answers()
{
	curl -fsS -o /dev/null --unix-socket "$HEADROOM_SOCKET" http://localhost/readyz 2>/dev/null
}

# "ID STATE REASON" of all modules, the paths of their own files as PATH.
modules_seen()
{
	"$headroom" -o json provider list --all | jq -r '.[] | "\(.id) \(.state) \(.reason // "")"' |
		sed -E -e ':again' \
			-e "s#^([^ ]+) (.*[ (])?(…)?(/[^ ():;]*)?/modules/\1\.so#\1 \2PATH#" -e 'tagain' -e 's| *$||' \
			-e 's/: uid [0-9]+ cannot/: uid UID cannot/'
}

good_has_another()
{
	local now
	now=$("$headroom" -o name server list --pool good --state running | head -n 1)
	[ -n "$now" ] && [ "$now" != "$before" ] && [ "$(servers_running good)" = 1 ]
}

refusals_compare()
{
	local id expected seen
	modules_seen >"$work/seen"
	while read -r id expected; do
		seen=$(sed -n "s/^$id //p" "$work/seen")
		row "$id" "$expected" "${seen:-is not listed}"
	done < <(grep -v '^#' "$HEADROOM_SRCDIR/tests/broken/refusals.txt")
	while read -r id seen; do
		grep -q "^$id " "$HEADROOM_SRCDIR/tests/broken/refusals.txt" || row "$id" "is not expected" "$seen"
	done <"$work/seen"
	# Without --all: the usable ones alone.
	row "provider list" "$(sed -n 's/^\([^ ]*\) usable.*/\1/p' "$work/seen" | tr '\n' ' ')" \
		"$("$headroom" -o name provider list | tr '\n' ' ')"
}


# ---- At run time ----

# definition_of NAME BEHAVIOUR [MORE-SETTINGS [MORE-OF-THE-AUTOSCALE-CONFIG]]: a pool on an account of the module
# mock, whose process is its own.
definition_of()
{
	cat <<-EOT
	---
	kind: provider-config
	name: $1
	provider: mock
	max_instances: 2
	list_interval: 5
	settings:
	  behaviour: $2
	  token: t0ken
	$(printf '%s' "${3:-}")
	EOT
	pool_of "$1"
	printf '%s\n' "${4:-}"
}

# outlaw_of NAME ATTEMPT: a pool on an account of the module outlaw, which tries that in each create.
outlaw_of()
{
	printf -- '---\nkind: provider-config\nname: %s\nprovider: outlaw\nmax_instances: 1\nsettings:\n  attempt: %s\n' "$1" "$2"
	pool_of "$1"
}

# told_refusal ATTEMPT CALL: the call was refused to the module in a create, of which the log names module, call
# and account, and the module's own error what it got.
told_refusal()
{
	local account warning="the module outlaw tried the system call $2, which modules may not use; it was refused"
	told "tries-$1" operation.failed "create of SERVER, attempt 1: quota: $1: Operation not permitted"
	account=$("$headroom" -o json provider-config list | jq -r --arg name "tries-$1" '.[] | select(.name == $name) | .id')
	row "tries-$1, log" "$warning" "$(grep -F "\"account\":\"${account:-none}\"" "$work/daemon.log" |
		grep -oE 'the module outlaw tried .*; it was refused' | sort -u)"
}

# told_outlaw NAME HOW: the first create ended with the process.
told_outlaw()
{
	told "$1" operation.failed "create of SERVER, attempt 1: transient: the process of module outlaw $2 during create"
}

# told_of_account NAME KIND MESSAGE [SED]: the same of an account, whose events name no pool; SED takes away what
# differs from run to run.
told_of_account()
{
	local end=$((SECONDS + 90)) seen
	until seen=$("$headroom" -o json event list --limit 1000 |
		jq -r --arg kind "$2" --arg name "$1: " '.[] | select(.kind == $kind) | .message | select(startswith($name))' |
		sed -E "${4:-}" | sort -u) && grep -qxF -- "$1: $3" <<<"$seen"; do
		[ "$SECONDS" -lt "$end" ] || break
		sleep 0.3
	done
	row "$1" "$1: $3" "$(grep -xF -- "$1: $3" <<<"$seen" || tr '\n' ' ' <<<"$seen")"
}

# events_of NAME KIND: what happened in a pool, as its events of this kind tell: each message once, with
# placeholders for what differs from run to run.
events_of()
{
	"$headroom" -o json event list --pool "$1" --limit 200 |
		jq -r --arg kind "$2" '.[] | select(.kind == $kind) | .message' |
		sed -E -e "s/\b$1-[0-9a-f]{8}\b/SERVER/g" -e "s|${work}[^ ():;,]*|PATH|g" -e 's/\bpid [0-9]+/pid PID/g' | sort -u
}

events_tell()
{
	events_of "$1" "$2" | grep -qxF -- "$3"
}

# told NAME KIND MESSAGE: the pool's events hold one of this kind with this message, as a whole.
told()
{
	local end=$((SECONDS + 120)) seen=
	until events_tell "$1" "$2" "$3"; do
		[ "$SECONDS" -lt "$end" ] || { seen=$(events_of "$1" "$2" | tr '\n' ' ')none; break; }
		sleep 0.3
	done
	row "$1" "$3" "${seen:-$3}"
}

# tried_late ID REASON: what its manifest promised, the module could not keep.
tried_late()
{
	printf 'kind: provider-config\nname: try-%s\nprovider: %s\nsettings:\n  token: t0ken\n' "$1" "$1" >"$work/late.yaml"
	"$headroom" apply -f "$work/late.yaml" >/dev/null || fail "apply of $1"
	"$headroom" provider-config check "try-$1" >/dev/null 2>&1 && fail "$1 can be checked"
	modules_seen >"$work/seen"
	row "$1, tried" "refused provider \"$1\" (PATH): $2" "$(sed -n "s/^$1 //p" "$work/seen")"
}

# described_without CAPABILITY REASON: where even root may not do what the sandbox needs, no module is loaded.
described_without()
{
	local seen
	seen=$(setpriv --bounding-set="-$1" "$HEADROOM_BUILDDIR/headroom-host" --describe "$modules/mock.so")
	row "without $1" "refused provider \"mock\" ($modules/mock.so): $2" "$(jq -r '"\(.m) \(.error.message)"' <<<"$seen")"
}

# create_of POOL JQ: of the pool's only server, as .server, and its only create, as .create.
create_of()
{
	"$headroom" -o json server show "$("$headroom" -o name server list --pool "$1")" 2>/dev/null |
		jq -r "{server: ., creates: [.operations[] | select(.kind == \"create\")]} | select(.creates | length == 1) |
			.create = .creates[0] | $2"
}

# told_endless POOL: its create asks to be called again for ever. That goes on, as one operation of one server,
# and no faster than its account's budget lets it: 20 a second, after a burst of 40; it asks for 100 a second.
told_endless()
{
	local end=$((SECONDS + 60)) before after started expected="creating (still booting): due, 0 failures"
	local state='"\(.server.state) (\(.server.stage)): \(.create.state), \(.create.failures) failures"'
	until [ "$(create_of "$1" "$state")" = "$expected" ] || [ "$SECONDS" -ge "$end" ]; do
		sleep 0.3
	done
	started=$(date +%s%N)
	before=$(create_of "$1" .create.attempt)
	sleep 5
	row "$1" "$expected" "$(create_of "$1" "$state")"
	after=$(create_of "$1" .create.attempt)
	row "$1, attempts" "more, within the budget" "$(jq -nr --argjson n $((${after:-0} - ${before:-0})) \
		--argjson ns $(($(date +%s%N) - started)) 'if $n < 1 then "no more" elif $n <= 20 * $ns / 1e9 + 40 then "more, within the budget" else "\($n) in \($ns / 1e9) s" end')"
}

# told_late HOW WHAT: the account of this module could not be opened, since its process came to that.
told_late()
{
	told_of_account "$1late" module.failed "the process of module $1late $2"
}

# told_failed NAME HOW: its first create ended with the module's process.
told_failed()
{
	told "$1" operation.failed "create of SERVER, attempt 1: transient: the process of module mock $2 during create"
}

# told_defect NAME WHAT: its first create broke the contract.
told_defect()
{
	told "$1" operation.failed "create of SERVER, attempt 1: internal: the module mock 1.0 is at fault in create: $2; report this to its vendor, Acme"
}

# Those of this daemon: their arguments name a module of ours. Other tests run beside this one.
host_processes()
{
	local process
	for process in /proc/[0-9]*; do
		[[ $(readlink "$process/exe" 2>/dev/null) == "$HEADROOM_BUILDDIR"/headroom-host* ]] || continue
		tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -qF "$modules/" && echo "$process"
	done
}

daemon_prepare
modules_gather
daemon_start || wait_for 120 "the daemon answers" daemon_answers
refusals_compare
"$HEADROOM_BUILDDIR/headroom-host" --describe "$modules/mock.so" >"$work/described"
row "describe > file" "description mock" "$(jq -r '"\(.m) \(.module)"' "$work/described")"
described=$(cd "$modules" && "$HEADROOM_BUILDDIR/headroom-host" --describe mock.so)
row "describe, relative" "description mock" "$(jq -r '"\(.m) \(.module)"' <<<"$described")"
described=$(cd "$work" && "$HEADROOM_BUILDDIR/headroom-host" --describe "../${work##*/}/modules/mock.so")
row "describe, above" "description mock" "$(jq -r '"\(.m) \(.module)"' <<<"$described")"
for missing in nothing.so nowhere/nothing.so "$modules/nothing.so"; do
	described=$(cd "$modules" && "$HEADROOM_BUILDDIR/headroom-host" --describe "$missing")
	row "describe, missing" "refused cannot load the module $missing: there is no such file; give the path of a module's file, or install the module anew" \
		"$(jq -r '"\(.m) \(.error.message)"' <<<"$described")"
done
if [ "$(id -u)" = 0 ]; then
	described_without sys_admin "uid 65534 may not enter $work, and giving the module's process a view of its own failed: Operation not permitted; run chmod o+x on that folder, or move what is in it"
	described_without setuid "the sandbox cannot become uid 65534: Operation not permitted"
fi
{
	printf 'kind: zone\nname: here\n'
	for behaviour in good segv abort exit garbage alloc again-for-ever print many segv-open segv-status \
		segv-list segv-destroy no-service silent long-token two-ids hides; do
		definition_of "$behaviour" "$behaviour"
	done
	for attempt in open socket connect exec fork ptrace kill map protect sockets blocked threads; do
		outlaw_of "tries-$attempt" "$attempt"
	done
	definition_of segv-close segv-close '' 'enabled: false'
	definition_of hang hang '  delay: 3600000'
	definition_of other-id other-id '  steps: 1'
	definition_of again-too-long again-for-ever '' 'create_timeout: 3s'
	definition_of segv-check segv-check '' 'enabled: false'
	for how in $late_ones; do
		definition_of "${how}late" good '' 'enabled: false' | sed "s/^provider: mock$/provider: ${how}late/"
	done
} >"$work/broken.yaml"
"$headroom" apply -f "$work/broken.yaml" >/dev/null || fail "apply"
told good server.planned "SERVER is planned by good at good: 0 available for a target of 1: good makes one up to its own minimum of 1; good then has 1 of at most 2"
wait_for 90 "the good pool's server runs" servers_running_is good 1
told_failed segv "was ended by signal 11 (Segmentation fault)"
told_failed abort "was ended by signal 6 (Aborted)"
told_failed exit "ended with status 0"
told_of_account segv-open module.failed "the process of module mock was ended by signal 11 (Segmentation fault) during open"
told_of_account segv-status module.failed "the process of module mock was ended by signal 11 (Segmentation fault) during status"
told_of_account segv-list module.failed "the process of module mock was ended by signal 11 (Segmentation fault) during list"
row segv-check 'headroom: the process of module mock was ended by signal 11 (Segmentation fault) during check' \
	"$("$headroom" provider-config check segv-check 2>&1 | head -n 1)"
definition_of segv-close segv-close '  region: south' 'enabled: false' >"$work/close.yaml"
"$headroom" apply -f "$work/close.yaml" >/dev/null || fail "apply of segv-close"
# Its new account may be listing by then.
told_of_account segv-close module.failed "the process of module mock was ended by signal 11 (Segmentation fault)" 's/ during (list|status)$//'
told_failed no-service "was ended by signal 11 (Segmentation fault)"
"$headroom" server delete "$("$headroom" -o name server list --pool segv-destroy | head -n 1)" >/dev/null || fail "delete"
told segv-destroy operation.failed "destroy of SERVER, attempt 1: transient: the process of module mock was ended by signal 11 (Segmentation fault) during destroy"
told silent server.failed 'SERVER failed: the provider cannot make it (quota): the module mock fails in create with "quota" and says nothing more'
told_defect long-token "the resume token has 4097 bytes, at most 4096 are possible"
told_defect two-ids "the instance id i-second is reported, but i-1 was before; a server has one instance"
told_defect other-id "the instance id i-other is reported, but i-1 was before; a server has one instance"
told again-too-long server.failed "SERVER failed: it was still creating after its config's create_timeout of 3 s (still booting); no server of the config was ready in the last week"
told_failed garbage "was ended: it sent what it may not send (a frame says that it has 2021161080 + 2021161080 bytes; 1 to 1048576 + 17825792 are possible)"
told_failed alloc "was ended by signal 11 (Segmentation fault), after it had used up its memory limit of 512 MiB"
told print server.running "SERVER is running: its instance runs and has an address"
told many server.running "SERVER is running: its instance runs and has an address"
told_endless again-for-ever
told hang operation.failed "create of SERVER, attempt 1: timeout: the process of module mock was ended: it did not return from create 1000 ms after it was told to end"
# A list that leaves out what there is and calls itself complete: the provider's own word on the instance counts.
row hides "1 running, none failed" "$(servers_running hides) running, $(events_of hides server.failed | grep -c . | sed 's/^0$/none/') failed"
told_refusal open openat
told_refusal socket socket
told_refusal connect connect
told_refusal exec execve
told_refusal fork clone
told_refusal ptrace ptrace
told_refusal kill kill
told_refusal map mmap
told_refusal protect mprotect
told_outlaw tries-sockets "was ended by its sandbox, after it was refused the system call socket (3 such refusals)"
told_outlaw tries-blocked "was ended by its sandbox, for a system call that modules may not use"
told_outlaw tries-threads "was ended: it has 256 threads, as many as a module may have"
tried_late needslate "it cannot be loaded: gone.so: cannot open shared object file: No such file or directory; install what it needs, or install the module anew"
chmod 000 "$modules/closedlate.so"
tried_late closedlate "uid UID cannot read the file: Permission denied; make it readable to all: chmod a+r PATH"
told_late segv "was ended by signal 11 (Segmentation fault) during open"
told_late abort "was ended by signal 6 (Aborted) during open"
told_late exit "ended with status 0 during open"
told_late memory "was ended by signal 11 (Segmentation fault), after it had used up its memory limit of 512 MiB during open"
told_late garbage "was ended: it sent what it may not send (a frame says that it has 1629515630 + 1702327150 bytes; 1 to 1048576 + 17825792 are possible) during open"
told_late fork "was ended by signal 6 (Aborted), after it was refused the system call clone during open"
told_late socket "was ended by its sandbox, after it was refused the system call socket (3 such refusals) during open"
told_late hang "was ended: it did not return from open 1000 ms after it was told to end"
# The good account goes on: what it had is removed, and it makes another, whatever the others do.
before=$("$headroom" -o name server list --pool good --state running | head -n 1)
"$headroom" server delete "$before" >/dev/null || fail "delete of the good one"
wait_for 60 "the good account makes another server" good_has_another
row "good, meanwhile" 1 "$(servers_running good)"
account=$("$headroom" -o json provider-config list | jq -r '.[] | select(.name == "good") | .id')
row "good, its budget a second" 20 \
	"$(api_get /metrics | sed -n "s/^headroom_account_budget_requests_per_second{account=\"$account\"} //p")"
kill -0 "$daemon_pid" 2>/dev/null || fail "the daemon ended"
[ -n "$(host_processes)" ] || fail "no process of a module is seen"
daemon_stop
row "processes left" "" "$(host_processes)"
[ "$n_wrong" = 0 ] || fail "$n_wrong rows differ"
say "check-broken: every broken module is refused or contained, and named"
