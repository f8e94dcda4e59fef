/* SPDX-License-Identifier: Apache-2.0 */
/* Time, percentiles, and how the programs of the bench say what they measured: lines "name=value", of
 * which bench.sh makes the table. */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

/* CLOCK_MONOTONIC, which all processes of a machine share. */
int64_t measure_now_ns(void);

/* Sorts the values. part: 0.5 is the median. n at least 1. */
double measure_percentile(double *values, size_t n, double part);

void measure_tell(const char *name, double value);

/* A whole number of the command line, at least 1; ends the program with a message if it is none. */
long measure_count(const char *text);

/* Ends the program: something could not be measured. */
_Noreturn void measure_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
