/* SPDX-License-Identifier: Apache-2.0 */
/* What calls do at the provider, and what the provider answers. A create finds by its token what an
 * earlier delivery made; a destroy finds by id, else by the server's mark. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim_calls.h"

#define PORT 22

void call_fail(struct call *call, int32_t class, uint32_t flags, const char *message)
{
	call->answer->result = class;
	call->answer->error = (struct hr_error){.class = class, .flags = flags};
	text_copy(call->answer->error.message, sizeof(call->answer->error.message), message);
}

void call_refuse_somehow(struct world *world, struct call *call)
{
	static const int32_t of_create[] = {
		HR_TRANSIENT, HR_TRANSIENT, HR_TRANSIENT, HR_TRANSIENT, HR_THROTTLED,
		HR_THROTTLED, HR_CONFLICT,  HR_TIMEOUT,   HR_CAPACITY,  HR_CAPACITY,
		HR_CAPACITY,  HR_QUOTA,     HR_AUTH,      HR_INVALID,   HR_UNSUPPORTED,
		HR_NOT_FOUND, HR_INTERNAL,  HR_INTERNAL};
	static const int32_t of_others[] = {HR_TRANSIENT, HR_TRANSIENT, HR_TRANSIENT, HR_THROTTLED,
					    HR_CONFLICT,  HR_TIMEOUT,   HR_AUTH,      HR_INTERNAL};
	struct sim_random *random = &world->provider_random;
	bool create = call->kind == DISPATCH_CREATE;
	int32_t class = create ? of_create[sim_below(random, sizeof(of_create) / sizeof(int32_t))]
			       : of_others[sim_below(random, sizeof(of_others) / sizeof(int32_t))];

	call_fail(call, class, 0, "refused by the simulation");
	if (class == HR_THROTTLED)
		call->answer->error.retry_after_ms = sim_between(random, 0, 20000);
}

/* ---- Steps ---- */

static struct instance *find(struct world *world, const char *id)
{
	for (struct instance *i = world->instances; i; i = i->next)
		if (strcmp(i->id, id) == 0)
			return i;
	return NULL;
}

static void again(struct world *world, struct call *call, const char *token, const char *text)
{
	struct dispatch_answer *answer = call->answer;

	answer->result = HR_AGAIN;
	answer->resume_token = strdup(token);
	answer->delay_ms = sim_between(&world->provider_random, 100, 5000);
	answer->percent = 50;
	text_copy(answer->text, sizeof(answer->text), text);
}

static void tell_instance(struct call *call, const struct instance *instance)
{
	text_copy(call->answer->instance_id, sizeof(call->answer->instance_id), instance->id);
}

static struct instance *create_instance(struct world *world, struct call *call)
{
	struct instance *instance;

	/* A token makes one instance, once. */
	for (instance = world->instances; instance; instance = instance->next)
		if (strcmp(instance->token, call->step.idempotency_token) == 0)
			return instance;
	instance = provider_add(world, call->account);
	text_copy(instance->server_id, sizeof(instance->server_id), call->step.server_id);
	text_copy(instance->config_id, sizeof(instance->config_id), call->step.config_id);
	text_copy(instance->token, sizeof(instance->token), call->step.idempotency_token);
	text_copy(instance->checkin_token, sizeof(instance->checkin_token), call->checkin_token);
	world_trace(world, instance->id, 0);
	guest_boot(world, instance);
	return instance;
}

static void effect_create(struct world *world, struct call *call)
{
	struct sim_random *random = &world->provider_random;
	struct instance *instance = NULL;

	if (strncmp(call->resume_token, "made:", 5) == 0) {
		instance = find(world, call->resume_token + 5);
		if (instance && instance_alive(world, instance) && !world->healed &&
		    sim_chance(random, world->scenario.faults / 2)) {
			instance->state = HR_STATE_ERROR;
			instance->faulted = true;
			tell_instance(call, instance);
			call_fail(call, HR_CAPACITY, 0,
				  "it was accepted, and then there was no room");
			return;
		}
	} else {
		instance = create_instance(world, call);
		if (instance_alive(world, instance) && sim_chance(random, 300)) {
			char token[64];

			text_format(token, sizeof(token), "made:%s", instance->id);
			if (sim_chance(random, 700))
				tell_instance(call, instance);
			again(world, call, token, "cloning");
			return;
		}
	}
	if (!instance || !instance_alive(world, instance)) {
		call_fail(call, HR_CONFLICT, 0, "the instance of this token is gone");
		return;
	}
	tell_instance(call, instance);
	call->answer->result = HR_OK;
}

static void effect_destroy(struct world *world, struct call *call)
{
	struct sim_random *random = &world->provider_random;
	struct instance *instance = NULL;

	for (struct instance *i = world->instances; i && !instance; i = i->next)
		if (instance_alive(world, i) &&
		    (call->step.instance_id[0] ? strcmp(i->id, call->step.instance_id) == 0
					       : strcmp(i->server_id, call->step.server_id) == 0))
			instance = i;
	if (!instance) {
		call->answer->result = HR_OK;
		if (sim_chance(random, 300))
			call_fail(call, HR_NOT_FOUND, 0, "there is no such instance");
		return;
	}
	if (instance->is_protected) {
		call_fail(call, HR_CONFLICT, HR_FAULT_PROTECTED, "deletion protection is on");
		return;
	}
	if (call->resume_token[0] == '\0' && sim_chance(random, 300)) {
		if (instance->state != HR_STATE_ERROR)
			instance->state = HR_STATE_STOPPING;
		again(world, call, "going", "shutting down");
		return;
	}
	instance_end(world, instance);
	call->answer->result = HR_OK;
}

/* ---- Looks ---- */

static void put_instance(struct dispatch_answer *answer, const struct instance *instance,
			 const char *id, uint32_t state)
{
	struct dispatch_instance *one = &answer->instances[answer->n_instances++];

	*one = (struct dispatch_instance){.state = state};
	text_copy(one->instance_id, sizeof(one->instance_id), id);
	if (!instance)
		return;
	text_copy(one->server_id, sizeof(one->server_id), instance->server_id);
	text_copy(one->config_id, sizeof(one->config_id), instance->config_id);
	one->created_ms = WORLD_START_MS + instance->created_ms;
	if (state != HR_STATE_RUNNING)
		return;
	text_copy(one->address, sizeof(one->address), instance->address);
	one->connection_port = PORT;
}

static void effect_status(struct world *world, struct call *call)
{
	struct dispatch_answer *answer = call->answer;

	answer->instances = calloc(call->n_instance_ids + 1, sizeof(*answer->instances));
	if (!answer->instances)
		abort();
	for (size_t i = 0; i < call->n_instance_ids; i++) {
		struct instance *instance = find(world, call->instance_ids[i]);

		put_instance(answer, instance, call->instance_ids[i],
			     instance ? instance_state(world, instance) : HR_STATE_GONE);
	}
	answer->result = HR_OK;
}

static void effect_list(struct world *world, struct call *call)
{
	struct dispatch_answer *answer = call->answer;
	struct sim_random *random = &world->provider_random;
	bool partial = !world->healed && sim_chance(random, world->scenario.faults);
	size_t n = 0;

	for (struct instance *i = world->instances; i; i = i->next)
		n++;
	answer->instances = calloc(n + 1, sizeof(*answer->instances));
	if (!answer->instances)
		abort();
	for (struct instance *i = world->instances; i; i = i->next) {
		bool alive = instance_alive(world, i);

		if (strcmp(i->account, call->account) != 0 || world->mono_ms < i->listed_ms ||
		    (!alive && world->mono_ms >= i->unlisted_ms))
			continue;
		if (partial && sim_chance(random, 500))
			continue;
		/* What is gone is shown as it was for a while. */
		put_instance(answer, i, i->id, alive ? instance_state(world, i) : HR_STATE_RUNNING);
	}
	answer->complete = !partial;
	if (partial)
		text_copy(answer->unread, sizeof(answer->unread), "one zone did not answer");
	answer->result = HR_OK;
}

void call_effect(struct world *world, struct call *call)
{
	switch (call->kind) {
	case DISPATCH_CREATE: effect_create(world, call); break;
	case DISPATCH_DESTROY: effect_destroy(world, call); break;
	case DISPATCH_STATUS: effect_status(world, call); break;
	case DISPATCH_LIST: effect_list(world, call); break;
	default: call->answer->result = HR_OK; break;
	}
}
