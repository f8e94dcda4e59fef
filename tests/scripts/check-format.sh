#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The layout of C sources is clang-format's, so that nobody has to discuss it. Version 14 only (Debian
# 12's): others lay out differently.
# Usage: check-format.sh [TREE]. Exit 1 when a file differs, 77 when clang-format 14 is not there.

set -u
. "$(dirname "$0")/sources.sh"
sources_enter "${1:-}"

format=
for candidate in clang-format-14 clang-format; do
	if "$candidate" --version 2>/dev/null | grep -q 'version 14\.'; then
		format=$candidate
		break
	fi
done
if [ -z "$format" ]; then
	echo "check-format: skipped: clang-format 14 is not installed (Debian 12: apt-get install clang-format)"
	exit 77
fi
files=$(sources_c)
if [ -z "$files" ]; then
	echo "check-format: no C source in $PWD: nothing was checked" >&2
	exit 1
fi
# shellcheck disable=SC2086 # one word per file: names in this tree hold no blanks
if ! "$format" --style=file --dry-run -Werror --ferror-limit=3 $files; then
	echo "check-format: the files above are laid out otherwise than .clang-format says; 'make format' puts them right" >&2
	exit 1
fi
echo "check-format: $(wc -l <<<"$files") files are laid out as .clang-format says"
