/* SPDX-License-Identifier: Apache-2.0 */
/* Time as an interface: the system's, or a test's. Engine and planner never ask for the time, they
 * are given it. */
#ifndef HR_BASE_CLOCK_H
#define HR_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define MS_PER_S INT64_C(1000)
#define MS_NEVER INT64_MAX

/* One moment. Wall time is what is stored and shown; monotonic time is what waits are counted in. */
struct moment {
	int64_t wall_ms; /* Unix time in ms */
	int64_t mono_ms; /* never goes back; its zero means nothing */
	/* How far ahead of wall_ms the system's clock is since somebody set it; 0 but while jumps
	 * are held (clock_hold_jumps). */
	int64_t jump_ms;
};

/* The system's clock has jumped when it went this much further than time did. Less is followed. */
#define CLOCK_JUMP_MS (10 * MS_PER_S)

/* The system's clocks. Any thread. */
struct moment clock_now(void);

/* From now on this process's wall time does not jump: whatever the system's clock is set to, it
 * goes on as before, with jump_ms, until clock_follow. For a process whose rows hold deadlines,
 * before its second thread. */
void clock_hold_jumps(void);

/* Follows a jump that clock_now has told: from now on wall time is by_ms further. Any thread. */
void clock_follow(int64_t by_ms);

#define TIME_TEXT_SIZE 32

/* "2026-11-23T19:34:06.123Z" in UTC; "-" for 0 and below, "never" past the year 9999
 * (MS_NEVER). Gives buf. */
const char *time_text(int64_t wall_ms, char buf[TIME_TEXT_SIZE]);

/* RFC 3339 in UTC or with an offset, to ms. 0, or -1 when it is no time. */
int time_parse(const char *text, int64_t *ret_wall_ms);

#endif
