/* SPDX-License-Identifier: Apache-2.0 */
/* One that does not speak takes no new sessions until it does; after its dead_after it has failed, if nobody
 * is on it. */
#include "engine/verdicts.h"

#include "base/log.h"
#include "base/text.h"
#include "engine/life_parts.h"
#include "engine/sessions.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"

#define AGAIN_MS (60 * MS_PER_S) /* how often one that is kept for its sessions is looked at */

struct verdict {
	struct task task; /* first */
	struct probe_wish wish;
	bool speaks;
	char why[256];
};

static int speaks_again(struct tx *tx, struct task *task, struct server *server,
			struct hr_error *err)
{
	if (server->silence != SILENCE_UNANSWERED)
		return 0;
	server->silence = SILENCE_NONE;
	server->listen_ms = MS_NEVER;
	server->stage[0] = '\0';
	if (task_touch(task, server->pool_id, err) < 0 || server_update(tx, server, err) < 0)
		return -1;
	if (life_event(tx, task->context.now_ms, server, NULL, "server.answers",
		       "%s answers at port %lld again and takes sessions", server->name,
		       (long long)server_port(server)) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return sessions_seat_queue(tx, &task->context, server->pool_id, err);
}

static int is_unanswered(struct tx *tx, struct verdict *verdict, struct server *server,
			 struct hr_error *err)
{
	const struct life_context *context = &verdict->task.context;

	server->silence = SILENCE_UNANSWERED;
	server->listen_ms = context->now_ms + server->settings.dead_after_ms;
	text_format(server->stage, sizeof(server->stage), "no %s at port %lld: %s",
		    connection_type_name(server->settings.connection_type),
		    (long long)server_port(server), verdict->why);
	if (task_touch(&verdict->task, server->pool_id, err) < 0 ||
	    server_update(tx, server, err) < 0)
		return -1;
	if (life_event(tx, context->now_ms, server, NULL, "server.unanswered",
		       "%s was asked %d times and does not answer: %s; no new sessions until it "
		       "does",
		       server->name, VERDICT_ROUNDS, server->stage) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return 0;
}

static int is_dead(struct tx *tx, struct verdict *verdict, struct server *server,
		   struct hr_error *err)
{
	struct life_context *context = &verdict->task.context;
	char reason[400];

	if (server->listen_ms > context->now_ms)
		return 0;
	if (server_recount_sessions(tx, server, context->now_ms, err) < 0)
		return -1;
	if (server->sessions > 0) {
		server->listen_ms = context->now_ms + AGAIN_MS;
		return server_update(tx, server, err);
	}
	text_format(reason, sizeof(reason),
		    "%s, for longer than its dead_after of %lld s, and nobody is on it",
		    server->stage, (long long)(server->settings.dead_after_ms / MS_PER_S));
	if (task_touch(&verdict->task, server->pool_id, err) < 0)
		return -1;
	return life_fail(tx, context, server, reason, err);
}

static int verdict_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct verdict *verdict = (struct verdict *)task;
	struct hr_error why = {0};
	struct server server;

	if (server_get(tx, verdict->wish.server_id, &server, &why) < 0) {
		if (why.class == HR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	if (server.state != SERVER_RUNNING || !probe_is_of(&verdict->wish.probe, &server))
		return 0;
	if (verdict->speaks)
		return speaks_again(tx, task, &server, err);
	return server.silence == SILENCE_UNANSWERED ? is_dead(tx, verdict, &server, err)
						    : is_unanswered(tx, verdict, &server, err);
}

static void verdict_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	const struct verdict *verdict = (struct verdict *)task;

	if (err)
		log_line(LOG_LEVEL_ERROR, &(struct log_subject){.server = verdict->wish.server_id},
			 "what probes found could not be stored; the next round finds it again: "
			 "%s",
			 err->message);
	engine_look(engine);
}

void verdict_give(struct engine *engine, const struct probe_wish *wish, const char *why)
{
	struct verdict *verdict =
		task_new(engine, sizeof(*verdict), verdict_run, verdict_finish, NULL);

	if (!verdict)
		return;
	verdict->wish = *wish;
	verdict->speaks = !why;
	text_copy(verdict->why, sizeof(verdict->why), why);
	task_submit(engine, &verdict->task);
}
