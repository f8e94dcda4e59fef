/* SPDX-License-Identifier: Apache-2.0 */
/* A transaction of the engine: a function handed to the store with all that it needs, whose end
 * comes back as mail. What runs in the store's thread touches nothing but its own task. */
#ifndef HR_ENGINE_TASK_H
#define HR_ENGINE_TASK_H

#include <stdbool.h>

#include "base/mailbox.h"
#include "engine/engine.h"
#include "engine/life.h"

/* Mail to the engine, from itself or from others. */
struct engine_mail {
	struct mail mail; /* first */
	/* On the engine's thread; it owns the mail then. */
	void (*take)(struct engine *engine, struct engine_mail *mail);
	/* Instead of take, when the engine is freed. */
	void (*drop)(struct engine_mail *mail);
};

/* Pools that a transaction changed: to be planned after its commit. */
struct touched {
	char (*pool_ids)[ID_SIZE];
	size_t n;
};

struct task {
	struct engine_mail mail; /* first */
	struct mailbox *inbox;

	/* Inside the transaction; may be called again, with context and touched made new. */
	int (*run)(struct tx *tx, struct task *task, struct hr_error *err);
	/* On the engine's thread after the commit (err NULL) or the failure. The task is freed
	 * after it, unless it was submitted again by task_again. */
	void (*finish)(struct engine *engine, struct task *task, const struct hr_error *err);
	/* Frees what the kind owns beyond the task itself; or NULL. */
	void (*clear)(struct task *task);

	struct id_source seed;
	struct life_context context;
	struct touched touched;
	struct hr_error error; /* class 0: committed */
	unsigned failures;
	bool again;
	struct task *next_delayed;
	int64_t retry_mono_ms;
};

/* size bytes, zeroed, of a struct that begins with struct task. NULL: no memory or randomness
 * (logged). */
void *task_new(struct engine *engine, size_t size,
	       int (*run)(struct tx *tx, struct task *task, struct hr_error *err),
	       void (*finish)(struct engine *engine, struct task *task, const struct hr_error *err),
	       void (*clear)(struct task *task));

/* Gives it the present time and hands it to the store. When the store does not take it (no memory, or
 * closing) it is tried again after a moment, as long as the engine lives: finish is called surely. */
void task_submit(struct engine *engine, struct task *task);

/* From finish: again after a moment, at most `limit` times in all. False: that was the last time. */
bool task_again(struct engine *engine, struct task *task, unsigned limit);

/* Submits what waited for its moment; gives when the next one is due (monotonic). */
int64_t tasks_resubmit(struct engine *engine);

/* Frees a task that was not submitted. */
void task_free(struct task *task);

/* In run: the pool has changed. */
int task_touch(struct task *task, const char *pool_id, struct hr_error *err);

#endif
