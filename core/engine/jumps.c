/* SPDX-License-Identifier: Apache-2.0 */
/* Moves deadlines with the clock. What was handed to the store before has the old time and moves with
 * the rows; what is handed over after has the new one: the store keeps the order. */
#include "engine/jumps.h"

#include <limits.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/reaper.h"
#include "store/operation_rows.h"
#include "store/time_rows.h"

struct jump {
	struct task task; /* first */
	int64_t by_ms;
	char message[768];
};

static int jump_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct jump *jump = (struct jump *)task;
	struct event event = {.at_ms = task->context.now_ms, .kind = "clock.jumped"};

	if (time_rows_move(tx, jump->by_ms, err) < 0)
		return -1;
	text_copy(event.message, sizeof(event.message), jump->message);
	return event_add(tx, &event, err);
}

static void jump_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	if (err && task_again(engine, task, UINT_MAX)) {
		log_line(LOG_LEVEL_ERROR, NULL,
			 "deadlines could not be moved with the clock, nothing is done until they "
			 "are: %s",
			 err->message);
		return;
	}
	engine->jumping = false;
	/* What is due is read anew. */
	engine->deadline_wall_ms = 0;
	engine_look(engine);
	engine_dirty(engine, "");
}

static void move(int64_t *wall_ms, int64_t by_ms)
{
	if (*wall_ms != MS_NEVER && *wall_ms != 0)
		*wall_ms += by_ms;
}

static void describe(struct jump *jump, int64_t now_ms)
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];
	int64_t by_ms = jump->by_ms < 0 ? -jump->by_ms : jump->by_ms;

	text_format(jump->message, sizeof(jump->message),
		    "the system's clock was set %s by %lld s, from %s to %s; deadlines of servers, "
		    "sessions and operations move with it",
		    jump->by_ms < 0 ? "back" : "forward", (long long)(by_ms / MS_PER_S),
		    time_text(now_ms, from), time_text(now_ms + jump->by_ms, to));
}

void jumps_take(struct engine *engine)
{
	int64_t by_ms = engine->now.jump_ms;
	struct jump *jump;

	/* One after the other: until the first is done, time is held. */
	if (by_ms == 0 || engine->jumping)
		return;
	jump = task_new(engine, sizeof(*jump), jump_run, jump_finish, NULL);
	if (!jump)
		return;
	jump->by_ms = by_ms;
	describe(jump, engine->now.wall_ms);
	log_line(LOG_LEVEL_WARNING, NULL, "%s", jump->message);
	engine->jumping = true;
	engine->now.wall_ms += by_ms;
	engine->now.jump_ms = 0;
	task_submit(engine, &jump->task);
	if (engine->options.clock_follow)
		engine->options.clock_follow(by_ms);
	for (struct engine_pool *pool = engine->pools; pool; pool = pool->next)
		move(&pool->next_wall_ms, by_ms);
	for (struct engine_account *a = engine->accounts; a; a = a->next)
		move(&a->list_sent_wall_ms, by_ms);
	reaper_clock_jumped(engine, by_ms);
}
