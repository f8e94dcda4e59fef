/* SPDX-License-Identifier: Apache-2.0 */
/* The cloud's machines as the world's instances: read from its books after whatever may have changed
 * them, with the truth, also of what no list shows. Between, their states follow from their times. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim_cloud.h"

static int64_t mono_of(const struct world *world, int64_t cloud_ms)
{
	return cloud_ms == CLOUD_NEVER ? INT64_MAX
				       : cloud_ms - sim_cloud_now(world) + world->mono_ms;
}

uint32_t sim_cloud_state(const struct world *world, const struct instance *instance)
{
	int64_t now_ms = world->mono_ms;

	if (now_ms >= instance->ended_ms)
		return HR_STATE_GONE;
	if (now_ms >= instance->delete_ms)
		return HR_STATE_STOPPING;
	if (now_ms < instance->made_ms)
		return HR_STATE_PENDING;
	if (instance->fails)
		return HR_STATE_ERROR;
	if (now_ms < instance->running_ms)
		return HR_STATE_PENDING;
	return now_ms >= instance->stops_ms ? HR_STATE_STOPPED : HR_STATE_RUNNING;
}

bool sim_cloud_failed(const struct world *world, const struct instance *instance)
{
	int64_t since_ms = instance->fails ? instance->made_ms : instance->stops_ms;

	return since_ms <= world->mono_ms && since_ms < instance->delete_ms;
}

/* Of the daemon's accounts the one that its config is of. */
static const char *account_of(const struct world *world, const struct cloud_machine *machine)
{
	const struct scenario *scenario = &world->scenario;

	for (size_t i = 0; i < scenario->n_configs; i++)
		if (strcmp(scenario->configs[i].id, machine->config) == 0)
			return scenario->accounts[scenario->configs[i].account].id;
	return "";
}

static struct instance *add(struct world *world, const struct cloud_machine *machine,
			    const struct call *made)
{
	struct instance *instance = calloc(1, sizeof(*instance));

	if (!instance)
		abort();
	instance->row = machine->row;
	text_format(instance->id, sizeof(instance->id), "%s/%s", machine->id, machine->server);
	text_copy(instance->server_id, sizeof(instance->server_id), machine->server);
	text_copy(instance->config_id, sizeof(instance->config_id), machine->config);
	text_copy(instance->account, sizeof(instance->account), account_of(world, machine));
	text_copy(instance->token, sizeof(instance->token), machine->token);
	text_copy(instance->address, sizeof(instance->address), machine->address);
	instance->created_ms = mono_of(world, machine->asked_ms);
	instance->stray = strcmp(machine->server, world->cloud->stray_server) == 0;
	if (made && strcmp(made->step.server_id, machine->server) == 0)
		text_copy(instance->checkin_token, sizeof(instance->checkin_token),
			  made->checkin_token);
	instance->next = world->instances;
	world->instances = instance;
	return instance;
}

static void take_times(struct world *world, const struct cloud_machine *machine,
		       struct instance *instance)
{
	instance->made_ms = mono_of(world, machine->made_ms);
	instance->running_ms = mono_of(world, machine->runs_ms);
	instance->stops_ms = mono_of(world, machine->stops_ms);
	instance->delete_ms = mono_of(world, machine->delete_ms);
	instance->ended_ms = mono_of(world, machine->ended_ms);
	instance->fails = machine->fails;
}

void sim_cloud_read(struct world *world, const struct call *made)
{
	struct sim_cloud *cloud = world->cloud;
	struct instance *instance = world->instances;
	struct cloud_answer all;
	struct hr_error err = {0};

	if (cloud_machines(cloud->books, sim_cloud_now(world), &all, &err) < 0)
		world_violation(world, "%s", err.message);
	/* Both newest first. */
	for (size_t i = all.n_machines; i-- > 0 && all.machines[i].row <= cloud->last_row;
	     instance = instance->next)
		take_times(world, &all.machines[i], instance);
	for (size_t i = 0; i < all.n_machines; i++) {
		if (all.machines[i].row <= cloud->last_row)
			continue;
		cloud->last_row = all.machines[i].row;
		instance = add(world, &all.machines[i], made);
		take_times(world, &all.machines[i], instance);
		world_trace(world, instance->id, 0);
		if (!instance->stray)
			guest_boot(world, instance);
		sim_visits_plan(world);
	}
	cloud_answer_clear(&all);
}

/* ---- By hand ---- */

void sim_cloud_vanish(struct world *world, struct instance *instance)
{
	size_t account = sim_cloud_account(world, instance->account);
	struct cloud_call call = {.key = sim_cloud_key(world, account),
				  .now_ms = sim_cloud_now(world)};
	struct cloud_answer answer;
	struct hr_error err = {0};
	char id[CLOUD_TEXT];

	text_format(id, sizeof(id), "%.*s", (int)strcspn(instance->id, "/"), instance->id);
	if (cloud_destroy(world->cloud->books, &call, id, instance->server_id, &answer, &err) < 0)
		world_violation(world, "%s", err.message);
	cloud_answer_clear(&answer);
	sim_cloud_read(world, NULL);
	/* The cloud may have refused. */
	instance->faulted |= instance->delete_ms <= world->mono_ms;
	world_trace(world, "vanish", answer.code);
}

void sim_cloud_stray(struct world *world, size_t account)
{
	struct cloud_call call = {.key = sim_cloud_key(world, account),
				  .now_ms = sim_cloud_now(world)};
	struct cloud_order order = {.token = "of-nobody",
				    .name = "stray",
				    .zone = cloud_zones[0],
				    .size = cloud_sizes[0],
				    .image = cloud_images[0],
				    .installation = MODULE_INSTALLATION,
				    .server = world->cloud->stray_server,
				    .user_data = ""};
	char config[ID_SIZE];
	struct cloud_answer answer;
	struct hr_error err = {0};
	struct id_source ids;

	id_source_init(&ids, sim_bytes, &world->provider_random);
	id_new(&ids, world->cloud->stray_server);
	id_new(&ids, config);
	order.config = config;
	if (cloud_create(world->cloud->books, &call, &order, &answer, &err) < 0)
		world_violation(world, "%s", err.message);
	cloud_answer_clear(&answer);
	sim_cloud_read(world, NULL);
	world_trace(world, "stray", answer.code);
}

/* ---- Verdict ---- */

void sim_cloud_judge(struct world *world)
{
	struct hr_error err = {0};
	json_t *books, *doubled;

	if (cloud_books(world->cloud->books, sim_cloud_now(world), &books, &err) < 0) {
		world_violation(world, "%s", err.message);
		return;
	}
	doubled = json_object_get(books, "doubled");
	if (json_array_size(doubled) > 0)
		world_violation(
			world, "the cloud's books: server %s had two machines at once",
			json_string_value(json_object_get(json_array_get(doubled, 0), "server")));
	json_decref(books);
}
