/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer to a create or destroy does: next step, done, again later, failed. What each class
 * of error means is the table in docs/vendors/errors.md. */
#include "engine/outcomes.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/life_parts.h"
#include "engine/pauses.h"
#include "engine/sessions.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"

#define BACKOFF_FIRST_MS MS_PER_S
#define BACKOFF_CREATE_MS (60 * MS_PER_S)
#define BACKOFF_DESTROY_MS (3600 * MS_PER_S)
/* A create whose outcome nobody knows may take effect until then. */
#define UNCERTAIN_MS (300 * MS_PER_S)

struct outcome {
	struct task task; /* first */
	struct dispatch_answer *answer;
	uint64_t ticket;
	char operation_id[ID_SIZE];
	bool absent_is_final; /* no create answered before can take effect any more */
	bool booted;          /* set by run: a server boots now */
	bool auth;            /* set by run: the account is paused until a check */
	bool failed;
	/* Set by run: the operation ended, so. 0: it did not. */
	enum operation_state ended;
};

static void outcome_clear(struct task *task)
{
	struct outcome *outcome = (struct outcome *)task;

	dispatch_answer_free(outcome->answer);
}

/* Doubling from a second, with up to a quarter of jitter. */
static int64_t backoff(struct life_context *context, int64_t failures, int64_t longest_ms)
{
	int64_t delay = BACKOFF_FIRST_MS;
	uint32_t value;

	for (int64_t i = 1; i < failures && delay < longest_ms; i++)
		delay *= 2;
	if (delay > longest_ms)
		delay = longest_ms;
	id_source_bytes(&context->ids, &value, sizeof(value));
	return delay + (int64_t)(value % (uint32_t)(delay / 4 + 1));
}

static int finish_operation(struct tx *tx, struct outcome *outcome, struct operation *operation,
			    enum operation_state state, struct hr_error *err)
{
	outcome->ended = state;
	operation->state = state;
	operation->finished_ms = outcome->task.context.now_ms;
	return operation_update(tx, operation, err);
}

/* The present step goes on: its token and what it says about its progress. */
static int goes_on(struct tx *tx, struct outcome *outcome, struct operation *operation,
		   struct server *server, struct hr_error *err)
{
	const struct dispatch_answer *answer = outcome->answer;
	int64_t delay = answer->delay_ms;

	if (delay < 0)
		delay = 0;
	if (delay > PAUSE_AGAIN_LONGEST_MS)
		delay = PAUSE_AGAIN_LONGEST_MS;
	/* A new token is a new step, not delivered yet; the same one is the same step again. */
	if (strcmp(operation->resume_token, answer->resume_token ? answer->resume_token : "") != 0)
		operation->attempt = 0;
	if (!text_copy(operation->resume_token, sizeof(operation->resume_token),
		       answer->resume_token))
		return error_set(err, HR_INTERNAL, "a resume token is longer than %d bytes",
				 HR_RESUME_TOKEN_MAX);
	operation->failures = 0;
	operation->due_ms = outcome->task.context.now_ms + delay;
	operation->percent = answer->percent;
	text_copy(operation->text, sizeof(operation->text), answer->text);
	if (operation_update(tx, operation, err) < 0)
		return -1;
	if (answer->text[0])
		text_copy(server->stage, sizeof(server->stage), answer->text);
	server->percent = answer->percent;
	return server_update(tx, server, err);
}

/* Keeps the error on the operation; an event when it is another one than before. */
static int note_error(struct tx *tx, struct outcome *outcome, struct operation *operation,
		      const struct server *server, struct hr_error *err)
{
	const struct hr_error *cause = &outcome->answer->error;
	bool news = strcmp(operation->error, cause->message) != 0;

	operation->failures++;
	operation->error_class = cause->class;
	text_copy(operation->error, sizeof(operation->error), cause->message);
	text_copy(operation->request_id, sizeof(operation->request_id), cause->request_id);
	outcome->failed = true;
	if (news &&
	    life_event(tx, outcome->task.context.now_ms, server, NULL, "operation.failed",
		       "%s of %s, attempt %lld: %s: %s", operation_kind_name(operation->kind),
		       server->name, (long long)operation->attempt, error_class_name(cause->class),
		       cause->message) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return 0;
}

/* Again after a pause; the account pauses as well where the error is the account's. */
static int retry(struct tx *tx, struct outcome *outcome, struct operation *operation,
		 int64_t longest_ms, struct hr_error *err)
{
	struct life_context *context = &outcome->task.context;
	const struct hr_error *cause = &outcome->answer->error;
	int64_t delay = backoff(context, operation->failures, longest_ms);

	if (cause->class == HR_AUTH || cause->class == HR_INTERNAL || pause_is_long(cause)) {
		if (pause_account(tx, context, operation->provider_config_id, cause, err) < 0)
			return -1;
		outcome->auth |= cause->class == HR_AUTH;
	}
	/* Who says when to come again is asked no sooner, however long our own pauses would be. */
	if (cause->retry_after_ms > delay)
		delay = pause_retry_after(cause);
	operation->due_ms = context->now_ms + delay;
	return operation_update(tx, operation, err);
}

/* ---- Create ---- */

/* Errors that another attempt would meet again. When the outcome is not known, only another attempt
 * can tell. */
static bool create_is_hopeless(const struct hr_error *cause)
{
	if (cause->flags & HR_FAULT_OUTCOME_UNKNOWN)
		return false;
	return cause->class == HR_INVALID || cause->class == HR_NOT_FOUND ||
	       cause->class == HR_UNSUPPORTED || cause->class == HR_CAPACITY ||
	       cause->class == HR_QUOTA;
}

static int create_failed(struct tx *tx, struct outcome *outcome, struct operation *operation,
			 struct server *server, struct hr_error *err)
{
	const struct hr_error *cause = &outcome->answer->error;
	char reason[512];

	if (note_error(tx, outcome, operation, server, err) < 0)
		return -1;
	if (!create_is_hopeless(cause)) {
		/* The instance's id may have come with the error. */
		if (server_update(tx, server, err) < 0)
			return -1;
		return retry(tx, outcome, operation, BACKOFF_CREATE_MS, err);
	}
	text_format(reason, sizeof(reason), "the provider cannot make it (%s): %s",
		    error_class_name(cause->class == HR_NOT_FOUND ? HR_INVALID : cause->class),
		    cause->message);
	if (finish_operation(tx, outcome, operation, OPERATION_FAILED, err) < 0)
		return -1;
	return life_fail(tx, &outcome->task.context, server, reason, err);
}

static int apply_create(struct tx *tx, struct outcome *outcome, struct operation *operation,
			struct server *server, struct hr_error *err)
{
	struct dispatch_answer *answer = outcome->answer;

	if (answer->result == HR_AGAIN)
		return goes_on(tx, outcome, operation, server, err);
	if (answer->result == HR_OK && server->instance_id[0] == '\0') {
		answer->result = HR_INTERNAL;
		error_set(&answer->error, HR_INTERNAL,
			  "the module says that %s is created, but not as which instance",
			  server->name);
	}
	if (answer->result != HR_OK)
		return create_failed(tx, outcome, operation, server, err);
	operation->error[0] = '\0';
	if (finish_operation(tx, outcome, operation, OPERATION_DONE, err) < 0 ||
	    pause_account_worked(tx, operation->provider_config_id, err) < 0)
		return -1;
	outcome->booted = true;
	return life_created(tx, &outcome->task.context, server, server->instance_id, err);
}

/* ---- Destroy ---- */

/* Until when a create of which nobody knows the outcome may still take effect; 0: none can. One
 * delivery that was refused for good made nothing. Where the module promises that what is absent
 * stays absent, only a call that hung counts: it may still be running. */
static int create_may_land_until(struct tx *tx, const struct server *server, bool absent_is_final,
				 int64_t *ret_ms, struct hr_error *err)
{
	struct operation *operations = NULL;
	size_t n;

	*ret_ms = 0;
	if (server->instance_id[0] || !server->ever_created)
		return 0;
	if (operation_list_server(tx, server->id, &operations, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct operation *create = &operations[i];
		/* Attempts are those of its present part; a token is left by a part that was done. */
		bool delivered = create->attempt > 0 || create->resume_token[0] != '\0';
		bool refused = create->state == OPERATION_FAILED && create->attempt == 1 &&
			       create->resume_token[0] == '\0';
		bool over = refused || (absent_is_final && create->error_class != HR_TIMEOUT);

		if (create->kind == OPERATION_CREATE && delivered && !over &&
		    *ret_ms < create->finished_ms + UNCERTAIN_MS)
			*ret_ms = create->finished_ms + UNCERTAIN_MS;
	}
	free(operations);
	return 0;
}

static int destroyed(struct tx *tx, struct outcome *outcome, struct operation *operation,
		     struct server *server, struct hr_error *err)
{
	int64_t now = outcome->task.context.now_ms, until;

	if (pause_account_worked(tx, operation->provider_config_id, err) < 0 ||
	    create_may_land_until(tx, server, outcome->absent_is_final, &until, err) < 0)
		return -1;
	if (until > now) {
		operation->attempt = 0;
		operation->failures = 0;
		operation->resume_token[0] = '\0';
		operation->due_ms = until;
		text_copy(server->stage, sizeof(server->stage),
			  "absent; looking again, since its create was never answered");
		if (operation_update(tx, operation, err) < 0)
			return -1;
		return server_update(tx, server, err);
	}
	if (finish_operation(tx, outcome, operation, OPERATION_DONE, err) < 0)
		return -1;
	return life_gone(tx, &outcome->task.context, server, "the provider has it no more", err);
}

static int destroy_failed(struct tx *tx, struct outcome *outcome, struct operation *operation,
			  struct server *server, struct hr_error *err)
{
	const struct hr_error *cause = &outcome->answer->error;
	bool running = false;

	if (note_error(tx, outcome, operation, server, err) < 0)
		return -1;
	if (cause->flags & HR_FAULT_PROTECTED) {
		if (life_undrain(tx, &outcome->task.context, server, cause->message, &running,
				 err) < 0)
			return -1;
		if (running && finish_operation(tx, outcome, operation, OPERATION_FAILED, err) < 0)
			return -1;
		if (running)
			return sessions_seat_queue(tx, &outcome->task.context, server->pool_id,
						   err);
	}
	if (server_update(tx, server, err) < 0)
		return -1;
	return retry(tx, outcome, operation, BACKOFF_DESTROY_MS, err);
}

static int apply_destroy(struct tx *tx, struct outcome *outcome, struct operation *operation,
			 struct server *server, struct hr_error *err)
{
	switch (outcome->answer->result) {
	case HR_AGAIN: return goes_on(tx, outcome, operation, server, err);
	case HR_OK:
	case HR_NOT_FOUND: return destroyed(tx, outcome, operation, server, err);
	default: return destroy_failed(tx, outcome, operation, server, err);
	}
}

/* ---- Any ---- */

/* An answer that comes when its operation is over already: only the instance's id matters, and
 * whether a create hung. */
static int late(struct tx *tx, const struct outcome *outcome, struct operation *operation,
		struct server *server, bool new_id, struct hr_error *err)
{
	const struct dispatch_answer *answer = outcome->answer;

	if (operation->kind == OPERATION_CREATE && answer->result == HR_TIMEOUT) {
		operation->error_class = HR_TIMEOUT;
		text_copy(operation->error, sizeof(operation->error), answer->error.message);
		if (operation_update(tx, operation, err) < 0)
			return -1;
	}
	if (!new_id || server->state == SERVER_GONE)
		return 0;
	return server_update(tx, server, err);
}

/* The first instance id of a server is the one: were a second believed, nobody would look after the
 * first. The step goes on as one that failed; whatever the second is, the reaper finds its mark. */
static void refuse_other_instance(struct dispatch_answer *answer, const struct server *server)
{
	char other[sizeof(answer->instance_id)];

	text_copy(other, sizeof(other), answer->instance_id);
	text_copy(answer->instance_id, sizeof(answer->instance_id), server->instance_id);
	answer->result = HR_INTERNAL;
	error_set(&answer->error, HR_INTERNAL,
		  "the module reports instance %.64s for %s, which is instance %.64s; report this "
		  "to its vendor",
		  other, server->name, server->instance_id);
}

static int outcome_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct outcome *outcome = (struct outcome *)task;
	struct dispatch_answer *answer = outcome->answer;
	struct operation *operation = malloc(sizeof(*operation));
	struct server server;
	bool new_id;
	int result = -1;

	outcome->booted = outcome->auth = outcome->failed = false;
	outcome->ended = 0;
	if (!operation)
		return error_no_memory(err, "applying an answer");
	if (operation_get(tx, outcome->operation_id, operation, err) < 0 ||
	    server_get(tx, operation->server_id, &server, err) < 0 ||
	    task_touch(task, server.pool_id, err) < 0)
		goto out;
	event_because_of_request(tx, operation->cause);
	event_because_of_operation(tx, operation->id, operation->server_id);
	new_id = answer->instance_id[0] && strcmp(answer->instance_id, server.instance_id) != 0;
	if (new_id && server.instance_id[0]) {
		refuse_other_instance(answer, &server);
		new_id = false;
	} else if (new_id) {
		text_copy(server.instance_id, sizeof(server.instance_id), answer->instance_id);
	}
	if (operation->state != OPERATION_DUE)
		result = late(tx, outcome, operation, &server, new_id, err);
	else if (operation->kind == OPERATION_CREATE)
		result = apply_create(tx, outcome, operation, &server, err);
	else
		result = apply_destroy(tx, outcome, operation, &server, err);
out:
	free(operation);
	return result;
}

static struct flight *flight_of(struct engine *engine, uint64_t ticket)
{
	for (struct flight *f = engine->flights; f; f = f->next)
		if (f->ticket == ticket)
			return f;
	return NULL;
}

static void count_end(struct engine *engine, const struct outcome *outcome)
{
	bool create = outcome->answer->kind == DISPATCH_CREATE;

	if (outcome->ended == OPERATION_DONE)
		atomic_fetch_add(create ? &engine->creates_done : &engine->destroys_done, 1);
	else if (outcome->ended == OPERATION_FAILED)
		atomic_fetch_add(create ? &engine->creates_failed : &engine->destroys_failed, 1);
}

static void outcome_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct outcome *outcome = (struct outcome *)task;
	struct engine_account *account = engine_account_find(engine, outcome->answer->account);
	struct flight *flight;

	if (err && task_again(engine, task, 6))
		return;
	if (err)
		log_line(LOG_LEVEL_ERROR,
			 &(struct log_subject){.account = outcome->answer->account,
					       .server = outcome->answer->server_id,
					       .operation = outcome->operation_id,
					       .operation_kind =
						       dispatch_kind_name(outcome->answer->kind)},
			 "an answer could not be stored; its step is repeated: %s", err->message);
	flight = flight_of(engine, outcome->ticket);
	if (flight) {
		if (account && account->in_flight > 0)
			account->in_flight--;
		engine_land(engine, flight);
	}
	if (!err && account && outcome->booted)
		account->poll_mono_ms = engine->now.mono_ms;
	if (!err && account && outcome->auth && !account->paused_by_auth) {
		account->paused_by_auth = true;
		account->check_mono_ms = engine->now.mono_ms + 300 * MS_PER_S;
	}
	if (!err)
		count_end(engine, outcome);
	if (outcome->failed)
		atomic_fetch_add(&engine->operation_failures, 1);
	engine_look(engine);
}

void outcomes_take(struct engine *engine, struct flight *flight, struct dispatch_answer *answer)
{
	struct outcome *outcome =
		task_new(engine, sizeof(*outcome), outcome_run, outcome_finish, outcome_clear);
	struct engine_account *account;

	if (!outcome) {
		account = engine_account_find(engine, flight->account);
		if (account && account->in_flight > 0)
			account->in_flight--;
		dispatch_answer_free(answer);
		engine_land(engine, flight);
		engine_look(engine);
		return;
	}
	account = engine_account_find(engine, flight->account);
	outcome->absent_is_final = account && (account->capabilities & HR_CAP_ABSENT_ONE_LOOK) != 0;
	outcome->answer = answer;
	outcome->ticket = flight->ticket;
	text_copy(outcome->operation_id, sizeof(outcome->operation_id), flight->operation_id);
	task_submit(engine, &outcome->task);
}
