#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every shell script of the tree is clean under shellcheck.
# Startup scripts in templates/ and those that are fuzzed are left out: they are shell only once their tags
# are filled in.
# Usage: check-shell.sh [TREE]. Exit 1 on a finding, 77 when shellcheck is not there.

set -u
. "$(dirname "$0")/sources.sh"
sources_enter "${1:-}"

if ! command -v shellcheck >/dev/null; then
	echo "check-shell: skipped: shellcheck is not installed (Debian: apt-get install shellcheck)"
	exit 77
fi
scripts=()
while IFS= read -r file; do
	case $file in templates/* | tests/fuzz/script/*) continue ;; esac
	if [[ $file == *.sh ]] || head -c 64 "$file" | head -n 1 | grep -aqE '^#! ?(/usr)?/bin/(env )?(ba|da)?sh\b'; then
		scripts+=("$file")
	fi
done < <(sources_all)
if [ ${#scripts[@]} -eq 0 ]; then
	echo "check-shell: no shell script in $PWD: nothing was checked" >&2
	exit 1
fi
# 1090, 1091: sourced files are checked by themselves.
shellcheck -e SC1090,SC1091 -f gcc "${scripts[@]}" || exit 1
echo "check-shell: ${#scripts[@]} scripts are clean"
