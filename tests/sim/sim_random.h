/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of random numbers that follow from a seed alone, one for each part of the simulation, so
 * that what one part draws does not change the others. */
#ifndef HR_SIM_RANDOM_H
#define HR_SIM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_random {
	uint64_t state;
};

void sim_random_init(struct sim_random *random, uint64_t seed, uint64_t stream);
uint64_t sim_next(struct sim_random *random);
/* 0 .. limit - 1 */
int64_t sim_below(struct sim_random *random, int64_t limit);
/* minimum .. maximum */
int64_t sim_between(struct sim_random *random, int64_t minimum, int64_t maximum);
bool sim_chance(struct sim_random *random, int64_t permille);
/* As base/id.h's random_fn; context is the stream. */
int sim_bytes(void *context, void *buf, size_t len);

#endif
