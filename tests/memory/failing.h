/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out: jobs of the core are done again and again, and each time the next allocation
 * fails, once alone and once with all that follow. A job may then fail, and say that it is for want of
 * memory, or do what it does undisturbed; it may not crash, hang, keep memory, or say something else. */
#ifndef HR_TESTS_MEMORY_FAILING_H
#define HR_TESTS_MEMORY_FAILING_H

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"

struct memory_job {
	const char *name;
	/* Does it once: 0, or -1 with *err; whatever it made is freed. What it found out it notes. */
	int (*run)(struct hr_error *err);
	/* Before and after each run, with memory enough; either may be NULL. */
	void (*before)(void);
	void (*after)(void);
	/* A library whose allocations do not fail in it ("/libc.so."), for a reason; NULL: none. */
	const char *spared;
};

/* Of a run that gives 0 the notes must be those of the undisturbed one. Noting takes no memory of the
 * job's. */
void memory_note(const char *text);
void memory_note_json(const json_t *json);

/* From here on there is memory enough, up to the counterpart: for a job's own doings. */
void memory_enough(void);
void memory_scarce(void);

/* Runs all; gives main's result. */
int memory_run(const struct memory_job *jobs, size_t n);

/* The same with about so many allocations of each, spread over all; MEMORY_SEED says which. */
int memory_run_some(const struct memory_job *jobs, size_t n, uint64_t most);

#endif
