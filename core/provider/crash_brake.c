/* SPDX-License-Identifier: Apache-2.0 */
/* See crash_brake.h. */
#include "provider/crash_brake.h"

#include "base/clock.h"

#define PAUSE_FIRST_MS MS_PER_S
#define PAUSE_LONGEST_MS (300 * MS_PER_S)
#define GOOD_MS (60 * MS_PER_S)

void crash_brake_opened(struct crash_brake *brake, int64_t now_ms)
{
	if (!brake->is_open)
		brake->opened_ms = now_ms;
	brake->is_open = true;
}

void crash_brake_crashed(struct crash_brake *brake, int64_t now_ms)
{
	int64_t pause = 0;

	if (brake->is_open && now_ms - brake->opened_ms >= GOOD_MS)
		brake->n_crashes = 0;
	brake->is_open = false;
	if (brake->n_crashes > 0)
		pause = PAUSE_FIRST_MS;
	for (unsigned i = 1; i < brake->n_crashes && pause < PAUSE_LONGEST_MS; i++)
		pause *= 2;
	brake->n_crashes++;
	brake->not_before_ms = now_ms + (pause < PAUSE_LONGEST_MS ? pause : PAUSE_LONGEST_MS);
}

void crash_brake_killed(struct crash_brake *brake, int64_t now_ms)
{
	bool repeats = brake->was_killed && now_ms - brake->killed_ms < GOOD_MS;

	brake->was_killed = true;
	brake->killed_ms = now_ms;
	if (repeats)
		crash_brake_crashed(brake, now_ms);
	else
		brake->is_open = false;
}

void crash_brake_replaced(struct crash_brake *brake)
{
	brake->is_open = false;
}
