#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Calls that this tree does without, each with what is used in its place, and notes of unfinished
# work.
# Usage: check-banned.sh [TREE]. Exit 1 when one is found.

set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/sources.sh"
sources_enter "${1:-}"

files=$(sources_c)
if [ -z "$files" ]; then
	echo "check-banned: no C source in $PWD: nothing was checked" >&2
	exit 1
fi

# shellcheck disable=SC2086 # one word per file: names in this tree hold no blanks
awk -f "$here/strip-comments.awk" $files | awk '
BEGIN {
	bound = "it has no bound on what it writes; use snprintf or the helpers in base/text.h"
	number = "it cannot report a wrong number; use strtoll with its end pointer and errno"
	shared = "its result lies in memory shared by all threads; use the variant ending in _r"
	shell = "it runs a shell, so that text becomes commands; use posix_spawn or fork and exec"
	why["strcpy"] = why["strcat"] = why["stpcpy"] = why["sprintf"] = why["vsprintf"] = why["gets"] = bound
	why["atoi"] = why["atol"] = why["atoll"] = why["atof"] = number
	why["gmtime"] = why["localtime"] = why["ctime"] = why["asctime"] = shared
	why["strtok"] = "it keeps its place in memory shared by all threads; use strtok_r or strcspn"
	why["alloca"] = "it takes stack without a bound; use malloc"
	why["system"] = why["popen"] = shell
	why["tmpnam"] = why["mktemp"] = why["tempnam"] = "another process can take the name first; use mkstemp or mkdtemp"
}
{
	rest = $0
	match(rest, /^[^:]*:[0-9]+:/)
	place = substr(rest, 1, RLENGTH)
	rest = substr(rest, RLENGTH + 1)
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
		name = substr(rest, RSTART, RLENGTH)
		before = substr(rest, 1, RSTART - 1)
		rest = substr(rest, RSTART + RLENGTH)
		# A member of that name is not the function.
		if (name in why && rest ~ /^[ \t]*\(/ && before !~ /(\.|->)[ \t]*$/) {
			print place " calls " name ": " why[name]
			bad = 1
		}
	}
}
END { exit bad ? 1 : 0 }
'
status=$?

# The words are written so that this file does not find itself.
# shellcheck disable=SC2086
if grep -nE '\b(T[O]DO|F[I]XME|X[X]X)\b' $files; then
	echo "check-banned: unfinished work is noted above; finish it, or write it where work is planned" >&2
	status=1
fi
[ $status -eq 0 ] && echo "check-banned: $(wc -l <<<"$files") files call nothing that is banned"
exit $status
