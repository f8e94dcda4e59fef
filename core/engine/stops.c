/* SPDX-License-Identifier: Apache-2.0 */
/* Stops: asked for at every step, and often enough between steps. */
#include "engine/stops.h"

#include "base/log.h"
#include "base/text.h"
#include "engine/brakes.h"
#include "store/operation_rows.h"

#define ASK_MS (2 * MS_PER_S)

struct telling {
	struct task task; /* first */
	struct event event;
	bool is_over;
};

static int telling_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct telling *telling = (struct telling *)task;

	/* What was held back goes now. */
	if (telling->is_over && operation_hurry(tx, NULL, task->context.now_ms, err) < 0)
		return -1;
	telling->event.at_ms = task->context.now_ms;
	return event_add(tx, &telling->event, err);
}

static void telling_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	engine_look(engine);
	if (err)
		log_line(LOG_LEVEL_ERROR, NULL, "an event could not be stored (%s): %s",
			 ((struct telling *)task)->event.message, err->message);
}

static void tell(struct engine *engine)
{
	struct telling *telling =
		task_new(engine, sizeof(*telling), telling_run, telling_finish, NULL);
	struct event *event;
	struct brake brake;

	if (!telling)
		return;
	event = &telling->event;
	telling->is_over = engine->stops == 0;
	brake_of_stops(engine->stops, &engine->options, OPERATION_CREATE, true, &brake);
	text_copy(event->kind, sizeof(event->kind),
		  engine->stops ? "engine.stopped" : "engine.resumed");
	text_copy(event->message, sizeof(event->message),
		  engine->stops ? brake.reason : "servers are made and removed again");
	task_submit(engine, &telling->task);
}

int64_t stops_step(struct engine *engine)
{
	unsigned stops;

	if (!engine->options.stops)
		return MS_NEVER;
	stops = engine->options.stops(engine->options.stops_context);
	if (stops != engine->stops) {
		engine->stops = stops;
		tell(engine);
		engine_dirty(engine, "");
		engine_look(engine);
	}
	return engine->now.mono_ms + ASK_MS;
}

bool stops_changes(const struct engine *engine)
{
	return (engine->stops & ENGINE_STOP_CHANGES) != 0;
}
