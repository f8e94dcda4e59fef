/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher: every call gets a fate, takes effect some time later and is answered some time
 * after that. When the daemon dies, calls under way are cut off: some take effect all the same. */
#include "sim_calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim_cloud.h"
#include "sim_limits.h"

struct sim_dispatcher {
	struct dispatcher dispatcher; /* first */
	struct world *world;
	char open[ACCOUNTS_MAX][ID_SIZE];
	size_t n_open;
};

void call_drop(struct world *world, struct call *call)
{
	struct call **at = &world->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	dispatch_answer_free(call->answer);
	sim_course_free(call->course);
	free(call->instance_ids);
	free(call);
}

static bool is_open(const struct sim_dispatcher *dispatcher, const char *account)
{
	for (size_t i = 0; i < dispatcher->n_open; i++)
		if (strcmp(dispatcher->open[i], account) == 0)
			return true;
	return false;
}

static void note_open(struct world *world, const struct call *call)
{
	struct sim_dispatcher *dispatcher = (struct sim_dispatcher *)world->provider;

	if (call->answer->result == HR_OK && call->kind == DISPATCH_OPEN &&
	    !is_open(dispatcher, call->account))
		text_copy(dispatcher->open[dispatcher->n_open++], ID_SIZE, call->account);
}

void call_answer(struct world *world, void *arg)
{
	struct call *call = arg;
	struct dispatch_answer *mail = call->answer;

	if (!call->lost) {
		world_trace(world, call->step.server_id, mail->result);
		note_open(world, call);
		call_told(world, call);
		limits_told(world, call);
		call->answer = NULL;
		mailbox_push(world->provider_answers, &mail->mail);
	}
	call_drop(world, call);
}

bool call_is_cut_off(struct world *world, struct call *call,
		     void (*happen)(struct world *world, void *arg))
{
	int64_t later_ms = call->straggles_ms;

	if (!call->lost)
		return false;
	if (!call->survives) {
		call_drop(world, call);
		return true;
	}
	if (later_ms == 0)
		return false;
	call->straggles_ms = 0;
	world_after(world, later_ms, happen, call);
	return true;
}

static void effect(struct world *world, void *arg)
{
	struct call *call = arg;

	if (call_is_cut_off(world, call, effect))
		return;
	if (call->fate == FATE_REFUSED)
		call_refuse_somehow(world, call);
	else if (call->fate == FATE_THROTTLED || call->fate == FATE_DOWN)
		limits_refuse(world, call);
	else if (world->cloud)
		sim_course_open(world, call);
	else
		call_effect(world, call);
	if (call->fate == FATE_UNANSWERED)
		call_fail(call, HR_TRANSIENT, HR_FAULT_OUTCOME_UNKNOWN,
			  "the connection broke before the answer");
	if (call->fate == FATE_HANGS)
		call_fail(call, HR_TIMEOUT, HR_FAULT_OUTCOME_UNKNOWN, "no answer in time");
	world_after(world, call->answer_after_ms, call_answer, call);
}

int64_t call_travel(struct world *world, struct call *call)
{
	struct sim_random *random = &world->provider_random;
	int64_t travel_ms = sim_between(random, 20, 2000);

	call->survives = sim_chance(random, 500);
	call->straggles_ms = sim_chance(random, 300) ? sim_between(random, 1000, 120000) : 0;
	call->answer_after_ms = sim_between(random, 20, 1000);
	if (sim_chance(random, 100))
		travel_ms += sim_between(random, 0, 20000);
	return travel_ms;
}

/* When it takes effect; sets when and how it is answered. */
static int64_t choose_fate(struct world *world, struct call *call, enum fate limited)
{
	struct sim_random *random = &world->provider_random;
	int64_t faults = world->healed ? 0 : world->scenario.faults;
	bool step = call->kind == DISPATCH_CREATE || call->kind == DISPATCH_DESTROY;
	int64_t effect_ms = call_travel(world, call);

	call->fate = FATE_ANSWERED;
	if (sim_chance(random, faults))
		call->fate = FATE_REFUSED;
	else if (step && sim_chance(random, faults / 2))
		call->fate = FATE_UNANSWERED;
	else if (step && sim_chance(random, faults / 6))
		call->fate = FATE_HANGS;
	if (limited != FATE_ANSWERED)
		call->fate = limited;
	if (call->fate == FATE_HANGS) {
		effect_ms = sim_between(random, 20, call->timeout_ms);
		call->answer_after_ms = call->timeout_ms - effect_ms;
	}
	return effect_ms;
}

static struct call *new_call(const struct dispatch_request *request)
{
	struct call *call = calloc(1, sizeof(*call));
	const char *at;

	if (!call || !(call->answer = calloc(1, sizeof(*call->answer))))
		abort();
	call->kind = request->kind;
	call->ticket = request->ticket;
	call->timeout_ms = request->timeout_ms;
	text_copy(call->account, sizeof(call->account), request->account);
	call->step = request->step;
	text_copy(call->resume_token, sizeof(call->resume_token), request->step.resume_token);
	at = request->step.script ? strstr(request->step.script, "token=") : NULL;
	if (at)
		text_format(call->checkin_token, sizeof(call->checkin_token), "%.*s",
			    (int)strcspn(at + 6, "\n"), at + 6);
	call->step.script = call->step.resume_token = NULL;
	call->n_instance_ids = request->n_instance_ids;
	call->instance_ids = calloc(request->n_instance_ids + 1, sizeof(*call->instance_ids));
	if (!call->instance_ids)
		abort();
	for (size_t i = 0; i < request->n_instance_ids; i++)
		text_copy(call->instance_ids[i], sizeof(call->instance_ids[i]),
			  request->instance_ids[i]);
	call->answer->kind = request->kind;
	call->answer->ticket = request->ticket;
	text_copy(call->answer->account, sizeof(call->answer->account), request->account);
	text_copy(call->answer->server_id, sizeof(call->answer->server_id),
		  request->step.server_id);
	return call;
}

static int submit(struct dispatcher *dispatcher, const struct dispatch_request *request,
		  struct hr_error *err)
{
	struct sim_dispatcher *self = (struct sim_dispatcher *)dispatcher;
	struct world *world = self->world;
	enum fate limited;
	struct call *call;

	if (request->kind != DISPATCH_OPEN && !is_open(self, request->account))
		return error_set(err, HR_TRANSIENT, "the account is not open");
	call_check(world, request);
	limited = limits_meet(world, request);
	world_trace(world, request->step.server_id, (int64_t)request->kind);
	world_trace(world, request->account, request->step.attempt);
	world->creates += request->kind == DISPATCH_CREATE;
	world->destroys += request->kind == DISPATCH_DESTROY;
	call = new_call(request);
	call->next = world->calls;
	world->calls = call;
	if (world->cloud && !sim_course_is_ours(request->kind))
		sim_course_begin(world, call, request);
	else
		world_after(world, choose_fate(world, call, limited), effect, call);
	return 0;
}

static void cancel_all(struct dispatcher *dispatcher)
{
	(void)dispatcher;
}

static void release(struct dispatcher *dispatcher)
{
	struct world *world = ((struct sim_dispatcher *)dispatcher)->world;

	for (struct call *call = world->calls; call; call = call->next)
		call->lost = true;
	if (world->cloud)
		sim_cloud_close_accounts(world);
	free(dispatcher);
}

struct dispatcher *sim_dispatcher_new(struct world *world)
{
	static const struct dispatcher_operations operations = {
		.submit = submit, .cancel_all = cancel_all, .free = release};
	struct sim_dispatcher *dispatcher = calloc(1, sizeof(*dispatcher));

	if (!dispatcher)
		abort();
	dispatcher->dispatcher.operations = &operations;
	dispatcher->world = world;
	return &dispatcher->dispatcher;
}

void sim_calls_free(struct world *world)
{
	while (world->calls)
		call_drop(world, world->calls);
	call_effects_free(world);
}
