#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# [debug] record_http: what a module asks its provider is recorded, for the daemon's user alone and without
# its secrets. The provider is a port that nobody listens on: what was asked is recorded all the same.

. "$HEADROOM_SRCDIR/tests/support/daemon.sh"
needs jq
trap daemon_cleanup EXIT
trap 'exit 1' INT TERM

canary='canary-7f3a9c51'

daemon_prepare
mkdir -m 755 "$work/modules"
cp "$HEADROOM_BUILDDIR/tests/modules/good/.libs/httpcloud.so" "$work/modules" || fail "the module httpcloud is not built"
chmod 644 "$work/modules/httpcloud.so"
sed -i "s|^path = .*|path = $work/modules|" "$work/headroom.conf"
printf '\n[debug]\nrecord_http = %s/recordings\n' "$work" >>"$work/headroom.conf"

# A folder that others may enter is refused, and the message says what to do.
mkdir -m 755 "$work/recordings"
daemon_start && fail "the daemon records into a folder that others may enter"
expect "the refusal" "$(cat "$work/daemon.log")" "chmod 700 $work/recordings"
rmdir "$work/recordings"

daemon_start || fail "the daemon did not start"
expect "the log" "$(cat "$work/daemon.log")" "HTTP to providers is recorded in $work/recordings"
cat >"$work/config.yaml" <<-EOT
	kind: provider-config
	name: cloud
	provider: httpcloud
	settings:
	  url: http://127.0.0.1:$(port_free)/v1?zone=z1&key=$canary
	  token: $canary
EOT
"$headroom" apply -f "$work/config.yaml" >/dev/null || fail "apply"
"$headroom" provider-config check cloud >"$work/checked" 2>&1
id=$("$headroom" -o json provider-config list | jq -r '.[0].id')
file=$work/recordings/$id.json
[ -s "$file" ] || fail "nothing is recorded in $file: $(cat "$work/checked")"
[ "$(stat -c %a "$work/recordings")" = 700 ] || fail "the folder is open to others"
[ "$(stat -c %a "$file")" = 600 ] || fail "the file is open to others"
grep -q "$canary" "$file" && fail "the secret is in the recording: $(cat "$file")"
# Nobody listens there: the request is counted, as one without an answer.
requests=$(api_get /metrics | sed -n "s/^headroom_provider_requests_total{account=\"$id\",method=\"GET\",code=\"0xx\"} //p")
[ "${requests:-0}" -ge 1 ] || fail "the request is not in /metrics: ${requests:-no line}"
[ "$(jq -r '.[0].request.method' "$file")" = GET ] || fail "no request is recorded: $(cat "$file")"
expect "the recorded query" "$(jq -r '.[0].request.url' "$file")" "zone=z1&key=***"
expect "the recorded headers" "$(jq -c '.[0].request.headers' "$file")" '["Authorization","***"]'

# Not an account that is not named.
daemon_stop
rm -r "$work/recordings"
echo "record_accounts = 00000000-0000-4000-8000-000000000000" >>"$work/headroom.conf"
daemon_start || fail "the daemon did not start again"
"$headroom" provider-config check cloud >"$work/checked" 2>&1
[ -z "$(ls "$work/recordings")" ] || fail "an account is recorded that was not named"
say "record: HTTP is recorded for the daemon's user alone, without secrets"
