/* SPDX-License-Identifier: Apache-2.0 */
/* The wall clock of the daemon's machine. In some worlds somebody sets it wrong while the daemon runs,
 * by up to a day, and sets it right when the faults are over. Clouds, guests and users have clocks of
 * their own, which go right. */
#ifndef HR_SIM_CLOCK_H
#define HR_SIM_CLOCK_H

#include "world.h"

/* Chosen by the seed, from a stream of its own. */
void sim_clock_make(struct world *world);
/* Somebody sets it right. Where the daemon dies over that it is to be called again. */
void sim_clock_mend(struct world *world);

/* A daemon starts, with its store open. That a clock was set while none ran would be time that passed
 * (docs/headroomd.md); here it is set only once the rows have moved with it: where the daemon died
 * before, the clock is as it was. */
void sim_clock_start(struct world *world);
/* As engine_options has it: the daemon's time follows. */
void sim_clock_follow(int64_t by_ms);

#endif
