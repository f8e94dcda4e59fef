#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Bad input against running daemons: make check-input. Each row of the table is compared as a whole with
# what is expected; make check has a quick part of it, make check-input (INPUT_ALL) the whole. INPUT_PARTS
# chooses by name.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs jq
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

. "$HEADROOM_SRCDIR/tests/input/large.sh"
. "$HEADROOM_SRCDIR/tests/input/raw.sh"
. "$HEADROOM_SRCDIR/tests/input/start.sh"
. "$HEADROOM_SRCDIR/tests/input/running.sh"
n_rows=0
n_wrong=0
input=$HEADROOM_BUILDDIR/tests/input

# row WHAT EXPECTED SEEN
row()
{
	local mark=
	n_rows=$((n_rows + 1))
	[ "$2" = "$3" ] || { mark='   <-- differs'; n_wrong=$((n_wrong + 1)); }
	printf '%s | %s | %s%s\n' "$1" "$2" "$3" "$mark"
}

# The daemon's program itself, where libtool has put a script in its place.
real_program()
{
	local program=${headroomd%/*}/.libs/headroomd
	[ -f "$program" ] || program=$headroomd
	printf '%s' "$program"
}

# alive WHAT: the daemon is still the one that was started, and answers.
alive()
{
	# shellcheck disable=SC2154 # daemon.sh's
	kill -0 "$daemon_pid" 2>/dev/null || fail "$1: the daemon has ended"
	row "$1: the daemon afterwards" '{"status":"alive"}' "$(api_get /healthz)"
}

# told FILE: "422 field: detail" of the answer in $work/answer with the status in $1.
told()
{
	jq -r --arg status "$1" \
		'if .detail then "\($status)\(if .field then " " + .field else "" end): \(.detail)" else $status end' \
		"$work/answer" 2>/dev/null | sed "s|$HEADROOM_BUILDDIR|BUILD|g"
	[ -s "$work/answer" ] || printf '%s' "$1"
}

# asked METHOD PATH [BODY-FILE]: what is told, by the socket.
asked()
{
	local path=$2 status
	[ "${path#/}" != "$path" ] || path=/api/v1/$path
	: >"$work/answer"
	status=$(curl -sS -g --path-as-is -o "$work/answer" -w '%{http_code}' -X "$1" --unix-socket "$HEADROOM_SOCKET" \
		${3:+-H 'Content-Type: application/json' -H 'Expect:' --data-binary "@$3"} "http://localhost$path")
	told "$status"
}

requests()
{
	local line name='' method='' path='' body=''
	while IFS= read -r line; do
		case $line in
		'= '*) name=${line#= } body='' ;;
		'> '*) read -r method path <<<"${line#> }" ;;
		'|'*) printf '%b' "${line#|}" | sed '1s/^ //' >"$work/body"; body=$work/body ;;
		'< '*) row "$name" "${line#< }" "$(asked "$method" "$path" "$body")" ;;
		esac
	done <"$HEADROOM_SRCDIR/tests/input/requests.txt"
}

definitions()
{
	cat <<-EOT
	kind: zone
	name: z
	---
	kind: pool
	name: p
	---
	kind: provider-config
	name: c
	provider: local
	max_instances: 3
	EOT
}

daemon_prepare
daemon_start || fail "the daemon did not start"
definitions >"$work/base.yaml"
"$headroom" apply -f "$work/base.yaml" >/dev/null || fail "apply"
# In make check those that start few daemons and wait for little.
parts="bodies raw disk clock"
[ -z "${INPUT_ALL-}" ] || parts="bodies definitions raw start disk lock clock crowds"
for part in ${INPUT_PARTS-$parts}; do
	case $part in
	bodies)
		"$input/bodies" "$HEADROOM_SOCKET" || n_wrong=$((n_wrong + 1))
		requests
		large_bodies
		;;
	definitions) bad_definitions ;;
	raw) raw_requests ;;
	start)
		bad_starts
		# The folder was put back from a copy, again and again.
		"$headroomd" --config "$work/headroom.conf" --confirm-moved >/dev/null 2>&1 || fail "--confirm-moved"
		daemon_start || fail "the daemon did not start after all that"
		;;
	disk) full_disk ;;
	lock) locked_meanwhile ;;
	clock) clock_jumps ;;
	crowds) crowds ;;
	*) fail "no part $part" ;;
	esac
	alive "$part"
done
say "check-input: $n_rows rows, $n_wrong differ"
[ "$n_wrong" = 0 ] || fail "$n_wrong rows differ"
