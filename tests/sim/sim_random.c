/* SPDX-License-Identifier: Apache-2.0 */
/* SplitMix64. */
#include "sim_random.h"

#include <string.h>

void sim_random_init(struct sim_random *random, uint64_t seed, uint64_t stream)
{
	random->state = seed * UINT64_C(0x9e3779b97f4a7c15) + stream * UINT64_C(0xd1342543de82ef95);
	sim_next(random);
	sim_next(random);
}

uint64_t sim_next(struct sim_random *random)
{
	uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t sim_below(struct sim_random *random, int64_t limit)
{
	return limit > 0 ? (int64_t)(sim_next(random) % (uint64_t)limit) : 0;
}

int64_t sim_between(struct sim_random *random, int64_t minimum, int64_t maximum)
{
	return minimum + sim_below(random, maximum - minimum + 1);
}

bool sim_chance(struct sim_random *random, int64_t permille)
{
	return sim_below(random, 1000) < permille;
}

int sim_bytes(void *context, void *buf, size_t len)
{
	unsigned char *at = buf;

	while (len > 0) {
		uint64_t value = sim_next(context);
		size_t n = len < sizeof(value) ? len : sizeof(value);

		memcpy(at, &value, n);
		at += n;
		len -= n;
	}
	return 0;
}
