/* SPDX-License-Identifier: Apache-2.0 */
/* Host service "clock/1": see <headroom/clock.h>. */
#ifndef HR_HOST_CLOCK_H
#define HR_HOST_CLOCK_H

#include <headroom/clock.h>

#include "base/clock.h"

extern const struct hr_clock_service clock_service;

/* Tests and replays only: from now on modules are told the time that `of` gives, on any of their threads;
 * NULL: the system's again. Deadlines of calls stay the system's. Any thread. */
void clock_service_use(struct moment (*of)(void));

#endif
