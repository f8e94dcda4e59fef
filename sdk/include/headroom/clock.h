/* SPDX-License-Identifier: Apache-2.0 */
/* headroom/clock.h - host service "clock/1": time, real or a test's. */
#ifndef HEADROOM_CLOCK_H
#define HEADROOM_CLOCK_H

#include <headroom/provider.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HR_CLOCK_SERVICE "clock/1"

struct hr_clock_service {
	uint64_t size;
	/* Unix time in ms. [any thread] [no wait] [no errors] */
	int64_t (*wall_ms)(void);
	/* Never goes back; its zero means nothing. [any thread] [no wait] [no errors] */
	int64_t (*monotonic_ms)(void);
};

#ifdef __cplusplus
}
#endif
#endif
