/* SPDX-License-Identifier: Apache-2.0 */
/* The reaper: what nobody claims, and what of it is ordered away. What it has seen unclaimed is kept in memory: a
 * restart makes it wait a little longer. What the hourly limit counts is stored, and so is the event that
 * says so, before an instance is destroyed. Not here: the destroys themselves (reaper_steps.c). */
#include "engine/reaper.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/reaper_parts.h"
#include "engine/stops.h"
#include "store/operation_rows.h"
#include "store/reaping_rows.h"
#include "store/server_rows.h"

#define PER_HOUR_LEAST 3
/* Transactions of one account at once; what is left over waits for the next list. */
#define REAPINGS_AT_ONCE 64

/* Seen unclaimed since. */
struct unclaimed {
	struct unclaimed *next;
	char account[ID_SIZE];
	char instance_id[256];
	int64_t first_wall_ms;
	int64_t free_wall_ms; /* the hour is full until then; 0: not known to be */
	bool fresh;
	bool reported; /* of a copy of the installation: said once */
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
int reaper_claim(struct tx *tx, struct task *task, const char *account,
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
		if (reaper_claim(tx, task, answer->account, instance, &claimed, err) < 0)
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
	char account_key[ACCOUNT_KEY_SIZE];
	struct stray stray;
	char server_name[64];
	bool only_report;
	const char *moved; /* only for that: how the installation was; NULL: it is a dry run */
	bool claimed;      /* meanwhile */
	int64_t most;      /* in an hour */
	int64_t free_ms;   /* set by run: when one more may go; 0: this one may */
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
	struct reaping_row row = {.account_key = reaping->account_key,
				  .instance_id = reaping->stray.instance_id,
				  .at_ms = task->context.now_ms};
	struct server server;
	struct hr_error why = {0};

	reaping->free_ms = 0;
	text_copy(instance.instance_id, sizeof(instance.instance_id), reaping->stray.instance_id);
	text_copy(instance.server_id, sizeof(instance.server_id), reaping->stray.server_id);
	if (reaper_claim(tx, task, reaping->account, &instance, &reaping->claimed, err) < 0)
		return -1;
	if (reaping->claimed)
		return 0;
	if (!reaping->only_report &&
	    (reaping_take(tx, &row, reaping->most, &reaping->free_ms, err) < 0 ||
	     reaping->free_ms != 0))
		return reaping->free_ms != 0 ? 0 : -1;
	if (server_get(tx, reaping->stray.server_id, &server, &why) == 0)
		text_copy(reaping->server_name, sizeof(reaping->server_name), server.name);
	return reaping_event(tx, reaping, err);
}

static struct unclaimed *unclaimed_find(const struct engine *engine, const char *account,
					const char *instance_id)
{
	struct unclaimed *one = engine->unclaimed;

	while (one &&
	       (strcmp(one->instance_id, instance_id) != 0 || strcmp(one->account, account) != 0))
		one = one->next;
	return one;
}

static void reaping_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct reaping *reaping = (struct reaping *)task;
	struct engine_account *account = engine_account_find(engine, reaping->account);
	struct unclaimed *one =
		unclaimed_find(engine, reaping->account, reaping->stray.instance_id);

	/* It may have been closed and opened again meanwhile. */
	if (account && account->n_reaping > 0)
		account->n_reaping--;
	/* The next list finds it again. */
	if (err || reaping->claimed || reaping->only_report)
		return;
	if (one)
		one->free_wall_ms = reaping->free_ms;
	if (reaping->free_ms == 0)
		reap_begin(engine, reaping->account, &reaping->stray, reaping->server_name);
}

static struct unclaimed *note(struct engine *engine, const char *account, const char *instance_id,
			      bool *ret_new)
{
	struct unclaimed *one = unclaimed_find(engine, account, instance_id);

	*ret_new = false;
	if (one)
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
	    reap_under_way(engine, account->id, stray) || one->reported || stops_changes(engine))
		return;
	if (one->free_wall_ms > engine->now.wall_ms || account->n_reaping >= REAPINGS_AT_ONCE)
		return;
	reaping = task_new(engine, sizeof(*reaping), reaping_run, reaping_finish, NULL);
	if (!reaping)
		return;
	account->n_reaping++;
	one->reported = only_report;
	reaping->only_report = only_report;
	reaping->moved = store_moved_how(engine->options.store);
	reaping->most =
		instances / 20 > PER_HOUR_LEAST ? (int64_t)(instances / 20) : PER_HOUR_LEAST;
	reaping->stray = *stray;
	text_copy(reaping->account, sizeof(reaping->account), account->id);
	text_copy(reaping->account_key, sizeof(reaping->account_key), account->key);
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
	reaps_forget_absent(engine, account->id, strays);
}

void reaper_free(struct engine *engine)
{
	reaps_free(engine);
	while (engine->unclaimed) {
		struct unclaimed *next = engine->unclaimed->next;

		free(engine->unclaimed);
		engine->unclaimed = next;
	}
}

void reaper_clock_jumped(struct engine *engine, int64_t by_ms)
{
	for (struct unclaimed *one = engine->unclaimed; one; one = one->next) {
		one->first_wall_ms += by_ms;
		if (one->free_wall_ms != 0)
			one->free_wall_ms += by_ms;
	}
}
