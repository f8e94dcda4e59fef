/* SPDX-License-Identifier: Apache-2.0 */
/* Which servers are added, and by which config: first for sessions without a seat, then for
 * standby. Nothing here looks at what could go again. */
#include "plan/pass.h"

#include <string.h>

static bool can_make(const struct pass *pass, size_t config)
{
	const struct plan_snapshot *snapshot = pass->snapshot;
	size_t account = snapshot->configs[config].account;
	int64_t limit = snapshot->accounts[account].max_instances;

	if (!snapshot->configs[config].enabled || pass->configs[config].room <= 0)
		return false;
	if (pass->lifted)
		return true;
	return !pass_is_held(snapshot, config) && (limit < 0 || pass->instances[account] < limit);
}

/* Best priority; among equals the fewest servers, planned longest ago, id. b may be
 * PLAN_NO_CONFIG. */
static bool better(const struct pass *pass, size_t a, size_t b)
{
	const struct plan_config *x, *y;

	if (b == PLAN_NO_CONFIG)
		return true;
	x = &pass->snapshot->configs[a];
	y = &pass->snapshot->configs[b];
	if (x->priority != y->priority)
		return x->priority < y->priority;
	if (pass->configs[a].servers != pass->configs[b].servers)
		return pass->configs[a].servers < pass->configs[b].servers;
	if (pass->configs[a].last_planned_ms != pass->configs[b].last_planned_ms)
		return pass->configs[a].last_planned_ms < pass->configs[b].last_planned_ms;
	return strcmp(x->id, y->id) < 0;
}

static bool in_zone(const struct pass *pass, size_t config, size_t session)
{
	const char *asked = pass->snapshot->queue[session].zone_id;

	return !asked[0] || strcmp(asked, pass->snapshot->configs[config].zone_id) == 0;
}

bool scale_up_reaches(const struct pass *pass, size_t config, size_t session)
{
	const struct plan_config *own = &pass->snapshot->configs[config];
	const struct plan_waiting *waiting = &pass->snapshot->queue[session];

	return own->enabled && pass->configs[config].room > 0 &&
	       place_can_serve(own->connection_type, waiting->kind) &&
	       (waiting->search_alternate || in_zone(pass, config, session));
}

/* Who makes a server for this session: in its zone; elsewhere only if nobody there can. */
static size_t pick_for_session(const struct pass *pass, size_t session)
{
	size_t best = PLAN_NO_CONFIG, elsewhere = PLAN_NO_CONFIG;

	for (size_t i = 0; i < pass->snapshot->n_configs; i++) {
		if (!pass->snapshot->configs[i].aggressive_scaling || !can_make(pass, i) ||
		    !scale_up_reaches(pass, i, session))
			continue;
		if (in_zone(pass, i, session)) {
			if (better(pass, i, best))
				best = i;
		} else if (better(pass, i, elsewhere)) {
			elsewhere = i;
		}
	}
	return best != PLAN_NO_CONFIG ? best : elsewhere;
}

/* Who makes the zone's next standby server: up to its own minimum; beyond it only who stands in,
 * which is asked for only where those below their minimum are paused or full. */
static size_t pick_for_standby(const struct pass *pass, size_t zone)
{
	size_t own = PLAN_NO_CONFIG, stand_in = PLAN_NO_CONFIG;

	for (size_t i = 0; i < pass->snapshot->n_configs; i++) {
		const struct plan_config *config = &pass->snapshot->configs[i];

		if (pass->configs[i].zone != zone || !can_make(pass, i))
			continue;
		if (pass->zones[zone].spare < config->minimum_available) {
			if (better(pass, i, own))
				own = i;
		} else if (config->stand_in && better(pass, i, stand_in)) {
			stand_in = i;
		}
	}
	return own != PLAN_NO_CONFIG ? own : stand_in;
}

static bool add(struct pass *pass, size_t config)
{
	size_t slot = pass_add_server(pass, config);

	if (slot == NO_SLOT)
		return false;
	seat_unseated_on(pass, slot);
	return !pass->no_memory;
}

static void order_for_sessions(struct pass *pass)
{
	if (pass->snapshot->on_no_room == NO_ROOM_REFUSE)
		return;
	for (size_t i = 0; i < pass->snapshot->n_queue && pass->unseated > 0; i++) {
		/* Whoever came before may take the new seats: then again. */
		while (pass->seat_of[i] == NO_SLOT) {
			size_t config = pick_for_session(pass, i);

			if (config == PLAN_NO_CONFIG)
				break;
			if (!add(pass, config))
				return;
		}
	}
}

static void order_for_standby(struct pass *pass)
{
	for (size_t zone = 0; zone < pass->n_zones; zone++) {
		while (pass->zones[zone].spare < pass->zones[zone].target) {
			size_t config = pick_for_standby(pass, zone);

			if (config == PLAN_NO_CONFIG)
				break;
			if (!add(pass, config))
				return;
		}
	}
}

static void keep_stuck_for_sessions(struct pass *pass)
{
	if (pass->snapshot->on_no_room == NO_ROOM_REFUSE)
		return;
	for (size_t i = 0; i < pass->snapshot->n_queue && !pass->no_memory; i++) {
		size_t slot;

		if (pass->seat_of[i] != NO_SLOT)
			continue;
		slot = seat_find_coming(pass, i, TIER_STUCK);
		if (slot == NO_SLOT)
			continue;
		pass_keep(pass, slot);
		seat_unseated_on(pass, slot);
	}
}

static void keep_stuck_for_standby(struct pass *pass)
{
	for (size_t i = pass->first_coming; i < pass->n_slots; i++) {
		const struct slot *slot = &pass->slots[i];

		if (slot->tier == TIER_STUCK && !slot->dropped && slot->counted &&
		    pass->zones[slot->zone].spare < pass->zones[slot->zone].target &&
		    pass_may_keep(pass, i))
			pass_keep(pass, i);
	}
}

void scale_up(struct pass *pass)
{
	order_for_sessions(pass);
	order_for_standby(pass);
	keep_stuck_for_sessions(pass);
	keep_stuck_for_standby(pass);
}

int64_t scale_up_short(struct pass *pass)
{
	size_t before = pass->n_slots;

	pass->lifted = true;
	order_for_sessions(pass);
	order_for_standby(pass);
	return (int64_t)(pass->n_slots - before);
}

/* Whether the config would order standby, were its pause and limit lifted: after those of better
 * priority have filled up to their own minimum. */
static bool target_would_order(const struct pass *pass, size_t config)
{
	const struct plan_config *own = &pass->snapshot->configs[config];
	size_t zone = pass->configs[config].zone;
	int64_t filled = pass->zones[zone].spare;

	for (size_t i = 0; i < pass->snapshot->n_configs; i++) {
		const struct plan_config *other = &pass->snapshot->configs[i];

		if (pass->configs[i].zone == zone && other->enabled &&
		    other->priority < own->priority && other->minimum_available > filled)
			filled = other->minimum_available;
	}
	return filled < own->minimum_available;
}

/* Whether room for it is on its way, if promised to others who may share less. */
static bool room_is_coming(const struct pass *pass, size_t session)
{
	struct place_request request = seat_request(pass, session);

	for (size_t i = pass->first_coming; i < pass->n_slots; i++)
		if (!pass->slots[i].dropped && pass->slots[i].tier != TIER_STUCK &&
		    place_fits(&request, &pass->servers[i]))
			return true;
	return false;
}

bool scale_up_may_wait(const struct pass *pass, size_t session)
{
	if (pass->snapshot->on_no_room == NO_ROOM_REFUSE)
		return false;
	for (size_t i = 0; i < pass->snapshot->n_configs; i++)
		if (scale_up_reaches(pass, i, session) &&
		    (pass->snapshot->configs[i].aggressive_scaling || target_would_order(pass, i)))
			return true;
	return room_is_coming(pass, session);
}
