#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The module against the cloud of these tests. MODULE, CLOUD, HOST, CONFORMANCE name the files; REPORT, if it
# is set, where all lines are kept.
set -u
work=$(mktemp -d) || exit 1
cloud=
trap '[ -z "$cloud" ] || kill "$cloud"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

$CLOUD test-token >"$work/url" &
cloud=$!
n=0
until [ -s "$work/url" ]; do
	n=$((n + 1))
	[ "$n" -le 100 ] || { echo "the cloud does not start" >&2; exit 1; }
	sleep 0.1
done
sed "s|URL|$(cat "$work/url")|" "${SOURCES:-.}/tests/settings.json" >"$work/test.json"
# A copy: a module is refused where others may write its folder.
cp "$MODULE" "$work/sample.so" || exit 1
"$CONFORMANCE" --host "$HOST" --settings "$work/test.json" "$work/sample.so" >"$work/lines"
status=$?
grep -A 1 '^not ok' "$work/lines"
tail -n 1 "$work/lines"
[ -z "${REPORT-}" ] || cp "$work/lines" "$REPORT"
exit $status
