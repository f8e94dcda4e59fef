/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes for modules: the system's, or for tests those of a seed. */
#include "host/random.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define PIECE 1024 /* what a seeded source gives at once */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool is_seeded; /* both under the mutex */
static struct id_source source;

void random_service_seed(const uint8_t seed[SEED_SIZE])
{
	pthread_mutex_lock(&mutex);
	memset(&source, 0, sizeof(source));
	is_seeded = seed != NULL;
	if (seed)
		memcpy(source.seed, seed, SEED_SIZE);
	pthread_mutex_unlock(&mutex);
}

static int32_t service_bytes(void *buffer, uint64_t len)
{
	unsigned char *at = buffer;
	bool seeded;

	pthread_mutex_lock(&mutex);
	seeded = is_seeded;
	for (uint64_t left = seeded ? len : 0; left > 0;) {
		size_t n = left < PIECE ? (size_t)left : PIECE;

		id_source_bytes(&source, at, n);
		at += n;
		left -= n;
	}
	pthread_mutex_unlock(&mutex);
	if (!seeded && len > 0 && random_system(NULL, buffer, len) != 0)
		return HR_INTERNAL;
	return HR_OK;
}

const struct hr_random_service random_service = {
	.size = sizeof(random_service),
	.bytes = service_bytes,
};
