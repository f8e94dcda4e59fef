/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a world after a violation. */
#include "dump.h"

#include <stdio.h>
#include <stdlib.h>

#include "books.h"
#include "engine/snapshot.h"
#include "sim_provider.h"
#include "store/operation_rows.h"

#define EVENTS 150

static void dump_plan(struct tx *tx, struct world *world, const char *pool_id)
{
	struct snapshot snapshot = {0};
	struct plan made = {0};
	struct hr_error err = {0};

	if (snapshot_load(tx, pool_id, world_now(world).wall_ms, &snapshot, &err) < 0 ||
	    plan(&snapshot.plan, &made, &err) < 0) {
		fprintf(stderr, "no plan: %s\n", err.message);
	} else {
		fprintf(stderr,
			"%s: spare %lld target %lld running %lld on the way %lld unseated %lld "
			"queue %zu next %lld\n",
			snapshot.pool.name, (long long)made.spare, (long long)made.target,
			(long long)made.running, (long long)made.on_the_way,
			(long long)made.unseated, snapshot.plan.n_queue, (long long)made.next_ms);
		for (size_t i = 0; i < snapshot.n_configs; i++) {
			const struct plan_config *c = &snapshot.plan_configs[i];

			fprintf(stderr,
				"  %s enabled %d minimum %lld aggressive %d max %lld/%lld "
				"account %zu paused until %lld\n",
				c->name, c->enabled, (long long)c->minimum_available,
				c->aggressive_scaling, (long long)c->max_sessions,
				(long long)c->max_users, c->account, (long long)c->paused_until_ms);
		}
		for (size_t i = 0; i < snapshot.n_accounts; i++)
			fprintf(stderr, "  %s %lld of %lld paused until %lld\n",
				snapshot.accounts[i].name,
				(long long)snapshot.accounts[i].instances,
				(long long)snapshot.accounts[i].max_instances,
				(long long)snapshot.accounts[i].paused_until_ms);
		for (size_t i = 0; i < made.n_decisions; i++)
			fprintf(stderr, "  decision %d: %s\n", made.decisions[i].action,
				made.decisions[i].reason);
	}
	plan_clear(&made);
	snapshot_clear(&snapshot);
}

static int dump_all(struct tx *tx, void *arg, struct hr_error *err)
{
	struct world *world = arg;
	struct event_query query = {.newest = true, .limit = EVENTS};
	struct event *events;
	struct books books;
	size_t n;

	if (event_list(tx, &query, &events, &n, err) < 0 || books_read(tx, world, &books, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%12lld %s %s\n",
			(long long)(events[i].at_ms - world_now(world).wall_ms + world->mono_ms),
			events[i].kind, events[i].message);
	free(events);
	for (size_t i = 0; i < books.n_servers; i++)
		fprintf(stderr, "server %s %s %s instance %s: %s%s\n", books.servers[i].id,
			books.servers[i].name, server_state_name(books.servers[i].state),
			books.servers[i].instance_id, books.servers[i].stage,
			books.servers[i].failure);
	for (size_t i = 0; i < books.n_sessions; i++)
		fprintf(stderr, "session %s %s %s %s\n", books.sessions[i].user,
			session_kind_name(books.sessions[i].kind),
			session_state_name(books.sessions[i].state), books.sessions[i].server_id);
	for (const struct instance *i = world->instances; i; i = i->next)
		if (instance_alive(world, i))
			fprintf(stderr, "instance %s of %s state %u\n", i->id, i->server_id,
				instance_state(world, i));
	for (size_t i = 0; i < world->scenario.n_pools; i++)
		dump_plan(tx, world, world->scenario.pools[i].id);
	books_clear(&books);
	return 0;
}

void dump(struct world *world)
{
	struct hr_error err = {0};

	if (store_read(world->store, dump_all, world, &err) < 0)
		fprintf(stderr, "nothing can be read: %s\n", err.message);
}
