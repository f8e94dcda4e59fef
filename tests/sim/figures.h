/* SPDX-License-Identifier: Apache-2.0 */
/* What the runs of a simulation added up to. */
#ifndef HR_SIM_FIGURES_H
#define HR_SIM_FIGURES_H

#include <stdint.h>

struct world;

struct figures {
	uint64_t seeds, runs, steps, crashes, writes, creates, destroys, throttles, outages, late,
		refused, clock_jumps, doubts;
};

/* One whole run's. */
struct figures figures_of(const struct world *world);
void figures_add(struct figures *sum, const struct figures *more);
/* One line on stdout. */
void figures_print(const struct figures *figures, const char *verdict);

#endif
