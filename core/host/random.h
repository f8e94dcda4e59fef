/* SPDX-License-Identifier: Apache-2.0 */
/* Host service "random/1": see <headroom/random.h>. */
#ifndef HR_HOST_RANDOM_H
#define HR_HOST_RANDOM_H

#include <headroom/random.h>

#include "base/id.h"

extern const struct hr_random_service random_service;

/* Tests and replays only: from now on the bytes follow from the seed; NULL: the system's again. Any
 * thread. */
void random_service_seed(const uint8_t seed[SEED_SIZE]);

#endif
