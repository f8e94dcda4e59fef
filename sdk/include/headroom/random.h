/* SPDX-License-Identifier: Apache-2.0 */
/* headroom/random.h - host service "random/1": random bytes, seeded in tests. */
#ifndef HEADROOM_RANDOM_H
#define HEADROOM_RANDOM_H

#include <headroom/provider.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HR_RANDOM_SERVICE "random/1"

struct hr_random_service {
	uint64_t size;
	/* Fills len bytes. [any thread] [no wait] [errors: internal] */
	int32_t (*bytes)(void *buffer, uint64_t len);
};

#ifdef __cplusplus
}
#endif
#endif
