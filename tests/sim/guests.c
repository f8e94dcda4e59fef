/* SPDX-License-Identifier: Apache-2.0 */
/* Guests: the startup script of an instance checks in, mostly; late, twice, never or with a failure
 * sometimes. It is told nothing but its script, and tries again while nobody answers. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/checkin.h"
#include "sim_cloud.h"
#include "sim_probe.h"
#include "sim_provider.h"

#define RETRY_MS 5000
#define TRIES 30
#define BEAT_MS 30000

struct visit {
	struct world *world;
	struct instance *instance;
	unsigned generation;
	unsigned tries;
	char status[16];
	bool forged;
	int64_t row; /* of the cloud's visit, which sees to further tries itself; 0: it is none */
	char token[2048];
	struct life_context context;
	struct id_source seed;
	char pool_id[ID_SIZE]; /* of its server, after the check-in */
};

static int visit_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct visit *visit = arg;
	struct checkin checkin = {.token = visit->token,
				  .status = visit->status,
				  .message = "from the simulation",
				  .percent = -1};
	struct server server;

	visit->context.ids = visit->seed;
	if (checkin_apply(tx, &visit->context, &checkin, &server, err) < 0)
		return -1;
	text_copy(visit->pool_id, sizeof(visit->pool_id), server.pool_id);
	return 0;
}

static void knock(struct world *world, void *arg);
static void begin_beats(struct world *world, struct instance *instance, int64_t after_ms);

/* Nobody has answered, or not for good. */
static void try_again(struct world *world, struct visit *visit)
{
	if (visit->row != 0)
		sim_visits_done(world, visit->row, 0);
	else if (++visit->tries < TRIES)
		world_after(world, RETRY_MS, knock, visit);
}

static void heard(struct world *world, struct visit *visit, const struct hr_error *err)
{
	struct instance *instance = visit->instance;
	bool runs = strcmp(visit->status, "running") == 0;

	world_trace(world, visit->status, err ? err->class : 0);
	if (visit->row != 0)
		sim_visits_done(world, visit->row, err ? 401 : 200);
	if (err)
		return;
	if (strcmp(visit->status, "failed") == 0)
		instance->checkin_failed = true;
	if (visit->row != 0 && runs && !instance->checkin_taken)
		begin_beats(world, instance, world->mono_ms - instance->running_ms + BEAT_MS);
	if (runs)
		instance->checkin_taken = true;
	engine_pool_changed(world->engine, visit->pool_id);
}

static void visit_done(void *arg, const struct hr_error *err)
{
	struct visit *visit = arg;
	struct world *world = visit->world;
	bool dead = world->crashed || visit->generation != world->generation;

	if (!dead && !err && visit->forged)
		world_violation(world, "a forged check-in token was accepted");
	if (!dead && (!err || err->class == HR_AUTH || visit->forged)) {
		heard(world, visit, err);
		return;
	}
	if (dead && strcmp(visit->status, "failed") == 0)
		visit->instance->checkin_failed = true; /* perhaps */
	try_again(world, visit);
}

static void knock(struct world *world, void *arg)
{
	struct visit *visit = arg;

	if (instance_state(world, visit->instance) != HR_STATE_RUNNING)
		return;
	if (strcmp(visit->status, "running") == 0 && !visit->forged)
		visit->instance->checkin_tried = true;
	visit->generation = world->generation;
	visit->context.now_ms = world_now(world).wall_ms;
	id_source_init(&visit->seed, sim_bytes, &world->guest_random);
	if (world->engine && store_submit(world->store, visit_run, visit, visit_done) == 0) {
		world->woken = true;
		return;
	}
	try_again(world, visit);
}

void guest_visit(struct world *world, struct instance *instance, const char *status, int64_t row)
{
	struct visit *visit = world_alloc(world, sizeof(*visit));

	visit->world = world;
	visit->instance = instance;
	visit->row = row;
	text_copy(visit->status, sizeof(visit->status), status);
	text_copy(visit->token, sizeof(visit->token), instance->checkin_token);
	instance->checkins++;
	knock(world, visit);
}

static void plan_visit(struct world *world, struct instance *instance, int64_t after_ms,
		       const char *status, bool forged)
{
	struct visit *visit = world_alloc(world, sizeof(*visit));
	size_t len;

	visit->world = world;
	visit->instance = instance;
	visit->forged = forged;
	text_copy(visit->status, sizeof(visit->status), status);
	text_copy(visit->token, sizeof(visit->token), instance->checkin_token);
	len = strlen(visit->token);
	if (forged && len > 4)
		visit->token[len - 3] = visit->token[len - 3] == 'A' ? 'B' : 'A';
	instance->checkins++;
	world_after(world, instance->running_ms - world->mono_ms + after_ms, knock, visit);
}

/* ---- Heartbeat ---- */

static bool is_silent(const struct world *world, const struct instance *instance)
{
	return !world->healed && world->mono_ms >= instance->silent_ms &&
	       world->mono_ms < instance->heard_ms;
}

/* Once it has said that it runs, it says so again and again; but when it is silent. */
static void beat(struct world *world, void *arg)
{
	struct instance *instance = arg;
	struct visit *visit;

	if (instance_state(world, instance) != HR_STATE_RUNNING)
		return;
	if (!is_silent(world, instance)) {
		visit = world_alloc(world, sizeof(*visit));
		visit->world = world;
		visit->instance = instance;
		visit->tries = TRIES - 2; /* the next beat comes anyway */
		text_copy(visit->status, sizeof(visit->status), "running");
		text_copy(visit->token, sizeof(visit->token), instance->checkin_token);
		knock(world, visit);
	}
	world_after(world, BEAT_MS, beat, instance);
}

/* Silence is no fault of the instance's: whoever is on it stays there. */
static void begin_beats(struct world *world, struct instance *instance, int64_t after_ms)
{
	struct sim_random *random = &world->silence_random;

	instance->silent_ms = instance->heard_ms = INT64_MAX;
	if (world->scenario.faults > 0 && sim_chance(random, 500)) {
		instance->silent_ms = instance->running_ms + sim_between(random, 0, 300000);
		if (sim_chance(random, 500))
			instance->heard_ms =
				instance->silent_ms + sim_between(random, 50000, 300000);
	}
	for (size_t i = 0; i < world->scenario.n_configs; i++)
		if (strcmp(world->scenario.configs[i].id, instance->config_id) == 0 &&
		    world->scenario.configs[i].beats)
			world_after(world, instance->running_ms - world->mono_ms + after_ms, beat,
				    instance);
}

void guest_boot(struct world *world, struct instance *instance)
{
	struct sim_random *random = &world->guest_random;
	int64_t faults = world->healed ? 0 : world->scenario.faults;
	int64_t after_ms = sim_between(random, 0, 15000);

	probe_boot(world, instance);
	if (instance->checkin_token[0] == '\0')
		return;
	if (sim_chance(random, 50))
		plan_visit(world, instance, sim_between(random, 0, 5000), "running", true);
	if (sim_chance(random, 200))
		plan_visit(world, instance, after_ms / 2, "installing", false);
	/* Whether it says more, and when, is the cloud's choice. */
	if (world->cloud)
		return;
	if (sim_chance(random, faults / 3))
		return;
	if (sim_chance(random, faults / 3)) {
		instance->faulted = true;
		plan_visit(world, instance, after_ms, "failed", false);
		return;
	}
	if (sim_chance(random, faults / 3))
		after_ms = sim_between(random, 100000, 300000);
	plan_visit(world, instance, after_ms, "running", false);
	begin_beats(world, instance, after_ms + BEAT_MS);
	if (sim_chance(random, 100))
		plan_visit(world, instance, after_ms + sim_between(random, 0, 60000), "running",
			   false);
}
