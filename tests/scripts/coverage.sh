#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# coverage.sh BUILD: how many lines of each floor the tests of a build with --enable-coverage have reached, by
# gcov alone. Lines that no test reaches are there to be read: there is no threshold. What a module's process
# does in its sandbox is not counted, since it may write no file.

set -u
[ $# -eq 1 ] || { echo "usage: coverage.sh BUILD" >&2; exit 2; }
cd "$1" || exit 2
gcov=${GCOV:-gcov}

# Of every object that the programs consist of, run or not: gcov counts those never run from their notes.
find core plugins -name '*.gcno' -print | sort | while IFS= read -r notes; do
	"$gcov" -n -o "${notes%/*}" "$notes" 2>/dev/null
done | awk '
	# A file compiled into several objects counts once, as it was reached most.
	/^File / {
		file = $2
		gsub(/\047/, "", file)
		sub(/^.*\.\.\//, "", file)
		next
	}
	/^Lines executed:/ && file ~ /^(core|plugins)\/.*\.c$/ {
		split($2, part, /[:%]/)
		lines[file] = $4
		hit = int(part[2] * $4 / 100 + 0.5)
		if (hit > reached[file])
			reached[file] = hit
	}
	/^Lines executed:/ || /^No executable lines/ { file = "" }
	END {
		for (file in lines) {
			floor = file
			if (!sub(/\/[^\/]*$/, "", floor))
				floor = "core"
			all[floor] += lines[file]
			hits[floor] += reached[file]
			total += lines[file]
			total_hits += reached[file]
		}
		if (total == 0) {
			print "coverage: no object has notes: configure with --enable-coverage" | "cat 1>&2"
			exit 1
		}
		printf "%-20s %8s %8s %7s\n", "FLOOR", "LINES", "REACHED", "SHARE"
		for (floor in all)
			printf "%-20s %8d %8d %6.1f%%\n", floor, all[floor], hits[floor], 100 * hits[floor] / all[floor] | "sort"
		close("sort")
		printf "%-20s %8d %8d %6.1f%%\n", "total", total, total_hits, 100 * total_hits / total
	}'
