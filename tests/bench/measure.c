/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of the bench share. No HTTP here: client.c. */
#include "measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"

int64_t measure_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double measure_percentile(double *values, size_t n, double part)
{
	size_t at = (size_t)((double)n * part);

	qsort(values, n, sizeof(*values), compare);
	return values[at < n ? at : n - 1];
}

void measure_tell(const char *name, double value)
{
	printf("%s=%.6g\n", name, value);
	fflush(stdout);
}

long measure_count(const char *text)
{
	int64_t number;

	if (text_to_int64(text, 1, 1000000000, &number) != 0)
		measure_fail("\"%s\" is not a whole number above 0", text);
	return (long)number;
}

void measure_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("not measured: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}
