#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Proves that each check of this folder can fail: a small good tree passes, and each mistake put into
# it is found, at its line and with its reason. Also proves that a check that finds nothing to
# look at fails instead of passing.
# shellcheck disable=SC2016 # what is written into the bad trees is not for this shell to expand

set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0 passed=0

good_tree()
{
	rm -rf "$work/tree"
	mkdir -p "$work/tree/core/"{base,store,provider,engine,host,api} "$work/tree/plugins/local" "$work/tree/sdk/lib" "$work/tree/tests"
	cp "$here/../../.clang-format" "$work/tree/" || exit 99
	printf '#include <stdio.h>\n\nint base(void);\n' >"$work/tree/core/base/base.h"
	printf '#include "base/base.h"\n\n/* strcpy(a, b) in a comment, "\n */\nint base(void)\n{\n\tconst char *text = "strcpy(a, b) // \\"";\n\n\treturn text[0];\n}\n' >"$work/tree/core/base/base.c"
	printf '#include "base/base.h"\n#include "store/store.h"\n' >"$work/tree/core/store/store.c"
	printf '#include "host/host.h"\n' >"$work/tree/core/provider/inline.c"
	printf '#include "base/base.h"\n#include "host/loader.h"\n#include "provider/provider.h"\n' >"$work/tree/core/host/host.c"
	printf '#include "api/api.h"\n#include "host/host.h"\n#include "options.h"\n' >"$work/tree/core/headroomd.c"
	printf '#include <headroom/provider.h>\n' >"$work/tree/plugins/local/local.c"
	printf '#include <headroom/sdk.h>\n' >"$work/tree/sdk/lib/text.c"
	printf '#!/bin/sh\necho "$1"\n' >"$work/tree/tests/good.sh"
}

# expect WHAT PATTERN CHECK [ARGUMENT…]: the check must fail and print a line that matches.
expect()
{
	local what=$1 pattern=$2 output status
	shift 2
	output=$(bash "$here/$1" "${@:2}" 2>&1)
	status=$?
	if [ $status -eq 77 ]; then
		echo "selftest: $1: $what: not tried: $output"
	elif [ $status -eq 1 ] && grep -qE -- "$pattern" <<<"$output"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'selftest: %s: %s: wanted status 1 and "%s", got status %d and:\n%s\n' \
			"$1" "$what" "$pattern" $status "$output"
	fi
}

# expect_pass CHECK ARGUMENT…
expect_pass()
{
	local output status
	output=$(bash "$here/$1" "${@:2}" 2>&1)
	status=$?
	if [ $status -eq 0 ]; then
		passed=$((passed + 1))
	elif [ $status -ne 77 ]; then
		failed=$((failed + 1))
		printf 'selftest: %s refuses a good tree, status %d:\n%s\n' "$1" $status "$output"
	fi
}

# add FILE TEXT: a printf format as the text, into a fresh good tree.
add()
{
	good_tree
	# shellcheck disable=SC2059 # the text is a format, for its \n and \t
	printf "$2" >>"$work/tree/$1"
}

test_good()
{
	local check
	good_tree
	for check in floors banned size format shell; do
		expect_pass check-$check.sh "$work/tree"
	done
}

test_nothing()
{
	local check
	mkdir -p "$work/empty"
	for check in floors banned size format shell; do
		expect "an empty tree" 'nothing was checked' check-$check.sh "$work/empty"
	done
	expect "an empty build" 'nothing was checked' check-engine-threads.sh "$work/empty"
}

test_floors()
{
	local tree=$work/tree
	add core/base/base.c '#include "store/store.h"\n'
	expect "a higher floor" 'core/base/base.c:[0-9]+: includes "store/store.h" of a higher floor' check-floors.sh "$tree"
	add core/base/base.c '#  include <api/api.h>\n'
	expect "a higher floor in angle brackets" 'base.c:[0-9]+: .*"api/api.h"' check-floors.sh "$tree"
	add core/engine/x.c '#include "host/loader.h"\n'
	expect "the host from a floor" 'engine/x.c:1: includes "host/loader.h": only core/host' check-floors.sh "$tree"
	add core/provider/process.c '#include "host/loader.h"\n'
	expect "the host from another dispatcher" 'process.c:1: ' check-floors.sh "$tree"
	add core/host/host.c '#include "store/store.h"\n'
	expect "the store from the host" 'host.c:4: .*beside the floors' check-floors.sh "$tree"
	add core/store/store.c '#include "../api/api.h"\n'
	expect "a relative path" 'store.c:3: .*relative path' check-floors.sh "$tree"
	add core/store/store.c '#include "rows.h"\n'
	expect "no floor named" 'store.c:3: .*without its floor' check-floors.sh "$tree"
	add core/store/store.c '#include "daemon_options.h"\n'
	expect "the main program's header from a floor" 'store.c:3: .*without its floor' check-floors.sh "$tree"
	mkdir -p "$tree/core/misc"
	add core/base/base.c ''
	mkdir -p "$tree/core/misc" && printf '#include "base/base.h"\n' >"$tree/core/misc/x.c"
	expect "an unknown floor" 'core/misc, which is no floor' check-floors.sh "$tree"
	add plugins/local/local.c '#include "base/base.h"\n'
	expect "core from a module" 'local.c:2: .*of core/: a module' check-floors.sh "$tree"
	add core/engine/engine.c '#include "conformance/tap.h"\n'
	expect "a program from a floor" 'engine.c:[0-9]+: includes "conformance/tap.h" of a program' check-floors.sh "$tree"
	add sdk/lib/text.c '#include "base/base.h"\n'
	expect "core from the SDK" 'sdk/lib/text.c:2: .*of core/: a module and the SDK' check-floors.sh "$tree"
}

test_banned()
{
	local name tree=$work/tree
	for name in strcpy strcat sprintf vsprintf gets atoi atol strtok gmtime localtime alloca system popen; do
		add core/base/base.c "int x(void)\n{\n\treturn $name (a);\n}\n"
		expect "a call of $name" "base.c:[0-9]+: calls $name: " check-banned.sh "$tree"
	done
	add core/base/base.c '/* T''ODO: later */\n'
	expect "a note of unfinished work" 'base.c:[0-9]+:.*later' check-banned.sh "$tree"
}

test_size()
{
	local tree=$work/tree
	good_tree
	{ printf 'int big(int a,\n\tint b)\n{\n'; yes $'\tb++;' | head -n 61; printf '}\n'; } >"$tree/core/api/big.c"
	expect "a function of 61 lines" 'big.c:3: big has 61 lines' check-size.sh "$tree"
	good_tree
	yes '' | head -n 1201 >"$tree/core/api/long.h"
	expect "a file of 1201 lines" 'long.h:1201: 1201 lines, the limit' check-size.sh "$tree"
	good_tree
	yes '' | head -n 601 >"$tree/core/api/long.h"
	expect_pass check-size.sh "$tree"
	bash "$here/check-size.sh" "$tree" | grep -q 'long.h:601: warning' || {
		echo "selftest: check-size.sh gives no warning at 601 lines"
		failed=$((failed + 1))
	}
	good_tree
	printf 'int deep(int a)\n{\n\tif (a)\n\t\tif (a)\n\t\t\tif (a)\n\t\t\t\tif (a)\n\t\t\t\t\tif (a)\n\t\t\t\t\t\treturn 1;\n}\n' >"$tree/core/api/deep.c"
	expect "nesting 5 deep" 'deep.c:7: deep nests control flow 5 deep' check-size.sh "$tree"
}

test_layout_and_shell()
{
	local tree=$work/tree
	add core/base/base.c 'int  y (void) { return 1; }\n'
	expect "a bad layout" 'base.c:[0-9]+:[0-9]+: error: code should be clang-formatted' check-format.sh "$tree"
	add tests/good.sh 'rm -rf $unset/\n'
	expect "an unquoted variable" 'good.sh:3:.*SC2086' check-shell.sh "$tree"
	good_tree
	printf '#!/bin/bash\necho $1\n' >"$tree/noextension"
	expect "a script without extension" 'noextension:2:.*SC2086' check-shell.sh "$tree"
}

# threads_object TEXT: an object of the engine's with this source, in a build folder.
threads_object()
{
	local name
	rm -rf "$work/build"
	mkdir -p "$work/build/core/"{engine,plan,provider}
	printf '%s\n' 'int fine(void);' 'int fine(void) { return 0; }' >"$work/plan.c"
	printf '%s\n' '#define _GNU_SOURCE' "$1" >"$work/engine.c"
	cc -w -O2 -c -o "$work/build/core/plan/plan.o" "$work/plan.c" || return
	for name in budget breaker governor governor_queue lane; do
		cp "$work/build/core/plan/plan.o" "$work/build/core/provider/$name.o"
	done
	cc -w -O2 -D_FORTIFY_SOURCE=2 -c -o "$work/build/core/engine/engine.o" "$work/engine.c"
}

test_threads()
{
	local name include
	if ! command -v cc >/dev/null; then
		echo "selftest: no C compiler: check-engine-threads.sh cannot be tried"
		failed=$((failed + 1))
		return
	fi
	threads_object 'int f(void) { return 1; }'
	expect_pass check-engine-threads.sh "$work/build"
	for name in pthread_create pthread_mutex_lock epoll_wait poll select clock_gettime gettimeofday \
		time nanosleep usleep sleep getrandom getentropy rand srand random RAND_bytes EVP_PKEY_keygen \
		read write socket connect open fopen clock_now random_system; do
		threads_object "int $name(); int f(void) { return $name(); }"
		expect "a use of $name" "core/engine/engine.c: uses $name:" check-engine-threads.sh "$work/build"
	done
	include=$'#include <poll.h>\n#include <unistd.h>\nint f(struct pollfd *p, int n) { char b[8]; return poll(p, n, 1) + read(0, b, n); }'
	threads_object "$include"
	expect "a use through a checked variant" "uses (poll|read):" check-engine-threads.sh "$work/build"
	threads_object 'int clock_now(); int f(void) { return clock_now(); }'
	mv "$work/build/core/engine/engine.o" "$work/build/core/provider/governor.o"
	expect "a clock in the governor" 'core/provider/governor.c: uses clock_now:' check-engine-threads.sh "$work/build"
	rm "$work/build/core/provider/governor.o"
	expect "a build without the governor" 'core/provider/governor.o is missing' check-engine-threads.sh "$work/build"
	threads_object 'int f(void) { return 1; }'
	rm -rf "$work/build/core/plan"
	expect "a build without the planner" 'core/plan is missing' check-engine-threads.sh "$work/build"
}

# lint_source TEXT: a source for lint.sh in a fresh good tree, after these lines.
lint_source()
{
	good_tree
	{
		printf '#include <stdint.h>\n#include <stdlib.h>\n#include <string.h>\n#include "base/cleanup.h"\n'
		printf '#include "base/error.h"\nint f(int n, struct hr_error *err);\n%s\n' "$1"
	} >"$work/tree/core/base/lint.c"
}

# expect_lint PART PATTERN TEXT: this part must find it.
expect_lint()
{
	lint_source "$3"
	export LINT_PARTS=$1
	expect "$1: $3" "^core/base/lint.c:[0-9:]+ [a-z]+: .*$2" ../lint/lint.sh "$work/tree" "${lint_flags[@]}"
}

test_lint()
{
	local lint_flags=(-std=gnu11 -D_GNU_SOURCE -I"$here/../../core" -I"$here/../../sdk/include")
	local start='int f(int n, struct hr_error *err) {' copy='char *p = malloc((size_t)n);'
	cd "$work" || exit 99
	export LINT_FILES=core/base/lint.c LINT_PARTS='tidy analyzer cppcheck'
	lint_source "$start CLEANUP_FREE $copy if (!p) return error_no_memory(err, \"it\"); memset(p, 1, 1); return p[0] == n; }"
	expect_pass ../lint/lint.sh "$work/tree" "${lint_flags[@]}"
	expect_lint tidy '\[bugprone-implicit-widening' "$start (void)err; return (int64_t)(n * 1000) * n > n * 3 + (int64_t)n; }"
	expect_lint tidy '\[bugprone-suspicious-memset' "$start (void)err; memset(&n, sizeof(n), 0); return n; }"
	expect_lint tidy '\[clang-diagnostic-error\]' "$start return nowhere; }"
	expect_lint analyzer 'leak.*\[clang-analyzer-unix.Malloc\]' "$start $copy return p ? n : error_no_memory(err, \"it\"); }"
	expect_lint analyzer 'after it is freed.*\[clang-analyzer-unix.Malloc\]' "$start (void)err; $copy free(p); return p[0] + n; }"
	expect_lint analyzer '\[clang-analyzer-core.NullDereference\]' "$start int *p = n ? &n : NULL; (void)err; return *p; }"
	expect_lint cppcheck '\[cppcheck-arrayIndexOutOfBounds\]' "$start int a[2] = {n, n}; (void)err; return a[2]; }"
	expect_lint cppcheck '\[cppcheck-doubleFree\]' "$start $copy (void)err; free(p); free(p); return 0; }"
	export LINT_FILES=core/base/not_there.c LINT_PARTS=tidy
	expect "a file that is not there" 'not_there.c.*clang-tidy ended' ../lint/lint.sh "$work/tree" "${lint_flags[@]}"
	unset LINT_FILES LINT_PARTS
	expect "an empty tree" 'nothing was checked' ../lint/lint.sh "$work/empty" "${lint_flags[@]}"
	cd - >/dev/null || exit 99
}

test_good
test_nothing
test_floors
test_banned
test_size
test_layout_and_shell
test_threads
test_lint
echo "selftest: $passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
