/* SPDX-License-Identifier: Apache-2.0 */
/* The reaper's destroys: tried again, ever less often, until the provider has the instance no more. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/life.h"
#include "engine/operations.h"
#include "engine/pauses.h"
#include "engine/reaper_parts.h"
#include "engine/stops.h"
#include "store/operation_rows.h"

#define PAUSE_FIRST_MS (2 * MS_PER_S)
#define PAUSE_LONGEST_MS (600 * MS_PER_S)
#define ATTEMPTS_UNTIL_TOLD 5
/* What is destroyed may be listed for a while. */
#define VANISHES_MS (120 * MS_PER_S)

/* One on its way out. */
struct reap {
	struct reap *next;
	char account[ID_SIZE];
	struct stray stray;
	char server_name[64];
	char *resume_token;
	uint32_t attempt;     /* of the present step */
	uint32_t done;        /* how often it was said to be destroyed, or unknown */
	char last[256];       /* what came of it the last time */
	bool was_sent;        /* once at least */
	bool is_asking;       /* whether it is still nobody's */
	int64_t due_mono_ms;  /* MS_NEVER: under way */
	int64_t tell_mono_ms; /* when it has taken too long; MS_NEVER: that is told */
};

bool reap_under_way(const struct engine *engine, const char *account, const struct stray *stray)
{
	for (const struct reap *r = engine->reaps; r; r = r->next)
		if (strcmp(r->stray.instance_id, stray->instance_id) == 0 &&
		    (strcmp(r->account, account) == 0 ||
		     (stray->server_id[0] && strcmp(r->stray.server_id, stray->server_id) == 0)))
			return true;
	return false;
}

void reap_begin(struct engine *engine, const char *account, const struct stray *stray,
		const char *server_name)
{
	struct reap *reap;

	if (reap_under_way(engine, account, stray))
		return;
	reap = calloc(1, sizeof(*reap));
	if (!reap)
		return;
	text_copy(reap->account, sizeof(reap->account), account);
	text_copy(reap->server_name, sizeof(reap->server_name), server_name);
	reap->stray = *stray;
	text_copy(reap->last, sizeof(reap->last), "the provider has not answered");
	reap->due_mono_ms = engine->now.mono_ms;
	reap->tell_mono_ms = engine->now.mono_ms + LIFE_STUCK_AFTER_MS;
	reap->next = engine->reaps;
	engine->reaps = reap;
}

static void remove_reap(struct engine *engine, struct reap *reap)
{
	struct reap **at = &engine->reaps;

	while (*at != reap)
		at = &(*at)->next;
	*at = reap->next;
	free(reap->resume_token);
	free(reap);
}

static bool shows(const struct stray_list *strays, const char *instance_id)
{
	for (size_t i = 0; i < strays->n; i++)
		if (strcmp(strays->strays[i].instance_id, instance_id) == 0)
			return true;
	return false;
}

void reaps_forget_absent(struct engine *engine, const char *account,
			 const struct stray_list *strays)
{
	struct reap *next;

	for (struct reap *r = engine->reaps; r; r = next) {
		next = r->next;
		if ((r->attempt > 0 || r->done > 0) && r->due_mono_ms != MS_NEVER &&
		    strcmp(r->account, account) == 0 && !shows(strays, r->stray.instance_id))
			remove_reap(engine, r);
	}
}

void reaps_free(struct engine *engine)
{
	while (engine->reaps)
		remove_reap(engine, engine->reaps);
}

/* ---- Taking too long ---- */

struct stuck {
	struct task task; /* first */
	struct event event;
};

static int stuck_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct stuck *stuck = (struct stuck *)task;

	stuck->event.at_ms = task->context.now_ms;
	return event_add(tx, &stuck->event, err);
}

static void stuck_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	if (err && task_again(engine, task, 10))
		return;
	if (err)
		log_line(LOG_LEVEL_ERROR, NULL, "an event could not be stored: %s", err->message);
}

static void tell_stuck(struct engine *engine, struct reap *reap)
{
	struct stuck *stuck = task_new(engine, sizeof(*stuck), stuck_run, stuck_finish, NULL);
	struct event *event;

	reap->tell_mono_ms = stuck ? MS_NEVER : engine->now.mono_ms + MS_PER_S;
	if (!stuck)
		return;
	event = &stuck->event;
	text_copy(event->kind, sizeof(event->kind), "instance.stuck");
	text_copy(event->config_id, sizeof(event->config_id), reap->stray.config_id);
	text_copy(event->server_id, sizeof(event->server_id), reap->stray.server_id);
	text_format(
		event->message, sizeof(event->message),
		"instance %s, which no server claims, is still not destroyed after %lld min (%s); "
		"this is tried again, ever less often, until the provider has it no more",
		reap->stray.instance_id, (long long)(LIFE_STUCK_AFTER_MS / (60 * MS_PER_S)),
		reap->last);
	task_submit(engine, &stuck->task);
}

/* ---- Steps ---- */

static void send_destroy(struct engine *engine, struct reap *reap)
{
	struct dispatch_request request = {.kind = DISPATCH_DESTROY,
					   .timeout_ms = STEP_TIMEOUT_MS,
					   .urgency = DISPATCH_REMOVAL};
	struct dispatch_step *step = &request.step;
	struct flight *flight;

	text_copy(request.account, sizeof(request.account), reap->account);
	text_copy(step->server_id, sizeof(step->server_id), reap->stray.server_id);
	text_copy(step->config_id, sizeof(step->config_id), reap->stray.config_id);
	text_copy(step->server_name, sizeof(step->server_name), reap->server_name);
	text_copy(step->instance_id, sizeof(step->instance_id), reap->stray.instance_id);
	reap->was_sent = true;
	step->attempt = ++reap->attempt;
	step->resume_token = reap->resume_token;
	reap->due_mono_ms = MS_NEVER;
	flight = engine_send(engine, &request);
	if (flight)
		flight->reap = reap;
	else
		reap->due_mono_ms = engine->now.mono_ms + MS_PER_S;
	atomic_fetch_add(&engine->destroys_sent, 1);
}

/* ---- Asking again ---- */

/* Whether anybody has come to claim it since: a provider may give its id to what is created next. */
struct asking {
	struct task task; /* first */
	char account[ID_SIZE];
	struct stray stray;
	bool is_claimed;
};

static int asking_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct asking *asking = (struct asking *)task;
	struct dispatch_instance instance = {0};

	text_copy(instance.instance_id, sizeof(instance.instance_id), asking->stray.instance_id);
	text_copy(instance.server_id, sizeof(instance.server_id), asking->stray.server_id);
	return reaper_claim(tx, task, asking->account, &instance, &asking->is_claimed, err);
}

static void asking_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	const struct asking *asking = (struct asking *)task;
	struct reap *reap = engine->reaps;

	while (reap && (!reap->is_asking || strcmp(reap->account, asking->account) != 0 ||
			strcmp(reap->stray.instance_id, asking->stray.instance_id) != 0))
		reap = reap->next;
	if (!reap)
		return;
	reap->is_asking = false;
	if (err)
		reap->due_mono_ms = engine->now.mono_ms + MS_PER_S;
	else if (asking->is_claimed)
		remove_reap(engine, reap);
	else if (stops_changes(engine))
		reap->due_mono_ms = engine->now.mono_ms;
	else
		send_destroy(engine, reap);
}

static void ask_again(struct engine *engine, struct reap *reap)
{
	struct asking *asking = task_new(engine, sizeof(*asking), asking_run, asking_finish, NULL);

	reap->due_mono_ms = asking ? MS_NEVER : engine->now.mono_ms + MS_PER_S;
	if (!asking)
		return;
	reap->is_asking = true;
	text_copy(asking->account, sizeof(asking->account), reap->account);
	asking->stray = reap->stray;
	task_submit(engine, &asking->task);
}

int64_t reaper_step(struct engine *engine)
{
	int64_t next = MS_NEVER, now = engine->now.mono_ms;

	/* While all changes are stopped, stops_step comes again. */
	if (stops_changes(engine))
		return MS_NEVER;
	for (struct reap *r = engine->reaps; r; r = r->next) {
		if (r->due_mono_ms <= now && r->was_sent)
			ask_again(engine, r);
		else if (r->due_mono_ms <= now)
			send_destroy(engine, r);
		if (r->tell_mono_ms <= now)
			tell_stuck(engine, r);
		if (r->due_mono_ms < next)
			next = r->due_mono_ms;
		if (r->tell_mono_ms < next)
			next = r->tell_mono_ms;
	}
	return next;
}

static void goes_on(struct engine *engine, struct reap *reap, const struct dispatch_answer *answer)
{
	int64_t delay = answer->delay_ms > 0 ? answer->delay_ms : 0;
	char *token = answer->resume_token ? strdup(answer->resume_token) : NULL;

	free(reap->resume_token);
	reap->resume_token = token;
	reap->attempt = 0;
	text_format(reap->last, sizeof(reap->last), "its module is to be called again: %s",
		    answer->text);
	reap->due_mono_ms = engine->now.mono_ms +
			    (delay < PAUSE_AGAIN_LONGEST_MS ? delay : PAUSE_AGAIN_LONGEST_MS);
}

/* The next complete list shows whether it is gone; where there is none, another destroy does. So it is with what
 * the provider does not know, and lists: it has another's mark, or its lists are late. */
static void destroyed(struct engine *engine, struct reap *reap, const char *answer)
{
	free(reap->resume_token);
	reap->resume_token = NULL;
	reap->attempt = 0;
	text_format(reap->last, sizeof(reap->last),
		    "the provider said that it %s, and has it still", answer);
	reap->due_mono_ms =
		engine->now.mono_ms + pause_doubled(VANISHES_MS, reap->done++, PAUSE_LONGEST_MS);
}

/* Who says when to come again is asked no sooner. */
static void failed(struct engine *engine, struct reap *reap, const struct hr_error *cause)
{
	const struct engine_account *account = engine_account_find(engine, reap->account);
	int64_t pause = pause_doubled(PAUSE_FIRST_MS, reap->attempt - 1, PAUSE_LONGEST_MS);

	if (!account) {
		remove_reap(engine, reap);
		return;
	}
	if (cause->retry_after_ms > pause)
		pause = pause_retry_after(cause);
	reap->due_mono_ms = engine->now.mono_ms + pause;
	text_copy(reap->last, sizeof(reap->last), cause->message);
	if (reap->attempt == ATTEMPTS_UNTIL_TOLD)
		log_line(
			LOG_LEVEL_WARNING, &(struct log_subject){.account = reap->account},
			"unclaimed instance %s of provider config %s could not be destroyed, this is "
			"tried again, ever less often: %s",
			reap->stray.instance_id, account->name, cause->message);
}

void reaper_answer(struct engine *engine, struct flight *flight, struct dispatch_answer *answer)
{
	struct reap *reap = flight->reap;

	engine_land(engine, flight);
	if (answer->result == HR_OK)
		destroyed(engine, reap, "is");
	else if (answer->result == HR_NOT_FOUND)
		destroyed(engine, reap, "knows none");
	else if (answer->result == HR_AGAIN)
		goes_on(engine, reap, answer);
	else
		failed(engine, reap, &answer->error);
	dispatch_answer_free(answer);
}
