/* SPDX-License-Identifier: Apache-2.0 */
/* Faults are over: everybody is served, everything that leaked is found, the pools reach their
 * targets, and then nothing more happens. */
#include "settle.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "books.h"
#include "clients.h"
#include "engine/snapshot.h"
#include "model/autoscale_config.h"
#include "scenario.h"
#include "sim_clock.h"
#include "sim_cloud.h"
#include "sim_provider.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"

#define LONGEST_MS (5 * 3600 * MS_PER_S)
#define CHUNK_MS (60 * MS_PER_S)
#define QUIET_MS (900 * MS_PER_S)

/* Why it is not calm yet; "" when it is. */
struct calm {
	struct world *world;
	char why[600];
};

static void not_calm(struct calm *calm, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void not_calm(struct calm *calm, const char *format, ...)
{
	va_list args;

	if (calm->why[0])
		return;
	va_start(args, format);
	text_formatv(calm->why, sizeof(calm->why), format, args);
	va_end(args);
}

/* Its port is asked in rounds of probes. */
static bool is_probed(struct tx *tx, const struct server *server)
{
	struct autoscale_config config;
	struct document document = {0};

	if (server->state != SERVER_RUNNING || server->settings.heartbeat ||
	    document_get_revision(tx, DOCUMENT_AUTOSCALE_CONFIG, server->config_id,
				  server->config_revision, &document, NULL) < 0)
		return false;
	autoscale_config_read(&document, &config);
	document_clear(&document);
	return config.probe && !config.require_checkin;
}

static bool never_speaks(const struct instance *instance)
{
	return instance && instance->speaks_ms == INT64_MAX;
}

/* Where three or more, and more than half, never speak (a probe claimed what is not so, or they checked in),
 * the engine has to take that for a fault on its way to them, and judges none: they stay. */
static bool way_is_doubted(struct tx *tx, struct calm *calm, const struct books *books)
{
	size_t n_mute = 0, n_spoke = 0;

	for (size_t i = 0; i < books->n_servers; i++) {
		if (!is_probed(tx, &books->servers[i]))
			continue;
		if (never_speaks(provider_instance_of(calm->world, books->servers[i].id)))
			n_mute++;
		else
			n_spoke++;
	}
	return n_mute >= 3 && n_mute > n_spoke;
}

static void judge_server(struct tx *tx, struct calm *calm, const struct server *server,
			 bool doubted)
{
	const struct instance *instance = provider_instance_of(calm->world, server->id);
	bool stays_mute = never_speaks(instance) && is_probed(tx, server);

	if (server->state != SERVER_RUNNING && server->state != SERVER_FAILED)
		not_calm(calm, "%s is %s (%s)", server->name, server_state_name(server->state),
			 server->stage);
	else if (server->state == SERVER_RUNNING &&
		 (!instance || instance_state(calm->world, instance) != HR_STATE_RUNNING))
		not_calm(calm, "%s is running, but its instance is not", server->name);
	else if (stays_mute && doubted)
		return;
	else if (server->silence != SILENCE_NONE)
		not_calm(calm, "%s is %s", server->name, server_health(server));
	else if (stays_mute)
		not_calm(calm, "%s never speaks, and runs", server->name);
}

static void judge_rows(struct tx *tx, struct calm *calm, const struct books *books)
{
	bool doubted = way_is_doubted(tx, calm, books);

	for (size_t i = 0; i < books->n_sessions; i++)
		not_calm(calm, "the session of %s is %s", books->sessions[i].user,
			 session_state_name(books->sessions[i].state));
	for (size_t i = 0; i < books->n_servers; i++) {
		const struct server *server = &books->servers[i];

		if (server->deadline_ms != MS_NEVER)
			not_calm(calm, "%s has a deadline", server->name);
	}
	for (size_t i = 0; i < books->n_servers; i++)
		judge_server(tx, calm, &books->servers[i], doubted);
}

static int judge_operations(struct tx *tx, struct calm *calm, struct hr_error *err)
{
	struct operation *operations;
	size_t n;

	if (operation_list_due(tx, MS_NEVER, NULL, 0, 1000, &operations, &n, err) < 0)
		return -1;
	free(operations);
	if (n > 0)
		not_calm(calm, "%zu operations are unfinished", n);
	return 0;
}

static void judge_instances(struct calm *calm, const struct books *books)
{
	for (const struct instance *i = calm->world->instances; i; i = i->next) {
		if (!instance_alive(calm->world, i))
			continue;
		if (i->stray)
			not_calm(calm, "unclaimed instance %s is still there", i->id);
		else if (!books_server(books, i->server_id))
			not_calm(calm, "instance %s has leaked", i->id);
	}
}

/* What the reaper began is in no row: the cloud may have deleted it, and the daemon is yet to learn. */
static void judge_reaper(struct calm *calm)
{
	const struct world *world = calm->world;

	if (world->cloud && world->cloud->reaped_by == world->generation &&
	    world->mono_ms < world->cloud->reaped_until_ms)
		not_calm(calm, "the unclaimed machine is still being destroyed");
}

/* The plan itself has nothing more to do. */
static int judge_plan(struct tx *tx, struct calm *calm, const char *pool_id, struct hr_error *err)
{
	struct snapshot snapshot = {0};
	struct plan made = {0};
	int result = snapshot_load(tx, pool_id, world_now(calm->world).wall_ms, &snapshot, err);
	bool full = true;

	if (result == 0)
		result = plan(&snapshot.plan, &made, err);
	for (size_t i = 0; result == 0 && i < made.n_decisions; i++)
		if (made.decisions[i].action != PLAN_SHORT &&
		    made.decisions[i].action != PLAN_SURPLUS)
			not_calm(calm, "the plan is: %s", made.decisions[i].reason);
	if (result == 0 && made.next_ms != MS_NEVER)
		not_calm(calm, "pool %s has something to come in %lld s", snapshot.pool.name,
			 (long long)((made.next_ms - snapshot.plan.now_ms) / MS_PER_S));
	for (size_t i = 0; i < snapshot.n_configs; i++) {
		const struct plan_account *account =
			&snapshot.accounts[snapshot.plan_configs[i].account];

		if (account->instances < account->max_instances)
			full = false;
	}
	if (result == 0 && made.spare < made.target && !full)
		not_calm(calm, "pool %s has room for %lld, its target is %lld", snapshot.pool.name,
			 (long long)made.spare, (long long)made.target);
	plan_clear(&made);
	snapshot_clear(&snapshot);
	return result;
}

static int judge(struct tx *tx, void *arg, struct hr_error *err)
{
	struct calm *calm = arg;
	struct books books;
	int result = books_read(tx, calm->world, &books, err);

	if (result == 0) {
		judge_rows(tx, calm, &books);
		result = judge_operations(tx, calm, err);
		judge_instances(calm, &books);
		judge_reaper(calm);
	}
	for (size_t i = 0; result == 0 && i < calm->world->scenario.n_pools; i++)
		result = judge_plan(tx, calm, calm->world->scenario.pools[i].id, err);
	books_clear(&books);
	return result;
}

static bool is_calm(struct calm *calm)
{
	struct world *world = calm->world;
	struct hr_error err = {0};

	calm->why[0] = '\0';
	if (!world->engine)
		not_calm(calm, "the daemon is down");
	else if (store_read(world->store, judge, calm, &err) < 0)
		world_violation(world, "%s", err.message);
	if (!clients_done(world))
		not_calm(calm, "a user still holds a session");
	return calm->why[0] == '\0';
}

static void wait_for_daemon(struct world *world)
{
	while (!world->engine && !world->violation[0])
		world_run_until(world, world->mono_ms + MS_PER_S);
}

/* An edit needs a daemon that is up, and is made again when that one dies with it. */
static void mend(struct world *world)
{
	unsigned generation;

	do {
		wait_for_daemon(world);
		generation = world->generation;
		sim_clock_mend(world);
		scenario_mend(world);
		world_run_until(world, world->mono_ms + MS_PER_S);
	} while ((!world->engine || world->generation != generation) && !world->violation[0]);
}

void settle(struct world *world)
{
	struct calm calm = {.world = world};
	int64_t end = world->mono_ms + LONGEST_MS;
	uint64_t sent;

	world_trace(world, "settle", 0);
	provider_heal(world);
	mend(world);
	do {
		world_run_until(world, world->mono_ms + CHUNK_MS);
	} while (!world->violation[0] && !is_calm(&calm) && world->mono_ms < end);
	if (calm.why[0])
		world_violation(world, "it did not settle: %s", calm.why);
	sent = world->creates + world->destroys;
	world_run_until(world, world->mono_ms + QUIET_MS);
	wait_for_daemon(world); /* the crash of this run may come just now */
	if (!is_calm(&calm))
		world_violation(world, "it was settled, and is not any more: %s", calm.why);
	if (world->creates + world->destroys != sent)
		world_violation(world, "it was settled, and then steps were sent");
	if (world->cloud)
		sim_cloud_judge(world);
}
