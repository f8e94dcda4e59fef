/* SPDX-License-Identifier: Apache-2.0 */
/* One transaction before all others. Operations that were under way are due now. Keepalives and
 * heartbeats were heard by nobody while no daemon ran: that counts against no session and no server.
 * Time that providers and guests take goes on meanwhile: deadlines of servers on their way stay. */
#include "engine/recovery.h"

#include <limits.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/operations.h"
#include "model/pool.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define POOLS_AT_ONCE 100
#define NO_MEMORY_MS MS_PER_S
#define HEARD_WITHIN_MS (120 * MS_PER_S) /* guests check in every minute, rounds come as often */

/* Each active session has its pool's whole keepalive_expiration before it. */
static int excuse_sessions(struct tx *tx, int64_t now_ms, struct hr_error *err)
{
	struct document *documents;
	char after[sizeof(documents->name)] = "";
	int result = 0;
	size_t n;

	do {
		if (document_list(tx, DOCUMENT_POOL, after, POOLS_AT_ONCE, &documents, &n, err) < 0)
			return -1;
		for (size_t i = 0; result == 0 && i < n; i++) {
			struct pool pool;

			pool_read(&documents[i], &pool);
			if (pool.keepalive_expiration_ms > 0)
				result = session_excuse(tx, pool.id,
							now_ms + pool.keepalive_expiration_ms, err);
		}
		if (n > 0)
			text_copy(after, sizeof(after), documents[n - 1].name);
		document_list_free(documents, n);
	} while (result == 0 && n == POOLS_AT_ONCE);
	return result;
}

static int recover_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	int64_t now_ms = task->context.now_ms;

	/* An operation without a last error that is not due yet was under way: its answer went with
	 * the process. Those that wait after an error keep their time. */
	if (operation_recover(tx, now_ms, now_ms + 2 * STEP_LEASE_MS, err) < 0 ||
	    excuse_sessions(tx, now_ms, err) < 0)
		return -1;
	return server_excuse(tx, now_ms + HEARD_WITHIN_MS, err);
}

static void recover_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	/* A full disk at the start is no reason to end sessions, nor to act on no deadline for ever. */
	if (err && task_again(engine, task, UINT_MAX)) {
		log_line(LOG_LEVEL_ERROR, NULL,
			 "what the last run left could not be taken up; until it is, which is "
			 "tried again, no deadline of a server or session is acted on: %s",
			 err->message);
		return;
	}
	engine->recovering = false;
	engine_look(engine);
}

int64_t recovery_step(struct engine *engine)
{
	struct task *task;

	if (engine->recover_mono_ms > engine->now.mono_ms)
		return engine->recover_mono_ms;
	engine->recover_mono_ms = MS_NEVER;
	task = task_new(engine, sizeof(*task), recover_run, recover_finish, NULL);
	if (task)
		task_submit(engine, task);
	else
		engine->recover_mono_ms = engine->now.mono_ms + NO_MEMORY_MS;
	return engine->recover_mono_ms;
}

void recovery_begin(struct engine *engine)
{
	engine->recovering = true;
	engine->recover_mono_ms = engine->now.mono_ms;
	recovery_step(engine);
}
