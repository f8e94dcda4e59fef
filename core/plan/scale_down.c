/* SPDX-License-Identifier: Apache-2.0 */
/* Which idle running servers go. Only what runs justifies a removal, never what is on its way; so a
 * removal never makes the next plan order again. Planned servers are not looked at here. */
#include "plan/pass.h"

#include <stdlib.h>
#include <string.h>

struct idle {
	const struct plan_server *server;
	size_t rank;
	size_t index;
	bool leaving;
	bool victim;
};

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* Outdated ones, the worst priority, then as the store gives them: longest idle, oldest. */
static int compare_idle(const void *a, const void *b)
{
	const struct idle *x = a, *y = b;
	int order = ORDER(y->server->outdated, x->server->outdated);

	if (!order)
		order = ORDER(y->rank, x->rank);
	return order ? order : ORDER(x->index, y->index);
}

/* Whether this pass has just given it a session. */
static bool is_taken(const struct pass *pass, const struct plan_server *server)
{
	for (size_t i = 0; i < pass->first_coming; i++)
		if (pass->slots[i].taken > 0 && strcmp(pass->servers[i].id, server->id) == 0)
			return true;
	return false;
}

/* Idle servers in the order of removal. One that a person disabled is left to that person. */
static size_t gather(const struct pass *pass, struct idle *list)
{
	const struct plan_snapshot *snapshot = pass->snapshot;
	size_t n = 0;

	for (size_t i = 0; i < snapshot->n_idle; i++) {
		const struct plan_server *server = &snapshot->idle[i];
		bool known = server->config != PLAN_NO_CONFIG;

		if (server->state != SERVER_RUNNING || !server->enabled || server->n_seats > 0 ||
		    is_taken(pass, server))
			continue;
		list[n++] = (struct idle){.server = server,
					  .rank = known ? pass->configs[server->config].rank
							: snapshot->n_configs,
					  .index = i,
					  .leaving = pass_leaving(snapshot, server->config)};
	}
	qsort(list, n, sizeof(*list), compare_idle);
	return n;
}

/* Marks those that could all go together, and counts them by config. */
static void find_victims(const struct pass *pass, struct idle *list, size_t n, int64_t *victims)
{
	for (size_t i = 0; i < pass->n_zones; i++)
		pass->zone_spare[i] = pass->zones[i].running_spare;
	for (size_t i = 0; i < n; i++) {
		const struct plan_server *server = list[i].server;
		size_t zone;

		if (list[i].leaving)
			continue;
		zone = pass->configs[server->config].zone;
		if (pass->zone_spare[zone] - server->free < pass->zones[zone].target)
			continue;
		pass->zone_spare[zone] -= server->free;
		list[i].victim = true;
		victims[server->config]++;
	}
}

static size_t zone_of(const struct pass *pass, const struct plan_server *server)
{
	if (server->config != PLAN_NO_CONFIG)
		return pass->configs[server->config].zone;
	for (size_t i = 0; i < pass->n_zones; i++)
		if (strcmp(pass->zones[i].id, server->zone_id) == 0)
			return i;
	return pass->n_zones; /* no config is left there, so no target either */
}

/* What leaves goes as soon as what stays is enough. */
static void drain_leaving(struct pass *pass, struct plan *plan, const struct idle *list, size_t n)
{
	for (size_t i = 0; i < n && !pass->no_memory; i++) {
		size_t zone = zone_of(pass, list[i].server);
		struct plan_decision *decision;

		if (!list[i].leaving || (zone < pass->n_zones && pass->zones[zone].running_spare <
									 pass->zones[zone].target))
			continue;
		decision = plan_decide(pass, plan, PLAN_REMOVE);
		if (!decision)
			return;
		decision->config = list[i].server->config;
		memcpy(decision->server_id, list[i].server->id, ID_SIZE);
		reason_leave(pass, zone, list[i].server, decision);
	}
}

/* Where the config's clock stands now, and how many may go. */
static struct surplus read_clock(const struct pass *pass, size_t config, int64_t victims)
{
	const struct plan_config *own = &pass->snapshot->configs[config];
	int64_t now = pass->snapshot->now_ms;
	struct surplus surplus = {.zone = pass->configs[config].zone, .victims = victims};

	if (victims == 0 || pass->configs[config].added > 0)
		return surplus;
	surplus.since_ms = own->surplus_since_ms > 0 ? own->surplus_since_ms : now;
	surplus.floor = victims;
	if (own->surplus_since_ms > 0 && own->surplus_floor < victims)
		surplus.floor = own->surplus_floor;
	if (now - surplus.since_ms < own->downscale_backoff_ms)
		return surplus;
	surplus.going = surplus.floor;
	/* With no backoff there is no period of which the step could be a part. */
	if (own->downscale_backoff_ms > 0 && own->downscale_step > 0 &&
	    own->downscale_step < surplus.going)
		surplus.going = own->downscale_step;
	return surplus;
}

static void remove_victims(struct pass *pass, struct plan *plan, const struct idle *list, size_t n,
			   size_t config, const struct surplus *surplus)
{
	int64_t left = surplus->going;

	for (size_t i = 0; i < n && left > 0; i++) {
		struct plan_decision *decision;

		if (!list[i].victim || list[i].server->config != config)
			continue;
		decision = plan_decide(pass, plan, PLAN_REMOVE);
		if (!decision)
			return;
		decision->config = config;
		memcpy(decision->server_id, list[i].server->id, ID_SIZE);
		reason_remove(pass, surplus, list[i].server, decision);
		left--;
	}
}

/* The clock as it is to be stored: after removals it starts again for the rest. */
static void set_clock(struct pass *pass, struct plan *plan, size_t config, struct surplus surplus)
{
	const struct plan_config *own = &pass->snapshot->configs[config];
	struct plan_decision *decision;

	if (surplus.going > 0) {
		surplus.victims -= surplus.going;
		surplus.floor = surplus.victims;
		surplus.since_ms = surplus.victims > 0 ? pass->snapshot->now_ms : 0;
		surplus.going = 0;
	}
	if (surplus.since_ms > 0 && surplus.since_ms + own->downscale_backoff_ms < plan->next_ms)
		plan->next_ms = surplus.since_ms + own->downscale_backoff_ms;
	if (surplus.since_ms == own->surplus_since_ms && surplus.floor == own->surplus_floor)
		return;
	decision = plan_decide(pass, plan, PLAN_SURPLUS);
	if (!decision)
		return;
	decision->config = config;
	decision->surplus_since_ms = surplus.since_ms;
	decision->surplus_floor = surplus.floor;
	reason_surplus(pass, &surplus, decision);
}

void scale_down(struct pass *pass, struct plan *plan)
{
	struct idle *list = calloc(pass->snapshot->n_idle + 1, sizeof(*list));
	int64_t *victims = calloc(pass->snapshot->n_configs + 1, sizeof(*victims));
	size_t n;

	if (!list || !victims) {
		pass->no_memory = true;
		goto out;
	}
	n = gather(pass, list);
	find_victims(pass, list, n, victims);
	drain_leaving(pass, plan, list, n);
	for (size_t i = 0; i < pass->snapshot->n_configs && !pass->no_memory; i++) {
		struct surplus surplus = read_clock(pass, i, victims[i]);

		remove_victims(pass, plan, list, n, i, &surplus);
		set_clock(pass, plan, i, surplus);
	}
out:
	free(list);
	free(victims);
}
