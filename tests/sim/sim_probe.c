/* SPDX-License-Identifier: Apache-2.0 */
/* See sim_probe.h. */
#include "sim_probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define PROBED_PERMILLE 200 /* of the worlds */
#define ROUND_MS 60000      /* between rounds */
#define ROUND_LONGEST_MS 50000
#define JUDGED_AFTER 3

struct sim_prober {
	struct dispatcher dispatcher; /* first */
	struct world *world;
};

struct question {
	struct world *world;
	unsigned generation;
	enum dispatch_kind kind;
	uint64_t ticket;
	struct dispatch_probe probe;
	char server_id[ID_SIZE];
	bool is_late; /* its time is over */
};

void probe_boot(struct world *world, struct instance *instance)
{
	struct sim_random *random = &world->probe_random;
	int64_t faults = world->healed ? 0 : world->scenario.faults;

	instance->speaks_ms = instance->running_ms + sim_between(random, 0, 30000);
	if (sim_chance(random, faults / 6)) {
		instance->mute_ms = instance->speaks_ms + sim_between(random, 0, 3600000);
		instance->again_ms = instance->mute_ms + sim_between(random, 0, 10800000);
	}
	if (!sim_chance(random, faults / 3))
		return;
	instance->speaks_ms = INT64_MAX;
	instance->faulted = true;
}

void probe_make(struct world *world)
{
	struct sim_random random;

	sim_random_init(&random, world->run->seed, 13);
	world->probed = sim_chance(&random, PROBED_PERMILLE);
	if (!world->probed || sim_chance(&random, 300))
		return;
	world->unreached_ms = sim_between(&random, 60000, 200000);
	world->reached_ms = world->unreached_ms + sim_between(&random, 4 * ROUND_MS, 10 * ROUND_MS);
}

static bool is_unreached(const struct world *world, int64_t since_ms)
{
	return !world->healed && world->unreached_ms > 0 &&
	       world->unreached_ms + since_ms <= world->mono_ms &&
	       world->mono_ms < world->reached_ms;
}

static struct instance *instance_at(const struct world *world, const char *server_id,
				    const char *address)
{
	for (struct instance *i = world->instances; i; i = i->next)
		if (strcmp(i->server_id, server_id) == 0 && strcmp(i->address, address) == 0)
			return i;
	return NULL;
}

static bool is_mute(const struct world *world, const struct instance *instance)
{
	return !world->healed && instance->mute_ms <= world->mono_ms &&
	       world->mono_ms < instance->again_ms;
}

static void judge(struct world *world, const struct question *question,
		  struct dispatch_answer *answer)
{
	int64_t faults = world->healed ? 0 : world->scenario.faults;
	struct instance *instance =
		instance_at(world, question->server_id, question->probe.address);
	bool speaks = instance && instance_state(world, instance) == HR_STATE_RUNNING &&
		      instance->speaks_ms <= world->mono_ms && !is_mute(world, instance);

	if (question->is_late) {
		if (instance)
			instance->mute_in_a_row = 0;
		answer->result = error_set(&answer->error, HR_TIMEOUT, "probe was late");
		answer->result = HR_TIMEOUT;
		return;
	}
	speaks = speaks && !is_unreached(world, 0);
	if (sim_chance(&world->probe_random, faults / 3))
		speaks = !speaks;
	if (instance) {
		instance->probed_ms = world->mono_ms;
		instance->mute_in_a_row = speaks ? 0 : instance->mute_in_a_row + 1;
	}
	if (speaks && instance) {
		instance->probe_was_well = true;
		text_copy(answer->text, sizeof(answer->text), "a simulated server");
		return;
	}
	error_set(&answer->error, HR_NOT_FOUND, "Connection refused");
	answer->result = HR_NOT_FOUND;
}

static void answer(struct world *world, void *arg)
{
	const struct question *question = arg;
	struct dispatch_answer *answer;

	if (world->crashed || !world->engine || question->generation != world->generation)
		return;
	answer = calloc(1, sizeof(*answer));
	if (!answer)
		abort();
	answer->kind = question->kind;
	answer->ticket = question->ticket;
	text_copy(answer->account, sizeof(answer->account), PROBE_ACCOUNT);
	text_copy(answer->server_id, sizeof(answer->server_id), question->server_id);
	if (question->kind == DISPATCH_PROBE)
		judge(world, question, answer);
	world_trace(world, "probe", answer->result);
	mailbox_push(world->answers, &answer->mail);
}

static int submit(struct dispatcher *dispatcher, const struct dispatch_request *request,
		  struct hr_error *err)
{
	struct world *world = ((struct sim_prober *)dispatcher)->world;
	struct sim_random *random = &world->probe_random;
	struct question *question = world_alloc(world, sizeof(*question));
	int64_t faults = world->healed ? 0 : world->scenario.faults;

	(void)err;
	question->world = world;
	question->generation = world->generation;
	question->kind = request->kind;
	question->ticket = request->ticket;
	question->probe = request->probe;
	text_copy(question->server_id, sizeof(question->server_id), request->step.server_id);
	question->is_late = request->kind == DISPATCH_PROBE && sim_chance(random, faults / 3);
	world_after(world, question->is_late ? request->timeout_ms : sim_between(random, 0, 1000),
		    answer, question);
	return 0;
}

static void cancel_all(struct dispatcher *dispatcher)
{
	(void)dispatcher;
}

static void release(struct dispatcher *dispatcher)
{
	free(dispatcher);
}

struct dispatcher *sim_prober_new(struct world *world)
{
	static const struct dispatcher_operations operations = {
		.submit = submit, .cancel_all = cancel_all, .free = release};
	struct sim_prober *prober = calloc(1, sizeof(*prober));

	if (!prober)
		abort();
	prober->dispatcher.operations = &operations;
	prober->world = world;
	return &prober->dispatcher;
}

void probe_check(struct world *world, const struct server *server, const struct instance *instance)
{
	if (server->state != SERVER_RUNNING || !instance || instance->probe_was_well ||
	    instance->checkin_tried)
		return;
	for (size_t i = 0; i < world->scenario.n_configs; i++)
		if (strcmp(world->scenario.configs[i].id, server->config_id) == 0 &&
		    world->scenario.configs[i].probes)
			world_violation(world, "%s is running, and nothing has shown that it is",
					server->name);
}

/* What a round asked was answered within the last while, in which no other round ended. A lie or two
 * among few answers may go either way: those rounds are left out. */
static bool most_are_mute(const struct world *world, const struct books *books)
{
	size_t n_mute = 0, n_spoke = 0;

	for (size_t i = 0; i < books->n_servers; i++) {
		const struct server *server = &books->servers[i];
		const struct instance *instance = instance_at(world, server->id, server->address);

		if (server->state != SERVER_RUNNING || !instance || instance->probed_ms == 0 ||
		    instance->probed_ms + ROUND_LONGEST_MS < world->mono_ms)
			continue;
		n_mute += instance->mute_in_a_row > 0;
		n_spoke += instance->mute_in_a_row == 0;
	}
	return n_mute >= 4 && n_mute > 2 * n_spoke;
}

void probe_check_judged(struct world *world, const struct books *books)
{
	bool doubted = is_unreached(world, ROUND_MS) && most_are_mute(world, books);

	world->doubts += doubted;
	for (size_t i = 0; i < books->n_servers; i++) {
		const struct server *server = &books->servers[i];
		struct instance *instance = instance_at(world, server->id, server->address);
		bool is = server->silence == SILENCE_UNANSWERED;

		if (!instance)
			continue;
		if (is && !instance->was_unanswered && instance->mute_in_a_row < JUDGED_AFTER)
			world_violation(world,
					"%s is called unanswered, and was mute %u times in a row",
					server->name, instance->mute_in_a_row);
		if (is && !instance->was_unanswered && doubted)
			world_violation(world, "%s is called unanswered when most are mute",
					server->name);
		instance->was_unanswered = is;
	}
}
