/* SPDX-License-Identifier: Apache-2.0 */
/* What hosts say. A host that says what cannot be is killed: its module has broken it, or means harm. */
#include <stdlib.h>
#include <string.h>

#include <headroom/log.h>

#include "base/log.h"
#include "base/text.h"
#include "provider/answer_check.h"
#include "provider/host_sandbox.h"
#include "provider/job.h"
#include "provider/process_state.h"

#define MESSAGES_AT_ONCE 256
#define INSTANCES_MAX 100000 /* of one list */
#define LINES_MAX 100        /* log lines in a second */

/* What it said besides, or says until it is dead, counts no more. */
static void garbage(struct process_account *account, const char *what)
{
	process_account_kill(account, HOST_END_GARBAGE, "it sent what it may not send (%s)", what);
	host_process_deafen(account->host);
}

/* ---- Answers ------------------------------------------------------------------------------- */

/* Doubled, so that a long list is not copied for each of its parts. */
static size_t room_for(size_t n)
{
	size_t room = 64;

	while (room < n)
		room *= 2;
	return room;
}

static void take_instances(struct process_account *account, uint64_t number,
			   const struct dispatch_answer *part)
{
	struct job *job = process_job(account, number);
	struct dispatch_answer *answer = job ? job->answer : NULL;
	struct dispatch_instance *more;
	size_t n;

	if (!answer)
		return;
	if (job->request->kind != DISPATCH_LIST && job->request->kind != DISPATCH_STATUS) {
		garbage(account, "instances that nobody asked for");
		return;
	}
	if (answer->n_instances + part->n_instances > INSTANCES_MAX) {
		garbage(account, "more instances than there can be");
		return;
	}
	n = answer->n_instances + part->n_instances;
	more = answer->instances;
	if (!more || room_for(n) > room_for(answer->n_instances))
		more = reallocarray(answer->instances, room_for(n), sizeof(*more));
	if (!more) {
		process_fail(account->dispatcher, job, HR_INTERNAL, HR_FAULT_OUTCOME_UNKNOWN, 0,
			     "out of memory while reading an answer");
		return;
	}
	if (part->n_instances > 0)
		memcpy(more + answer->n_instances, part->instances,
		       part->n_instances * sizeof(*more));
	answer->instances = more;
	answer->n_instances = n;
}

static void take_answer(struct process_account *account, uint64_t number,
			struct dispatch_answer *answer)
{
	struct process_dispatcher *d = account->dispatcher;
	struct job *job = process_job(account, number);
	struct hr_error error = {0};

	if (account->reopen_number != 0 && number == account->reopen_number) {
		process_account_reopened(account, answer);
		return;
	}
	if (!job) /* it was answered for the module, or the closing of an old seat */
		return;
	/* How many requests it made we know ourselves, and most of a long list has come before. */
	answer->n_requests = job->answer->n_requests;
	if (job->answer->n_instances > 0) {
		take_instances(account, number, answer);
		job = process_job(account, number);
		if (!job || account->why_killed[0] != '\0')
			return;
		free(answer->instances);
		answer->instances = job->answer->instances;
		answer->n_instances = job->answer->n_instances;
		job->answer->instances = NULL;
		job->answer->n_instances = 0;
	}
	if (answer_check(job->request, answer, &error) != 0)
		garbage(account, error.message);
	else
		process_finish(d, job, answer);
}

static void take_instance_id(struct process_account *account, uint64_t number,
			     const struct dispatch_answer *message)
{
	struct job *job = process_job(account, number);

	if (job && job->answer)
		memcpy(job->answer->instance_id, message->instance_id,
		       sizeof(job->answer->instance_id));
}

/* ---- Services ------------------------------------------------------------------------------ */

/* Whoever asks waits for the answer, so a call with a question is under way. */
static void take_question(struct process_account *account, enum wire_kind kind, uint64_t id,
			  const void *value)
{
	const struct wire_http *http = value;
	const struct wire_secret *secret = value;
	uint64_t call = kind == WIRE_HTTP ? http->call : secret->call;

	if (!process_job(account, call) &&
	    (account->reopen_number == 0 || call != account->reopen_number))
		garbage(account, "a question for a call that is not under way");
	else if (kind == WIRE_HTTP)
		process_services_http(account, id, http);
	else
		process_services_secret(account, id, secret);
}

static enum log_level level_of(int32_t level)
{
	if (level <= HR_LOG_ERROR)
		return LOG_LEVEL_ERROR;
	if (level <= HR_LOG_WARNING)
		return LOG_LEVEL_WARNING;
	return level <= HR_LOG_INFO ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

int64_t process_messages_step(struct process_account *account)
{
	const struct log_subject subject = {.account =
						    account->lane ? account->lane->account : NULL};
	int64_t over_ms = account->lines_since_ms + MS_PER_S;

	if (account->n_lines_dropped == 0)
		return MS_NEVER;
	if (over_ms > account->dispatcher->now.mono_ms)
		return over_ms;
	log_line(LOG_LEVEL_WARNING, &subject,
		 "%u log lines of the module %s were dropped: it wrote more than %d in a second",
		 account->n_lines_dropped, account->module->id, LINES_MAX);
	account->n_lines_dropped = 0;
	return MS_NEVER;
}

/* One module cannot fill the log. */
static bool may_log(struct process_account *account)
{
	int64_t now = account->dispatcher->now.mono_ms;

	if (now - account->lines_since_ms >= MS_PER_S) {
		(void)process_messages_step(account);
		account->lines_since_ms = now;
		account->n_lines = 0;
	}
	if (account->n_lines < LINES_MAX) {
		account->n_lines++;
		return true;
	}
	account->n_lines_dropped++;
	return false;
}

static void take_log(struct process_account *account, uint64_t number, const struct wire_log *line)
{
	const struct job *job = process_job(account, number);
	char call[JOB_CALL_SIZE];
	const struct log_subject subject =
		job ? job_subject(job, call)
		    : (struct log_subject){.account = account->lane->account};

	if (log_enabled(level_of(line->level)) && may_log(account))
		log_line(level_of(line->level), &subject, "%s: %s", account->module->id,
			 line->text);
}

static void take_forbidden(struct process_account *account, const struct wire_forbidden *forbidden)
{
	const struct log_subject subject = {.account = account->lane->account};

	process_reason_forbidden(account, forbidden->name);
	/* One that does it in a loop does not fill the log. */
	if (account->n_told++ < 10)
		log_line(
			LOG_LEVEL_WARNING, &subject,
			"the module %s tried the system call %s, which modules may not use; it was "
			"refused",
			account->module->id, forbidden->name);
}

/* Said once: it is the machine's or the build's, not the module's. */
static void take_ready(struct process_account *account, const struct wire_ready *ready)
{
	struct process_dispatcher *d = account->dispatcher;
	const char *warning = host_sandbox_warning(ready->sandbox);

	if (account->workers > 0 || ready->workers == 0) {
		garbage(account,
			account->workers > 0 ? "a second beginning" : "that it can run no calls");
		return;
	}
	account->workers = ready->workers;
	if (d->registry) {
		registry_note_sandbox(d->registry, account->module, ready->sandbox);
		registry_note_loading(d->registry, account->module, NULL);
	}
	if (warning && !d->told_sandbox)
		log_line(LOG_LEVEL_WARNING, NULL, "%s", warning);
	d->told_sandbox |= warning != NULL;
}

static void take_refused(struct process_account *account, const struct wire_refused *refused)
{
	if (account->workers > 0)
		garbage(account, "a refusal of a module that is loaded");
	else if (refused->error.class < HR_AUTH || refused->error.class > HR_INTERNAL ||
		 refused->error.message[0] == '\0') {
		garbage(account, "a refusal without a reason");
	} else {
		account->refusal = refused->error;
		if (account->dispatcher->registry)
			registry_note_loading(account->dispatcher->registry, account->module,
					      refused->error.message);
	}
}

/* Of a module that is not loaded there is this to say, and no more. */
static bool is_early(enum wire_kind kind)
{
	return kind == WIRE_READY || kind == WIRE_REFUSED || kind == WIRE_LOG ||
	       kind == WIRE_FORBIDDEN || kind == WIRE_EXHAUSTED;
}

static void take_one(struct process_account *account, enum wire_kind kind, uint64_t id, void *value)
{
	if (account->workers == 0 && !is_early(kind)) {
		garbage(account, "a message of a module that is not loaded");
		return;
	}
	switch (kind) {
	case WIRE_READY: take_ready(account, value); break;
	case WIRE_REFUSED: take_refused(account, value); break;
	case WIRE_ANSWER: take_answer(account, id, value); break;
	case WIRE_INSTANCES: take_instances(account, id, value); break;
	case WIRE_INSTANCE: take_instance_id(account, id, value); break;
	case WIRE_LOG: take_log(account, id, value); break;
	case WIRE_HTTP:
	case WIRE_SECRET: take_question(account, kind, id, value); break;
	case WIRE_FORBIDDEN: take_forbidden(account, value); break;
	case WIRE_EXHAUSTED:
		account->memory_limit_mib = ((const struct wire_exhausted *)value)->limit_mib;
		break;
	default: garbage(account, "a message that has no place here"); break;
	}
}

void process_messages_take(struct process_account *account)
{
	struct hr_error error = {0};
	enum wire_kind kind;
	uint64_t id;
	void *value;
	int rc;

	account->has_more = false;
	for (int i = 0; account->host && account->lane; i++) {
		if (i == MESSAGES_AT_ONCE) { /* others are to be heard too */
			account->has_more = true;
			return;
		}
		rc = host_process_receive(account->host, &kind, &id, &value, &error);
		if (rc == 0)
			return;
		if (rc < 0) {
			garbage(account, error.message);
			return;
		}
		take_one(account, kind, id, value);
		wire_free(kind, value);
	}
}
