/* SPDX-License-Identifier: Apache-2.0 */
/* When the provider is asked about servers. Those that boot are asked for by status, every second at
 * first, every ten later on; all others are seen by the account's list. What the answers mean is in
 * looks.c. */
#include "engine/poll.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/looks.h"
#include "engine/sightings.h"
#include "store/server_rows.h"

#define POLL_FIRST_MS MS_PER_S
#define POLL_LONGEST_MS (10 * MS_PER_S)
#define POLL_SOON_MS 300
#define STATUS_TIMEOUT_MS (30 * MS_PER_S)
#define LIST_TIMEOUT_MS (60 * MS_PER_S)
#define LIST_FAILED_MS (10 * MS_PER_S)
#define STATUS_BATCH 1000

/* Which servers of an account boot. */
struct booting {
	struct task task; /* first */
	char account[ID_SIZE];
	char (*instance_ids)[256];
	size_t n;
	int64_t youngest_ms; /* since when the latest one boots */
};

static void booting_clear(struct task *task)
{
	free(((struct booting *)task)->instance_ids);
}

static int booting_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct booting *booting = (struct booting *)task;
	struct server_query query = {.provider_config_id = booting->account,
				     .states = SERVER_STATE_BIT(SERVER_BOOTING),
				     .limit = STATUS_BATCH};
	struct server *servers;
	size_t n;

	free(booting->instance_ids);
	booting->instance_ids = NULL;
	booting->n = 0;
	booting->youngest_ms = 0;
	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	booting->instance_ids = calloc(n + 1, sizeof(*booting->instance_ids));
	if (!booting->instance_ids) {
		free(servers);
		return error_no_memory(err, "asking for servers that boot");
	}
	for (size_t i = 0; i < n; i++) {
		text_copy(booting->instance_ids[i], sizeof(booting->instance_ids[i]),
			  servers[i].instance_id);
		if (servers[i].state_since_ms > booting->youngest_ms)
			booting->youngest_ms = servers[i].state_since_ms;
	}
	booting->n = n;
	free(servers);
	return 0;
}

/* A fifth of the time that the youngest has booted, between a second and ten. */
static int64_t poll_interval(const struct engine *engine, const struct booting *booting)
{
	int64_t interval = (engine->now.wall_ms - booting->youngest_ms) / 5;

	if (interval < POLL_FIRST_MS)
		return POLL_FIRST_MS;
	return interval < POLL_LONGEST_MS ? interval : POLL_LONGEST_MS;
}

static struct flight *ask_status(struct engine *engine, const char *account,
				 const char *const *instance_ids, size_t n)
{
	struct dispatch_request request = {.kind = DISPATCH_STATUS,
					   .timeout_ms = STATUS_TIMEOUT_MS,
					   .urgency = DISPATCH_LOOK,
					   .instance_ids = instance_ids,
					   .n_instance_ids = n};

	text_copy(request.account, sizeof(request.account), account);
	return engine_send(engine, &request);
}

static bool ask_for_booting(struct engine *engine, const struct booting *booting)
{
	const char **ids = calloc(booting->n, sizeof(*ids));
	bool sent;

	if (!ids)
		return false;
	for (size_t i = 0; i < booting->n; i++)
		ids[i] = booting->instance_ids[i];
	sent = ask_status(engine, booting->account, ids, booting->n) != NULL;
	free(ids);
	return sent;
}

void poll_verify(struct engine *engine, const char *account, const struct suspect *suspects,
		 size_t n)
{
	const char **ids = calloc(n, sizeof(*ids));
	struct flight *flight;

	if (!ids)
		return;
	for (size_t i = 0; i < n; i++)
		ids[i] = suspects[i].instance_id;
	flight = ask_status(engine, account, ids, n < STATUS_BATCH ? n : STATUS_BATCH);
	if (flight)
		flight->verifies = true;
	free(ids);
}

static void booting_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct booting *booting = (struct booting *)task;
	struct engine_account *account = engine_account_find(engine, booting->account);

	if (!account)
		return;
	account->polling = false;
	if (err || account->state != ACCOUNT_OPEN) {
		account->poll_mono_ms = engine->now.mono_ms + POLL_LONGEST_MS;
		return;
	}
	if (booting->n == 0)
		return;
	account->polling = ask_for_booting(engine, booting);
	if (account->poll_mono_ms > engine->now.mono_ms + poll_interval(engine, booting))
		account->poll_mono_ms = engine->now.mono_ms + poll_interval(engine, booting);
}

static void ask_booting(struct engine *engine, struct engine_account *account)
{
	struct booting *booting =
		task_new(engine, sizeof(*booting), booting_run, booting_finish, booting_clear);

	account->poll_mono_ms = MS_NEVER;
	if (!booting) {
		account->poll_mono_ms = engine->now.mono_ms + POLL_LONGEST_MS;
		return;
	}
	text_copy(booting->account, sizeof(booting->account), account->id);
	account->polling = true;
	task_submit(engine, &booting->task);
}

static void ask_list(struct engine *engine, struct engine_account *account)
{
	struct dispatch_request request = {
		.kind = DISPATCH_LIST, .timeout_ms = LIST_TIMEOUT_MS, .urgency = DISPATCH_LOOK};

	text_copy(request.account, sizeof(request.account), account->id);
	account->list_mono_ms = engine->now.mono_ms + account->list_interval_ms;
	account->list_sent_wall_ms = engine->now.wall_ms;
	account->listing = engine_send(engine, &request) != NULL;
}

int64_t poll_step(struct engine *engine)
{
	int64_t next = MS_NEVER;

	for (struct engine_account *a = engine->accounts; a; a = a->next) {
		if (a->state != ACCOUNT_OPEN || a->paused_by_auth)
			continue;
		if (!a->polling && a->poll_mono_ms <= engine->now.mono_ms)
			ask_booting(engine, a);
		if (!a->listing && a->list_mono_ms <= engine->now.mono_ms)
			ask_list(engine, a);
		if (!a->polling && a->poll_mono_ms < next)
			next = a->poll_mono_ms;
		if (!a->listing && a->list_mono_ms < next)
			next = a->list_mono_ms;
	}
	return next;
}

void poll_soon(struct engine *engine)
{
	int64_t soon = engine->now.mono_ms + POLL_SOON_MS;

	/* Only where servers boot is a time set. */
	for (struct engine_account *a = engine->accounts; a; a = a->next)
		if (a->poll_mono_ms != MS_NEVER && a->poll_mono_ms > soon)
			a->poll_mono_ms = soon;
}

void poll_answer(struct engine *engine, struct flight *flight, struct dispatch_answer *answer)
{
	struct engine_account *account = engine_account_find(engine, flight->account);
	int64_t sent_wall_ms = 0;
	bool verifies = flight->verifies;

	if (account && answer->kind == DISPATCH_STATUS && !verifies)
		account->polling = false;
	if (account && answer->kind == DISPATCH_LIST) {
		account->listing = false;
		sent_wall_ms = account->list_sent_wall_ms;
		if (answer->result != HR_OK &&
		    account->list_mono_ms > engine->now.mono_ms + LIST_FAILED_MS)
			account->list_mono_ms = engine->now.mono_ms + LIST_FAILED_MS;
	}
	engine_land(engine, flight);
	looks_take(engine, answer, sent_wall_ms, verifies);
}
