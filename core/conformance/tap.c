/* SPDX-License-Identifier: Apache-2.0 */
/* The Test Anything Protocol; see tap.h. */
#include "conformance/tap.h"

#include <stdarg.h>
#include <stdio.h>

static struct {
	unsigned lines, failed, skipped;
} tap;

bool tap_ok(bool ok, const char *format, ...)
{
	va_list args;

	tap.lines++;
	tap.failed += !ok;
	printf("%sok %u - ", ok ? "" : "not ", tap.lines);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return ok;
}

void tap_skip(const char *why, const char *format, ...)
{
	va_list args;

	tap.lines++;
	tap.skipped++;
	printf("ok %u - ", tap.lines);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(" # SKIP %s\n", why);
	fflush(stdout);
}

void tap_note(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

bool tap_end(void)
{
	printf("1..%u\n# %u passed, %u failed, %u do not apply or were not reached\n", tap.lines,
	       tap.lines - tap.failed - tap.skipped, tap.failed, tap.skipped);
	return tap.failed == 0 && tap.lines > tap.skipped;
}
