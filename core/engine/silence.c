/* SPDX-License-Identifier: Apache-2.0 */
/* First missing: no new sessions. Then, a whole dead_after less missing_after later, whatever the clock did
 * meanwhile: failed if nobody is on it. Sessions are the witness for it that counts: one that is kept alive
 * shows that somebody works there; when the last one's keepalive has lapsed, it has ended, and nobody is on
 * the server. A server with sessions goes by the provider's word only (sightings.c). */
#include "engine/silence.h"

#include <stdlib.h>

#include "base/text.h"
#include "engine/life_parts.h"
#include "store/server_rows.h"

#define AGAIN_MS (60 * MS_PER_S) /* how often one that is kept for its sessions is looked at */

static int64_t heard_ms(const struct server *server)
{
	return server->checked_in_ms > server->state_since_ms ? server->checked_in_ms
							      : server->state_since_ms;
}

int silence_heard(struct tx *tx, const struct life_context *context, struct server *server,
		  bool *ret_was_missing, struct hr_error *err)
{
	*ret_was_missing = server->silence != SILENCE_NONE;
	if (!server->settings.heartbeat || server->state != SERVER_RUNNING)
		return 0;
	server->silence = SILENCE_NONE;
	server->listen_ms = context->now_ms + server->settings.missing_after_ms;
	if (*ret_was_missing &&
	    life_event(tx, context->now_ms, server, NULL, "server.heard",
		       "%s is heard again and takes sessions", server->name) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return 0;
}

static int note(struct tx *tx, const struct life_context *context, struct server *server,
		enum server_silence silence, const char *kind, const char *what,
		struct hr_error *err)
{
	long long silent_s = (long long)((context->now_ms - heard_ms(server)) / MS_PER_S);

	server->silence = silence;
	if (server_update(tx, server, err) < 0)
		return -1;
	if (life_event(tx, context->now_ms, server, NULL, kind,
		       "%s has not been heard for %lld s: %s", server->name, silent_s, what) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return 0;
}

/* Later than it should be is no matter; sooner would be. */
static int is_missing(struct tx *tx, const struct life_context *context, struct server *server,
		      struct hr_error *err)
{
	const struct server_settings *settings = &server->settings;

	server->listen_ms = context->now_ms + settings->dead_after_ms - settings->missing_after_ms;
	return note(tx, context, server, SILENCE_MISSING, "server.missing",
		    "no new sessions until it is", err);
}

static int is_dead(struct tx *tx, struct life_context *context, struct server *server,
		   struct hr_error *err)
{
	char reason[200];

	if (server_recount_sessions(tx, server, context->now_ms, err) < 0)
		return -1;
	if (server->sessions == 0) {
		text_format(
			reason, sizeof(reason),
			"it has not been heard for %lld s, beyond its dead_after of %lld s, and "
			"nobody is on it",
			(long long)((context->now_ms - heard_ms(server)) / MS_PER_S),
			(long long)(server->settings.dead_after_ms / MS_PER_S));
		return life_fail(tx, context, server, reason, err);
	}
	server->listen_ms = context->now_ms + AGAIN_MS;
	if (server->silence == SILENCE_DEAD)
		return server_update(tx, server, err);
	return note(tx, context, server, SILENCE_DEAD, "server.silent",
		    "it stays, and counts, because somebody is on it and its provider calls it "
		    "well; to remove it: headroom server delete",
		    err);
}

int silence_listen(struct tx *tx, struct task *task, int limit, struct hr_error *err)
{
	struct server_query query = {.states = SERVER_STATE_BIT(SERVER_RUNNING),
				     .order = SERVER_BY_LISTEN,
				     .listen_before_ms = task->context.now_ms,
				     .limit = limit};
	struct server *servers;
	int result = 0;
	size_t n;

	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < n; i++) {
		result = task_touch(task, servers[i].pool_id, err);
		if (result == 0)
			result = servers[i].silence == SILENCE_NONE
					 ? is_missing(tx, &task->context, &servers[i], err)
					 : is_dead(tx, &task->context, &servers[i], err);
	}
	free(servers);
	return result;
}
