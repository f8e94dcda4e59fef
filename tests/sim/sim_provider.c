/* SPDX-License-Identifier: Apache-2.0 */
/* The provider's books, and what befalls instances by themselves. */
#include "sim_provider.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim_calls.h"
#include "sim_cloud.h"

uint32_t instance_state(const struct world *world, const struct instance *instance)
{
	if (world->cloud)
		return sim_cloud_state(world, instance);
	if (instance->state == HR_STATE_PENDING && world->mono_ms >= instance->running_ms)
		return HR_STATE_RUNNING;
	return instance->state;
}

bool instance_alive(const struct world *world, const struct instance *instance)
{
	return instance_state(world, instance) != HR_STATE_GONE;
}

bool instance_faulted(const struct world *world, const struct instance *instance)
{
	return instance->faulted || instance->checkin_failed ||
	       (world->cloud && sim_cloud_failed(world, instance));
}

struct instance *provider_instance_of(struct world *world, const char *server_id)
{
	for (struct instance *i = world->instances; i; i = i->next)
		if (strcmp(i->server_id, server_id) == 0)
			return i;
	return NULL;
}

struct instance *provider_add(struct world *world, const char *account)
{
	struct sim_random *random = &world->provider_random;
	struct instance *instance = calloc(1, sizeof(*instance));

	if (!instance)
		abort();
	text_format(instance->id, sizeof(instance->id), "i-%06u", ++world->last_instance);
	text_format(instance->address, sizeof(instance->address), "10.0.%s", instance->id + 2);
	text_copy(instance->account, sizeof(instance->account), account);
	instance->state = HR_STATE_PENDING;
	instance->created_ms = world->mono_ms;
	instance->running_ms = world->mono_ms + sim_between(random, 1000, 20000);
	instance->listed_ms = world->mono_ms + (world->healed ? 0 : sim_between(random, 0, 20000));
	instance->is_protected = !world->healed && sim_chance(random, world->scenario.faults / 3);
	instance->next = world->instances;
	world->instances = instance;
	return instance;
}

void instance_end(struct world *world, struct instance *instance)
{
	instance->state = HR_STATE_GONE;
	instance->unlisted_ms =
		world->mono_ms +
		(world->healed ? 0 : sim_between(&world->provider_random, 0, 20000));
	world_trace(world, instance->id, instance->state);
}

/* ---- Mishaps ---- */

/* Any instance that runs; NULL: none does. */
static struct instance *pick_running(struct world *world)
{
	struct instance *picked = NULL;
	int64_t n = 0;

	for (struct instance *i = world->instances; i; i = i->next)
		if (instance_state(world, i) == HR_STATE_RUNNING && !i->stray &&
		    sim_below(&world->provider_random, ++n) == 0)
			picked = i;
	return picked;
}

static void mishap(struct world *world, void *arg)
{
	struct sim_random *random = &world->provider_random;
	struct instance *instance = pick_running(world);

	(void)arg;
	if (world->healed || !instance)
		return;
	if (world->cloud) {
		sim_cloud_vanish(world, instance);
		return;
	}
	instance->faulted = true;
	switch (sim_below(random, 3)) {
	case 0: instance_end(world, instance); break;
	case 1: instance->state = HR_STATE_STOPPED; break;
	default: instance->state = HR_STATE_ERROR; break;
	}
	world_trace(world, "mishap", instance->state);
}

/* An instance with our mark that no row ever claimed, as a lost create of long ago leaves one. */
static void stray(struct world *world, void *arg)
{
	struct id_source ids;
	struct instance *instance;
	int64_t account = sim_below(&world->provider_random, (int64_t)world->scenario.n_accounts);

	(void)arg;
	if (world->cloud) {
		sim_cloud_stray(world, (size_t)account);
		return;
	}
	instance = provider_add(world, world->scenario.accounts[account].id);
	instance->stray = true;
	id_source_init(&ids, sim_bytes, &world->provider_random);
	id_new(&ids, instance->server_id);
	id_new(&ids, instance->config_id);
	world_trace(world, "stray", 0);
}

void provider_mishaps(struct world *world)
{
	struct sim_random *random = &world->provider_random;
	int64_t end = world->scenario.faults_end_ms, n = 0;

	if (world->scenario.faults == 0)
		return;
	n = sim_between(random, 1, 2 + world->scenario.faults / 40);
	for (int64_t i = 0; i < n; i++)
		world_after(world, sim_between(random, 30000, end), mishap, NULL);
	if (sim_chance(random, 400))
		world_after(world, sim_between(random, 1000, end), stray, NULL);
}

void provider_heal(struct world *world)
{
	world->healed = true;
	if (world->cloud)
		sim_cloud_heal(world);
	for (struct instance *i = world->instances; i; i = i->next)
		i->is_protected = false;
}

void provider_free(struct world *world)
{
	while (world->instances) {
		struct instance *next = world->instances->next;

		free(world->instances);
		world->instances = next;
	}
	sim_calls_free(world);
	sim_cloud_free(world);
}
