/* SPDX-License-Identifier: Apache-2.0 */
/* Time for modules: the system's, or a test's. */
#include "host/clock.h"

#include <stdatomic.h>

static struct moment (*_Atomic source)(void) = clock_now;

void clock_service_use(struct moment (*of)(void))
{
	atomic_store(&source, of ? of : clock_now);
}

static int64_t service_wall_ms(void)
{
	return atomic_load(&source)().wall_ms;
}

static int64_t service_monotonic_ms(void)
{
	return atomic_load(&source)().mono_ms;
}

const struct hr_clock_service clock_service = {
	.size = sizeof(clock_service),
	.wall_ms = service_wall_ms,
	.monotonic_ms = service_monotonic_ms,
};
