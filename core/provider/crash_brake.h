/* SPDX-License-Identifier: Apache-2.0 */
/* When a module's process that ended may be started again: at once after the first end, then after
 * a second, doubling to five minutes while it keeps ending. A process that had its account open for
 * a minute has not "kept" ending, however it ends. One that was killed from outside is no fault of
 * its module's: it may be started again at once, unless that was so within the last minute too. Times are
 * of one monotonic clock. Not here: the starting. */
#ifndef HR_PROVIDER_CRASH_BRAKE_H
#define HR_PROVIDER_CRASH_BRAKE_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: no process has ended. */
struct crash_brake {
	unsigned n_crashes;    /* in a row */
	int64_t not_before_ms; /* no new process before */
	bool is_open;          /* the newest process opened its account ... */
	int64_t opened_ms;     /* ... then */
	bool was_killed;       /* from outside, the last time ... */
	int64_t killed_ms;     /* ... then */
};

/* The process has opened its account (for the first time, if it does so again). */
void crash_brake_opened(struct crash_brake *brake, int64_t now_ms);

/* The process has ended unasked, or could not be started, or not open its account. */
void crash_brake_crashed(struct crash_brake *brake, int64_t now_ms);

/* The process was killed from outside: by a person, or by the kernel for lack of memory. */
void crash_brake_killed(struct crash_brake *brake, int64_t now_ms);

/* The process was ended by us for another: what it did well does not count for that. */
void crash_brake_replaced(struct crash_brake *brake);

#endif
