/* SPDX-License-Identifier: Apache-2.0 */
/* A server fails: its sessions end, its config pauses where it never got ready, and it is destroyed,
 * unless it is among the newest that the config keeps for diagnosis. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "engine/life_parts.h"
#include "engine/pauses.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

static int end_session(struct tx *tx, struct life_context *context, const struct server *server,
		       struct session *session, const char *reason, struct hr_error *err)
{
	session->state = SESSION_ENDED;
	session->ended_ms = context->now_ms;
	session->expires_ms = MS_NEVER;
	text_copy(session->reason, sizeof(session->reason), reason);
	if (session_update(tx, session, err) < 0)
		return -1;
	if (life_event(tx, context->now_ms, server, session->id, "session.ended",
		       "session of %s on %s ended: %s", session->user, server->name, reason) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return 0;
}

int life_end_sessions(struct tx *tx, struct life_context *context, struct server *server,
		      const char *reason, struct hr_error *err)
{
	struct session_query query = {.server_id = server->id,
				      .states = SESSION_STATE_BIT(SESSION_ACTIVE)};
	struct session *sessions;
	size_t n;
	int result = 0;

	/* A server holds at most 1000 sessions, which is one page. */
	if (session_list(tx, &query, &sessions, &n, err) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < n; i++)
		result = end_session(tx, context, server, &sessions[i], reason, err);
	free(sessions);
	if (result == 0 && n > 0)
		result = server_recount_sessions(tx, server, context->now_ms, err);
	return result;
}

static int older_first(const void *a, const void *b)
{
	const struct server *left = a, *right = b;

	if (left->state_since_ms != right->state_since_ms)
		return left->state_since_ms < right->state_since_ms ? -1 : 1;
	return strcmp(left->id, right->id);
}

/* Destroys the failed servers of the config beyond the newest `keep`. */
static int destroy_beyond(struct tx *tx, struct life_context *context, const char *config_id,
			  int64_t keep, struct hr_error *err)
{
	struct server_query query = {.config_id = config_id,
				     .states = SERVER_STATE_BIT(SERVER_FAILED)};
	struct server *servers;
	size_t n;
	int result = 0;

	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	if (n > 1)
		qsort(servers, n, sizeof(*servers), older_first);
	for (size_t i = 0; result == 0 && (int64_t)i < (int64_t)n - keep; i++)
		result = life_destroy(tx, context, &servers[i],
				      "newer failed servers are kept for diagnosis", err);
	free(servers);
	return result;
}

/* How many failed servers the config keeps now: the newest revision says. */
static int failed_to_keep(struct tx *tx, const char *config_id, int64_t *ret_keep,
			  struct hr_error *err)
{
	struct document document = {0};
	struct autoscale_config config;
	struct hr_error why = {0};

	*ret_keep = 0;
	if (document_get(tx, DOCUMENT_AUTOSCALE_CONFIG, config_id, &document, &why) < 0) {
		if (why.class == HR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	autoscale_config_read(&document, &config);
	*ret_keep = config.keep_failed;
	document_clear(&document);
	return 0;
}

int life_fail(struct tx *tx, struct life_context *context, struct server *server,
	      const char *reason, struct hr_error *err)
{
	bool never_ready = server_on_the_way(server->state);
	int64_t keep;

	if (server->state >= SERVER_FAILED)
		return 0;
	if (server->state == SERVER_PLANNED && !server->ever_created)
		return life_cancel(tx, context, server, reason, err);
	if (life_end_sessions(tx, context, server, reason, err) < 0 ||
	    life_finish(tx, context, server, OPERATION_CREATE, OPERATION_CANCELLED, err) < 0)
		return -1;
	life_enter(server, SERVER_FAILED, context->now_ms, "failed");
	text_copy(server->failure, sizeof(server->failure), reason);
	if (server_update(tx, server, err) < 0)
		return -1;
	if (life_event(tx, context->now_ms, server, NULL, "server.failed", "%s failed: %s",
		       server->name, reason) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	if (never_ready && (pause_config_count_failure(tx, server->config_id, err) < 0 ||
			    pause_config(tx, context, server->config_id, reason, err) < 0))
		return -1;
	if (failed_to_keep(tx, server->config_id, &keep, err) < 0)
		return -1;
	/* Nothing can be learnt from one that never became an instance. */
	if (keep == 0 || server->instance_id[0] == '\0')
		return life_destroy(tx, context, server, "it failed", err);
	return destroy_beyond(tx, context, server->config_id, keep, err);
}
