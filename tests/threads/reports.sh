#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# reports.sh BUILD: prints what ThreadSanitizer has found in a run of make check-threads, and fails if it
# is anything. The process of a module starts with no environment, so that its reports come on its standard
# error, which is in a test's log.

set -u
[ $# -eq 1 ] || { echo "usage: reports.sh BUILD" >&2; exit 2; }
build=$1 found=0

for file in "$build"/threads-reports/report.*; do
	[ -f "$file" ] || continue
	echo "--- $file"
	cat "$file"
	found=$((found + 1))
done
while IFS= read -r file; do
	echo "--- $file"
	grep -A 60 'WARNING: ThreadSanitizer' "$file"
	found=$((found + 1))
done < <(find "$build/tests" -name '*.log' -exec grep -l 'WARNING: ThreadSanitizer' {} +)
echo "ThreadSanitizer: $found files with reports"
[ "$found" -eq 0 ]
