/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a bounded number of candidates by the index of the pool's strategy and lets place() choose.
 * The rules themselves are place()'s. */
#include "engine/session_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/document_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

/* The first few by strategy order nearly always hold the answer; where they do not (a zone is asked
 * for, users are at their limits), further looks take many more. */
static const int limits[] = {4, 64, 1000};
#define LOOKS (sizeof(limits) / sizeof(limits[0]))

static void fill_view(const struct server *server, struct plan_server *view)
{
	memset(view, 0, sizeof(*view));
	text_copy(view->id, sizeof(view->id), server->id);
	text_copy(view->name, sizeof(view->name), server->name);
	text_copy(view->zone_id, sizeof(view->zone_id), server->zone_id);
	view->config = PLAN_NO_CONFIG;
	view->state = server->state;
	view->enabled = server_available(server);
	view->connection_type = server->settings.connection_type;
	view->max_sessions = server->settings.max_sessions;
	view->max_users = server->settings.max_users;
	view->free = server_free(server);
	view->free_sessions = server_free_sessions(server);
	view->free_users = server_free_users(server);
	view->idle_since_ms = server->idle_since_ms;
	view->created_ms = server->created_ms;
}

/* Every session of a server is a seat; by name only this user's, since nobody else's name matters
 * for where this user may go. */
static size_t fill_seats(const struct candidates *candidates, const struct server *server,
			 struct plan_seat *seats)
{
	size_t n = 0, all = server->sessions > 0 ? (size_t)server->sessions : 0;

	for (size_t i = 0; i < candidates->n_mine && n < all; i++)
		if (strcmp(candidates->mine[i].server_id, server->id) == 0)
			seats[n++] = (struct plan_seat){candidates->mine[i].user,
							candidates->mine[i].kind};
	while (n < all)
		seats[n++] = (struct plan_seat){"", SESSION_DESKTOP};
	return n;
}

static int fill_views(struct candidates *candidates, struct hr_error *err)
{
	size_t n_seats = 1;

	for (size_t i = 0; i < candidates->n; i++)
		n_seats += candidates->servers[i].sessions > 0
				   ? (size_t)candidates->servers[i].sessions
				   : 0;
	candidates->views = calloc(candidates->n ? candidates->n : 1, sizeof(*candidates->views));
	candidates->seats = calloc(n_seats, sizeof(*candidates->seats));
	if (!candidates->views || !candidates->seats)
		return error_no_memory(err, "placing a session");
	n_seats = 0;
	for (size_t i = 0; i < candidates->n; i++) {
		struct plan_server *view = &candidates->views[i];

		fill_view(&candidates->servers[i], view);
		view->seats = candidates->seats + n_seats;
		view->n_seats = fill_seats(candidates, &candidates->servers[i],
					   candidates->seats + n_seats);
		n_seats += view->n_seats;
	}
	return 0;
}

static bool has_server(const struct candidates *candidates, const char *id)
{
	for (size_t i = 0; i < candidates->n; i++)
		if (strcmp(candidates->servers[i].id, id) == 0)
			return true;
	return false;
}

/* Appends the servers where the user is and that are not among the candidates yet. */
static int add_own_servers(struct tx *tx, struct server_query query, const char *user,
			   struct candidates *candidates, struct hr_error *err)
{
	struct server *own = NULL, *grown;
	size_t n = 0;

	query.user = user;
	if (candidates->n_mine == 0)
		return 0;
	if (server_list(tx, &query, &own, &n, err) != 0)
		return -1;
	grown = realloc(candidates->servers, (candidates->n + n + 1) * sizeof(*grown));
	if (!grown) {
		free(own);
		return error_no_memory(err, "placing a session");
	}
	candidates->servers = grown;
	for (size_t i = 0; i < n; i++)
		if (!has_server(candidates, own[i].id))
			candidates->servers[candidates->n++] = own[i];
	free(own);
	return 0;
}

static int load_mine(struct tx *tx, const char *pool_id, const char *user,
		     struct candidates *candidates, struct hr_error *err)
{
	const struct session_query query = {
		.pool_id = pool_id, .user = user, .states = SESSION_STATE_BIT(SESSION_ACTIVE)};

	return session_list(tx, &query, &candidates->mine, &candidates->n_mine, err);
}

int candidates_load(struct tx *tx, const struct pool *pool, const char *zone_id, const char *user,
		    unsigned states, int limit, struct candidates *ret, struct hr_error *err)
{
	struct server_query query = {
		.pool_id = pool->id,
		.zone_id = zone_id && zone_id[0] ? zone_id : NULL,
		.states = states,
		.with_free = true,
		.order = pool->strategy == STRATEGY_PACK ? SERVER_BY_PACK : SERVER_BY_SPREAD,
		.limit = limit,
	};

	memset(ret, 0, sizeof(*ret));
	if (load_mine(tx, pool->id, user, ret, err) == 0 &&
	    server_list(tx, &query, &ret->servers, &ret->n, err) == 0 &&
	    add_own_servers(tx, query, user, ret, err) == 0 && fill_views(ret, err) == 0)
		return 0;
	candidates_clear(ret);
	return -1;
}

int candidates_load_one(struct tx *tx, const struct server *server, const char *user,
			struct candidates *ret, struct hr_error *err)
{
	memset(ret, 0, sizeof(*ret));
	ret->servers = malloc(sizeof(*ret->servers));
	if (!ret->servers) {
		error_no_memory(err, "placing a session");
	} else {
		ret->servers[0] = *server;
		ret->n = 1;
		if (load_mine(tx, server->pool_id, user, ret, err) == 0 &&
		    fill_views(ret, err) == 0)
			return 0;
	}
	candidates_clear(ret);
	return -1;
}

void candidates_clear(struct candidates *candidates)
{
	free(candidates->servers);
	free(candidates->views);
	free(candidates->mine);
	free(candidates->seats);
	memset(candidates, 0, sizeof(*candidates));
}

int candidates_request(struct tx *tx, const struct pool *pool, const struct session *session,
		       struct place_request *ret, struct hr_error *err)
{
	struct document document = {0};
	struct zone zone;

	*ret = (struct place_request){.user = session->user,
				      .kind = session->kind,
				      .zone_id = session->zone_id,
				      .search_alternate = true,
				      .strategy = pool->strategy};
	if (session->zone_id[0] == '\0')
		return 0;
	if (document_get(tx, DOCUMENT_ZONE, session->zone_id, &document, err) != 0)
		return -1;
	zone_read(&document, &zone);
	ret->search_alternate = zone.search_alternate_zones;
	document_clear(&document);
	return 0;
}

/* One look; ret_all says that there was nothing more to look at. */
static int look(struct tx *tx, const struct pool *pool, const struct place_request *request,
		const char *zone_id, int limit, struct server *ret_server, bool *ret_found,
		bool *ret_all, struct hr_error *err)
{
	struct candidates candidates;
	long best;

	if (candidates_load(tx, pool, zone_id, request->user, SERVER_STATE_BIT(SERVER_RUNNING),
			    limit, &candidates, err) != 0)
		return -1;
	*ret_all = candidates.n < (size_t)limit;
	best = place(request, candidates.views, candidates.n);
	*ret_found = best >= 0;
	if (best >= 0)
		*ret_server = candidates.servers[best];
	candidates_clear(&candidates);
	return 0;
}

int candidates_choose(struct tx *tx, const struct pool *pool, const struct session *session,
		      struct server *ret_server, bool *ret_found, struct hr_error *err)
{
	struct place_request request;
	const char *zones[2] = {NULL, ""};

	*ret_found = false;
	if (candidates_request(tx, pool, session, &request, err) != 0)
		return -1;
	/* The asked zone first, then every zone. */
	zones[0] = session->zone_id;
	for (int z = 0; z < 2 && !*ret_found; z++) {
		bool all = false;

		if (z == 1 && (session->zone_id[0] == '\0' || !request.search_alternate))
			break;
		for (size_t l = 0; l < LOOKS && !*ret_found && !all; l++)
			if (look(tx, pool, &request, zones[z], limits[l], ret_server, ret_found,
				 &all, err) != 0)
				return -1;
	}
	return 0;
}
