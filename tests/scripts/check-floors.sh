#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The include rule: a file of core/ includes headers of its own floor or a lower one. What lies
# below can then be understood, tested and changed without what lies above it.
# Usage: check-floors.sh [TREE]. Exit 1 when a file breaks the rule.

set -u
. "$(dirname "$0")/sources.sh"
sources_enter "${1:-}"

files=$(sources_all | grep -E '^(core|plugins|sdk)/.*\.[ch]$')
if [ -z "$files" ]; then
	echo "check-floors: no source below core/, plugins/ or sdk/ in $PWD: nothing was checked" >&2
	exit 1
fi

# shellcheck disable=SC2086 # one word per file: names in this tree hold no blanks
awk '
function complain(text)
{
	printf "%s:%d: %s\n", FILENAME, FNR, text
	bad++
}

# Headers below core/: what FILENAME may include of folder.
function check_core(folder, header)
{
	if (on_top)
		return
	if (folder == "conformance") {
		complain("includes \"" header "\" of a program; move what is needed down")
		return
	}
	if (folder == "host") {
		if (mine != "host" && mine != "builtin" && FILENAME !~ /^core\/provider\/inline(_backend)?[.][ch]$/)
			complain("includes \"" header "\": only core/host, core/builtin, the main program and " \
			         "core/provider/inline.c know the module host; go through provider/")
		return
	}
	if (FILENAME == "core/host/headroom_host.c" && folder == "builtin")
		return
	if (beside[mine]) {
		if (folder != mine && !beside_may[folder])
			complain("includes \"" header "\": core/" mine " lies beside the floors and may " \
			         "include base, schema, model and provider only")
		return
	}
	if (!(mine in floor)) {
		complain("lies in core/" mine ", which is no floor; the floors are " floors)
		return
	}
	if (floor[folder] > floor[mine])
		complain("includes \"" header "\" of a higher floor (" folder " is above " mine \
		         "); move what is needed down, or pass it in as a parameter")
}

BEGIN {
	floors = "base schema model store plan http provider engine api cli"
	n = split(floors, names, " ")
	for (i = 1; i <= n; i++)
		floor[names[i]] = i
	beside["host"] = beside["builtin"] = 1
	n = split("base schema model provider", names, " ")
	for (i = 1; i <= n; i++)
		beside_may[names[i]] = 1
}
FNR == 1 {
	# What lies in core/ itself is the main program, on top of all floors, as headroom-conformance is.
	on_top = (split(FILENAME, path, "/") == 2 || path[2] == "conformance")
	top = path[1]
	mine = path[2]
}
/^[ \t]*#[ \t]*include[ \t]*["<]/ {
	header = $0
	sub(/^[^"<]*["<]/, "", header)
	sub(/[">].*/, "", header)
	folder = header
	if (!sub(/\/.*/, "", folder))
		folder = ""
	if (folder == ".." || header ~ /\/\.\.?\//) {
		complain("includes \"" header "\" by a relative path, which hides its floor; " \
		         "write \"floor/file.h\"")
		next
	}
	in_core = (folder in floor) || (folder in beside) || folder == "conformance"
	if (top == "core") {
		if (in_core)
			check_core(folder, header)
		else if (!on_top && index($0, "\"") && folder == "" && header != "config.h")
			complain("includes \"" header "\" without its floor; write \"" mine "/" header "\"")
	} else if (in_core) {
		complain("includes \"" header "\" of core/: a module and the SDK use " \
		         "<headroom/...> only, as a module of another vendor must")
	}
}
END { exit bad ? 1 : 0 }
' $files
status=$?
[ $status -eq 0 ] && echo "check-floors: $(wc -l <<<"$files") files keep the include rule"
exit $status
