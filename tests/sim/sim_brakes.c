/* SPDX-License-Identifier: Apache-2.0 */
/* Hourly limits and stops. Faults last less than an hour, so a limit is one for the whole of them. */
#include "sim_brakes.h"

#include <string.h>

#include "base/clock.h"
#include "sim_random.h"

/* Between the transaction that lets a step go, or the engine's last look at the stops, and the provider:
 * what waits for the rate budget waits up to a minute. */
#define SLACK_MS 75000

void brakes_make(struct world *world)
{
	struct sim_random random;
	int64_t end;

	sim_random_init(&random, world->run->seed, 8);
	end = 1000 * sim_between(&random, 300, 900);
	for (size_t i = 0; i < CONFIGS_MAX; i++) {
		struct sim_brake *brake = &world->brakes[i];

		brake->creates = sim_chance(&random, 250) ? sim_between(&random, 2, 12) : 0;
		brake->destroys = sim_chance(&random, 250) ? sim_between(&random, 2, 12) : 0;
		brake->failure_budget = sim_chance(&random, 500) ? sim_between(&random, 1, 5) : 0;
	}
	for (size_t i = 0; i < STOPS_MAX && sim_chance(&random, 400); i++) {
		struct sim_stop *stop = &world->stops[i];

		stop->what = sim_chance(&random, 500) ? ENGINE_STOP_CREATES : ENGINE_STOP_CHANGES;
		stop->from_ms = sim_between(&random, 1000, end);
		stop->to_ms = stop->from_ms + 1000 * sim_between(&random, 1, 240);
	}
}

void brakes_add(const struct world *world, size_t config, json_t *input)
{
	const struct sim_brake *brake = &world->brakes[config];

	if (brake->creates > 0)
		json_object_set_new(input, "creates_per_hour", json_integer(brake->creates));
	if (brake->destroys > 0)
		json_object_set_new(input, "destroys_per_hour", json_integer(brake->destroys));
	if (brake->failure_budget > 0)
		json_object_set_new(input, "failure_budget", json_integer(brake->failure_budget));
}

/* What is stopped now, and has been for so long. */
static unsigned stopped_since(const struct world *world, int64_t for_ms)
{
	unsigned stops = 0;

	for (size_t i = 0; i < STOPS_MAX && !world->healed; i++)
		if (world->mono_ms - for_ms >= world->stops[i].from_ms &&
		    world->mono_ms < world->stops[i].to_ms)
			stops |= world->stops[i].what;
	return stops;
}

unsigned brakes_stops(void *context)
{
	return stopped_since(context, 0);
}

struct begun {
	struct begun *next;
	char operation_id[ID_SIZE];
};

/* Whether it is seen for the first time: its steps, and a look again, are sent as first attempts too. */
static bool is_news(struct world *world, const struct operation *operation)
{
	struct begun *begun;

	for (begun = world->begun; begun; begun = begun->next)
		if (strcmp(begun->operation_id, operation->id) == 0)
			return false;
	begun = world_alloc(world, sizeof(*begun));
	memcpy(begun->operation_id, operation->id, ID_SIZE);
	begun->next = world->begun;
	world->begun = begun;
	return true;
}

static size_t config_index(const struct world *world, const char *id)
{
	size_t i = 0;

	while (i < world->scenario.n_configs && strcmp(world->scenario.configs[i].id, id) != 0)
		i++;
	return i;
}

static void check_hourly(struct world *world, const struct operation *operation)
{
	size_t config = config_index(world, operation->config_id);
	bool creates = operation->kind == OPERATION_CREATE;
	struct sim_brake *brake = &world->brakes[config];
	int64_t *sent = creates ? &brake->creates_sent : &brake->destroys_sent;
	int64_t most = creates ? brake->creates : brake->destroys;

	if (config == world->scenario.n_configs || most == 0)
		return;
	if (++*sent > most)
		world_violation(
			world, "%lld %s of one config were begun within an hour, its limit is %lld",
			(long long)*sent, creates ? "creates" : "destroys", (long long)most);
}

void brakes_check(struct world *world, const struct operation *operation)
{
	unsigned stops = stopped_since(world, SLACK_MS);
	/* Sent for the first time: a later delivery is of something that was begun before. */
	bool begins = operation->attempt == 1 && is_news(world, operation) &&
		      world_now(world).wall_ms - operation->started_ms < SLACK_MS;

	if (world->healed)
		return;
	if (stops & ENGINE_STOP_CHANGES)
		world_violation(world, "a step is sent while all changes are stopped");
	if ((stops & ENGINE_STOP_CREATES) && begins && operation->kind == OPERATION_CREATE)
		world_violation(world, "a create is begun while new servers are stopped");
	if (begins && !operation->by_person)
		check_hourly(world, operation);
}
