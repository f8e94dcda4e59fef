/* SPDX-License-Identifier: Apache-2.0 */
/* The working table of one pass: built from the snapshot and from what earlier passes added and
 * dropped, with its sums. Who sits where, and what is added, is decided elsewhere. */
#include "plan/pass.h"

#include <stdlib.h>
#include <string.h>

bool pass_leaving(const struct plan_snapshot *snapshot, size_t config)
{
	return config == PLAN_NO_CONFIG || !snapshot->configs[config].enabled;
}

enum hold pass_held(const struct plan_snapshot *snapshot, size_t config, int64_t *ret_until_ms)
{
	const struct plan_config *own = &snapshot->configs[config];
	const int64_t until[] = {
		[HOLD_CONFIG_PAUSE] = own->paused_until_ms,
		[HOLD_ACCOUNT_PAUSE] = snapshot->accounts[own->account].paused_until_ms,
		[HOLD_BRAKE] = own->braked_until_ms,
	};
	enum hold longest = HOLD_NONE;

	*ret_until_ms = snapshot->now_ms;
	for (enum hold i = HOLD_CONFIG_PAUSE; i <= HOLD_BRAKE; i++)
		if (until[i] > *ret_until_ms) {
			*ret_until_ms = until[i];
			longest = i;
		}
	return longest;
}

bool pass_is_held(const struct plan_snapshot *snapshot, size_t config)
{
	int64_t until_ms;

	return pass_held(snapshot, config, &until_ms) != HOLD_NONE;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static size_t zone_index(struct pass *pass, const char *id)
{
	for (size_t i = 0; i < pass->n_zones; i++)
		/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): n_zones have one */
		if (strcmp(pass->zones[i].id, id) == 0)
			return i;
	pass->zones[pass->n_zones].id = id;
	return pass->n_zones++;
}

static bool ranks_before(const struct plan_config *a, const struct plan_config *b)
{
	int order;

	if (a->priority != b->priority)
		return a->priority < b->priority;
	order = strcmp(a->id, b->id);
	return order ? order < 0 : a < b;
}

static void build_configs(struct pass *pass)
{
	const struct plan_snapshot *snapshot = pass->snapshot;

	for (size_t i = 0; i < snapshot->n_accounts; i++)
		pass->instances[i] = snapshot->accounts[i].instances;
	for (size_t i = 0; i < snapshot->n_configs; i++) {
		const struct plan_config *from = &snapshot->configs[i];
		struct pass_config *config = &pass->configs[i];
		bool one = place_one_session(from->connection_type);

		config->zone = zone_index(pass, from->zone_id);
		config->max_sessions = one ? min64(1, from->max_sessions) : from->max_sessions;
		config->max_users = one ? min64(1, from->max_users) : from->max_users;
		config->room = min64(config->max_sessions, config->max_users);
		config->servers = from->servers;
		config->last_planned_ms = from->last_planned_ms;
		for (size_t k = 0; k < snapshot->n_configs; k++)
			config->rank += ranks_before(&snapshot->configs[k], from);
		if (from->enabled && from->minimum_available > pass->zones[config->zone].target)
			pass->zones[config->zone].target = from->minimum_available;
	}
}

static void build_sums(struct pass *pass)
{
	for (size_t i = 0; i < pass->snapshot->n_cohorts; i++) {
		const struct plan_cohort *cohort = &pass->snapshot->cohorts[i];
		int64_t room = cohort->free * cohort->count;
		struct pass_zone *zone;

		if (!cohort->enabled || pass_leaving(pass->snapshot, cohort->config))
			continue;
		zone = &pass->zones[pass->configs[cohort->config].zone];
		if (cohort->state == SERVER_RUNNING)
			zone->running_spare += room;
		if (cohort->state == SERVER_RUNNING || server_on_the_way(cohort->state))
			zone->spare += room;
	}
}

struct candidate {
	const struct plan_server *server;
	struct slot slot;
};

static int compare_ids(const void *a, const void *b)
{
	const struct plan_server *const *first = a, *const *second = b;

	return strcmp((*first)->id, (*second)->id);
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* By tier; those on their way the nearest to ready first. What has been planned at once is ordered
 * by its config, as pass_build adds what is new, so that a plan of the applied result finds the
 * same order. */
static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *first = a, *second = b;
	const struct plan_server *x = first->server, *y = second->server;
	int order = ORDER(first->slot.tier, second->slot.tier);

	if (order || first->slot.tier <= TIER_RUNNING_LEAVING)
		return order ? order : ORDER(first->slot.source, second->slot.source);
	order = -ORDER(x->state, y->state);
	if (!order)
		order = ORDER(x->created_ms, y->created_ms);
	if (!order)
		order = ORDER(first->slot.rank, second->slot.rank);
	return order ? order : strcmp(x->id, y->id);
}

static bool is_stuck(const struct plan_snapshot *snapshot, const struct plan_server *server)
{
	if (server->state != SERVER_PLANNED)
		return false;
	return pass_leaving(snapshot, server->config) || pass_is_held(snapshot, server->config);
}

static bool make_candidate(const struct pass *pass, const struct plan_server *server, size_t source,
			   struct candidate *ret)
{
	bool leaving = pass_leaving(pass->snapshot, server->config);
	bool known = server->config != PLAN_NO_CONFIG;

	if (server->state == SERVER_RUNNING)
		ret->slot.tier = leaving ? TIER_RUNNING_LEAVING : TIER_RUNNING;
	else if (is_stuck(pass->snapshot, server))
		ret->slot.tier = TIER_STUCK;
	else if (server_on_the_way(server->state))
		ret->slot.tier = leaving ? TIER_COMING_LEAVING : TIER_COMING;
	else
		return false;
	ret->server = server;
	ret->slot.source = source;
	ret->slot.rank = known ? pass->configs[server->config].rank : pass->snapshot->n_configs;
	ret->slot.zone = known ? pass->configs[server->config].zone : 0;
	ret->slot.counted = server->enabled && !leaving;
	return true;
}

/* The named servers, each once: a planned one may be in both lists. Gives how many. */
static size_t gather(const struct pass *pass, const struct plan_server **ids,
		     struct candidate *candidates)
{
	const struct plan_snapshot *snapshot = pass->snapshot;
	size_t n = 0;

	for (size_t i = 0; i < snapshot->n_seats; i++) {
		ids[i] = &snapshot->seats[i];
		n += make_candidate(pass, ids[i], i, &candidates[n]);
	}
	if (snapshot->n_seats > 0)
		/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
		qsort(ids, snapshot->n_seats, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < snapshot->n_planned; i++) {
		const struct plan_server *server = &snapshot->planned[i];

		if (server->state != SERVER_PLANNED ||
		    (snapshot->n_seats > 0 &&
		     /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
		     bsearch(&server, ids, snapshot->n_seats, sizeof(*ids), compare_ids)))
			continue;
		n += make_candidate(pass, server, snapshot->n_seats + i, &candidates[n]);
	}
	qsort(candidates, n, sizeof(*candidates), compare_candidates);
	return n;
}

static int64_t *instances_of(struct pass *pass, size_t config)
{
	return &pass->instances[pass->snapshot->configs[config].account];
}

static void sum_capacity(struct pass *pass, size_t slot, int sign)
{
	const struct plan_server *server = &pass->servers[slot];

	if (pass->slots[slot].counted)
		pass->zones[pass->slots[slot].zone].spare += sign * server->free;
	if (server->config != PLAN_NO_CONFIG)
		pass->configs[server->config].servers += sign;
}

/* Its place under the limit is free for another meanwhile; but where the limit is passed already
 * nothing can be made in its place before it is dropped. */
static void hold_back(struct pass *pass, size_t slot)
{
	size_t config = pass->servers[slot].config;
	const struct plan_account *account;

	sum_capacity(pass, slot, -1);
	pass->slots[slot].holds_place = true;
	if (config == PLAN_NO_CONFIG)
		return;
	account = &pass->snapshot->accounts[pass->snapshot->configs[config].account];
	if (account->max_instances >= 0 && *instances_of(pass, config) > account->max_instances)
		return;
	pass->slots[slot].holds_place = false;
	--*instances_of(pass, config);
}

static void build_slots(struct pass *pass, const struct draft *draft)
{
	size_t n_named = pass->snapshot->n_seats + pass->snapshot->n_planned;
	struct candidate *candidates = calloc(n_named + 1, sizeof(*candidates));
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
	const struct plan_server **ids = calloc(n_named + 1, sizeof(*ids));

	if (!candidates || !ids) {
		pass->no_memory = true;
		goto out;
	}
	pass->n_slots = gather(pass, ids, candidates);
	for (size_t i = 0; i < pass->n_slots; i++) {
		pass->servers[i] = *candidates[i].server;
		pass->slots[i] = candidates[i].slot;
		pass->first_leaving += pass->slots[i].tier < TIER_RUNNING_LEAVING;
		pass->first_coming += pass->slots[i].tier < TIER_COMING;
		if (draft->dropped[pass->slots[i].source])
			pass_drop(pass, i);
	}
	for (size_t i = pass->first_coming; i < pass->n_slots; i++)
		if (pass->slots[i].tier == TIER_STUCK && !pass->slots[i].dropped)
			hold_back(pass, i);
	for (size_t rank = 0; rank < pass->snapshot->n_configs; rank++)
		for (size_t c = 0; c < pass->snapshot->n_configs; c++)
			if (pass->configs[c].rank == rank)
				for (int64_t k = 0; k < draft->added[c]; k++)
					pass_add_server(pass, c);
out:
	free(candidates);
	free(ids);
}

void pass_build(struct pass *pass, const struct plan_snapshot *snapshot, const struct draft *draft)
{
	size_t named = snapshot->n_seats + snapshot->n_planned;

	memset(pass, 0, sizeof(*pass));
	pass->snapshot = snapshot;
	pass->slots_size = named + 16;
	pass->unseated = snapshot->n_queue;
	pass->configs = calloc(snapshot->n_configs + 1, sizeof(*pass->configs));
	pass->instances = calloc(snapshot->n_accounts + 1, sizeof(*pass->instances));
	pass->zones = calloc(snapshot->n_configs + 1, sizeof(*pass->zones));
	pass->zone_spare = calloc(snapshot->n_configs + 1, sizeof(*pass->zone_spare));
	pass->servers = calloc(pass->slots_size, sizeof(*pass->servers));
	pass->slots = calloc(pass->slots_size, sizeof(*pass->slots));
	pass->seat_of = calloc(snapshot->n_queue + 1, sizeof(*pass->seat_of));
	pass->no_memory = !pass->configs || !pass->instances || !pass->zones || !pass->zone_spare ||
			  !pass->servers || !pass->slots || !pass->seat_of;
	if (pass->no_memory)
		return;
	for (size_t i = 0; i < snapshot->n_queue; i++)
		pass->seat_of[i] = NO_SLOT;
	build_configs(pass);
	build_sums(pass);
	build_slots(pass, draft);
}

void pass_clear(struct pass *pass)
{
	for (size_t i = 0; i < pass->n_slots; i++)
		free(pass->slots[i].seats);
	free(pass->configs);
	free(pass->instances);
	free(pass->zones);
	free(pass->zone_spare);
	free(pass->servers);
	free(pass->slots);
	free(pass->seat_of);
	memset(pass, 0, sizeof(*pass));
}

static bool grow(struct pass *pass)
{
	size_t size = pass->slots_size * 2;
	struct plan_server *servers = reallocarray(pass->servers, size, sizeof(*servers));
	struct slot *slots;

	if (servers)
		pass->servers = servers;
	slots = reallocarray(pass->slots, size, sizeof(*slots));
	if (slots)
		pass->slots = slots;
	if (!servers || !slots)
		return false;
	pass->slots_size = size;
	return true;
}

size_t pass_add_server(struct pass *pass, size_t config)
{
	const struct plan_config *from = &pass->snapshot->configs[config];
	struct pass_config *own = &pass->configs[config];
	struct plan_server *server;
	size_t slot = pass->n_slots;

	if (slot == pass->slots_size && !grow(pass)) {
		pass->no_memory = true;
		return NO_SLOT;
	}
	server = &pass->servers[slot];
	memset(server, 0, sizeof(*server));
	memcpy(server->zone_id, from->zone_id, sizeof(server->zone_id));
	server->config = config;
	server->state = SERVER_PLANNED;
	server->enabled = true;
	server->connection_type = from->connection_type;
	server->max_sessions = server->free_sessions = own->max_sessions;
	server->max_users = server->free_users = own->max_users;
	server->free = own->room;
	server->created_ms = pass->snapshot->now_ms;
	pass->slots[slot] = (struct slot){.tier = TIER_COMING,
					  .source = SOURCE_NEW,
					  .zone = own->zone,
					  .rank = own->rank,
					  .counted = true};
	pass->n_slots++;
	own->added++;
	own->last_planned_ms = pass->snapshot->now_ms;
	sum_capacity(pass, slot, 1);
	/* What is only asked for leaves the limits as they are, to be told of. */
	if (!pass->lifted)
		++*instances_of(pass, config);
	return slot;
}

void pass_keep(struct pass *pass, size_t slot)
{
	bool leaving = pass_leaving(pass->snapshot, pass->servers[slot].config);

	sum_capacity(pass, slot, 1);
	if (!pass->slots[slot].holds_place)
		++*instances_of(pass, pass->servers[slot].config);
	pass->slots[slot].tier = leaving ? TIER_COMING_LEAVING : TIER_COMING;
}

bool pass_may_keep(const struct pass *pass, size_t slot)
{
	const struct plan_account *account;
	size_t index;

	if (pass->slots[slot].holds_place)
		return true;
	index = pass->snapshot->configs[pass->servers[slot].config].account;
	account = &pass->snapshot->accounts[index];
	return account->max_instances < 0 || pass->instances[index] < account->max_instances;
}

void pass_drop(struct pass *pass, size_t slot)
{
	size_t config = pass->servers[slot].config;

	pass->slots[slot].dropped = true;
	sum_capacity(pass, slot, -1);
	if (config != PLAN_NO_CONFIG)
		--*instances_of(pass, config);
	if (pass->slots[slot].source == SOURCE_NEW)
		pass->configs[config].added--;
}
