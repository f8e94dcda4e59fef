#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files and functions stay small enough to be read at one sitting: files up to 600 lines (a warning
# beyond, an error beyond 1200), functions up to 60 lines, control flow nested fewer than 5 deep.
# Usage: check-size.sh [TREE]. Exit 1 when a limit is passed.

set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/sources.sh"
sources_enter "${1:-}"

# Functions that may be longer, as FILE:FUNCTION, one per line. Kept empty: divide them instead.
allowed=''

files=$(sources_c)
if [ -z "$files" ]; then
	echo "check-size: no C source in $PWD: nothing was checked" >&2
	exit 1
fi

# A function: a line at column 0 with a parenthesis (its name), then "{" and "}" at column 0, in the
# layout that .clang-format gives. Nesting: the tabs before a control keyword, less the body's own.
# shellcheck disable=SC2086 # one word per file: names in this tree hold no blanks
awk -f "$here/strip-comments.awk" $files | awk -v allowed="$allowed" '
function file_end()
{
	if (file == "")
		return
	if (line > 1200) {
		printf "%s:%d: %d lines, the limit is 1200; divide the file by what its parts do\n", file, line, line
		bad = 1
	} else if (line > 600) {
		printf "%s:%d: warning: %d lines; think of dividing it at 600\n", file, line, line
	}
}
BEGIN {
	n = split(allowed, list, "\n")
	for (i = 1; i <= n; i++)
		may[list[i]] = 1
	control = "^(if|for|while|switch|do|json_[a-z]+_foreach[a-z_]*)([^A-Za-z0-9_]|$)"
}
{
	text = $0
	match(text, /^[^:]*:[0-9]+:/)
	place = substr(text, 1, RLENGTH - 1)
	text = substr(text, RLENGTH + 1)
	name = place
	sub(/:[0-9]+$/, "", name)
	if (name != file) {
		file_end()
		file = name
		line = 0
		start = 0
	}
	line++
	if (text ~ /^[A-Za-z_].*\(/ && match(text, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		subject = substr(text, RSTART, RLENGTH)
		sub(/[ \t]*\($/, "", subject)
		if (subject == "START_TEST" && match(text, /\([A-Za-z0-9_]+/))
			subject = substr(text, RSTART + 1, RLENGTH - 1)
	}
	if (text ~ /^\{[ \t]*$/) {
		start = line
	} else if (text ~ /^\}/ && start) {
		length_is = line - start - 1
		if (length_is > 60 && !((file ":" subject) in may)) {
			printf "%s:%d: %s has %d lines, the limit is 60; divide it\n", file, start, subject, length_is
			bad = 1
		}
		start = 0
	}
	if (start && match(text, /^\t+/)) {
		depth = RLENGTH
		keyword = substr(text, RLENGTH + 1)
		sub(/^\}[ \t]*else[ \t]*/, "", keyword)
		sub(/^else[ \t]+/, "", keyword)
		if (depth >= 5 && keyword ~ control) {
			printf "%s: %s nests control flow %d deep, the limit is 4; move the inner part into a function\n", place, subject, depth
			bad = 1
		}
	}
}
END { file_end(); exit bad ? 1 : 0 }
'
status=$?
[ $status -eq 0 ] && echo "check-size: $(wc -l <<<"$files") files keep the limits"
exit $status
