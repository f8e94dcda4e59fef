/* SPDX-License-Identifier: Apache-2.0 */
/* The table of seats: sessions of the queue take them in order of arrival, on what runs now, or as
 * promises on what is on its way. A promise is never stored; each plan finds it again. */
#include "plan/pass.h"

#include <stdlib.h>
#include <string.h>

struct place_request seat_request(const struct pass *pass, size_t session)
{
	const struct plan_waiting *waiting = &pass->snapshot->queue[session];

	return (struct place_request){.user = waiting->user,
				      .kind = waiting->kind,
				      .zone_id = waiting->zone_id,
				      .search_alternate = waiting->search_alternate,
				      .strategy = pass->snapshot->strategy};
}

/* Its own copy of the list, with room for all that can still come. */
static bool own_seats(struct pass *pass, size_t slot)
{
	struct plan_server *server = &pass->servers[slot];
	size_t coming = (size_t)server->free_sessions;

	if (pass->slots[slot].seats)
		return true;
	if (coming > pass->snapshot->n_queue)
		coming = pass->snapshot->n_queue;
	pass->slots[slot].seats = calloc(server->n_seats + coming + 1, sizeof(*server->seats));
	if (!pass->slots[slot].seats)
		return false;
	if (server->n_seats > 0)
		memcpy(pass->slots[slot].seats, server->seats,
		       server->n_seats * sizeof(*server->seats));
	server->seats = pass->slots[slot].seats;
	return true;
}

static void sum_seat(struct pass *pass, size_t slot)
{
	struct plan_server *server = &pass->servers[slot];
	int64_t before = server->free;
	struct pass_zone *zone = &pass->zones[pass->slots[slot].zone];

	server->free = server->free_sessions < server->free_users ? server->free_sessions
								  : server->free_users;
	if (server->free < 0)
		server->free = 0;
	if (!pass->slots[slot].counted)
		return;
	zone->spare += server->free - before;
	if (pass->slots[slot].tier == TIER_RUNNING)
		zone->running_spare += server->free - before;
}

void seat_put(struct pass *pass, size_t session, size_t slot)
{
	const struct plan_waiting *waiting = &pass->snapshot->queue[session];
	struct plan_server *server = &pass->servers[slot];

	if (!own_seats(pass, slot)) {
		pass->no_memory = true;
		return;
	}
	server->free_sessions--;
	if (!place_user_on(server, waiting->user))
		server->free_users--;
	pass->slots[slot].seats[server->n_seats++] =
		(struct plan_seat){.user = waiting->user, .kind = waiting->kind};
	pass->slots[slot].taken++;
	pass->seat_of[session] = slot;
	pass->unseated--;
	sum_seat(pass, slot);
}

/* Without aggressive pooling a server on its way is promised to one user only. */
static bool pooling_allows(const struct pass *pass, size_t slot, const char *user)
{
	const struct plan_server *server = &pass->servers[slot];

	if (server->config == PLAN_NO_CONFIG || server->n_seats == 0 ||
	    pass->snapshot->configs[server->config].aggressive_pooling)
		return true;
	return strcmp(server->seats[0].user, user) == 0;
}

static bool can_promise(const struct pass *pass, size_t slot, const struct place_request *request)
{
	return !pass->slots[slot].dropped && place_fits(request, &pass->servers[slot]) &&
	       pooling_allows(pass, slot, request->user) &&
	       (pass->slots[slot].tier != TIER_STUCK || pass_may_keep(pass, slot));
}

/* The first in the order of the slots: the nearest to ready. One where the user already is goes
 * before it where that is wanted. */
static size_t first_coming(const struct pass *pass, const struct place_request *request,
			   enum tier tier)
{
	size_t first = NO_SLOT;

	for (size_t i = pass->first_coming; i < pass->n_slots; i++) {
		if (pass->slots[i].tier != tier || !can_promise(pass, i, request))
			continue;
		if (request->kind != SESSION_REMOTEAPP ||
		    place_user_on(&pass->servers[i], request->user))
			return i;
		if (first == NO_SLOT)
			first = i;
	}
	return first;
}

size_t seat_find_coming(const struct pass *pass, size_t session, enum tier tier)
{
	struct place_request request = seat_request(pass, session);
	bool elsewhere = request.search_alternate;
	size_t slot;

	request.search_alternate = false;
	slot = first_coming(pass, &request, tier);
	if (slot != NO_SLOT || !elsewhere)
		return slot;
	request.search_alternate = true;
	return first_coming(pass, &request, tier);
}

static size_t find_running(const struct pass *pass, size_t session)
{
	struct place_request request = seat_request(pass, session);
	long best = place(&request, pass->servers, pass->first_leaving);

	if (best >= 0)
		return (size_t)best;
	best = place(&request, pass->servers + pass->first_leaving,
		     pass->first_coming - pass->first_leaving);
	return best >= 0 ? pass->first_leaving + (size_t)best : NO_SLOT;
}

void seat_queue(struct pass *pass)
{
	for (size_t i = 0; i < pass->snapshot->n_queue && !pass->no_memory; i++) {
		size_t slot = find_running(pass, i);

		if (slot == NO_SLOT && pass->snapshot->on_no_room != NO_ROOM_REFUSE) {
			slot = seat_find_coming(pass, i, TIER_COMING);
			if (slot == NO_SLOT)
				slot = seat_find_coming(pass, i, TIER_COMING_LEAVING);
		}
		if (slot != NO_SLOT)
			seat_put(pass, i, slot);
	}
}

void seat_unseated_on(struct pass *pass, size_t slot)
{
	if (pass->snapshot->on_no_room == NO_ROOM_REFUSE || pass->unseated == 0)
		return;
	for (size_t i = 0; i < pass->snapshot->n_queue && !pass->no_memory; i++) {
		struct place_request request;

		if (pass->servers[slot].free_sessions <= 0)
			return;
		if (pass->seat_of[i] != NO_SLOT)
			continue;
		request = seat_request(pass, i);
		if (can_promise(pass, slot, &request))
			seat_put(pass, i, slot);
	}
}
