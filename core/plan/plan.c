/* SPDX-License-Identifier: Apache-2.0 */
/* plan(): makes passes until they agree, then says what the last one decided. */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "plan/pass.h"

/* Two passes agree at once where nothing is missing, the next one where servers were added. More
 * are needed only where sessions of several zones or kinds compete; what the last of these says is
 * a whole plan too, if perhaps not the smallest. */
#define MAX_PASSES 8

/* How often less is tried: once per config that adds servers is the rule. */
#define MAX_TRIES 64

struct plan_decision *plan_decide(struct pass *pass, struct plan *plan, enum plan_action action)
{
	size_t n = plan->n_decisions;
	struct plan_decision *decision;

	/* Room is doubled whenever n is a power of two. */
	if ((n & (n - 1)) == 0) {
		decision = reallocarray(plan->decisions, n ? n * 2 : 1, sizeof(*decision));
		if (!decision) {
			pass->no_memory = true;
			return NULL;
		}
		plan->decisions = decision;
	}
	decision = &plan->decisions[plan->n_decisions++];
	memset(decision, 0, sizeof(*decision));
	decision->action = action;
	decision->config = PLAN_NO_CONFIG;
	return decision;
}

/* One pass from what the draft holds, in place of the one before. */
static void make_pass(const struct plan_snapshot *snapshot, const struct draft *draft,
		      struct pass *pass)
{
	pass_clear(pass);
	pass_build(pass, snapshot, draft);
	if (pass->no_memory)
		return;
	seat_queue(pass);
	scale_up(pass);
	drop_needless(pass);
}

/* Whether this planned server of an earlier plan ends with this pass. */
static bool ends(const struct pass *pass, size_t slot)
{
	return pass->slots[slot].source != SOURCE_NEW &&
	       (pass->slots[slot].dropped || pass->slots[slot].tier == TIER_STUCK);
}

/* Whether the pass ended with what it began with. */
static bool agrees(const struct pass *pass, const struct draft *draft)
{
	for (size_t i = 0; i < pass->snapshot->n_configs; i++)
		if (draft->added[i] != pass->configs[i].added)
			return false;
	for (size_t i = pass->first_coming; i < pass->n_slots; i++)
		if (ends(pass, i) && !draft->dropped[pass->slots[i].source])
			return false;
	return !pass->no_memory;
}

/* Whether a new server of its config would be just like this one. */
static bool like_new(const struct pass *pass, size_t slot)
{
	const struct plan_server *server = &pass->servers[slot];

	return pass->slots[slot].counted && !server->outdated &&
	       server->max_sessions == pass->configs[server->config].max_sessions &&
	       server->max_users == pass->configs[server->config].max_users;
}

/* What one pass dropped and a later one adds is had back. */
static void take_over(const struct pass *pass, struct draft *draft)
{
	for (size_t i = 0; i < pass->snapshot->n_configs; i++)
		draft->added[i] = pass->configs[i].added;
	for (size_t i = pass->first_coming; i < pass->n_slots; i++) {
		size_t source = pass->slots[i].source, config = pass->servers[i].config;

		if (!ends(pass, i))
			continue;
		draft->dropped[source] = true;
		if (like_new(pass, i) && draft->added[config] > 0) {
			draft->dropped[source] = false;
			draft->added[config]--;
		}
	}
}

static void make_passes(const struct plan_snapshot *snapshot, struct draft *draft,
			struct pass *pass)
{
	for (int i = 0; i < MAX_PASSES && !pass->no_memory; i++) {
		make_pass(snapshot, draft, pass);
		if (pass->no_memory || agrees(pass, draft))
			return;
		take_over(pass, draft);
	}
}

/* Whether a pass is content with one fewer of this config; the draft and the pass are then that. */
static bool try_fewer(struct draft *draft, size_t config, size_t unseated, struct pass *pass)
{
	if (draft->added[config] == 0)
		return false;
	draft->added[config]--;
	make_pass(pass->snapshot, draft, pass);
	if (pass->no_memory || (agrees(pass, draft) && pass->unseated <= unseated))
		return true;
	draft->added[config]++;
	make_pass(pass->snapshot, draft, pass);
	return false;
}

/* A server added early for one session may be needless once a larger one was added for another.
 * Those of the worst priority are tried first, all again after each success. */
static void trim(struct draft *draft, struct pass *pass)
{
	size_t n = pass->snapshot->n_configs, unseated = pass->unseated;

	for (size_t tries = 0, failed = 0; failed < n && tries < MAX_TRIES + n; tries++) {
		size_t rank = n - 1 - tries % n, config = 0;

		while (pass->configs[config].rank != rank)
			config++;
		if (try_fewer(draft, config, unseated, pass))
			failed = 0;
		else
			failed++;
		if (pass->no_memory)
			return;
	}
}

static void decide_seats(struct pass *pass, struct plan *plan)
{
	for (size_t i = 0; i < pass->snapshot->n_queue; i++) {
		size_t slot = pass->seat_of[i];
		struct plan_decision *decision;

		if (slot == NO_SLOT || slot >= pass->first_coming)
			continue;
		decision = plan_decide(pass, plan, PLAN_SEAT);
		if (!decision)
			return;
		decision->config = pass->servers[slot].config;
		memcpy(decision->server_id, pass->servers[slot].id, ID_SIZE);
		memcpy(decision->session_id, pass->snapshot->queue[i].session_id, ID_SIZE);
		reason_seat(pass, i, decision);
	}
}

static void decide_cancels(struct pass *pass, struct plan *plan)
{
	for (size_t i = pass->first_coming; i < pass->n_slots; i++) {
		struct plan_decision *decision;

		if (!ends(pass, i))
			continue;
		decision = plan_decide(pass, plan, PLAN_CANCEL);
		if (!decision)
			return;
		decision->config = pass->servers[i].config;
		memcpy(decision->server_id, pass->servers[i].id, ID_SIZE);
		reason_cancel(pass, i, decision);
	}
}

static bool is_new(const struct pass *pass, size_t slot)
{
	return pass->slots[slot].source == SOURCE_NEW && !pass->slots[slot].dropped;
}

/* For whom a new server is: the first on it that may order one; n_queue: for standby. */
static size_t owner_of(const struct pass *pass, size_t slot)
{
	size_t n = pass->snapshot->n_queue;

	if (pass->slots[slot].taken == 0 ||
	    !pass->snapshot->configs[pass->servers[slot].config].aggressive_scaling)
		return n;
	for (size_t i = 0; i < n; i++)
		if (pass->seat_of[i] == slot)
			return i;
	return n;
}

/* Those for sessions first; before is what each one finds in its zone, counted up from what is
 * there without any of them. */
static void decide_creates(struct pass *pass, struct plan *plan, bool for_sessions)
{
	for (size_t i = pass->first_coming; i < pass->n_slots; i++) {
		size_t zone = pass->slots[i].zone, owner;
		struct plan_decision *decision;

		if (!is_new(pass, i))
			continue;
		owner = owner_of(pass, i);
		if ((owner < pass->snapshot->n_queue) != for_sessions)
			continue;
		decision = plan_decide(pass, plan, PLAN_CREATE);
		if (!decision)
			return;
		decision->config = pass->servers[i].config;
		if (for_sessions) {
			memcpy(decision->session_id, pass->snapshot->queue[owner].session_id,
			       ID_SIZE);
			reason_create_for_session(pass, owner, decision);
		} else {
			reason_create_standby(pass, pass->zone_spare[zone], decision);
		}
		pass->zone_spare[zone] += pass->servers[i].free;
	}
}

static void sum_up(struct pass *pass, struct plan *plan)
{
	const struct plan_snapshot *snapshot = pass->snapshot;

	for (size_t i = 0; i < pass->n_zones; i++) {
		pass->zone_spare[i] = pass->zones[i].spare;
		plan->target += pass->zones[i].target;
	}
	for (size_t i = pass->first_coming; i < pass->n_slots; i++)
		if (is_new(pass, i))
			pass->zone_spare[pass->slots[i].zone] -= pass->servers[i].free;
	for (size_t i = 0; i < pass->n_zones; i++)
		plan->spare += pass->zone_spare[i];
	for (size_t i = 0; i < snapshot->n_cohorts; i++) {
		if (snapshot->cohorts[i].state == SERVER_RUNNING)
			plan->running += snapshot->cohorts[i].count;
		else if (server_on_the_way(snapshot->cohorts[i].state))
			plan->on_the_way += snapshot->cohorts[i].count;
	}
}

/* Promises, refusals, and who is left. */
static void decide_waiting(struct pass *pass, struct plan *plan)
{
	size_t n = pass->snapshot->n_queue;

	plan->promises = calloc(n + 1, sizeof(*plan->promises));
	if (!plan->promises) {
		pass->no_memory = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const char *session = pass->snapshot->queue[i].session_id;
		size_t slot = pass->seat_of[i];
		struct plan_decision *decision;

		if (slot != NO_SLOT && slot < pass->first_coming)
			continue;
		if (slot != NO_SLOT) {
			struct plan_promise *promise = &plan->promises[plan->n_promises++];

			memcpy(promise->session_id, session, ID_SIZE);
			memcpy(promise->server_id, pass->servers[slot].id, ID_SIZE);
			promise->config = pass->servers[slot].config;
			continue;
		}
		if (scale_up_may_wait(pass, i)) {
			plan->unseated++;
			continue;
		}
		decision = plan_decide(pass, plan, PLAN_REFUSE);
		if (!decision)
			return;
		memcpy(decision->session_id, session, ID_SIZE);
		reason_refuse(pass, i, decision);
	}
}

/* When a pause or a brake ends, somebody may be able to make what is missing. */
static void wait_for_holds(const struct pass *pass, struct plan *plan)
{
	for (size_t i = 0; i < pass->snapshot->n_configs; i++) {
		const struct plan_config *config = &pass->snapshot->configs[i];
		const int64_t ends[] = {config->paused_until_ms,
					pass->snapshot->accounts[config->account].paused_until_ms,
					config->braked_until_ms};

		for (size_t k = 0; config->enabled && k < sizeof(ends) / sizeof(ends[0]); k++)
			if (ends[k] > pass->snapshot->now_ms && ends[k] < plan->next_ms)
				plan->next_ms = ends[k];
	}
}

static void decide_short(struct pass *pass, struct plan *plan)
{
	struct plan_decision *decision;
	int64_t needed, spare = 0;

	/* Like the servers needed and the sessions left: with what this plan makes. The next call
	 * uses up the sums. */
	for (size_t i = 0; i < pass->n_zones; i++)
		spare += pass->zones[i].spare;
	needed = scale_up_short(pass);
	if (needed == 0 || pass->no_memory)
		return;
	decision = plan_decide(pass, plan, PLAN_SHORT);
	if (decision)
		reason_short(pass, plan, needed, spare, decision);
}

static void decide(struct pass *pass, struct plan *plan)
{
	sum_up(pass, plan);
	decide_seats(pass, plan);
	decide_cancels(pass, plan);
	decide_creates(pass, plan, true);
	decide_creates(pass, plan, false);
	scale_down(pass, plan);
	decide_waiting(pass, plan);
	wait_for_holds(pass, plan);
	if (!pass->no_memory)
		decide_short(pass, plan);
}

int plan(const struct plan_snapshot *snapshot, struct plan *ret_plan, struct hr_error *err)
{
	struct draft draft = {
		.added = calloc(snapshot->n_configs + 1, sizeof(*draft.added)),
		.dropped =
			calloc(snapshot->n_seats + snapshot->n_planned + 1, sizeof(*draft.dropped)),
	};
	struct pass pass = {.no_memory = !draft.added || !draft.dropped};
	bool failed;

	memset(ret_plan, 0, sizeof(*ret_plan));
	ret_plan->next_ms = MS_NEVER;
	if (!pass.no_memory)
		make_passes(snapshot, &draft, &pass);
	if (!pass.no_memory && snapshot->n_queue > 0)
		trim(&draft, &pass);
	if (!pass.no_memory)
		decide(&pass, ret_plan);
	failed = pass.no_memory;
	pass_clear(&pass);
	free(draft.added);
	free(draft.dropped);
	if (!failed)
		return 0;
	plan_clear(ret_plan);
	return error_no_memory(err, "planning a pool");
}

void plan_clear(struct plan *plan)
{
	free(plan->decisions);
	free(plan->promises);
	memset(plan, 0, sizeof(*plan));
}
