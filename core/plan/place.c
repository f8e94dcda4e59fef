/* SPDX-License-Identifier: Apache-2.0 */
/* Where a session goes: which servers can take it, and which of them is the best. Who asks, with
 * which candidates, is the caller's: the broker offers what runs, the planner also what is on its
 * way. */
#include "plan/plan.h"
#include "plan/pass.h"

#include <string.h>

bool place_can_serve(enum connection_type type, enum session_kind kind)
{
	return kind != SESSION_REMOTEAPP || type == CONNECTION_RDP;
}

bool place_user_on(const struct plan_server *server, const char *user)
{
	for (size_t i = 0; i < server->n_seats; i++)
		if (strcmp(server->seats[i].user, user) == 0)
			return true;
	return false;
}

static bool has_desktop_on(const struct plan_server *server, const char *user)
{
	for (size_t i = 0; i < server->n_seats; i++)
		if (server->seats[i].kind == SESSION_DESKTOP &&
		    strcmp(server->seats[i].user, user) == 0)
			return true;
	return false;
}

static bool any_zone(const struct place_request *request)
{
	return !request->zone_id || !request->zone_id[0];
}

static bool in_zone(const struct place_request *request, const struct plan_server *server)
{
	return any_zone(request) || strcmp(request->zone_id, server->zone_id) == 0;
}

bool place_fits(const struct place_request *request, const struct plan_server *server)
{
	enum connection_type type = server->connection_type;

	if (!server->enabled || server->free_sessions <= 0)
		return false;
	if (!place_can_serve(type, request->kind))
		return false;
	if (!request->search_alternate && !in_zone(request, server))
		return false;
	if (place_one_session(type) && server->n_seats > 0)
		return false;
	if (type == CONNECTION_RDP && request->kind == SESSION_DESKTOP &&
	    has_desktop_on(server, request->user))
		return false;
	return server->free_users > 0 || place_user_on(server, request->user);
}

bool place_one_session(enum connection_type type)
{
	return type == CONNECTION_VNC || type == CONNECTION_KASMVNC;
}

/* Since when idle, so that a busy server comes after every idle one. */
static int64_t idle_since(const struct plan_server *server)
{
	return server->idle_since_ms > 0 ? server->idle_since_ms : INT64_MAX;
}

static bool better(const struct place_request *request, const struct plan_server *a,
		   const struct plan_server *b)
{
	bool zone_a = in_zone(request, a), zone_b = in_zone(request, b);

	if (zone_a != zone_b)
		return zone_a;
	if (request->kind == SESSION_REMOTEAPP) {
		bool on_a = place_user_on(a, request->user);

		if (on_a != place_user_on(b, request->user))
			return on_a;
	}
	if (a->n_seats != b->n_seats)
		return (a->n_seats < b->n_seats) == (request->strategy == STRATEGY_SPREAD);
	if (idle_since(a) != idle_since(b))
		return idle_since(a) < idle_since(b);
	return strcmp(a->id, b->id) < 0;
}

long place(const struct place_request *request, const struct plan_server *candidates, size_t n)
{
	long best = -1;

	for (size_t i = 0; i < n; i++) {
		if (!place_fits(request, &candidates[i]))
			continue;
		if (best < 0 || better(request, &candidates[i], &candidates[best]))
			best = (long)i;
	}
	return best;
}
