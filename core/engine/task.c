/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's transactions: handed over, run (perhaps more than once), come back as mail. */
#include "engine/task.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/engine_state.h"

#define RETRY_MS INT64_C(500)

static int task_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct task *task = arg;

	task->context.ids = task->seed;
	task->touched.n = 0;
	return task->run(tx, task, err);
}

static void task_done(void *arg, const struct hr_error *err)
{
	struct task *task = arg;

	task->error = err ? *err : (struct hr_error){0};
	mailbox_push(task->inbox, &task->mail.mail);
}

static void task_take(struct engine *engine, struct engine_mail *mail)
{
	struct task *task = (struct task *)mail;
	bool failed = task->error.class != 0;

	task->again = false;
	if (!failed)
		for (size_t i = 0; i < task->touched.n; i++)
			engine_dirty(engine, task->touched.pool_ids[i]);
	task->finish(engine, task, failed ? &task->error : NULL);
	if (!task->again)
		task_free(task);
}

static void task_drop(struct engine_mail *mail)
{
	task_free((struct task *)mail);
}

void *task_new(struct engine *engine, size_t size,
	       int (*run)(struct tx *tx, struct task *task, struct hr_error *err),
	       void (*finish)(struct engine *engine, struct task *task, const struct hr_error *err),
	       void (*clear)(struct task *task))
{
	struct task *task = calloc(1, size);

	if (!task || id_source_init(&task->seed, engine->options.random,
				    engine->options.random_context) < 0) {
		log_line(LOG_LEVEL_ERROR, NULL, "out of memory or randomness; work is put off");
		free(task);
		return NULL;
	}
	task->mail.take = task_take;
	task->mail.drop = task_drop;
	task->inbox = engine->inbox;
	task->run = run;
	task->finish = finish;
	task->clear = clear;
	return task;
}

void task_free(struct task *task)
{
	if (task->clear)
		task->clear(task);
	free(task->touched.pool_ids);
	free(task);
}

static void delay(struct engine *engine, struct task *task, int64_t delay_ms)
{
	task->retry_mono_ms = engine->now.mono_ms + delay_ms;
	task->next_delayed = engine->delayed;
	engine->delayed = task;
}

void task_submit(struct engine *engine, struct task *task)
{
	task->context.now_ms = engine->now.wall_ms;
	task->context.no_probes = !engine->options.prober;
	/* What it would end (a flight, a load) must not stay open for ever: it is not given up. */
	if (store_submit(engine->options.store, task_run, task, task_done) < 0)
		delay(engine, task, RETRY_MS);
}

bool task_again(struct engine *engine, struct task *task, unsigned limit)
{
	if (++task->failures >= limit)
		return false;
	task->again = true;
	delay(engine, task, RETRY_MS * task->failures);
	return true;
}

int64_t tasks_resubmit(struct engine *engine)
{
	struct task *task = engine->delayed;
	int64_t next = MS_NEVER;

	engine->delayed = NULL;
	while (task) {
		struct task *following = task->next_delayed;

		if (task->retry_mono_ms <= engine->now.mono_ms) {
			task_submit(engine, task);
		} else {
			task->next_delayed = engine->delayed;
			engine->delayed = task;
		}
		task = following;
	}
	for (task = engine->delayed; task; task = task->next_delayed)
		if (task->retry_mono_ms < next)
			next = task->retry_mono_ms;
	return next;
}

int task_touch(struct task *task, const char *pool_id, struct hr_error *err)
{
	char(*grown)[ID_SIZE];

	for (size_t i = 0; i < task->touched.n; i++)
		if (strcmp(task->touched.pool_ids[i], pool_id) == 0)
			return 0;
	grown = realloc(task->touched.pool_ids, (task->touched.n + 1) * sizeof(*grown));
	if (!grown)
		return error_no_memory(err, "noting a pool's change");
	task->touched.pool_ids = grown;
	memcpy(grown[task->touched.n], pool_id, ID_SIZE);
	task->touched.n++;
	return 0;
}
