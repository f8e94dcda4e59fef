/* SPDX-License-Identifier: Apache-2.0 */
/* Due operations are picked in one transaction, which writes each attempt (with a lease, so that one
 * whose answer never comes is due again); after its commit the requests are sent. Those of an account
 * without a free place stay as they are, however many wait: each answer has the next ones picked. What
 * answers do is in outcomes.c. */
#include "engine/operations.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/brakes.h"
#include "engine/create_request.h"
#include "engine/life_parts.h"
#include "engine/pauses.h"
#include "engine/stops.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define PICK_LIMIT 128
#define GATE_MS (2 * MS_PER_S) /* the first pick waits this long for accounts to open */
#define FLIES_MS 500
#define KEPT_FOR_CREATES 16 /* of an account's places: whoever waits does not wait for removals */
#define UNKNOWN_MS MS_PER_S
#define HELD_BACK "held back: "
#define PAUSED_MS (30 * MS_PER_S) /* looked at again that often */

/* Copies of what the transaction has to know. */
struct pick_account {
	char id[ID_SIZE];
	unsigned room; /* 0 too where it is not open */
};

struct pick_flight {
	char operation_id[ID_SIZE];
	char server_id[ID_SIZE];
	bool creates;
};

/* One request to be sent after the commit. */
struct prepared {
	struct dispatch_step step;
	enum dispatch_kind kind;
	enum dispatch_urgency urgency;
	char account[ID_SIZE];
	char operation_id[ID_SIZE];
	char request_id[REQUEST_ID_SIZE];
	char *script;
	char *resume_token;
};

struct pick {
	struct task task;              /* first */
	struct create_address address; /* borrowed from the engine's options */
	struct pick_account *accounts;
	unsigned *room; /* of each account, in this run */
	size_t n_accounts;
	struct pick_flight *flights;
	size_t n_flights;
	struct prepared *prepared;
	size_t n_prepared;
	/* The pool and the config that were last asked about: creates of one come together. */
	char queue_pool_id[ID_SIZE];
	bool has_queue;
	struct brake_limits limits;
	bool has_limits;
	unsigned stops; /* ENGINE_STOP_* when this run began */
	const struct engine_options *options;
	bool too_many_full; /* not all could be passed over */
	int64_t next_ms;
};

static void clear_prepared(struct pick *pick)
{
	for (size_t i = 0; i < pick->n_prepared; i++) {
		struct prepared *prepared = &pick->prepared[i];

		if (prepared->script)
			OPENSSL_clear_free(prepared->script, strlen(prepared->script));
		free(prepared->resume_token);
	}
	pick->n_prepared = 0;
}

static void pick_clear(struct task *task)
{
	struct pick *pick = (struct pick *)task;

	clear_prepared(pick);
	free(pick->prepared);
	free(pick->accounts);
	free(pick->room);
	free(pick->flights);
}

static unsigned *room_of(struct pick *pick, const char *account)
{
	for (size_t i = 0; i < pick->n_accounts; i++)
		if (strcmp(pick->accounts[i].id, account) == 0)
			return &pick->room[i];
	return NULL;
}

static bool flies(const struct pick *pick, const struct operation *operation)
{
	for (size_t i = 0; i < pick->n_flights; i++)
		if (strcmp(pick->flights[i].operation_id, operation->id) == 0)
			return true;
	return false;
}

static bool create_flies(const struct pick *pick, const char *server_id)
{
	for (size_t i = 0; i < pick->n_flights; i++)
		if (pick->flights[i].creates && strcmp(pick->flights[i].server_id, server_id) == 0)
			return true;
	return false;
}

/* Up to a quarter more, so that what was put off together does not come back together. */
static int64_t jittered(struct life_context *context, int64_t delay_ms)
{
	uint32_t value;

	id_source_bytes(&context->ids, &value, sizeof(value));
	return delay_ms + (int64_t)(value % (uint32_t)(delay_ms / 4 + 1));
}

static int put_off(struct tx *tx, struct pick *pick, struct operation *operation, int64_t delay_ms,
		   struct hr_error *err)
{
	operation->due_ms = pick->task.context.now_ms + jittered(&pick->task.context, delay_ms);
	return operation_update(tx, operation, err);
}

static int close_operation(struct tx *tx, struct pick *pick, struct operation *operation,
			   enum operation_state state, struct hr_error *err)
{
	operation->state = state;
	operation->finished_ms = pick->task.context.now_ms;
	return operation_update(tx, operation, err);
}

static int put_off_by_brake(struct tx *tx, struct pick *pick, struct operation *operation,
			    struct server *server, const struct brake *brake, struct hr_error *err)
{
	int64_t now = pick->task.context.now_ms, delay_ms = PAUSED_MS;
	char stage[sizeof(server->stage)];

	if (brake->until_ms - now < delay_ms)
		delay_ms = brake->until_ms - now;
	text_format(stage, sizeof(stage), HELD_BACK "%s", brake->reason);
	if (strcmp(server->stage, stage) != 0) {
		text_copy(server->stage, sizeof(server->stage), stage);
		if (server_update(tx, server, err) < 0)
			return -1;
	}
	return put_off(tx, pick, operation, delay_ms, err);
}

/* What of the brakes holds it back now; hourly limits and budget hold only what has not begun. */
static int find_brake(struct tx *tx, struct pick *pick, const struct operation *operation,
		      struct brake *ret_brake, struct hr_error *err)
{
	bool first = operation->started_ms == 0;

	const char *why = engine_why_only_tells(pick->options);

	if (why) {
		*ret_brake = (struct brake){.until_ms = MS_NEVER};
		text_copy(ret_brake->reason, sizeof(ret_brake->reason), why);
		return 0;
	}
	brake_of_stops(pick->stops, pick->options, operation->kind, first, ret_brake);
	if (ret_brake->until_ms != 0 || !first || operation->by_person)
		return 0;
	if (strcmp(pick->limits.config_id, operation->config_id) != 0) {
		text_copy(pick->limits.config_id, sizeof(pick->limits.config_id),
			  operation->config_id);
		if (brake_limits_load(tx, operation->config_id, &pick->limits, &pick->has_limits,
				      err) < 0)
			return -1;
	}
	if (!pick->has_limits)
		return 0;
	return brake_look(tx, pick->task.context.now_ms, &pick->limits, operation->kind, ret_brake,
			  err);
}

/* The accounts that are passed over, as their room is now. */
static size_t list_full(struct pick *pick, struct operation_full full[OPERATION_FULL_MAX])
{
	size_t n = 0;

	pick->too_many_full = false;
	for (size_t i = 0; i < pick->n_accounts; i++) {
		if (pick->room[i] > KEPT_FOR_CREATES)
			continue;
		if (n == OPERATION_FULL_MAX) {
			pick->too_many_full = true;
			break;
		}
		full[n++] = (struct operation_full){.provider_config_id = pick->accounts[i].id,
						    .destroys_only = pick->room[i] > 0};
	}
	return n;
}

static bool has_place(struct pick *pick, const struct operation *operation)
{
	const unsigned *room = room_of(pick, operation->provider_config_id);

	return !room || *room > (operation->kind == OPERATION_DESTROY ? KEPT_FOR_CREATES : 0);
}

/* For how long it has to be put off; 0: it may go. */
static int waits(struct tx *tx, struct pick *pick, const struct operation *operation,
		 const struct server *server, int64_t *ret_delay_ms, struct hr_error *err)
{
	int64_t now = pick->task.context.now_ms, until;
	struct account_state account;
	struct config_state config;

	*ret_delay_ms = 0;
	if (!room_of(pick, operation->provider_config_id)) {
		*ret_delay_ms = UNKNOWN_MS;
		return 0;
	}
	if (operation->kind == OPERATION_DESTROY && create_flies(pick, server->id)) {
		*ret_delay_ms = FLIES_MS;
		return 0;
	}
	if (account_state_get(tx, operation->provider_config_id, &account, err) < 0)
		return -1;
	until = account.paused_until_ms;
	if (operation->kind == OPERATION_CREATE && server->state == SERVER_PLANNED) {
		if (config_state_get(tx, server->config_id, &config, err) < 0)
			return -1;
		if (config.paused_until_ms > until)
			until = config.paused_until_ms;
	}
	if (until > now)
		*ret_delay_ms = until - now < PAUSED_MS ? until - now : PAUSED_MS;
	return 0;
}

/* The startup script of this server cannot be rendered: no attempt would get further. */
static int cannot_render(struct tx *tx, struct pick *pick, struct operation *operation,
			 struct server *server, const struct hr_error *why, struct hr_error *err)
{
	struct life_context *context = &pick->task.context;

	operation->error_class = why->class;
	text_copy(operation->error, sizeof(operation->error), why->message);
	if (close_operation(tx, pick, operation, OPERATION_FAILED, err) < 0 ||
	    pause_config(tx, context, server->config_id, why->message, err) < 0 ||
	    task_touch(&pick->task, server->pool_id, err) < 0)
		return -1;
	return life_fail(tx, context, server, why->message, err);
}

/* Who goes first where the account's rate budget is short. What a server was ordered for does not
 * count: whoever waits in its pool may be given it. */
static int find_urgency(struct tx *tx, struct pick *pick, const struct operation *operation,
			const struct server *server, enum dispatch_urgency *ret_urgency,
			struct hr_error *err)
{
	struct session_query query = {.pool_id = server->pool_id,
				      .states = SESSION_STATE_BIT(SESSION_QUEUED),
				      .limit = 1};
	struct session *sessions = NULL;
	size_t n;

	*ret_urgency = DISPATCH_REMOVAL;
	if (operation->kind == OPERATION_DESTROY)
		return 0;
	if (strcmp(pick->queue_pool_id, server->pool_id) != 0) {
		if (session_list(tx, &query, &sessions, &n, err) < 0)
			return -1;
		free(sessions);
		pick->has_queue = n > 0;
		text_copy(pick->queue_pool_id, sizeof(pick->queue_pool_id), server->pool_id);
	}
	*ret_urgency = pick->has_queue ? DISPATCH_FOR_USERS : DISPATCH_STANDBY;
	return 0;
}

/* The stage of a server that a brake had held. */
static int forget_held_back(struct tx *tx, struct server *server, struct hr_error *err)
{
	if (strncmp(server->stage, HELD_BACK, strlen(HELD_BACK)) != 0)
		return 0;
	text_copy(server->stage, sizeof(server->stage),
		  server->state == SERVER_DESTROYING ? "being destroyed" : "being created");
	return server_update(tx, server, err);
}

/* Writes the attempt and prepares what is sent after the commit. */
static int attempt(struct tx *tx, struct pick *pick, struct operation *operation,
		   struct server *server, struct hr_error *err)
{
	struct prepared *prepared = &pick->prepared[pick->n_prepared];
	struct hr_error why = {0};
	bool creates = operation->kind == OPERATION_CREATE;

	*prepared = (struct prepared){.kind = creates ? DISPATCH_CREATE : DISPATCH_DESTROY};
	step_from_server(server, &prepared->step);
	if (find_urgency(tx, pick, operation, server, &prepared->urgency, err) < 0)
		return -1;
	if (creates && create_request_render(tx, server, &pick->address, &prepared->script,
					     &prepared->step.guest_os, &why) < 0) {
		/* One server's broken row must not hold up all others. */
		if (why.class != HR_INTERNAL)
			return cannot_render(tx, pick, operation, server, &why, err);
		*err = why;
		return -1;
	}
	pick->n_prepared++;
	(*room_of(pick, operation->provider_config_id))--;
	operation->attempt++;
	if (operation->started_ms == 0)
		operation->started_ms = pick->task.context.now_ms;
	operation->error_class = 0;
	operation->due_ms = pick->task.context.now_ms + STEP_LEASE_MS;
	prepared->step.attempt = (uint32_t)operation->attempt;
	text_copy(prepared->account, sizeof(prepared->account), operation->provider_config_id);
	text_copy(prepared->operation_id, sizeof(prepared->operation_id), operation->id);
	text_copy(prepared->request_id, sizeof(prepared->request_id), operation->cause);
	if (operation->resume_token[0]) {
		prepared->resume_token = strdup(operation->resume_token);
		if (!prepared->resume_token)
			return error_no_memory(err, "preparing a request");
	}
	if (operation_update(tx, operation, err) < 0)
		return -1;
	if (server->state != SERVER_PLANNED)
		return forget_held_back(tx, server, err);
	if (task_touch(&pick->task, server->pool_id, err) < 0)
		return -1;
	return life_creating(tx, &pick->task.context, server, err);
}

static int pick_one(struct tx *tx, struct pick *pick, struct operation *operation,
		    struct hr_error *err)
{
	struct server server;
	struct brake brake;
	struct hr_error why = {0};
	int64_t delay_ms;
	bool creates = operation->kind == OPERATION_CREATE;

	event_because_of_request(tx, operation->cause);
	event_because_of_operation(tx, operation->id, operation->server_id);
	/* Its answer is still expected, or was just stored and has made it due again: its flight
	 * lands only after that commit. */
	if (flies(pick, operation))
		return put_off(tx, pick, operation, FLIES_MS, err);
	/* Whoever cannot be passed over next time must not stand in others' way. */
	if (!has_place(pick, operation))
		return pick->too_many_full ? put_off(tx, pick, operation, FLIES_MS, err) : 0;
	if (server_get(tx, operation->server_id, &server, &why) < 0) {
		if (why.class == HR_NOT_FOUND)
			return close_operation(tx, pick, operation, OPERATION_CANCELLED, err);
		*err = why;
		return -1;
	}
	if (creates && server.state != SERVER_PLANNED && server.state != SERVER_CREATING)
		return close_operation(tx, pick, operation, OPERATION_CANCELLED, err);
	if (!creates && server.state == SERVER_GONE)
		return close_operation(tx, pick, operation, OPERATION_DONE, err);
	if (waits(tx, pick, operation, &server, &delay_ms, err) < 0)
		return -1;
	if (delay_ms > 0)
		return put_off(tx, pick, operation, delay_ms, err);
	if (find_brake(tx, pick, operation, &brake, err) < 0)
		return -1;
	if (brake.until_ms != 0)
		return put_off_by_brake(tx, pick, operation, &server, &brake, err);
	return attempt(tx, pick, operation, &server, err);
}

static int pick_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct pick *pick = (struct pick *)task;
	struct operation_full full[OPERATION_FULL_MAX];
	struct operation *operations = NULL;
	size_t n, n_full;
	int result = 0;

	clear_prepared(pick);
	pick->queue_pool_id[0] = pick->limits.config_id[0] = '\0';
	for (size_t i = 0; i < pick->n_accounts; i++)
		pick->room[i] = pick->accounts[i].room;
	n_full = list_full(pick, full);
	if (operation_list_due(tx, task->context.now_ms, full, n_full, PICK_LIMIT, &operations, &n,
			       err) < 0)
		return -1;
	/* Destroys first: they make room and cost nothing. */
	for (size_t i = 0; result == 0 && i < n; i++)
		if (operations[i].kind == OPERATION_DESTROY)
			result = pick_one(tx, pick, &operations[i], err);
	for (size_t i = 0; result == 0 && i < n; i++)
		if (operations[i].kind != OPERATION_DESTROY)
			result = pick_one(tx, pick, &operations[i], err);
	free(operations);
	event_because_of_request(tx, NULL);
	if (result < 0)
		return -1;
	n_full = list_full(pick, full);
	return operation_next_due(tx, full, n_full, &pick->next_ms, err);
}

static void send_prepared(struct engine *engine, const struct prepared *prepared)
{
	struct dispatch_request request = {.kind = prepared->kind,
					   .timeout_ms = STEP_TIMEOUT_MS,
					   .urgency = prepared->urgency,
					   .step = prepared->step};
	struct engine_account *account = engine_account_find(engine, prepared->account);
	struct flight *flight;

	text_copy(request.account, sizeof(request.account), prepared->account);
	text_copy(request.operation_id, sizeof(request.operation_id), prepared->operation_id);
	text_copy(request.request_id, sizeof(request.request_id), prepared->request_id);
	request.step.script = prepared->script;
	request.step.resume_token = prepared->resume_token;
	flight = engine_send(engine, &request);
	if (!flight)
		return;
	text_copy(flight->operation_id, sizeof(flight->operation_id), prepared->operation_id);
	text_copy(flight->server_id, sizeof(flight->server_id), prepared->step.server_id);
	if (account)
		account->in_flight++;
	if (prepared->kind == DISPATCH_CREATE)
		atomic_fetch_add(&engine->creates_sent, 1);
	else
		atomic_fetch_add(&engine->destroys_sent, 1);
}

static void pick_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct pick *pick = (struct pick *)task;

	engine->picking = false;
	if (err) {
		log_line(LOG_LEVEL_ERROR, NULL, "operations could not be started: %s",
			 err->message);
		engine->pick_wall_ms = 0;
		engine->pick_not_before_mono_ms = engine->now.mono_ms + MS_PER_S;
		return;
	}
	engine->pick_wall_ms = engine->pick_again ? 0 : pick->next_ms;
	/* Stopped meanwhile: they are due again when their lease ends. */
	if (stops_changes(engine))
		return;
	for (size_t i = 0; i < pick->n_prepared; i++)
		send_prepared(engine, &pick->prepared[i]);
}

/* Copies accounts and flights into the task. */
static int pick_fill(struct engine *engine, struct pick *pick)
{
	size_t n_accounts = 0, n_flights = 0;

	for (struct engine_account *a = engine->accounts; a; a = a->next)
		n_accounts++;
	for (struct flight *f = engine->flights; f; f = f->next)
		n_flights += f->operation_id[0] != '\0';
	pick->accounts = calloc(n_accounts + 1, sizeof(*pick->accounts));
	pick->room = calloc(n_accounts + 1, sizeof(*pick->room));
	pick->flights = calloc(n_flights + 1, sizeof(*pick->flights));
	pick->prepared = calloc(PICK_LIMIT, sizeof(*pick->prepared));
	if (!pick->accounts || !pick->room || !pick->flights || !pick->prepared)
		return -1;
	for (struct engine_account *a = engine->accounts; a; a = a->next) {
		struct pick_account *copy = &pick->accounts[pick->n_accounts];

		text_copy(copy->id, sizeof(copy->id), a->id);
		if (a->state == ACCOUNT_OPEN && a->in_flight < STEPS_PER_ACCOUNT)
			copy->room = STEPS_PER_ACCOUNT - a->in_flight;
		pick->n_accounts++;
	}
	for (struct flight *f = engine->flights; f; f = f->next) {
		struct pick_flight *copy = &pick->flights[pick->n_flights];

		if (f->operation_id[0] == '\0')
			continue;
		text_copy(copy->operation_id, sizeof(copy->operation_id), f->operation_id);
		text_copy(copy->server_id, sizeof(copy->server_id), f->server_id);
		copy->creates = f->kind == DISPATCH_CREATE;
		pick->n_flights++;
	}
	return 0;
}

/* At a start, accounts open within moments: an operation put off for want of one would wait longer
 * than they take. */
static bool accounts_settle(const struct engine *engine)
{
	if (engine->now.mono_ms - engine->started_mono_ms >= GATE_MS)
		return false;
	if (!engine->accounts_loaded)
		return true;
	for (struct engine_account *a = engine->accounts; a; a = a->next)
		if (a->state == ACCOUNT_OPENING)
			return true;
	return false;
}

int64_t operations_step(struct engine *engine)
{
	struct pick *pick;
	int64_t wait;

	if (engine->picking)
		return MS_NEVER;
	if (accounts_settle(engine))
		return engine->started_mono_ms + GATE_MS;
	if (engine->now.mono_ms < engine->pick_not_before_mono_ms)
		return engine->pick_not_before_mono_ms;
	if (engine->pick_wall_ms == MS_NEVER)
		return MS_NEVER;
	wait = engine->pick_wall_ms - engine->now.wall_ms;
	if (wait > 0)
		return engine->now.mono_ms + wait;
	engine->pick_not_before_mono_ms = 0;
	pick = task_new(engine, sizeof(*pick), pick_run, pick_finish, pick_clear);
	if (!pick || pick_fill(engine, pick) < 0) {
		if (pick)
			task_free(&pick->task);
		engine->pick_not_before_mono_ms = engine->now.mono_ms + MS_PER_S;
		return engine->pick_not_before_mono_ms;
	}
	pick->address.own_address = engine->options.own_address;
	pick->address.own_scheme = engine->options.own_scheme;
	pick->options = &engine->options;
	pick->stops = engine->stops;
	engine->pick_again = false;
	engine->picking = true;
	task_submit(engine, &pick->task);
	return MS_NEVER;
}
