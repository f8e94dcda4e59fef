/* SPDX-License-Identifier: Apache-2.0 */
/* A session is asked for: it gets a seat, waits for one, or is refused at once where none could
 * ever come. */
#include <string.h>

#include "base/text.h"
#include "engine/session_parts.h"
#include "engine/session_place.h"
#include "engine/sessions.h"
#include "model/autoscale_config.h"
#include "store/document_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define ON_THE_WAY_MOST 100
#define DOCUMENT_PAGE 100

static int check_user(const char *user, struct hr_error *err)
{
	size_t len = user ? strlen(user) : 0;
	bool plain = true;

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)user[i] < 0x20 || user[i] == 0x7f)
			plain = false;
	if (len == 0)
		return error_set_field(err, HR_INVALID, "user", "ana",
				       "a session needs the name of its user");
	if (len >= sizeof(((struct session *)NULL)->user) || !plain || !text_valid_utf8(user, len))
		return error_set_field(
			err, HR_INVALID, "user", "ana",
			"the user's name must be at most 127 bytes of text without control "
			"characters");
	return 0;
}

static int new_session(struct tx *tx, struct life_context *context, const struct session_wish *wish,
		       const struct pool *pool, struct session *session, struct hr_error *err)
{
	struct document zone = {0};

	memset(session, 0, sizeof(*session));
	if (wish->zone && wish->zone[0]) {
		if (document_find(tx, DOCUMENT_ZONE, wish->zone, &zone, err) != 0)
			return -1;
		text_copy(session->zone_id, sizeof(session->zone_id), zone.id);
		document_clear(&zone);
	}
	id_new(&context->ids, session->id);
	text_copy(session->pool_id, sizeof(session->pool_id), pool->id);
	text_copy(session->user, sizeof(session->user), wish->user);
	session->kind = wish->kind;
	session->state = SESSION_QUEUED;
	session->queued_ms = context->now_ms;
	session->expires_ms = context->now_ms + pool->queue_timeout_ms;
	return 0;
}

/* Why no config of the pool may ever serve the session; the nearest miss wins. */
enum miss { MISS_NO_CONFIG, MISS_DISABLED, MISS_KIND, MISS_ZONE, MISS_NO_ORDER, MISS_NONE };

static enum miss judge_config(const struct autoscale_config *config,
			      const struct place_request *request)
{
	bool elsewhere = request->zone_id && request->zone_id[0] &&
			 strcmp(request->zone_id, config->zone_id) != 0;

	if (!config->enabled)
		return MISS_DISABLED;
	if (!place_can_serve(config->server.connection_type, request->kind))
		return MISS_KIND;
	if (elsewhere && !request->search_alternate)
		return MISS_ZONE;
	/* Aggressive scaling orders for whoever waits; a minimum orders whenever the spare room is
	 * used up, as it is while somebody waits. */
	if (!config->aggressive_scaling && config->minimum_available_sessions == 0)
		return MISS_NO_ORDER;
	return MISS_NONE;
}

static int judge_configs(struct tx *tx, const struct pool *pool,
			 const struct place_request *request, enum miss *ret_best,
			 struct hr_error *err)
{
	char after[NAME_SIZE] = "";
	struct document *documents = NULL;
	size_t n = 0;

	*ret_best = MISS_NO_CONFIG;
	do {
		if (document_list(tx, DOCUMENT_AUTOSCALE_CONFIG, after, DOCUMENT_PAGE, &documents,
				  &n, err) != 0)
			return -1;
		for (size_t i = 0; i < n; i++) {
			struct autoscale_config config;
			enum miss miss;

			autoscale_config_read(&documents[i], &config);
			if (strcmp(config.pool_id, pool->id) != 0)
				continue;
			miss = judge_config(&config, request);
			if (miss > *ret_best)
				*ret_best = miss;
		}
		if (n > 0)
			text_copy(after, sizeof(after), documents[n - 1].name);
		document_list_free(documents, n);
	} while (n == DOCUMENT_PAGE && *ret_best != MISS_NONE);
	return 0;
}

/* Whether a server on its way could take the session; it would wait for that one. */
static int on_the_way_fits(struct tx *tx, const struct pool *pool,
			   const struct place_request *request, bool *ret_fits,
			   struct hr_error *err)
{
	const unsigned states =
		SERVER_STATE_BIT(SERVER_PLANNED) | SERVER_STATE_BIT(SERVER_CREATING) |
		SERVER_STATE_BIT(SERVER_BOOTING) | SERVER_STATE_BIT(SERVER_INJECTING) |
		SERVER_STATE_BIT(SERVER_CHECKING_IN);
	struct candidates candidates;

	if (candidates_load(tx, pool, NULL, request->user, states, ON_THE_WAY_MOST, &candidates,
			    err) != 0)
		return -1;
	*ret_fits = place(request, candidates.views, candidates.n) >= 0;
	candidates_clear(&candidates);
	return 0;
}

static const char *miss_text(enum miss miss)
{
	switch (miss) {
	case MISS_NO_CONFIG: return "no autoscale config makes servers for it";
	case MISS_DISABLED: return "its autoscale configs are disabled";
	case MISS_KIND:
		return "no config's connection type can serve this kind (RemoteApp needs RDP)";
	case MISS_ZONE: return "no config is in the asked zone, which does not search others";
	case MISS_NO_ORDER:
		return "there is no room, and no config may order servers for who waits "
		       "(aggressive_scaling is off and minimum_available_sessions is 0)";
	case MISS_NONE: break;
	}
	return "";
}

/* No running server has room: queue it, or refuse it at once. */
static int queue_or_refuse(struct tx *tx, struct life_context *context, const struct pool *pool,
			   struct session *session, struct hr_error *err)
{
	struct place_request request;
	char reason[sizeof(session->reason)];
	enum miss miss = MISS_NONE;
	bool fits = false;

	if (candidates_request(tx, pool, session, &request, err) != 0 ||
	    judge_configs(tx, pool, &request, &miss, err) != 0)
		return -1;
	if (pool->on_no_room == NO_ROOM_REFUSE) {
		text_format(reason, sizeof(reason),
			    "pool %s has no room now, and refuses instead of queueing (on_no_room)",
			    pool->name);
		return sessions_refuse(tx, context, session, reason, err);
	}
	if (miss != MISS_NONE && on_the_way_fits(tx, pool, &request, &fits, err) != 0)
		return -1;
	if (miss != MISS_NONE && !fits) {
		text_format(reason, sizeof(reason), "pool %s cannot serve it: %s", pool->name,
			    miss_text(miss));
		return sessions_refuse(tx, context, session, reason, err);
	}
	text_format(session->reason, sizeof(session->reason), "waits for a server of pool %s",
		    pool->name);
	if (session_update(tx, session, err) != 0)
		return -1;
	return session_event(tx, context->now_ms, session, NULL, "session.queued", err,
			     "a session of %s waits: no running server of pool %s has room",
			     session->user, pool->name);
}

int sessions_request(struct tx *tx, struct life_context *context, const struct session_wish *wish,
		     struct session *ret_session, struct hr_error *err)
{
	struct session *session = ret_session;
	struct server server;
	struct pool pool;
	bool found;

	if (check_user(wish->user, err) != 0 || session_pool(tx, wish->pool, &pool, err) != 0 ||
	    new_session(tx, context, wish, &pool, session, err) != 0 ||
	    session_insert(tx, session, err) != 0 ||
	    candidates_choose(tx, &pool, session, &server, &found, err) != 0)
		return -1;
	if (!found)
		return queue_or_refuse(tx, context, &pool, session, err);
	return sessions_seat(tx, context, session, &server, "had room", err);
}
