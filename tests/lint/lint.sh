#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy and cppcheck over the C sources of core/, plugins/ and sdk/: make lint.
# What they look for: .clang-tidy, and cppcheck-suppressions.txt here.
# Usage: lint.sh TREE COMPILER-FLAG…, in a build folder. Exit 1 on a finding, 77 when a tool is not there.
# LINT_PARTS: which of "tidy" (all but the analyzer), "analyzer" (clang's), "cppcheck"; all of them.
# LINT_FILES: only these files, as named from the tree's top.
# LINT_NODES: how far the analyzer goes in each function; its own limit, 225000, takes three times as long.
# What the tools wrote in full, such as the paths that the analyzer took, is in lint-reports/.

set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 99
export tree config=$here/../../.clang-tidy header=$here/analyzer.h reports=$PWD/lint-reports tidy_checks=
export nodes=${LINT_NODES:-60000}
tree=$(cd "${1:?lint.sh TREE FLAG…}" && pwd) || exit 99
shift
parts=" ${LINT_PARTS:-tidy analyzer cppcheck} "

# wants PART: whether it is to run.
wants()
{
	case $parts in *" $1 "*) return 0 ;; *) return 1 ;; esac
}

need()
{
	command -v "$1" >/dev/null && return
	echo "lint: $1 is not installed (Debian: apt-get install $1)" >&2
	exit 77
}

# tidy_one FILE FLAG…: into a report of its own, so that files can be looked at side by side. In
# error.c itself the header's macros would stand in the way.
tidy_one()
{
	local file=$1 report=$reports/${1//\//_}.tidy status
	shift
	case $file in
	*/error.c) ;;
	*) set -- "$@" -include "$header" ;;
	esac
	case $file in plugins/*) set -- "$@" -DHR_BUILDS_MODULE ;; esac
	clang-tidy --quiet --config-file="$config" --checks="$tidy_checks" \
		--extra-arg={-Xclang,-analyzer-config,-Xclang,"max-nodes=$nodes"} \
		--header-filter="^$tree/(core|plugins|sdk)/" "$tree/$file" -- "$@" >"$report" 2>"$report.said"
	status=$?
	[ $status -eq 0 ] || grep -q ': error: ' "$report" ||
		printf '%s/%s:1:1: error: clang-tidy ended with status %d: %s\n' "$tree" "$file" $status \
			"$(tail -n 1 "$report.said")" >>"$report"
	rm -f "$report.said"
}
export -f tidy_one

# run_tidy FLAG…
run_tidy()
{
	local off='-bugprone-*,-cert-*,-clang-diagnostic-*,-concurrency-*,-misc-*,-performance-*,-portability-*,-readability-*'
	wants tidy || wants analyzer || return 0
	wants tidy || tidy_checks=$off
	wants analyzer || tidy_checks='-clang-analyzer-*'
	need clang-tidy
	printf '%s\0' "${files[@]}" |
		xargs -0 -P "$(nproc)" -I {} bash -c 'tidy_one "$@"' tidy {} "$@"
}

# run_cppcheck FLAG…: of the flags only our own folders and definitions, which are all that it reads.
run_cppcheck()
{
	local flag own=()
	wants cppcheck || return 0
	need cppcheck
	for flag in "$@"; do
		case $flag in
		-D*) own+=("$flag") ;;
		-I/usr/*) ;;
		-I*) own+=("-I$(realpath -m "${flag#-I}")") ;;
		esac
	done
	(cd "$tree" && cppcheck -q -j "$(nproc)" --std=c11 --enable=warning,style,performance,portability \
		--inline-suppr --suppressions-list="$here/cppcheck-suppressions.txt" \
		--library="$here/jansson.cfg" -D"__$(uname -m)__=1" "${own[@]}" \
		--template='{file}:{line}:{column}: {severity}: {message} [cppcheck-{id}]' --template-location= \
		"${files[@]}") >"$reports/cppcheck.txt" 2>&1 && return
	echo "$tree:1:1: error: cppcheck ended with status $?: $(tail -n 1 "$reports/cppcheck.txt")" \
		>>"$reports/cppcheck.txt"
}

# The findings, each once, but those in systems' headers (a parameter called otherwise there), and those
# of a variable that is declared with one of core/base/cleanup.h's attributes: neither tool knows that it
# is freed, and that it is looked at, where it ends.
findings()
{
	local line file variable
	cat "$reports"/*.tidy "$reports/cppcheck.txt" 2>/dev/null |
		grep -E '^[^ ]+:[0-9]+(:[0-9]+)?: (warning|error|style|performance|portability): ' |
		sed "s|^$tree/||" | grep -vE '^/.*: warning: ' | sort -u -t: -k1,1 -k2,2n -k3 |
		while IFS= read -r line; do
			file=${line%%:*} variable=
			[[ $line =~ (leak of memory pointed to by |Memory leak: |Value stored to )\'?([A-Za-z_0-9]+) ]] &&
				variable=${BASH_REMATCH[2]}
			[ -n "$variable" ] && grep -qE "CLEANUP_[A-Z]+ [^;]*[* ]$variable( =|,|;)" "$tree/$file" && continue
			printf '%s\n' "$line"
		done
}

cd "$tree" || exit 99
files=()
while IFS= read -r file; do
	files+=("$file")
done < <(
	if [ -n "${LINT_FILES:-}" ]; then
		tr -s ' ' '\n' <<<"$LINT_FILES"
	else
		find core plugins sdk -name '*.c' 2>/dev/null
	fi | grep . | sort
)
cd - >/dev/null || exit 99
if [ ${#files[@]} -eq 0 ]; then
	echo "lint: no C source in $tree: nothing was checked" >&2
	exit 1
fi
rm -rf "$reports" && mkdir "$reports" || exit 99
run_tidy "$@"
run_cppcheck "$@"
found=$(findings)
if [ -n "$found" ]; then
	printf '%s\n' "$found"
	echo "lint: $(wc -l <<<"$found") findings in ${#files[@]} files; in full in $reports" >&2
	exit 1
fi
echo "lint: nothing found in ${#files[@]} files by:$parts"
