/* SPDX-License-Identifier: Apache-2.0 */
/* All runs of one seed. */
#ifndef HR_SIM_SEED_RUNS_H
#define HR_SIM_SEED_RUNS_H

#include <stdbool.h>

#include "figures.h"
#include "world.h"

/* What was run, and what was wrong with it; "" while all held. Plain memory, for processes to share. */
struct verdict {
	char wrong[1500];
	struct figures figures;
};

/* What is run and, by that, what is to be repeated: kept up to date for whoever finds the process
 * dead. Plain memory. */
struct at_work {
	uint64_t seed;
	struct crash crash;
};

/* Once as it is, once again to see that it is the same, and once for each write of its store with
 * a crash there, most_crashes at most, spread over all, every other one before the commit is made.
 * A run with a crash is made by a child process, which leaves the second run at that write; one of
 * them is made from the start too, to see that it is the same. Gives whether all held; stops at the
 * first that did not. */
bool seed_runs(uint64_t seed, const char *folder, int64_t most_crashes, struct at_work *at_work,
	       struct verdict *ret);

/* One of these runs, from the start. */
bool seed_run_once(uint64_t seed, const char *folder, struct crash crash, struct at_work *at_work,
		   struct verdict *ret);

/* Says in ret->wrong that this run failed, why, and how to repeat it. */
void seed_run_failed(const struct at_work *run, const char *why, struct verdict *ret);

#endif
