/* SPDX-License-Identifier: Apache-2.0 */
/* The seed's documents, and edits of them while the daemon runs. */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/life.h"
#include "sim_brakes.h"
#include "store/document_rows.h"
#include "store/server_rows.h"

/* ---- Making ---- */

struct making {
	enum document_kind kind;
	const char *name;
	json_t *input;
	int64_t now_ms;
	struct id_source ids;
	char id[ID_SIZE];
};

static int make_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct making *making = arg;
	struct document document = {
		.kind = making->kind, .created_ms = making->now_ms, .changed_ms = making->now_ms};
	struct id_source ids = making->ids;
	int result;

	id_new(&ids, document.id);
	text_copy(document.name, sizeof(document.name), making->name);
	text_copy(making->id, sizeof(making->id), document.id);
	if (document_normalize(making->kind, making->input, 0, &document.body, err) < 0)
		return -1;
	result = document_put(tx, &document, NULL, err);
	document_clear(&document);
	return result;
}

static void make(struct world *world, enum document_kind kind, const char *name, json_t *input,
		 char ret_id[ID_SIZE])
{
	struct making making = {
		.kind = kind, .name = name, .input = input, .now_ms = world_now(world).wall_ms};
	struct hr_error err = {0};

	json_object_set_new(input, "name", json_string(name));
	id_source_init(&making.ids, sim_bytes, &world->world_random);
	if (store_write(world->store, make_run, &making, &err) < 0)
		world_violation(world, "%s could not be stored: %s", name, err.message);
	text_copy(ret_id, ID_SIZE, making.id);
	json_decref(input);
}

static void make_account(struct world *world, size_t i)
{
	struct sim_random *random = &world->world_random;
	struct scenario *scenario = &world->scenario;
	char name[NAME_SIZE];

	text_format(name, sizeof(name), "account-%zu", i);
	scenario->accounts[i].max_instances = sim_between(random, 3, 10);
	scenario->accounts[i].list_interval_ms = 1000 * sim_between(random, 20, 60);
	scenario->accounts[i].reaper_grace_ms = 1000 * sim_between(random, 600, 1200);
	make(world, DOCUMENT_PROVIDER_CONFIG, name,
	     json_pack("{s:s, s:I, s:I, s:I}", "provider", "sim", "max_instances",
		       (json_int_t)scenario->accounts[i].max_instances, "list_interval",
		       (json_int_t)(scenario->accounts[i].list_interval_ms / 1000), "reaper_grace",
		       (json_int_t)(scenario->accounts[i].reaper_grace_ms / 1000)),
	     scenario->accounts[i].id);
}

static void make_pool(struct world *world, size_t i)
{
	struct sim_random *random = &world->world_random;
	struct scenario *scenario = &world->scenario;
	char name[NAME_SIZE];

	text_format(name, sizeof(name), "pool-%zu", i);
	scenario->pools[i].keepalive_ms = 1000 * sim_between(random, 60, 300);
	make(world, DOCUMENT_POOL, name,
	     json_pack("{s:s, s:I, s:I}", "strategy", sim_chance(random, 500) ? "spread" : "pack",
		       "queue_timeout", (json_int_t)3600, "keepalive_expiration",
		       (json_int_t)(scenario->pools[i].keepalive_ms / 1000)),
	     scenario->pools[i].id);
}

static void make_config(struct world *world, size_t i)
{
	static const int64_t backoffs[] = {0, 30, 120, 600};
	struct sim_random *random = &world->world_random;
	struct scenario *scenario = &world->scenario;
	int64_t sessions = sim_between(random, 1, 4), least = sim_between(random, 0, 3);
	char name[NAME_SIZE];
	json_t *input;

	/* Enough of them for most of them to be mute. */
	if (world->probed) {
		sessions = 1;
		least += 3;
	}
	text_format(name, sizeof(name), "config-%zu", i);
	scenario->configs[i].pool = i % scenario->n_pools;
	scenario->configs[i].account = (size_t)sim_below(random, (int64_t)scenario->n_accounts);
	input = json_pack(
		"{s:s, s:s, s:s, s:I, s:I, s:b, s:b, s:I, s:s, s:I, s:I, s:b, s:s, s:b, s:I, "
		"s:I, s:I, s:I, s:I}",
		"pool", scenario->pools[scenario->configs[i].pool].id, "zone", scenario->zone_id,
		"provider_config", scenario->accounts[scenario->configs[i].account].id,
		"minimum_available_sessions", (json_int_t)least, "priority",
		(json_int_t)sim_between(random, 0, 3), "aggressive_scaling",
		(int)(i < scenario->n_pools || sim_chance(random, 800)), "aggressive_pooling",
		(int)sim_chance(random, 700), "downscale_backoff",
		(json_int_t)backoffs[sim_below(random, 4)], "connection_type",
		i < scenario->n_pools || sim_chance(random, 700) ? "RDP" : "SSH",
		"max_simultaneous_sessions_per_server", (json_int_t)sessions,
		"max_simultaneous_users", (json_int_t)sim_between(random, 1, sessions), "reusable",
		(int)sim_chance(random, 500), "startup_script",
		"#!/bin/sh\nserver={server_id}\ntoken={checkin_jwt}\n"
		"# headroom-sim: checkin_url={checkin_url}\n",
		"require_checkin", (int)(sim_chance(random, 800) && !world->probed),
		"provision_timeout", (json_int_t)600, "create_timeout", (json_int_t)200,
		"boot_timeout", (json_int_t)120, "checkin_timeout", (json_int_t)120, "keep_failed",
		(json_int_t)(sim_chance(random, 200) ? 1 : 0));
	scenario->configs[i].probes = sim_chance(&world->probe_random, 800) || world->probed;
	json_object_set_new(input, "probe", json_boolean(scenario->configs[i].probes));
	scenario->configs[i].beats = sim_chance(&world->silence_random, 500) && !world->probed;
	if (scenario->configs[i].beats) {
		json_object_set_new(input, "heartbeat", json_string("expected"));
		json_object_set_new(input, "missing_after", json_integer(60));
		json_object_set_new(input, "dead_after", json_integer(180));
	}
	brakes_add(world, i, input);
	make(world, DOCUMENT_AUTOSCALE_CONFIG, name, input, scenario->configs[i].id);
}

/* ---- Editing ---- */

struct edit {
	struct world *world;
	char id[ID_SIZE];
	enum document_kind kind;
	const char *key;
	json_t *value;
	int64_t now_ms;
	unsigned generation;
};

static int edit_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct edit *edit = arg;
	struct document document = {0};
	int result;

	if (document_get(tx, edit->kind, edit->id, &document, err) < 0)
		return -1;
	json_object_set(document.body, edit->key, edit->value);
	document.changed_ms = edit->now_ms;
	result = document_put(tx, &document, NULL, err);
	document_clear(&document);
	return result;
}

static void edit_done(void *arg, const struct hr_error *err)
{
	struct edit *edit = arg;
	struct world *world = edit->world;

	if (!world->crashed && edit->generation == world->generation) {
		if (err)
			world_violation(world, "an edit failed: %s", err->message);
		else
			engine_document_changed(world->engine, edit->kind, edit->id);
	}
	json_decref(edit->value);
	free(edit);
}

static void edit(struct world *world, enum document_kind kind, const char *id, const char *key,
		 json_t *value)
{
	struct edit *one = calloc(1, sizeof(*one));

	if (!one)
		abort();
	*one = (struct edit){.world = world,
			     .kind = kind,
			     .key = key,
			     .value = value,
			     .now_ms = world_now(world).wall_ms,
			     .generation = world->generation};
	text_copy(one->id, sizeof(one->id), id);
	world_trace(world, key, 0);
	if (!world->engine || store_submit(world->store, edit_run, one, edit_done) < 0) {
		json_decref(value);
		free(one);
	} else {
		world->woken = true;
	}
}

static void edit_something(struct world *world, void *arg)
{
	struct sim_random *random = &world->admin_random;
	struct scenario *scenario = &world->scenario;
	size_t i = (size_t)sim_below(random, (int64_t)scenario->n_configs);
	size_t account = (size_t)sim_below(random, (int64_t)scenario->n_accounts);

	(void)arg;
	switch (sim_below(random, 4)) {
	case 0:
		edit(world, DOCUMENT_AUTOSCALE_CONFIG, scenario->configs[i].id,
		     "minimum_available_sessions", json_integer(sim_between(random, 0, 4)));
		break;
	case 1:
		scenario->configs[i].disabled = true;
		edit(world, DOCUMENT_AUTOSCALE_CONFIG, scenario->configs[i].id, "enabled",
		     json_false());
		break;
	case 2:
		scenario->accounts[account].max_instances += sim_between(random, 1, 3);
		edit(world, DOCUMENT_PROVIDER_CONFIG, scenario->accounts[account].id,
		     "max_instances", json_integer(scenario->accounts[account].max_instances));
		break;
	default:
		edit(world, DOCUMENT_AUTOSCALE_CONFIG, scenario->configs[i].id, "priority",
		     json_integer(sim_between(random, 0, 3)));
		break;
	}
}

void scenario_mend(struct world *world)
{
	for (size_t i = 0; i < world->scenario.n_configs; i++) {
		const char *id = world->scenario.configs[i].id;

		if (world->scenario.configs[i].disabled)
			edit(world, DOCUMENT_AUTOSCALE_CONFIG, id, "enabled", json_true());
		/* Nobody waits for an hour to pass. */
		if (world->brakes[i].creates > 0)
			edit(world, DOCUMENT_AUTOSCALE_CONFIG, id, "creates_per_hour",
			     json_integer(1000));
		if (world->brakes[i].destroys > 0)
			edit(world, DOCUMENT_AUTOSCALE_CONFIG, id, "destroys_per_hour",
			     json_integer(1000));
	}
}

/* ---- The administrator's hand ---- */

struct removal {
	struct world *world;
	int64_t pick;
	bool drain;
	bool creating; /* of those that are just being created */
	unsigned generation;
	struct life_context context;
	struct id_source seed;
};

static int removal_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct removal *removal = arg;
	struct server_query query = {.order = SERVER_BY_ID};
	struct server *servers, server;
	size_t n;

	removal->context.ids = removal->seed;
	if (removal->creating)
		query.states = SERVER_STATE_BIT(SERVER_CREATING);
	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	if (n > 0)
		server = servers[(size_t)removal->pick % n];
	free(servers);
	if (n == 0)
		return 0;
	if (removal->drain)
		return life_drain(tx, &removal->context, &server, false,
				  "the administrator drains it", err);
	return life_destroy(tx, &removal->context, &server, "the administrator removes it", err);
}

static void removal_done(void *arg, const struct hr_error *err)
{
	struct removal *removal = arg;
	struct world *world = removal->world;

	if (!world->crashed && removal->generation == world->generation) {
		if (err)
			world_violation(world, "a removal failed: %s", err->message);
		engine_operations_due(world->engine);
		for (size_t i = 0; i < world->scenario.n_pools; i++)
			engine_pool_changed(world->engine, world->scenario.pools[i].id);
	}
	free(removal);
}

static void remove_something(struct world *world, void *arg)
{
	struct removal *removal = calloc(1, sizeof(*removal));

	(void)arg;
	if (!removal)
		abort();
	removal->world = world;
	removal->pick = sim_below(&world->admin_random, 1000);
	removal->drain = sim_chance(&world->admin_random, 500);
	removal->creating = sim_chance(&world->admin_random, 500);
	removal->generation = world->generation;
	removal->context.now_ms = world_now(world).wall_ms;
	removal->context.by_person = true;
	id_source_init(&removal->seed, sim_bytes, &world->admin_random);
	world_trace(world, "removal", removal->pick);
	if (!world->engine || store_submit(world->store, removal_run, removal, removal_done) < 0)
		free(removal);
	else
		world->woken = true;
}

/* ---- All ---- */

void scenario_make(struct world *world)
{
	struct sim_random *random = &world->world_random;
	struct scenario *scenario = &world->scenario;
	int64_t n;

	/* A tenth of the seeds are fine days. */
	scenario->faults = sim_chance(random, 100) ? 0 : sim_between(random, 20, 250);
	scenario->faults_end_ms = 1000 * sim_between(random, 400, 900);
	scenario->requests = sim_between(random, 8, 24);
	scenario->n_pools = (size_t)sim_between(random, 1, POOLS_MAX);
	scenario->n_accounts = (size_t)sim_between(random, 1, ACCOUNTS_MAX);
	scenario->n_configs =
		scenario->n_pools + (size_t)sim_between(random, 0, (int64_t)scenario->n_pools);
	make(world, DOCUMENT_ZONE, "zone", json_object(), scenario->zone_id);
	for (size_t i = 0; i < scenario->n_accounts; i++)
		make_account(world, i);
	for (size_t i = 0; i < scenario->n_pools; i++)
		make_pool(world, i);
	for (size_t i = 0; i < scenario->n_configs; i++)
		make_config(world, i);
	n = sim_between(&world->admin_random, 0, 4);
	for (int64_t i = 0; i < n; i++)
		world_after(world, sim_between(&world->admin_random, 1000, scenario->faults_end_ms),
			    edit_something, NULL);
	n = sim_between(&world->admin_random, 0, 8);
	for (int64_t i = 0; i < n; i++)
		world_after(world, sim_between(&world->admin_random, 1000, scenario->faults_end_ms),
			    remove_something, NULL);
}
