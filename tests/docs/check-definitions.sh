#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/definitions.md says what the tables of fields say, and docs/headroomd.md leaves out no key of the
# daemon's configuration.
# Usage: check-definitions.sh; HEADROOM_SRCDIR and HEADROOM_BUILDDIR name the trees (the latter absolute).

set -u
page=${HEADROOM_SRCDIR:-.}/docs/definitions.md
build=${HEADROOM_BUILDDIR:-.}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

"$build/tests/docs/definitions_page" "$build/plugins/local/.libs/local.so" >"$work/page" || exit 1
if ! diff -u "$page" "$work/page"; then
	echo "check-definitions: docs/definitions.md is not what the tables say; run: make definitions" >&2
	exit 1
fi
# What a reader must find, whatever the tables hold by now.
while IFS= read -r row; do
	if ! grep -qF "$row" "$page"; then
		echo "check-definitions: a row is missing that begins with: $row" >&2
		exit 1
	fi
done <<'ROWS'
| `reusable` | boolean | `false` |
| `max_instances` | integer | unset |
| `isolation` | auto, namespaces or supervisor | `auto` |
ROWS
"$build/tests/docs/definitions_page" --daemon-keys >"$work/keys" && [ -s "$work/keys" ] || exit 1
while IFS= read -r key; do
	if ! grep -qF "$key" "${page%/*}/headroomd.md"; then
		echo "check-definitions: docs/headroomd.md has no row that begins with: $key" >&2
		exit 1
	fi
done <"$work/keys"
echo "check-definitions: docs/definitions.md is what the tables say"
