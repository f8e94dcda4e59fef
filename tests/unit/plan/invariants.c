/* SPDX-License-Identifier: Apache-2.0 */
/* The planner's invariants. They are written from the rules and recounted from the rows; none asks
 * the planner's own sums. */
#include "invariants.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define MINUTE (60 * MS_PER_S)

/* What is looked at, for fail_seed. */
static uint64_t seed_now;
static unsigned step_now;
static const struct model *model_now;
static const struct plan *plan_now;

#define HOLDS(condition, ...)                               \
	do {                                                \
		if (!(condition))                           \
			fail_seed(#condition, __VA_ARGS__); \
	} while (0)

static void fail_seed(const char *condition, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
static void fail_seed(const char *condition, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "seed %" PRIu64 ", step %u: not %s: ", seed_now, step_now, condition);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	if (model_now)
		model_print(model_now, plan_now);
	fprintf(stderr, "run it again with SEED=%" PRIu64 "\n", seed_now);
	ck_abort_msg("seed %" PRIu64, seed_now);
	abort();
}

void invariants_at(uint64_t seed, unsigned step)
{
	seed_now = seed;
	step_now = step;
}

static struct plan make_plan(struct model *model)
{
	struct plan_snapshot snapshot = model_snapshot(model);
	struct plan made;
	struct hr_error err;

	HOLDS(plan(&snapshot, &made, &err) == 0, "%s", err.message);
	return made;
}

static size_t count(const struct plan *made, enum plan_action action)
{
	size_t n = 0;

	for (size_t i = 0; i < made->n_decisions; i++)
		n += made->decisions[i].action == action;
	return n;
}

static bool is_leaving(const struct model *model, const struct plan_server *row)
{
	return row->config == PLAN_NO_CONFIG || !model->configs[row->config].enabled;
}

/* Recounted from the rows, by config's zone. */
static int64_t spare(struct model *model, const char *zone, bool running_only)
{
	int64_t sum = 0;

	(void)model_snapshot(model);
	for (size_t i = 0; i < model->n_servers; i++) {
		const struct plan_server *row = &model->servers[i].row;

		if (!row->enabled || is_leaving(model, row) ||
		    strcmp(model->configs[row->config].zone_id, zone) != 0)
			continue;
		if (row->state == SERVER_RUNNING ||
		    (!running_only && server_on_the_way(row->state)))
			sum += row->free;
	}
	return sum;
}

static int64_t target(const struct model *model, const char *zone)
{
	int64_t most = 0;

	for (size_t i = 0; i < model->n_configs; i++)
		if (model->configs[i].enabled && strcmp(model->configs[i].zone_id, zone) == 0 &&
		    model->configs[i].minimum_available > most)
			most = model->configs[i].minimum_available;
	return most;
}

static bool is_paused(const struct model *model, size_t config)
{
	return model->configs[config].paused_until_ms > model->now_ms ||
	       model->accounts[model->configs[config].account].paused_until_ms > model->now_ms;
}

static bool can_make(const struct model *model, size_t config)
{
	const struct plan_account *account = &model->accounts[model->configs[config].account];

	return model->configs[config].enabled && !is_paused(model, config) &&
	       (account->max_instances < 0 || account->instances < account->max_instances);
}

static bool reaches(const struct model *model, size_t config, const struct plan_waiting *waiting)
{
	const struct plan_config *own = &model->configs[config];

	return own->enabled && place_can_serve(own->connection_type, waiting->kind) &&
	       (waiting->search_alternate || !waiting->zone_id[0] ||
		strcmp(waiting->zone_id, own->zone_id) == 0);
}

static void check_seat(struct model *model, const struct plan_decision *decision)
{
	struct model_server *server = model_find_server(model, decision->server_id);
	struct place_request request = {0};

	HOLDS(server && server->row.state == SERVER_RUNNING, "a seat on what does not run");
	(void)model_snapshot(model);
	for (size_t i = 0; i < model->n_queue; i++)
		if (strcmp(model->queue[i].session_id, decision->session_id) == 0)
			request = (struct place_request){.user = model->queue[i].user,
							 .kind = model->queue[i].kind,
							 .zone_id = model->queue[i].zone_id,
							 .search_alternate =
								 model->queue[i].search_alternate};
	HOLDS(request.user && place_fits(&request, &server->row), "%s", decision->reason);
}

static void check_remove(struct model *model, const struct plan_decision *decision)
{
	struct model_server *server = model_find_server(model, decision->server_id);
	const struct plan_config *config;

	HOLDS(server && server->row.state == SERVER_RUNNING && server->n_sessions == 0 &&
		      server->row.enabled,
	      "removes a busy, disabled or unknown server: %s", decision->reason);
	if (is_leaving(model, &server->row))
		return;
	config = &model->configs[server->row.config];
	if (config->downscale_backoff_ms > 0)
		HOLDS(config->surplus_since_ms > 0 && model->now_ms - config->surplus_since_ms >=
							      config->downscale_backoff_ms,
		      "%s: before its backoff", decision->reason);
}

static void check_refuse(struct model *model, const struct plan_decision *decision)
{
	if (model->on_no_room == NO_ROOM_REFUSE)
		return;
	for (size_t i = 0; i < model->n_queue; i++) {
		if (strcmp(model->queue[i].session_id, decision->session_id) != 0)
			continue;
		for (size_t c = 0; c < model->n_configs; c++)
			HOLDS(!model->configs[c].aggressive_scaling ||
				      !reaches(model, c, &model->queue[i]),
			      "%s: but %s may", decision->reason, model->configs[c].name);
	}
}

/* One decision after the other, each in the state that the ones before it left. */
static void check_each(const struct model *before, const struct plan *made)
{
	struct model model;

	model_copy(&model, before);
	for (size_t i = 0; i < made->n_decisions; i++) {
		const struct plan_decision *decision = &made->decisions[i];
		struct plan one = {.decisions = &made->decisions[i], .n_decisions = 1};
		struct model_server *server = model_find_server(&model, decision->server_id);

		HOLDS(decision->reason[0], "decision %zu has no reason", i);
		if (decision->action == PLAN_SEAT)
			check_seat(&model, decision);
		else if (decision->action == PLAN_REMOVE)
			check_remove(&model, decision);
		else if (decision->action == PLAN_REFUSE)
			check_refuse(&model, decision);
		else if (decision->action == PLAN_CANCEL)
			HOLDS(server && server->row.state == SERVER_PLANNED, "%s",
			      decision->reason);
		else if (decision->action == PLAN_CREATE)
			HOLDS(can_make(&model, decision->config), "%s", decision->reason);
		model_apply(&model, &one, -1);
	}
	model_close(&model);
}

/* No more of a config go than its step and the fewest that it had too many; never into the target. */
static void check_removals(const struct model *before, struct model *after, const struct plan *made)
{
	int64_t removed[MODEL_CONFIGS] = {0};
	bool leaving[2] = {false, false};
	static const char *const zones[] = {"z1", "z2"};

	for (size_t i = 0; i < made->n_decisions; i++) {
		const struct plan_decision *decision = &made->decisions[i];

		if (decision->action != PLAN_REMOVE || decision->config == PLAN_NO_CONFIG)
			continue;
		removed[decision->config]++;
		leaving[strcmp(before->configs[decision->config].zone_id, "z2") == 0] = true;
	}
	for (size_t c = 0; c < before->n_configs; c++) {
		const struct plan_config *config = &before->configs[c];

		if (!config->enabled || removed[c] == 0 || config->downscale_backoff_ms == 0)
			continue;
		HOLDS(removed[c] <= config->surplus_floor, "%" PRId64 " of %s", removed[c],
		      config->name);
		HOLDS(config->downscale_step == 0 || removed[c] <= config->downscale_step,
		      "%" PRId64 " of %s", removed[c], config->name);
	}
	for (size_t z = 0; z < 2; z++)
		HOLDS(!leaving[z] || spare(after, zones[z], true) >= target(after, zones[z]),
		      "a removal in %s broke its target", zones[z]);
}

static void check_clocks(const struct model *after)
{
	for (size_t c = 0; c < after->n_configs; c++) {
		const struct plan_config *config = &after->configs[c];

		HOLDS((config->surplus_since_ms == 0) == (config->surplus_floor == 0), "%s",
		      config->name);
		HOLDS(config->surplus_since_ms <= after->now_ms, "%s", config->name);
		HOLDS(config->surplus_floor >= 0, "%s", config->name);
	}
}

/* Whoever still waits fits nowhere that runs; and has a promise, or nobody can make a server. */
static void check_waiting(struct model *after, const struct plan *made)
{
	struct plan_snapshot snapshot = model_snapshot(after);

	HOLDS(after->on_no_room == NO_ROOM_QUEUE || after->n_queue == 0, "a session waits");
	for (size_t i = 0; i < after->n_queue; i++) {
		const struct plan_waiting *waiting = &after->queue[i];
		struct place_request request = {.user = waiting->user,
						.kind = waiting->kind,
						.zone_id = waiting->zone_id,
						.search_alternate = waiting->search_alternate};
		bool promised = false;

		for (size_t k = 0; k < snapshot.n_seats; k++)
			HOLDS(snapshot.seats[k].state != SERVER_RUNNING ||
				      !place_fits(&request, &snapshot.seats[k]),
			      "%s waits, %s has room", waiting->user, snapshot.seats[k].name);
		for (size_t k = 0; k < made->n_promises; k++)
			promised = promised ||
				   strcmp(made->promises[k].session_id, waiting->session_id) == 0;
		for (size_t c = 0; c < after->n_configs && !promised; c++)
			HOLDS(!can_make(after, c) || !reaches(after, c, waiting) ||
				      !after->configs[c].aggressive_scaling,
			      "%s waits without a promise, %s could make one", waiting->user,
			      after->configs[c].name);
	}
}

static bool same(const struct plan *a, const struct plan *b)
{
	if (a->n_decisions != b->n_decisions || a->n_promises != b->n_promises ||
	    a->spare != b->spare || a->next_ms != b->next_ms)
		return false;
	return (a->n_decisions == 0 ||
		memcmp(a->decisions, b->decisions, a->n_decisions * sizeof(*a->decisions)) == 0) &&
	       (a->n_promises == 0 ||
		memcmp(a->promises, b->promises, a->n_promises * sizeof(*a->promises)) == 0);
}

static const struct plan_decision *first_change(const struct plan *made)
{
	for (size_t i = 0; i < made->n_decisions; i++)
		if (made->decisions[i].action != PLAN_SHORT)
			return &made->decisions[i];
	return NULL;
}

/* Each added server is needed: without it the plan would order again, or say that it is short, or
 * leave a session without a seat. */
static void check_needed(const struct model *before, const struct plan *made)
{
	size_t checked = 0;

	for (size_t i = 0; i < made->n_decisions && checked < 6; i++) {
		struct model without;
		struct plan again;

		if (made->decisions[i].action != PLAN_CREATE)
			continue;
		checked++;
		model_copy(&without, before);
		model_apply(&without, made, (long)i);
		again = make_plan(&without);
		HOLDS(count(&again, PLAN_CREATE) > 0 || count(&again, PLAN_SHORT) > 0 ||
			      again.unseated + (int64_t)count(&again, PLAN_REFUSE) > made->unseated,
		      "%s was not needed: %s", before->configs[made->decisions[i].config].name,
		      made->decisions[i].reason);
		plan_clear(&again);
		model_close(&without);
	}
}

/* Nothing is cancelled that is planned anew, where the new one would be like it. */
static void check_no_swap(struct model *before, const struct plan *made)
{
	for (size_t i = 0; i < made->n_decisions; i++) {
		const struct model_server *server =
			model_find_server(before, made->decisions[i].server_id);

		if (made->decisions[i].action != PLAN_CANCEL || server->row.outdated ||
		    !server->row.enabled)
			continue;
		for (size_t k = 0; k < made->n_decisions; k++)
			HOLDS(made->decisions[k].action != PLAN_CREATE ||
				      made->decisions[k].config != server->row.config,
			      "%s, and: %s", made->decisions[i].reason, made->decisions[k].reason);
	}
}

/* Until next_ms time alone changes nothing. */
static void check_next(struct model *model, const struct plan *settled)
{
	int64_t now = model->now_ms;
	const struct plan_decision *change;
	struct plan later;

	HOLDS(settled->next_ms > now, "the next plan is due at once");
	model->now_ms =
		settled->next_ms == MS_NEVER ? now + 60 * 24 * 60 * MINUTE : settled->next_ms - 1;
	later = make_plan(model);
	change = first_change(&later);
	HOLDS(!change, "before next_ms: %s", change->reason);
	plan_clear(&later);
	model->now_ms = now;
}

/* Plans, checks, carries out; and the same again finds nothing to do. Gives the decisions made. */
size_t plan_and_check(struct model *model)
{
	struct model before;
	struct plan made = make_plan(model), again = make_plan(model);
	const struct plan_decision *change;
	size_t n = made.n_decisions - count(&made, PLAN_SHORT);

	HOLDS(same(&made, &again), "two plans of one snapshot differ");
	plan_clear(&again);
	model_copy(&before, model);
	model_now = &before;
	plan_now = &made;
	check_each(&before, &made);
	check_no_swap(&before, &made);
	check_needed(&before, &made);
	model_apply(model, &made, -1);
	check_removals(&before, model, &made);
	check_clocks(model);
	check_waiting(model, &made);
	again = make_plan(model);
	change = first_change(&again);
	HOLDS(!change, "it does not settle: %s", change->reason);
	check_next(model, &again);
	plan_clear(&again);
	plan_clear(&made);
	model_now = NULL;
	plan_now = NULL;
	model_close(&before);
	return n;
}

/* Where nothing is short of its target, but where somebody could make what is missing. */
static void check_targets(struct model *model)
{
	static const char *const zones[] = {"z1", "z2"};

	for (size_t z = 0; z < 2; z++) {
		int64_t available = spare(model, zones[z], false);

		if (available >= target(model, zones[z]))
			continue;
		for (size_t c = 0; c < model->n_configs; c++)
			HOLDS(strcmp(model->configs[c].zone_id, zones[z]) != 0 ||
				      !can_make(model, c) ||
				      (!model->configs[c].stand_in &&
				       model->configs[c].minimum_available <= available),
			      "%s has %" PRId64 ", and %s could make one", zones[z], available,
			      model->configs[c].name);
	}
}

/* All that is on its way gets ready, all that drains is gone. Gives how many. */
static size_t come_and_go(struct model *model)
{
	size_t n = 0;

	for (size_t i = model->n_servers; i-- > 0;) {
		struct model_server *server = &model->servers[i];

		if (server->row.state == SERVER_RUNNING)
			continue;
		if (server->row.state == SERVER_DRAINING)
			model_remove_server(model, server);
		else
			model_make_ready(model, server);
		n++;
	}
	return n;
}

/* Left alone, with servers getting ready and time passing, the pool comes to rest. */
void check_rest(struct model *model)
{
	unsigned rounds = 0;
	size_t changes;

	for (size_t i = 0; i < model->n_configs; i++)
		model->configs[i].paused_until_ms = 0;
	for (size_t i = 0; i < model->n_accounts; i++)
		model->accounts[i].paused_until_ms = 0;
	do {
		changes = plan_and_check(model);
		check_targets(model);
		changes += come_and_go(model);
		for (size_t i = 0; i < model->n_configs; i++)
			changes += model->configs[i].surplus_since_ms > 0;
		model->now_ms += 31 * MINUTE;
		HOLDS(++rounds < 200, "it never comes to rest");
	} while (changes > 0);
}
