/* SPDX-License-Identifier: Apache-2.0 */
/* Reconcile: loads a pool's snapshot, calls plan(), writes its decisions. What time alone changes is
 * planned when it is due; all pools are planned again from time to time, in case a notice was lost. */
#include "engine/reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/brakes.h"
#include "engine/deadlines.h"
#include "engine/pauses.h"
#include "engine/sessions.h"
#include "engine/snapshot.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define CREATES_AT_ONCE 200
#define FAILED_MS MS_PER_S
#define PAGE 100

struct planning {
	struct task task; /* first */
	char pool_id[ID_SIZE];
	unsigned stops; /* ENGINE_STOP_* */
	const struct engine_options *options;
	struct plan_note told_short, told_dry; /* before */
	/* Results of a run. */
	bool gone;
	bool more; /* not all decisions were applied */
	size_t creates;
	int64_t next_wall_ms;
	int64_t deadline_wall_ms;
	struct plan_note new_short, new_dry;
};

/* ---- Decisions ---- */

/* A decision that is refused before it wrote anything (a limit, a name, no room any more) is passed
 * over: the next plan sees why. What fails after a first write comes as another class
 * (life_half_done) and fails the plan, so that all of it is made again. */
static int pass_conflict(const struct hr_error *why, struct hr_error *err)
{
	if (why->class == HR_CONFLICT || why->class == HR_QUOTA || why->class == HR_NOT_FOUND)
		return 0;
	*err = *why;
	return -1;
}

static int apply_seat(struct tx *tx, struct planning *planning,
		      const struct plan_decision *decision, struct hr_error *err)
{
	struct session session;
	struct server server;
	struct hr_error why = {0};

	if (session_get(tx, decision->session_id, &session, &why) < 0 ||
	    server_get(tx, decision->server_id, &server, &why) < 0 ||
	    sessions_seat(tx, &planning->task.context, &session, &server, decision->reason, &why) <
		    0)
		return pass_conflict(&why, err);
	return 0;
}

static int apply_create(struct tx *tx, struct planning *planning, const struct snapshot *snapshot,
			const struct plan_decision *decision, struct hr_error *err)
{
	const struct snapshot_config *config = &snapshot->configs[decision->config];
	const struct plan_account *account =
		&snapshot->accounts[snapshot->plan_configs[decision->config].account];
	struct server server;
	struct hr_error why = {0};
	int result;

	if (planning->creates == CREATES_AT_ONCE) {
		planning->more = true;
		return 0;
	}
	planning->creates++;
	result = life_plan(tx, &planning->task.context, &config->config, account->name,
			   config->provider_revision, account->max_instances, decision->session_id,
			   decision->reason, &server, &why);
	event_because_of_request(tx, NULL);
	return result < 0 ? pass_conflict(&why, err) : 0;
}

static int apply_server(struct tx *tx, struct planning *planning,
			const struct plan_decision *decision, struct hr_error *err)
{
	struct server server;
	struct hr_error why = {0};
	int result = server_get(tx, decision->server_id, &server, &why);

	if (result == 0 && decision->action == PLAN_CANCEL)
		result = life_cancel(tx, &planning->task.context, &server, decision->reason, &why);
	else if (result == 0)
		result = life_drain(tx, &planning->task.context, &server, true, decision->reason,
				    &why);
	return result < 0 ? pass_conflict(&why, err) : 0;
}

static int apply_surplus(struct tx *tx, const struct snapshot *snapshot,
			 const struct plan_decision *decision, struct hr_error *err)
{
	const char *id = snapshot->configs[decision->config].config.id;
	struct config_state state;

	if (config_state_get(tx, id, &state, err) < 0)
		return -1;
	state.surplus_since_ms = decision->surplus_since_ms;
	state.surplus_floor = decision->surplus_floor;
	return config_state_put(tx, id, &state, err);
}

static int apply_refuse(struct tx *tx, struct planning *planning,
			const struct plan_decision *decision, struct hr_error *err)
{
	struct session session;
	struct hr_error why = {0};

	if (session_get(tx, decision->session_id, &session, &why) < 0 ||
	    sessions_refuse(tx, &planning->task.context, &session, decision->reason, &why) < 0)
		return pass_conflict(&why, err);
	return 0;
}

static int apply(struct tx *tx, struct planning *planning, const struct snapshot *snapshot,
		 const struct plan_decision *decision, struct hr_error *err)
{
	switch (decision->action) {
	case PLAN_SEAT: return apply_seat(tx, planning, decision, err);
	case PLAN_CREATE: return apply_create(tx, planning, snapshot, decision, err);
	case PLAN_CANCEL:
	case PLAN_REMOVE: return apply_server(tx, planning, decision, err);
	case PLAN_SURPLUS: return apply_surplus(tx, snapshot, decision, err);
	case PLAN_SHORT:
		return plan_note_tell(tx, planning->task.context.now_ms, planning->pool_id,
				      "pool.short", decision->reason, &planning->new_short, err);
	case PLAN_REFUSE: return apply_refuse(tx, planning, decision, err);
	}
	return 0;
}

/* What an administrator has stopped, nobody is asked to make: others cannot stand in for it. */
static void hold_configs(const struct planning *planning, struct snapshot *snapshot)
{
	struct brake brake;

	brake_of_stops(planning->stops, planning->options, OPERATION_CREATE, true, &brake);
	for (size_t i = 0; brake.until_ms != 0 && i < snapshot->n_configs; i++) {
		struct plan_config *config = &snapshot->plan_configs[i];

		config->braked_until_ms = brake.until_ms;
		text_copy(config->brake_reason, sizeof(config->brake_reason), brake.reason);
	}
}

/* What a dry run leaves undone: servers, and the clock that starts again when some have gone. */
static bool changes_servers(const struct plan_decision *decision)
{
	return decision->action == PLAN_CREATE || decision->action == PLAN_CANCEL ||
	       decision->action == PLAN_REMOVE || decision->action == PLAN_SURPLUS;
}

static int apply_all(struct tx *tx, struct planning *planning, const struct snapshot *snapshot,
		     const struct plan *made, struct hr_error *err)
{
	bool dry = engine_why_only_tells(planning->options) || snapshot->pool.dry_run;
	bool is_short = false;
	char would[512] = "";

	planning->new_short = planning->told_short;
	planning->new_dry = planning->told_dry;
	for (size_t i = 0; i < made->n_decisions; i++) {
		is_short |= made->decisions[i].action == PLAN_SHORT;
		if (!(dry && changes_servers(&made->decisions[i])) &&
		    apply(tx, planning, snapshot, &made->decisions[i], err) < 0)
			return -1;
	}
	if (!is_short)
		planning->new_short.text[0] = '\0';
	if (dry)
		plan_note_dry_run(made, store_moved_how(planning->options->store), would,
				  sizeof(would));
	return plan_note_tell(tx, planning->task.context.now_ms, planning->pool_id, "pool.dry_run",
			      would, &planning->new_dry, err);
}

static int planning_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct planning *planning = (struct planning *)task;
	struct snapshot snapshot = {0};
	struct plan made = {0};
	struct hr_error why = {0};
	int result = 0;

	planning->gone = planning->more = false;
	planning->creates = 0;
	if (snapshot_load(tx, planning->pool_id, task->context.now_ms, &snapshot, &why) < 0) {
		planning->gone = why.class == HR_NOT_FOUND;
		if (!planning->gone) {
			*err = why;
			result = -1;
		}
		goto out;
	}
	hold_configs(planning, &snapshot);
	result = plan(&snapshot.plan, &made, err);
	if (result == 0)
		result = apply_all(tx, planning, &snapshot, &made, err);
	planning->next_wall_ms = made.next_ms;
	if (result == 0)
		result = deadlines_next(tx, &planning->deadline_wall_ms, err);
out:
	plan_clear(&made);
	snapshot_clear(&snapshot);
	return result;
}

/* ---- Pools ---- */

static struct engine_pool *find_pool(struct engine *engine, const char *id)
{
	for (struct engine_pool *p = engine->pools; p; p = p->next)
		if (strcmp(p->id, id) == 0)
			return p;
	return NULL;
}

static struct engine_pool *add_pool(struct engine *engine, const char *id)
{
	struct engine_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	text_copy(pool->id, sizeof(pool->id), id);
	pool->next_wall_ms = MS_NEVER;
	pool->next = engine->pools;
	engine->pools = pool;
	return pool;
}

static void remove_pool(struct engine *engine, struct engine_pool *pool)
{
	struct engine_pool **at = &engine->pools;

	while (*at != pool)
		at = &(*at)->next;
	*at = pool->next;
	free(pool);
}

void engine_dirty(struct engine *engine, const char *pool_id)
{
	struct engine_pool *pool;

	if (pool_id[0] == '\0') {
		for (pool = engine->pools; pool; pool = pool->next)
			pool->dirty = true;
		return;
	}
	pool = find_pool(engine, pool_id);
	if (!pool)
		pool = add_pool(engine, pool_id);
	if (pool)
		pool->dirty = true;
	else
		engine->safety_mono_ms = engine->now.mono_ms;
}

static void planning_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct planning *planning = (struct planning *)task;
	struct engine_pool *pool = find_pool(engine, planning->pool_id);

	if (!pool)
		return;
	pool->planning = false;
	if (err) {
		log_line(LOG_LEVEL_ERROR, &(struct log_subject){.pool = planning->pool_id},
			 "the pool could not be planned: %s", err->message);
		pool->next_wall_ms = engine->now.wall_ms + FAILED_MS;
		return;
	}
	atomic_fetch_add(&engine->plans, 1);
	if (planning->gone) {
		remove_pool(engine, pool);
		return;
	}
	pool->next_wall_ms = planning->next_wall_ms;
	pool->dirty |= planning->more;
	pool->told_short = planning->new_short;
	pool->told_dry = planning->new_dry;
	engine->deadline_wall_ms = planning->deadline_wall_ms;
	engine_look(engine);
}

static void plan_pool(struct engine *engine, struct engine_pool *pool)
{
	struct planning *planning =
		task_new(engine, sizeof(*planning), planning_run, planning_finish, NULL);

	if (!planning) {
		pool->next_wall_ms = engine->now.wall_ms + FAILED_MS;
		pool->dirty = false;
		return;
	}
	text_copy(planning->pool_id, sizeof(planning->pool_id), pool->id);
	planning->told_short = pool->told_short;
	planning->told_dry = pool->told_dry;
	planning->options = &engine->options;
	planning->stops = engine->stops;
	pool->dirty = false;
	pool->next_wall_ms = MS_NEVER;
	pool->planning = true;
	task_submit(engine, &planning->task);
	/* What it orders is picked right behind it, in the same commit: one wait for the disk less until
	 * a module is asked. */
	engine_look(engine);
}

int64_t reconcile_step(struct engine *engine)
{
	int64_t next;

	if (atomic_exchange(&engine->everything_changed, false) ||
	    engine->safety_mono_ms <= engine->now.mono_ms)
		reconcile_reload(engine);
	next = engine->safety_mono_ms;
	for (struct engine_pool *p = engine->pools; p; p = p->next) {
		if (p->planning)
			continue;
		if (p->dirty || p->next_wall_ms <= engine->now.wall_ms)
			plan_pool(engine, p);
		else if (p->next_wall_ms != MS_NEVER &&
			 engine->now.mono_ms + (p->next_wall_ms - engine->now.wall_ms) < next)
			next = engine->now.mono_ms + (p->next_wall_ms - engine->now.wall_ms);
	}
	return next;
}

void reconcile_free(struct engine *engine)
{
	while (engine->pools)
		remove_pool(engine, engine->pools);
}

/* ---- Which pools there are ---- */

struct pools {
	struct task task; /* first */
	char (*ids)[ID_SIZE];
	size_t n;
};

static void pools_clear(struct task *task)
{
	free(((struct pools *)task)->ids);
}

static int pools_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct pools *pools = (struct pools *)task;
	char after[NAME_SIZE] = "";
	size_t n = PAGE;

	pools->n = 0;
	while (n == PAGE) {
		struct document *documents;
		char(*grown)[ID_SIZE];

		if (document_list(tx, DOCUMENT_POOL, after, PAGE, &documents, &n, err) < 0)
			return -1;
		grown = realloc(pools->ids, (pools->n + n + 1) * sizeof(*grown));
		if (!grown) {
			document_list_free(documents, n);
			return error_no_memory(err, "listing pools");
		}
		pools->ids = grown;
		for (size_t i = 0; i < n; i++)
			memcpy(grown[pools->n++], documents[i].id, ID_SIZE);
		if (n > 0)
			text_copy(after, sizeof(after), documents[n - 1].name);
		document_list_free(documents, n);
	}
	return 0;
}

static void pools_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct pools *pools = (struct pools *)task;
	bool again = engine->pools_again;

	engine->pools_loading = engine->pools_again = false;
	if (err) {
		log_line(LOG_LEVEL_ERROR, NULL, "pools could not be listed: %s", err->message);
		engine->safety_mono_ms = engine->now.mono_ms + FAILED_MS;
		return;
	}
	for (size_t i = 0; i < pools->n; i++)
		engine_dirty(engine, pools->ids[i]);
	engine_look(engine);
	if (again)
		reconcile_reload(engine);
}

void reconcile_reload(struct engine *engine)
{
	struct pools *pools;

	engine->safety_mono_ms = engine->now.mono_ms + engine->options.safety_pass_ms;
	if (engine->pools_loading) {
		engine->pools_again = true;
		return;
	}
	pools = task_new(engine, sizeof(*pools), pools_run, pools_finish, pools_clear);
	if (!pools)
		return;
	engine->pools_loading = true;
	task_submit(engine, &pools->task);
}
