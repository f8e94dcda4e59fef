/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's entry: mail in, what is due done, the next due time out. The work itself is in its
 * parts: reconcile, operations and outcomes, accounts, poll and looks, reaper, deadlines. */
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/account_checks.h"
#include "engine/account_news.h"
#include "engine/accounts.h"
#include "engine/deadlines.h"
#include "engine/jumps.h"
#include "engine/engine_state.h"
#include "engine/operations.h"
#include "engine/outcomes.h"
#include "engine/poll.h"
#include "engine/probes.h"
#include "engine/reaper.h"
#include "engine/reconcile.h"
#include "engine/recovery.h"
#include "engine/rounds.h"
#include "engine/stops.h"
#include "engine/sightings.h"

#define SAFETY_PASS_MS (15 * MS_PER_S)
#define PROBE_EVERY_MS (60 * MS_PER_S)
#define KEEP_MS (INT64_C(7) * 24 * 3600 * MS_PER_S)

const char *engine_why_only_tells(const struct engine_options *options)
{
	if (store_moved(options->store))
		return store_moved_why(options->store);
	return options->dry_run ? "the daemon only tells what it would do ([engine] dry_run)"
				: NULL;
}

int engine_new(const struct engine_options *options, struct engine **ret_engine,
	       struct hr_error *err)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (!engine)
		return error_no_memory(err, "starting the engine");
	engine->options = *options;
	if (engine->options.safety_pass_ms <= 0)
		engine->options.safety_pass_ms = SAFETY_PASS_MS;
	if (engine->options.keep_ms <= 0)
		engine->options.keep_ms = KEEP_MS;
	if (engine->options.probe_every_ms <= 0)
		engine->options.probe_every_ms = PROBE_EVERY_MS;
	engine->inbox = mailbox_new(options->wake, options->wake_context);
	if (!engine->inbox) {
		free(engine);
		return error_no_memory(err, "starting the engine");
	}
	engine->reload_mono_ms = MS_NEVER;
	engine->pick_wall_ms = 0;
	engine->deadline_wall_ms = 0;
	*ret_engine = engine;
	return 0;
}

static void free_flights(struct engine *engine)
{
	struct hr_error why = {0};

	error_set(&why, HR_CANCELLED, "the daemon is stopping");
	while (engine->flights) {
		if (engine->flights->check)
			account_check_refuse(engine->flights->check, &why);
		engine->flights->check = NULL;
		engine_land(engine, engine->flights);
	}
}

void engine_free(struct engine *engine)
{
	struct mail *mail;

	if (!engine)
		return;
	while ((mail = mailbox_take(engine->options.answers)) != NULL)
		dispatch_answer_free((struct dispatch_answer *)mail);
	while ((mail = mailbox_take(engine->inbox)) != NULL)
		((struct engine_mail *)mail)->drop((struct engine_mail *)mail);
	while (engine->delayed) {
		struct task *next = engine->delayed->next_delayed;

		task_free(engine->delayed);
		engine->delayed = next;
	}
	free_flights(engine);
	account_checks_free(engine);
	reaper_free(engine);
	sightings_free(engine);
	rounds_free(engine);
	accounts_free(engine);
	reconcile_free(engine);
	mailbox_free(engine->inbox);
	free(engine);
}

/* ---- Shared by the parts ---- */

void engine_look(struct engine *engine)
{
	engine->pick_wall_ms = 0;
	engine->pick_again = true;
}

struct engine_account *engine_account_find(struct engine *engine, const char *id)
{
	for (struct engine_account *a = engine->accounts; a; a = a->next)
		if (strcmp(a->id, id) == 0)
			return a;
	return NULL;
}

/* An answer in the dispatcher's stead. -1: no memory for it. */
static int answer_refused(struct engine *engine, const struct dispatch_request *request,
			  const struct hr_error *why)
{
	struct dispatch_answer *answer = calloc(1, sizeof(*answer));

	if (!answer)
		return -1;
	answer->kind = request->kind;
	answer->ticket = request->ticket;
	text_copy(answer->account, sizeof(answer->account), request->account);
	text_copy(answer->server_id, sizeof(answer->server_id), request->step.server_id);
	answer->error = *why;
	if (answer->error.class < HR_AUTH)
		answer->error.class = HR_TRANSIENT;
	answer->result = answer->error.class;
	mailbox_push(engine->options.answers, &answer->mail);
	return 0;
}

static struct dispatcher *dispatcher_of(const struct engine *engine,
					const struct dispatch_request *request)
{
	return strcmp(request->account, PROBE_ACCOUNT) == 0 ? engine->options.prober
							    : engine->options.dispatcher;
}

struct flight *engine_send(struct engine *engine, struct dispatch_request *request)
{
	struct flight *flight = calloc(1, sizeof(*flight));
	struct hr_error why = {0};

	if (!flight) {
		log_line(LOG_LEVEL_ERROR, NULL, "out of memory: a request is repeated later");
		return NULL;
	}
	request->ticket = ++engine->last_ticket;
	flight->ticket = request->ticket;
	flight->kind = request->kind;
	text_copy(flight->account, sizeof(flight->account), request->account);
	flight->next = engine->flights;
	engine->flights = flight;
	atomic_fetch_add(&engine->in_flight, 1);
	if (dispatch_submit(dispatcher_of(engine, request), request, &why) < 0 &&
	    answer_refused(engine, request, &why) < 0) {
		log_line(LOG_LEVEL_ERROR, NULL, "out of memory: a request is repeated later");
		engine_land(engine, flight);
		return NULL;
	}
	return flight;
}

void engine_land(struct engine *engine, struct flight *flight)
{
	struct flight **at = &engine->flights;

	while (*at != flight)
		at = &(*at)->next;
	*at = flight->next;
	free(flight);
	atomic_fetch_sub(&engine->in_flight, 1);
}

/* ---- Notices from others ---- */

struct notice {
	struct engine_mail mail; /* first */
	enum { NOTICE_POOL, NOTICE_DOCUMENT, NOTICE_OPERATIONS } what;
	enum document_kind kind;
	char id[ID_SIZE];
};

static void document_changed(struct engine *engine, const struct notice *notice)
{
	switch (notice->kind) {
	case DOCUMENT_PROVIDER_CONFIG:
	case DOCUMENT_AUTOSCALE_CONFIG:
		accounts_lift(engine, notice->kind, notice->id, "it was edited");
		break;
	default: break;
	}
	if (notice->kind == DOCUMENT_PROVIDER_CONFIG)
		accounts_reload(engine);
	/* Which pools a config or zone serves may have changed too. */
	reconcile_reload(engine);
}

static void notice_take(struct engine *engine, struct engine_mail *mail)
{
	struct notice *notice = (struct notice *)mail;

	switch (notice->what) {
	case NOTICE_POOL:
		engine_dirty(engine, notice->id);
		poll_soon(engine);
		engine_look(engine);
		break;
	case NOTICE_DOCUMENT: document_changed(engine, notice); break;
	case NOTICE_OPERATIONS: engine_look(engine); break;
	}
	free(notice);
}

static void notice_drop(struct engine_mail *mail)
{
	free(mail);
}

static void notify(struct engine *engine, const struct notice *what)
{
	struct notice *notice = malloc(sizeof(*notice));

	if (!notice) {
		atomic_store(&engine->everything_changed, true);
		if (engine->options.wake)
			engine->options.wake(engine->options.wake_context);
		return;
	}
	*notice = *what;
	notice->mail.take = notice_take;
	notice->mail.drop = notice_drop;
	mailbox_push(engine->inbox, &notice->mail.mail);
}

void engine_pool_changed(struct engine *engine, const char *pool_id)
{
	struct notice notice = {.what = NOTICE_POOL};

	text_copy(notice.id, sizeof(notice.id), pool_id);
	notify(engine, &notice);
}

void engine_document_changed(struct engine *engine, enum document_kind kind, const char *id)
{
	struct notice notice = {.what = NOTICE_DOCUMENT, .kind = kind};

	text_copy(notice.id, sizeof(notice.id), id);
	notify(engine, &notice);
}

void engine_operations_due(struct engine *engine)
{
	struct notice notice = {.what = NOTICE_OPERATIONS};

	notify(engine, &notice);
}

void engine_figures(struct engine *engine, struct engine_figures *ret)
{
	ret->plans = atomic_load(&engine->plans);
	ret->creates_sent = atomic_load(&engine->creates_sent);
	ret->destroys_sent = atomic_load(&engine->destroys_sent);
	ret->operation_failures = atomic_load(&engine->operation_failures);
	ret->in_flight = atomic_load(&engine->in_flight);
	ret->creates_done = atomic_load(&engine->creates_done);
	ret->creates_failed = atomic_load(&engine->creates_failed);
	ret->destroys_done = atomic_load(&engine->destroys_done);
	ret->destroys_failed = atomic_load(&engine->destroys_failed);
}

/* ---- The step ---- */

static void start(struct engine *engine)
{
	engine->started = true;
	engine->started_mono_ms = engine->now.mono_ms;
	engine->prune_mono_ms = engine->now.mono_ms;
	recovery_begin(engine);
	accounts_reload(engine);
	reconcile_reload(engine);
}

static void take_answer(struct engine *engine, struct dispatch_answer *answer)
{
	struct flight *flight = engine->flights;

	if (answer->kind == DISPATCH_NEWS) {
		account_news_take(engine, answer);
		return;
	}
	while (flight && flight->ticket != answer->ticket)
		flight = flight->next;
	if (!flight) {
		log_line(LOG_LEVEL_ERROR, NULL, "an answer came that nobody waits for");
		dispatch_answer_free(answer);
		return;
	}
	if (probes_take(engine, flight, answer))
		return;
	if (flight->reap)
		reaper_answer(engine, flight, answer);
	else if (flight->operation_id[0])
		outcomes_take(engine, flight, answer);
	else if (answer->kind == DISPATCH_STATUS || answer->kind == DISPATCH_LIST)
		poll_answer(engine, flight, answer);
	else if (answer->kind == DISPATCH_CHECK)
		account_checks_answer(engine, flight, answer);
	else {
		engine_land(engine, flight);
		accounts_answer(engine, answer);
	}
}

static void take_mail(struct engine *engine)
{
	struct mail *mail;

	while ((mail = mailbox_take(engine->inbox)) != NULL)
		((struct engine_mail *)mail)->take(engine, (struct engine_mail *)mail);
	while (!engine->jumping && (mail = mailbox_take(engine->options.answers)) != NULL)
		take_answer(engine, (struct dispatch_answer *)mail);
}

int64_t engine_step(struct engine *engine, struct moment now)
{
	int64_t (*const parts[])(struct engine *) = {
		recovery_step, stops_step, accounts_step, account_checks_step, poll_step,
		rounds_step, reaper_step, deadlines_step, reconcile_step, operations_step,
		/* Last: what the store did not take from the others waits here. */
		tasks_resubmit};
	int64_t next = MS_NEVER;

	engine->now = now;
	if (!engine->started)
		start(engine);
	jumps_take(engine);
	take_mail(engine);
	if (engine->jumping)
		return tasks_resubmit(engine);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		bool plans = parts[i] == reaper_step || parts[i] == reconcile_step ||
			     parts[i] == rounds_step;
		int64_t due = plans && engine->options.no_plans ? MS_NEVER : parts[i](engine);

		if (due < next)
			next = due;
	}
	return next;
}
