/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded set of servers among which a session is placed, read from the store. */
#ifndef HR_ENGINE_SESSION_PLACE_H
#define HR_ENGINE_SESSION_PLACE_H

#include "model/pool.h"
#include "model/server.h"
#include "model/session.h"
#include "plan/plan.h"
#include "store/store.h"

/* Servers and, beside each, what place() wants to know of it. */
struct candidates {
	struct server *servers;
	struct plan_server *views;
	size_t n;
	struct session *mine; /* the user's active sessions in the pool */
	size_t n_mine;
	struct plan_seat *seats; /* of the views */
};

/* Enabled servers of the pool in one of the states (SERVER_STATE_BIT) with a free session, in the
 * pool's strategy order, at most limit, and those where the user is. candidates_clear frees. */
int candidates_load(struct tx *tx, const struct pool *pool, const char *zone_id, const char *user,
		    unsigned states, int limit, struct candidates *ret, struct hr_error *err);
/* Only this server. */
int candidates_load_one(struct tx *tx, const struct server *server, const char *user,
			struct candidates *ret, struct hr_error *err);
void candidates_clear(struct candidates *candidates);

/* What place() is asked for this session; looks up the zone's search_alternate_zones. */
int candidates_request(struct tx *tx, const struct pool *pool, const struct session *session,
		       struct place_request *ret, struct hr_error *err);

/* A running server for the session. ret_found says whether there is one. */
int candidates_choose(struct tx *tx, const struct pool *pool, const struct session *session,
		      struct server *ret_server, bool *ret_found, struct hr_error *err);

#endif
