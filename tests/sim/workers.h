/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds on several processors. */
#ifndef HR_SIM_WORKERS_H
#define HR_SIM_WORKERS_H

#include <stdbool.h>

#include "figures.h"
#include "world.h"

struct assignment {
	uint64_t first, n; /* seeds */
	int64_t most_crashes;
	bool once; /* instead: the first seed alone, with this crash */
	struct crash crash;
};

/* Runs them in `jobs` processes (1 .. WORKERS_MAX). After a seed that failed no later one is begun.
 * Prints what was wrong in the order of the seeds. Nothing is left behind, also after SIGINT,
 * SIGTERM and SIGHUP. Gives 0: all held; 1: something failed; 128 and the signal's number. */
#define WORKERS_MAX 64
int workers_run(const struct assignment *assignment, int64_t jobs, struct figures *ret_figures);

#endif
