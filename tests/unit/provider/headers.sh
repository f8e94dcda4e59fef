#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each header of the SDK compiles by itself as C99, C11 and C++17 with all warnings as errors, and
# the structs lie in memory as modules that were built before expect.
# A compiler that is not there is left out and named; without any C compiler the test fails.

set -u
top=${HEADROOM_SRCDIR:-$(cd "$(dirname "$0")/../../.." && pwd)}
include=$top/sdk/include
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0 passed=0

# compile COMPILER STANDARD FILE
compile()
{
	if "$1" "-std=$2" -Wall -Wextra -Wpedantic -Werror -I"$include" -c -o "$work/out.o" "$3"; then
		passed=$((passed + 1))
	else
		echo "headers: $3 does not compile with $1 -std=$2"
		failed=$((failed + 1))
	fi
}

headers=()
for header in "$include"/headroom/*.h; do
	headers+=("headroom/${header##*/}")
done
[ -f "$include/headroom/provider.h" ] || {
	echo "headers: no headers in $include"
	exit 1
}

# Every header alone, all together, and one more time than needed.
for header in "${headers[@]}" all; do
	source=$work/${header//\//_}
	if [ "$header" = all ]; then
		for each in "${headers[@]}" "${headers[0]}"; do
			echo "#include <$each>"
		done
	else
		echo "#include <$header>"
	fi >"$source.c"
	echo 'int headers_are_not_empty(void); int headers_are_not_empty(void) { return HR_ABI_DRAFT; }' >>"$source.c"
	cp "$source.c" "$source.cc"
	for compiler in gcc clang; do
		command -v "$compiler" >/dev/null || continue
		compile "$compiler" c99 "$source.c"
		compile "$compiler" c11 "$source.c"
	done
	for compiler in g++ clang++; do
		command -v "$compiler" >/dev/null || continue
		compile "$compiler" c++17 "$source.cc"
	done
done
for compiler in gcc clang g++ clang++; do
	command -v "$compiler" >/dev/null || echo "headers: $compiler is not installed and was left out"
done

# A module in C++, descriptor and all.
cat >"$work/module.cc" <<'END'
#define HR_BUILDS_MODULE
#include <headroom/provider.h>
static int32_t do_open(const struct hr_host *, const struct hr_call *, const struct hr_open *,
		       struct hr_account **) { return HR_INTERNAL; }
static struct hr_provider make()
{
	struct hr_provider p = {};
	p.magic = HR_ABI_MAGIC;
	p.size = sizeof(p);
	p.draft = HR_ABI_DRAFT;
	p.open = do_open;
	return p;
}
const struct hr_provider HR_PROVIDER_SYMBOL = make();
END
command -v g++ >/dev/null && compile g++ c++17 "$work/module.cc"

for compiler in gcc clang; do
	command -v "$compiler" >/dev/null && compile "$compiler" c11 "$top/tests/unit/provider/abi_layout.c"
done

# The checks above can fail: a struct of another size is found.
sed 's/SIZE(hr_span, 16)/SIZE(hr_span, 24)/' "$top/tests/unit/provider/abi_layout.c" >"$work/wrong.c"
if cc -std=c11 -I"$include" -c -o "$work/out.o" "$work/wrong.c" 2>/dev/null; then
	echo "headers: a wrong layout is not found"
	failed=$((failed + 1))
fi
size=$(wc -c <"$include/headroom/provider.h")
if [ "$size" -ge 25600 ]; then
	echo "headers: provider.h has $size bytes; it stays under 25 KB"
	failed=$((failed + 1))
fi
echo "headers: $passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
