#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# store-writes.sh SOURCES: the functions that the daemon hands to the store for writing, lines
# "file.c:function", read from the sources: transactions of the engine and of the API, and what is handed
# over and waited for. A run finds out what is missing here: a point that is passed and not listed.

cd "$1/core" || exit 1
for file in $(find . -name '*.c' | LC_ALL=C sort); do
	text=$(tr -s ' \t\n' ' ' <"$file")
	reads=$(grep -oE 'exchange_read\(exchange, [a-z_]+' <<<"$text" | sed 's/.* //')
	{
		grep -oE 'static int [a-z_]+\(struct tx \*tx, struct (task \*task|exchange \*exchange), struct hr_error \*err\) \{' <<<"$text" |
			grep -oE '(run_[a-z_]+|[a-z_]+_run)\(' | tr -d '('
		grep -oE 'store_write\([a-z_>-]+, [a-z_]+, ' <<<"$text" | sed 's/^[^ ]* //; s/, $//'
	} | grep -vxF -e "$reads" -e fn -e task_run -e write_run | sed "s|^|${file##*/}:|"
done | LC_ALL=C sort -u
