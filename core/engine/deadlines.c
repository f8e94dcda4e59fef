/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines of servers' states, ends of sessions, and the removal of old rows in small steps. */
#include "engine/deadlines.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/brakes.h"
#include "engine/life_parts.h"
#include "engine/ready_times.h"
#include "engine/sessions.h"
#include "engine/silence.h"
#include "engine/stops.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define SERVERS_AT_ONCE 50
#define PUT_OFF_MS (600 * MS_PER_S)
#define SESSIONS_AT_ONCE 100
#define PRUNE_EVERY_MS (600 * MS_PER_S)
#define PRUNE_AT_ONCE 200
#define PRUNE_MORE_MS (2 * MS_PER_S)
#define KEEP_EVENTS 100000

struct expiry {
	struct task task; /* first */
	int64_t next_wall_ms;
	bool more;
	bool failed; /* a pool could not be noted */
	bool changes_stopped;
};

/* What servers of this config took: whether the value is too short, or this one was too slow. */
static int others_text(struct tx *tx, const char *config_id, char *buf, size_t size,
		       struct hr_error *err)
{
	struct ready_times times = {0};
	int64_t p50, p90;
	int result = ready_times_add(tx, config_id, &times, err);

	if (ready_times_measure(&times, &p50, &p90))
		text_format(buf, size,
			    "the last %zu servers of the config were ready after %lld s (median) "
			    "and %lld s (90th percentile)",
			    times.n, (long long)(p50 / MS_PER_S), (long long)(p90 / MS_PER_S));
	else
		text_copy(buf, size, "no server of the config was ready in the last week");
	ready_times_clear(&times);
	return result;
}

static void deadline_name(const struct server *server, const struct autoscale_config *config,
			  int64_t now_ms, const char **ret_name, int64_t *ret_ms)
{
	*ret_name = "boot_timeout";
	*ret_ms = config->boot_timeout_ms;
	if (server->state == SERVER_CREATING) {
		*ret_name = "create_timeout";
		*ret_ms = config->create_timeout_ms;
	} else if (server->state == SERVER_CHECKING_IN) {
		*ret_name = "checkin_timeout";
		*ret_ms = config->checkin_timeout_ms;
	}
	if (server->state == SERVER_PLANNED || now_ms >= server->provision_deadline_ms) {
		*ret_name = "provision_timeout";
		*ret_ms = config->provision_timeout_ms;
	}
}

/* The message names the value that was reached. */
static int deadline_reason(struct tx *tx, const struct server *server, int64_t now_ms, char *buf,
			   size_t size, struct hr_error *err)
{
	struct document document = {0};
	struct autoscale_config config;
	struct hr_error why = {0};
	const char *name;
	char others[160];
	int64_t value;

	if (life_config(tx, server, &document, &config, &why) < 0) {
		/* One server's broken row must not hold up all deadlines. */
		text_format(buf, size, "it was still %s at its deadline",
			    server_state_name(server->state));
		if (why.class != HR_NOT_FOUND)
			*err = why;
		return why.class == HR_NOT_FOUND ? 0 : -1;
	}
	deadline_name(server, &config, now_ms, &name, &value);
	document_clear(&document);
	if (others_text(tx, server->config_id, others, sizeof(others), err) < 0)
		return -1;
	text_format(buf, size, "it was still %s after its config's %s of %lld s (%s); %s",
		    server_state_name(server->state), name, (long long)(value / MS_PER_S),
		    server->stage, others);
	return 0;
}

static int stuck(struct tx *tx, struct life_context *context, struct server *server,
		 struct hr_error *err)
{
	server->deadline_ms = MS_NEVER;
	if (server_update(tx, server, err) < 0)
		return -1;
	if (life_event(
		    tx, context->now_ms, server, NULL, "server.stuck",
		    "%s is still not destroyed; this is tried again, ever less often, and it counts "
		    "against its limits until the provider has it no more",
		    server->name) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return 0;
}

/* It could not go on: nothing is changed at any provider now. That is nobody's failure. */
static int put_off_deadline(struct tx *tx, const struct life_context *context,
			    struct server *server, struct hr_error *err)
{
	server->deadline_ms = context->now_ms + PUT_OFF_MS;
	if (server->provision_deadline_ms < server->deadline_ms)
		server->provision_deadline_ms = server->deadline_ms;
	return server_update(tx, server, err);
}

static int reached(struct tx *tx, struct task *task, struct server *server, struct hr_error *err)
{
	const struct expiry *expiry = (const struct expiry *)task;
	char reason[512];

	if (expiry->changes_stopped && server->state != SERVER_RUNNING)
		return put_off_deadline(tx, &task->context, server, err);
	if (server->state == SERVER_DESTROYING)
		return stuck(tx, &task->context, server, err);
	if (!server_on_the_way(server->state)) {
		server->deadline_ms = MS_NEVER;
		if (server_update(tx, server, err) < 0)
			return -1;
		/* Its removal was refused some time ago. Whoever is on it ends it by leaving. */
		if (server->state != SERVER_RUNNING || server->sessions > 0)
			return 0;
		return life_drain(tx, &task->context, server, true,
				  "it is used once, and its last session has ended", err);
	}
	if (task_touch(task, server->pool_id, err) < 0 ||
	    deadline_reason(tx, server, task->context.now_ms, reason, sizeof(reason), err) < 0)
		return -1;
	return life_fail(tx, &task->context, server, reason, err);
}

static void expired(void *arg, const char *pool_id)
{
	struct expiry *expiry = arg;

	if (task_touch(&expiry->task, pool_id, NULL) < 0)
		expiry->failed = true;
}

int deadlines_next(struct tx *tx, int64_t *ret_wall_ms, struct hr_error *err)
{
	int64_t server_ms, session_ms;

	if (server_next_deadline(tx, &server_ms, err) < 0 ||
	    session_next_expiry(tx, &session_ms, err) < 0)
		return -1;
	*ret_wall_ms = server_ms < session_ms ? server_ms : session_ms;
	return 0;
}

static int expiry_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct expiry *expiry = (struct expiry *)task;
	struct server_query query = {.order = SERVER_BY_DEADLINE,
				     .deadline_before_ms = task->context.now_ms + 1,
				     .limit = SERVERS_AT_ONCE};
	struct server *servers;
	size_t n;
	int result = 0;

	expiry->failed = false;
	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < n; i++)
		result = reached(tx, task, &servers[i], err);
	free(servers);
	if (result < 0)
		return -1;
	if (sessions_expire(tx, &task->context, SESSIONS_AT_ONCE, expired, expiry, err) < 0)
		return -1;
	if (expiry->failed)
		return error_no_memory(err, "ending sessions");
	/* After sessions: whose keepalive has lapsed is nobody that keeps a silent server. */
	if (silence_listen(tx, task, SERVERS_AT_ONCE, err) < 0)
		return -1;
	return deadlines_next(tx, &expiry->next_wall_ms, err);
}

static void expiry_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct expiry *expiry = (struct expiry *)task;

	engine->deadlines_running = false;
	if (err) {
		log_line(LOG_LEVEL_ERROR, NULL, "deadlines could not be acted on: %s",
			 err->message);
		engine->deadline_wall_ms = 0;
		engine->deadline_not_before_mono_ms = engine->now.mono_ms + MS_PER_S;
		return;
	}
	engine->deadline_wall_ms = expiry->next_wall_ms;
	engine_look(engine);
}

struct pruning {
	struct task task; /* first */
	int64_t keep_ms;
	bool more;
};

static int prune_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct pruning *pruning = (struct pruning *)task;
	int64_t before = task->context.now_ms - pruning->keep_ms;
	/* Whose operations the hourly limits count stays. */
	int64_t counted = task->context.now_ms - BRAKES_COUNTED_MS;
	bool servers, sessions;

	if (server_prune(tx, before, counted, PRUNE_AT_ONCE, &servers, err) < 0 ||
	    session_prune(tx, before, PRUNE_AT_ONCE, &sessions, err) < 0)
		return -1;
	pruning->more = servers || sessions;
	return event_prune(tx, KEEP_EVENTS, err);
}

static void prune_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	engine->pruning = false;
	/* Little at a time, for whoever waits meanwhile; but as fast as rows come. */
	if (!err && ((struct pruning *)task)->more)
		engine->prune_mono_ms = engine->now.mono_ms + PRUNE_MORE_MS;
	if (err)
		log_line(LOG_LEVEL_ERROR, NULL, "old rows could not be removed: %s", err->message);
}

static void prune(struct engine *engine)
{
	struct pruning *pruning = task_new(engine, sizeof(*pruning), prune_run, prune_finish, NULL);

	/* Not much later than rows are to go. */
	engine->prune_mono_ms = engine->now.mono_ms + (engine->options.keep_ms < PRUNE_EVERY_MS
							       ? engine->options.keep_ms
							       : PRUNE_EVERY_MS);
	if (!pruning)
		return;
	pruning->keep_ms = engine->options.keep_ms;
	engine->pruning = true;
	task_submit(engine, &pruning->task);
}

static void expire(struct engine *engine)
{
	struct expiry *expiry = task_new(engine, sizeof(*expiry), expiry_run, expiry_finish, NULL);

	if (!expiry) {
		engine->deadline_not_before_mono_ms = engine->now.mono_ms + MS_PER_S;
		return;
	}
	expiry->changes_stopped =
		stops_changes(engine) || engine_why_only_tells(&engine->options) != NULL;
	engine->deadlines_running = true;
	task_submit(engine, &expiry->task);
}

int64_t deadlines_step(struct engine *engine)
{
	int64_t next, mono = engine->now.mono_ms;

	if (!engine->pruning && engine->prune_mono_ms <= mono)
		prune(engine);
	next = engine->prune_mono_ms;
	if (engine->deadlines_running || engine->deadline_wall_ms == MS_NEVER ||
	    engine->recovering || store_moved(engine->options.store))
		return next;
	if (engine->deadline_not_before_mono_ms > mono)
		return engine->deadline_not_before_mono_ms < next
			       ? engine->deadline_not_before_mono_ms
			       : next;
	if (engine->deadline_wall_ms <= engine->now.wall_ms)
		expire(engine);
	else if (mono + (engine->deadline_wall_ms - engine->now.wall_ms) < next)
		next = mono + (engine->deadline_wall_ms - engine->now.wall_ms);
	return next;
}
