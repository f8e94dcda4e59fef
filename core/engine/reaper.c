/* SPDX-License-Identifier: Apache-2.0 */
/* The reaper. What it has seen unclaimed is kept in memory: a restart makes it wait a little longer.
 * The event that says so is committed before an instance is destroyed. */
#include "engine/reaper.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/operations.h"
#include "engine/pauses.h"
#include "engine/stops.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"

#define HOUR_MS (3600 * MS_PER_S)
#define REAPED_KEPT (sizeof(((struct engine_account *)NULL)->reaped_mono_ms) / sizeof(int64_t))
#define ATTEMPTS 5

/* Seen unclaimed since. */
struct unclaimed {
	struct unclaimed *next;
	char account[ID_SIZE];
	char instance_id[256];
	int64_t first_wall_ms;
	bool fresh;
	bool reported; /* of a copy of the installation: said once */
};

/* One on its way out. */
struct reap {
	struct reap *next;
	char account[ID_SIZE];
	struct stray stray;
	char server_name[64];
	char *resume_token;
	uint32_t attempt;
	int64_t due_mono_ms; /* MS_NEVER: under way */
};

void stray_list_clear(struct stray_list *list)
{
	free(list->strays);
	list->strays = NULL;
	list->n = 0;
}

/* ---- Finding ---- */

static int adopt(struct tx *tx, struct task *task, struct server *server,
		 const struct dispatch_instance *instance, struct hr_error *err)
{
	text_copy(server->instance_id, sizeof(server->instance_id), instance->instance_id);
	if (server_update(tx, server, err) < 0 || task_touch(task, server->pool_id, err) < 0)
		return -1;
	if (life_event(tx, task->context.now_ms, server, NULL, "server.adopted",
		       "%s is instance %s: found at the provider by its mark", server->name,
		       server->instance_id) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return 0;
}

/* Whether a row claims it; adopts it where its row waits for one. */
static int claim(struct tx *tx, struct task *task, const char *account,
		 const struct dispatch_instance *instance, bool *ret_claimed, struct hr_error *err)
{
	struct server server;
	struct hr_error why = {0};

	*ret_claimed = true;
	if (server_get_by_instance(tx, account, instance->instance_id, &server, &why) == 0)
		return 0;
	if (why.class != HR_NOT_FOUND)
		goto failed;
	if (instance->server_id[0]) {
		if (server_get(tx, instance->server_id, &server, &why) == 0) {
			/* Another account may see the same instances, also one that is just being
			 * created: to that one's own list the row is left. */
			if (server.state != SERVER_GONE &&
			    strcmp(server.instance_id, instance->instance_id) == 0)
				return 0;
			if (server.state != SERVER_GONE && server.ever_created &&
			    server.instance_id[0] == '\0')
				return strcmp(server.provider_config_id, account) == 0
					       ? adopt(tx, task, &server, instance, err)
					       : 0;
		} else if (why.class != HR_NOT_FOUND) {
			goto failed;
		}
	}
	*ret_claimed = false;
	return 0;
failed:
	*err = why;
	return -1;
}

int reaper_find(struct tx *tx, struct task *task, const struct dispatch_answer *answer,
		struct stray_list *ret_strays, struct hr_error *err)
{
	if (!answer->complete)
		return 0;
	ret_strays->strays = calloc(answer->n_instances + 1, sizeof(*ret_strays->strays));
	if (!ret_strays->strays)
		return error_no_memory(err, "looking for unclaimed instances");
	for (size_t i = 0; i < answer->n_instances; i++) {
		const struct dispatch_instance *instance = &answer->instances[i];
		struct stray *stray = &ret_strays->strays[ret_strays->n];
		bool claimed;

		if (instance->state == HR_STATE_GONE)
			continue;
		if (claim(tx, task, answer->account, instance, &claimed, err) < 0)
			return -1;
		if (claimed)
			continue;
		text_copy(stray->instance_id, sizeof(stray->instance_id), instance->instance_id);
		text_copy(stray->server_id, sizeof(stray->server_id), instance->server_id);
		text_copy(stray->config_id, sizeof(stray->config_id), instance->config_id);
		stray->created_ms = instance->created_ms;
		ret_strays->n++;
	}
	return 0;
}

/* ---- Ordering away ---- */

struct reaping {
	struct task task; /* first */
	char account[ID_SIZE];
	struct stray stray;
	char server_name[64];
	bool only_report;
	const char *moved; /* only for that: how the installation was; NULL: it is a dry run */
	bool claimed;      /* meanwhile */
};

static int reaping_event(struct tx *tx, struct reaping *reaping, struct hr_error *err)
{
	struct event event = {.at_ms = reaping->task.context.now_ms};
	char what[128];

	text_copy(event.kind, sizeof(event.kind), "instance.unclaimed");
	text_copy(event.config_id, sizeof(event.config_id), reaping->stray.config_id);
	text_copy(event.server_id, sizeof(event.server_id), reaping->stray.server_id);
	if (reaping->moved)
		text_format(what, sizeof(what), "; this installation was %s, so it is left alone",
			    reaping->moved);
	else
		text_copy(what, sizeof(what),
			  reaping->only_report ? "; this is a dry run, so it is left alone"
					       : ": it is being destroyed");
	text_format(event.message, sizeof(event.message),
		    "instance %s bears our mark and no server claims it%s",
		    reaping->stray.instance_id, what);
	return event_add(tx, &event, err);
}

static int reaping_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct reaping *reaping = (struct reaping *)task;
	struct dispatch_instance instance = {0};
	struct server server;
	struct hr_error why = {0};

	text_copy(instance.instance_id, sizeof(instance.instance_id), reaping->stray.instance_id);
	text_copy(instance.server_id, sizeof(instance.server_id), reaping->stray.server_id);
	if (claim(tx, task, reaping->account, &instance, &reaping->claimed, err) < 0)
		return -1;
	if (reaping->claimed)
		return 0;
	if (server_get(tx, reaping->stray.server_id, &server, &why) == 0)
		text_copy(reaping->server_name, sizeof(reaping->server_name), server.name);
	return reaping_event(tx, reaping, err);
}

/* Also for another account that sees the same instance: with the same server's mark it is that. */
static bool under_way(const struct engine *engine, const char *account, const struct stray *stray)
{
	for (const struct reap *r = engine->reaps; r; r = r->next)
		if (strcmp(r->stray.instance_id, stray->instance_id) == 0 &&
		    (strcmp(r->account, account) == 0 ||
		     (stray->server_id[0] && strcmp(r->stray.server_id, stray->server_id) == 0)))
			return true;
	return false;
}

static void reaping_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct reaping *reaping = (struct reaping *)task;
	struct reap *reap;

	/* The next list finds it again. */
	if (err || reaping->claimed || reaping->only_report ||
	    under_way(engine, reaping->account, &reaping->stray))
		return;
	reap = calloc(1, sizeof(*reap));
	if (!reap)
		return;
	text_copy(reap->account, sizeof(reap->account), reaping->account);
	text_copy(reap->server_name, sizeof(reap->server_name), reaping->server_name);
	reap->stray = reaping->stray;
	reap->due_mono_ms = engine->now.mono_ms;
	reap->next = engine->reaps;
	engine->reaps = reap;
}

/* Whether the account may lose one more in this hour; notes it. */
static bool hourly_room(struct engine *engine, struct engine_account *account, size_t instances)
{
	size_t most = instances / 20, kept = 0;

	if (most < 3)
		most = 3;
	if (most > REAPED_KEPT)
		most = REAPED_KEPT;
	for (unsigned i = 0; i < account->n_reaped; i++)
		if (engine->now.mono_ms - account->reaped_mono_ms[i] < HOUR_MS)
			account->reaped_mono_ms[kept++] = account->reaped_mono_ms[i];
	account->n_reaped = (unsigned)kept;
	if (kept >= most)
		return false;
	account->reaped_mono_ms[account->n_reaped++] = engine->now.mono_ms;
	return true;
}

static struct unclaimed *note(struct engine *engine, const char *account, const char *instance_id,
			      bool *ret_new)
{
	struct unclaimed *one;

	*ret_new = false;
	for (one = engine->unclaimed; one; one = one->next)
		if (strcmp(one->instance_id, instance_id) == 0 &&
		    strcmp(one->account, account) == 0)
			return one;
	one = calloc(1, sizeof(*one));
	if (!one)
		return NULL;
	*ret_new = true;
	text_copy(one->account, sizeof(one->account), account);
	text_copy(one->instance_id, sizeof(one->instance_id), instance_id);
	one->first_wall_ms = engine->now.wall_ms;
	one->next = engine->unclaimed;
	engine->unclaimed = one;
	return one;
}

static void consider(struct engine *engine, struct engine_account *account,
		     const struct stray *stray, size_t instances)
{
	bool is_new, only_report = engine_why_only_tells(&engine->options) != NULL;
	struct unclaimed *one = note(engine, account->id, stray->instance_id, &is_new);
	struct reaping *reaping;
	int64_t since;

	if (!one)
		return;
	one->fresh = true;
	since = stray->created_ms > 0 ? stray->created_ms : one->first_wall_ms;
	/* Two lists at least: one may be older than the row that claims it. */
	if (is_new || engine->now.wall_ms - since < account->reaper_grace_ms ||
	    under_way(engine, account->id, stray) || one->reported || stops_changes(engine))
		return;
	if (!only_report && !hourly_room(engine, account, instances))
		return;
	reaping = task_new(engine, sizeof(*reaping), reaping_run, reaping_finish, NULL);
	if (!reaping)
		return;
	one->reported = only_report;
	reaping->only_report = only_report;
	reaping->moved = store_moved_how(engine->options.store);
	reaping->stray = *stray;
	text_copy(reaping->account, sizeof(reaping->account), account->id);
	task_submit(engine, &reaping->task);
}

void reaper_judge(struct engine *engine, struct engine_account *account,
		  const struct stray_list *strays, size_t instances)
{
	struct unclaimed **at = &engine->unclaimed;

	for (size_t i = 0; i < strays->n; i++)
		consider(engine, account, &strays->strays[i], instances);
	while (*at) {
		struct unclaimed *one = *at;
		bool stale = !one->fresh && strcmp(one->account, account->id) == 0;

		one->fresh = false;
		if (stale) {
			*at = one->next;
			free(one);
		} else {
			at = &one->next;
		}
	}
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

int64_t reaper_step(struct engine *engine)
{
	int64_t next = MS_NEVER;

	/* While all changes are stopped, stops_step comes again. */
	if (stops_changes(engine))
		return MS_NEVER;
	for (struct reap *r = engine->reaps; r; r = r->next) {
		if (r->due_mono_ms <= engine->now.mono_ms)
			send_destroy(engine, r);
		if (r->due_mono_ms < next)
			next = r->due_mono_ms;
	}
	return next;
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

/* Who says when to come again is asked no sooner. */
static int64_t pause_after(const struct reap *reap, const struct hr_error *cause)
{
	int64_t pause = (int64_t)MS_PER_S << reap->attempt;

	return cause->retry_after_ms > pause ? pause_retry_after(cause) : pause;
}

void reaper_answer(struct engine *engine, struct flight *flight, struct dispatch_answer *answer)
{
	struct reap *reap = flight->reap;
	const struct engine_account *account = engine_account_find(engine, reap->account);
	bool done = answer->result == HR_OK || answer->result == HR_NOT_FOUND;
	char *token;

	engine_land(engine, flight);
	if (answer->result == HR_AGAIN) {
		token = answer->resume_token ? strdup(answer->resume_token) : NULL;
		free(reap->resume_token);
		reap->resume_token = token;
		reap->attempt = 0;
		reap->due_mono_ms =
			engine->now.mono_ms + (answer->delay_ms > 0 ? answer->delay_ms : 0);
	} else if (!done && reap->attempt < ATTEMPTS) {
		reap->due_mono_ms = engine->now.mono_ms + pause_after(reap, &answer->error);
	} else {
		if (!done)
			log_line(LOG_LEVEL_WARNING, &(struct log_subject){.account = reap->account},
				 "unclaimed instance %s of provider config %s could not be "
				 "destroyed: %s",
				 reap->stray.instance_id, account ? account->name : "(removed)",
				 answer->error.message);
		remove_reap(engine, reap);
	}
	dispatch_answer_free(answer);
}

void reaper_free(struct engine *engine)
{
	while (engine->reaps)
		remove_reap(engine, engine->reaps);
	while (engine->unclaimed) {
		struct unclaimed *next = engine->unclaimed->next;

		free(engine->unclaimed);
		engine->unclaimed = next;
	}
}

void reaper_clock_jumped(struct engine *engine, int64_t by_ms)
{
	for (struct unclaimed *one = engine->unclaimed; one; one = one->next)
		one->first_wall_ms += by_ms;
}
