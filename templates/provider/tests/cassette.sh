#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One life of a server, played from tests/cassettes: no cloud is asked. "record" makes the cassette anew, with the
# cloud of these tests. MODULE, CLOUD, HOST, CONFORMANCE name the files; SOURCES the folder of this module's sources.
# Usage: cassette.sh [record]
set -u
url=https://api.sample.invalid # what stands in the cassette, wherever the cloud listened
cassettes=${SOURCES:-.}/tests/cassettes
work=$(mktemp -d) || exit 1
cloud=
trap '[ -z "$cloud" ] || kill "$cloud"; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

cp "$MODULE" "$work/sample.so" || exit 1
life()
{
	sed "s|URL|$1|" "${SOURCES:-.}/tests/settings.json" >"$work/test.json"
	shift
	"$CONFORMANCE" --host "$HOST" --settings "$work/test.json" "$@" "$work/sample.so" >"$work/lines"
	status=$?
	grep -A 1 '^not ok' "$work/lines"
	tail -n 1 "$work/lines"
	return $status
}

if [ "${1-}" != record ]; then
	life $url --replay "$cassettes"
	exit
fi
$CLOUD test-token >"$work/url" &
cloud=$!
n=0
until [ -s "$work/url" ]; do
	n=$((n + 1))
	[ "$n" -le 100 ] || { echo "the cloud does not start" >&2; exit 1; }
	sleep 0.1
done
mkdir -m 700 "$work/cassettes"
life "$(cat "$work/url")" --record "$work/cassettes" || exit 1
mkdir -p "$cassettes"
sed "s|$(cat "$work/url")|$url|g" "$work/cassettes/conformance.json" >"$cassettes/conformance.json"
