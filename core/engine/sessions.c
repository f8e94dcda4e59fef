/* SPDX-License-Identifier: Apache-2.0 */
/* The broker. Not here: requests (session_request.c), which server is best (place(), fed by session_place.c), how far a waiting
 * session is (session_progress.c), when capacity is ordered (the planner). */
#include "engine/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "engine/life_parts.h"
#include "engine/session_parts.h"
#include "engine/session_place.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define SEATED_AT_ONCE 100

int session_pool(struct tx *tx, const char *name_or_id, struct pool *ret, struct hr_error *err)
{
	struct document document = {0};

	if (document_find(tx, DOCUMENT_POOL, name_or_id, &document, err) != 0)
		return -1;
	pool_read(&document, ret);
	document_clear(&document);
	return 0;
}

int session_event(struct tx *tx, int64_t now_ms, const struct session *session,
		  const struct server *server, const char *kind, struct hr_error *err,
		  const char *format, ...)
{
	struct event event = {.at_ms = now_ms};
	va_list args;

	text_copy(event.kind, sizeof(event.kind), kind);
	text_copy(event.pool_id, sizeof(event.pool_id), session->pool_id);
	text_copy(event.session_id, sizeof(event.session_id), session->id);
	/* Who ended it need not be who asked for it. */
	if (strcmp(kind, "session.ended") != 0)
		text_copy(event.request_id, sizeof(event.request_id), session->cause);
	if (server) {
		text_copy(event.server_id, sizeof(event.server_id), server->id);
		text_copy(event.config_id, sizeof(event.config_id), server->config_id);
	}
	va_start(args, format);
	text_formatv(event.message, sizeof(event.message), format, args);
	va_end(args);
	return event_add(tx, &event, err);
}

/* ---- Seats --------------------------------------------------------------------------------- */

static int check_seat(struct tx *tx, const struct pool *pool, const struct session *session,
		      const struct server *server, struct hr_error *err)
{
	struct place_request request;
	struct candidates candidates;
	bool fits;

	if (session->state != SESSION_QUEUED)
		return error_set(err, HR_CONFLICT, "session %s is %s and waits for no seat",
				 session->id, session_state_name(session->state));
	if (server->state != SERVER_RUNNING || !server_available(server) ||
	    strcmp(server->pool_id, session->pool_id) != 0)
		return error_set(err, HR_CONFLICT, "server %s takes no session of this pool now",
				 server->name);
	if (candidates_request(tx, pool, session, &request, err) != 0 ||
	    candidates_load_one(tx, server, session->user, &candidates, err) != 0)
		return -1;
	fits = place_fits(&request, &candidates.views[0]);
	candidates_clear(&candidates);
	if (!fits)
		return error_set(err, HR_CONFLICT, "server %s has no room for %s any more",
				 server->name, session->user);
	return 0;
}

static int64_t keepalive_end(const struct pool *pool, int64_t now_ms)
{
	return pool->keepalive_expiration_ms > 0 ? now_ms + pool->keepalive_expiration_ms
						 : MS_NEVER;
}

int sessions_seat(struct tx *tx, struct life_context *context, struct session *session,
		  struct server *server, const char *reason, struct hr_error *err)
{
	struct pool pool;

	if (session_pool(tx, session->pool_id, &pool, err) != 0 ||
	    check_seat(tx, &pool, session, server, err) != 0)
		return -1;
	session->state = SESSION_ACTIVE;
	session->assigned_ms = context->now_ms;
	session->expires_ms = keepalive_end(&pool, context->now_ms);
	session->reason[0] = '\0';
	text_copy(session->server_id, sizeof(session->server_id), server->id);
	if (session_update(tx, session, err) != 0 ||
	    server_recount_sessions(tx, server, context->now_ms, err) != 0)
		return life_half_done(err);
	return session_event(tx, context->now_ms, session, server, "session.assigned", err,
			     "session of %s on server %s: %s", session->user, server->name, reason);
}

int sessions_seat_queue(struct tx *tx, struct life_context *context, const char *pool_id,
			struct hr_error *err)
{
	const struct session_query query = {.pool_id = pool_id,
					    .states = SESSION_STATE_BIT(SESSION_QUEUED),
					    .limit = SEATED_AT_ONCE};
	struct session *waiting = NULL;
	struct pool pool;
	size_t n = 0;
	int rc = 0;

	if (session_pool(tx, pool_id, &pool, err) != 0 ||
	    session_list(tx, &query, &waiting, &n, err) != 0)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct server server;
		bool found = false;

		rc = candidates_choose(tx, &pool, &waiting[i], &server, &found, err);
		if (rc == 0 && found)
			rc = sessions_seat(tx, context, &waiting[i], &server, "waited and was next",
					   err);
	}
	free(waiting);
	return rc;
}

/* ---- Ends ---------------------------------------------------------------------------------- */

static int finish(struct tx *tx, struct life_context *context, struct session *session,
		  enum session_state state, const char *reason, struct hr_error *err)
{
	session->state = state;
	session->ended_ms = context->now_ms;
	session->expires_ms = MS_NEVER;
	text_copy(session->reason, sizeof(session->reason), reason);
	return session_update(tx, session, err);
}

/* A server that has just lost a session: used up, or only waiting to be empty, or with room for who
 * waits. A request committed after this one must not find the seat first. */
static int release(struct tx *tx, struct life_context *context, struct server *server,
		   struct hr_error *err)
{
	if (server->sessions == 0 && server->state == SERVER_RUNNING && !server->settings.reusable)
		return life_drain(tx, context, server, true,
				  "it is used once, and its last session has ended", err);
	if (server->sessions == 0 && server->state == SERVER_DRAINING)
		return life_drain(tx, context, server, true, "it drained, and is empty now", err);
	if (server->state != SERVER_RUNNING)
		return 0;
	if (sessions_seat_queue(tx, context, server->pool_id, err) != 0)
		return life_half_done(err);
	return 0;
}

int sessions_end(struct tx *tx, struct life_context *context, struct session *session,
		 const char *reason, struct hr_error *err)
{
	bool active = session->state == SESSION_ACTIVE;
	struct server server;

	if (session->state == SESSION_ENDED || session->state == SESSION_REFUSED)
		return 0;
	if (finish(tx, context, session, SESSION_ENDED, reason, err) != 0)
		return -1;
	if (!active)
		return session_event(tx, context->now_ms, session, NULL, "session.ended", err,
				     "the waiting session of %s ended: %s", session->user, reason);
	if (server_get(tx, session->server_id, &server, err) != 0 ||
	    server_recount_sessions(tx, &server, context->now_ms, err) != 0 ||
	    session_event(tx, context->now_ms, session, &server, "session.ended", err,
			  "the session of %s on server %s ended: %s", session->user, server.name,
			  reason) != 0)
		return -1;
	return release(tx, context, &server, err);
}

int sessions_refuse(struct tx *tx, struct life_context *context, struct session *session,
		    const char *reason, struct hr_error *err)
{
	if (session->state != SESSION_QUEUED)
		return error_set(err, HR_CONFLICT,
				 "session %s is %s; only a waiting one can be refused", session->id,
				 session_state_name(session->state));
	if (finish(tx, context, session, SESSION_REFUSED, reason, err) != 0)
		return -1;
	return session_event(tx, context->now_ms, session, NULL, "session.refused", err,
			     "a session of %s was refused: %s", session->user, reason);
}

int sessions_keepalive(struct tx *tx, struct life_context *context, struct session *session,
		       struct hr_error *err)
{
	struct pool pool;

	if (session->state != SESSION_ACTIVE)
		return error_set(err, HR_CONFLICT,
				 "session %s is %s; only an active session can be kept alive",
				 session->id, session_state_name(session->state));
	if (session_pool(tx, session->pool_id, &pool, err) != 0)
		return -1;
	session->expires_ms = keepalive_end(&pool, context->now_ms);
	return session_update(tx, session, err);
}

static int expire_one(struct tx *tx, struct life_context *context, struct session *session,
		      struct hr_error *err)
{
	char reason[sizeof(session->reason)];
	struct pool pool;

	if (session_pool(tx, session->pool_id, &pool, err) != 0)
		return -1;
	if (session->state == SESSION_QUEUED) {
		text_format(reason, sizeof(reason),
			    "no server had room within the pool's queue_timeout of %lld s",
			    (long long)(pool.queue_timeout_ms / MS_PER_S));
		return sessions_refuse(tx, context, session, reason, err);
	}
	text_format(reason, sizeof(reason),
		    "no keepalive within the pool's keepalive_expiration of %lld s",
		    (long long)(pool.keepalive_expiration_ms / MS_PER_S));
	return sessions_end(tx, context, session, reason, err);
}

int sessions_expire(struct tx *tx, struct life_context *context, int limit,
		    void (*each)(void *arg, const char *pool_id), void *arg, struct hr_error *err)
{
	const struct session_query query = {.states = SESSION_STATE_BIT(SESSION_QUEUED) |
						      SESSION_STATE_BIT(SESSION_ACTIVE),
					    .expires_before_ms = context->now_ms,
					    .limit = limit};
	struct session *due = NULL;
	size_t n = 0;
	int rc;

	rc = session_list(tx, &query, &due, &n, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct session now;

		/* The end of one before it may have given this one its seat. */
		rc = session_get(tx, due[i].id, &now, err);
		if (rc == 0 && now.state == due[i].state)
			rc = expire_one(tx, context, &now, err);
		if (rc == 0 && each)
			each(arg, due[i].pool_id);
	}
	free(due);
	return rc;
}
