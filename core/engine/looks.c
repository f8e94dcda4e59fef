/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the provider's instances. A status moves servers that boot; a list tells new addresses and
 * whose instance has stopped or vanished; what it shows that no row claims is the reaper's. */
#include "engine/looks.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/pauses.h"
#include "engine/probes.h"
#include "engine/reaper.h"
#include "engine/sessions.h"
#include "engine/sightings.h"
#include "store/server_rows.h"

#define PAGE 200 /* servers are large, and an account may have thousands */
#define YOUNG_MS (30 * MS_PER_S)

struct look {
	struct task task; /* first */
	struct dispatch_answer *answer;
	int64_t sent_wall_ms;
	bool verifies;
	bool paused_by_auth;
	/* Results of a run. */
	struct suspect *suspects;
	size_t n_suspects;
	struct stray_list strays;
	struct probe_wish *wishes;
	size_t n_wishes;
};

static void clear_results(struct look *look)
{
	free(look->suspects);
	look->suspects = NULL;
	look->n_suspects = 0;
	stray_list_clear(&look->strays);
	free(look->wishes);
	look->wishes = NULL;
	look->n_wishes = 0;
}

static void look_clear(struct task *task)
{
	struct look *look = (struct look *)task;

	clear_results(look);
	dispatch_answer_free(look->answer);
}

static int suspect(struct look *look, const struct server *server, bool absent,
		   struct hr_error *err, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

static int suspect(struct look *look, const struct server *server, bool absent,
		   struct hr_error *err, const char *format, ...)
{
	struct suspect *grown =
		realloc(look->suspects, (look->n_suspects + 1) * sizeof(*look->suspects));
	struct suspect *one;
	va_list args;

	if (!grown)
		return error_no_memory(err, "noting a bad look at a server");
	look->suspects = grown;
	one = &grown[look->n_suspects++];
	one->absent = absent;
	text_copy(one->server_id, sizeof(one->server_id), server->id);
	text_copy(one->instance_id, sizeof(one->instance_id), server->instance_id);
	va_start(args, format);
	text_formatv(one->reason, sizeof(one->reason), format, args);
	va_end(args);
	return 0;
}

/* What is wrong with an instance in this state; NULL: nothing. */
static const char *bad_state(const struct dispatch_instance *instance)
{
	switch (instance->state) {
	case HR_STATE_STOPPED: return "is stopped";
	case HR_STATE_GONE: return "is gone";
	case HR_STATE_ERROR: return "is in error";
	default: return NULL;
	}
}

static int judge_state(struct look *look, const struct server *server,
		       const struct dispatch_instance *instance, struct hr_error *err)
{
	const char *bad = bad_state(instance);

	if (!bad)
		return 0;
	/* A provider may not know yet what it has just made. */
	if (instance->state == HR_STATE_GONE &&
	    look->task.context.now_ms - server->state_since_ms < YOUNG_MS)
		return 0;
	return suspect(look, server, false, err, "the provider says that its instance %s %s%s%s",
		       server->instance_id, bad, instance->status_text[0] ? ": " : "",
		       instance->status_text);
}

/* ---- Status of servers that boot ---- */

static int wish_probe(struct look *look, const struct server *server, struct hr_error *err)
{
	struct probe_wish *grown =
		reallocarray(look->wishes, look->n_wishes + 1, sizeof(*look->wishes));

	if (!grown)
		return error_no_memory(err, "probing a server");
	look->wishes = grown;
	probe_wish_of(server, &grown[look->n_wishes++]);
	return 0;
}

/* It is reachable, and has to answer a probe. */
static int waits_for_probe(struct tx *tx, struct look *look, struct server *server, bool is_moved,
			   struct hr_error *err)
{
	if (is_moved && server_update(tx, server, err) < 0)
		return -1;
	return wish_probe(look, server, err);
}

static int boots(struct tx *tx, struct look *look, struct server *server,
		 const struct dispatch_instance *instance, struct hr_error *err)
{
	bool is_moved;

	if (instance->state != HR_STATE_RUNNING || instance->address[0] == '\0') {
		const char *stage = instance->status_text[0] ? instance->status_text : "booting";

		if (judge_state(look, server, instance, err) < 0)
			return -1;
		if (server->ready_ms || strcmp(server->stage, stage) == 0)
			return 0;
		text_copy(server->stage, sizeof(server->stage), stage);
		return server_update(tx, server, err);
	}
	is_moved = strcmp(server->address, instance->address) != 0 ||
		   server->provider_port != instance->connection_port;
	text_copy(server->address, sizeof(server->address), instance->address);
	server->provider_port = instance->connection_port;
	if (task_touch(&look->task, server->pool_id, err) < 0 ||
	    life_reachable(tx, &look->task.context, server, err) < 0)
		return -1;
	if (server->state == SERVER_BOOTING)
		return waits_for_probe(tx, look, server, is_moved, err);
	if (server->state != SERVER_RUNNING)
		return 0;
	return sessions_seat_queue(tx, &look->task.context, server->pool_id, err);
}

/* Two lists did not show it. */
static int verify(struct tx *tx, struct look *look, struct server *server,
		  const struct dispatch_instance *instance, struct hr_error *err)
{
	char reason[400];

	if (instance->state != HR_STATE_GONE || server->state < SERVER_BOOTING ||
	    server->state > SERVER_DRAINING)
		return 0;
	text_format(reason, sizeof(reason), "its instance %s is no longer at the provider",
		    server->instance_id);
	if (task_touch(&look->task, server->pool_id, err) < 0)
		return -1;
	return life_fail(tx, &look->task.context, server, reason, err);
}

static int apply_status(struct tx *tx, struct look *look, struct hr_error *err)
{
	const struct dispatch_answer *answer = look->answer;

	for (size_t i = 0; i < answer->n_instances; i++) {
		const struct dispatch_instance *instance = &answer->instances[i];
		struct server server;
		struct hr_error why = {0};

		if (server_get_by_instance(tx, answer->account, instance->instance_id, &server,
					   &why) < 0) {
			if (why.class == HR_NOT_FOUND)
				continue;
			*err = why;
			return -1;
		}
		if (look->verifies && verify(tx, look, &server, instance, err) < 0)
			return -1;
		if (!look->verifies && server.state == SERVER_BOOTING &&
		    boots(tx, look, &server, instance, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- List of all instances ---- */

static int by_instance_id(const void *a, const void *b)
{
	const struct dispatch_instance *left = a, *right = b;

	return strcmp(left->instance_id, right->instance_id);
}

static const struct dispatch_instance *listed(const struct dispatch_answer *answer,
					      const char *instance_id)
{
	struct dispatch_instance key;

	if (answer->n_instances == 0)
		return NULL;
	text_copy(key.instance_id, sizeof(key.instance_id), instance_id);
	/* cppcheck-suppress uninitvar ; the comparison reads the id alone */
	return bsearch(&key, answer->instances, answer->n_instances, sizeof(*answer->instances),
		       by_instance_id);
}

static int moved(struct tx *tx, struct look *look, struct server *server,
		 const struct dispatch_instance *instance, struct hr_error *err)
{
	if (instance->state != HR_STATE_RUNNING || instance->address[0] == '\0' ||
	    (strcmp(server->address, instance->address) == 0 &&
	     server->provider_port == instance->connection_port))
		return 0;
	text_copy(server->address, sizeof(server->address), instance->address);
	server->provider_port = instance->connection_port;
	if (server_update(tx, server, err) < 0)
		return -1;
	if (life_event(tx, look->task.context.now_ms, server, NULL, "server.address",
		       "%s is at %s now", server->name, server->address) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return 0;
}

static int judge_row(struct tx *tx, struct look *look, struct server *server, struct hr_error *err)
{
	const struct dispatch_instance *instance = listed(look->answer, server->instance_id);

	if (server->state_since_ms >= look->sent_wall_ms || server->instance_id[0] == '\0')
		return 0;
	if (!instance) {
		if (!look->answer->complete)
			return 0;
		return suspect(look, server, true, err,
			       "its instance %s is no longer at the provider", server->instance_id);
	}
	if (server->state != SERVER_BOOTING && moved(tx, look, server, instance, err) < 0)
		return -1;
	return judge_state(look, server, instance, err);
}

static int apply_list(struct tx *tx, struct look *look, struct hr_error *err)
{
	struct server_query query = {
		.provider_config_id = look->answer->account,
		.states = SERVER_STATE_BIT(SERVER_BOOTING) | SERVER_STATE_BIT(SERVER_CHECKING_IN) |
			  SERVER_STATE_BIT(SERVER_RUNNING) | SERVER_STATE_BIT(SERVER_DRAINING),
		.order = SERVER_BY_ID,
		.limit = PAGE};
	char after[ID_SIZE] = "";
	size_t n = PAGE;
	int result = 0;

	if (look->answer->n_instances > 0)
		qsort(look->answer->instances, look->answer->n_instances,
		      sizeof(*look->answer->instances), by_instance_id);
	while (result == 0 && n == PAGE) {
		struct server *servers;

		query.after_id = after[0] ? after : NULL;
		if (server_list(tx, &query, &servers, &n, err) < 0)
			return -1;
		for (size_t i = 0; result == 0 && i < n; i++)
			result = judge_row(tx, look, &servers[i], err);
		if (n > 0)
			text_copy(after, sizeof(after), servers[n - 1].id);
		free(servers);
	}
	if (result < 0)
		return -1;
	return reaper_find(tx, &look->task, look->answer, &look->strays, err);
}

/* ---- Both ---- */

static int look_failed(struct tx *tx, struct look *look, struct hr_error *err)
{
	const struct hr_error *cause = &look->answer->error;

	look->paused_by_auth = cause->class == HR_AUTH;
	if (cause->class != HR_AUTH)
		return 0;
	return pause_account(tx, &look->task.context, look->answer->account, cause, err);
}

static int look_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct look *look = (struct look *)task;

	clear_results(look);
	look->paused_by_auth = false;
	if (look->answer->result != HR_OK)
		return look_failed(tx, look, err);
	if (look->answer->kind == DISPATCH_STATUS)
		return apply_status(tx, look, err);
	return apply_list(tx, look, err);
}

static void look_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct look *look = (struct look *)task;
	struct engine_account *account = engine_account_find(engine, look->answer->account);
	bool whole = look->answer->kind == DISPATCH_STATUS || look->answer->complete;

	if (err) {
		log_line(LOG_LEVEL_ERROR, NULL, "what the provider says could not be stored: %s",
			 err->message);
		return;
	}
	if (account && look->paused_by_auth && !account->paused_by_auth) {
		account->paused_by_auth = true;
		account->check_mono_ms = engine->now.mono_ms + 300 * MS_PER_S;
	}
	probes_ask(engine, look->wishes, look->n_wishes);
	if (look->answer->result != HR_OK || look->verifies) {
		engine_look(engine);
		return;
	}
	if (whole)
		sightings_judge(engine, look->answer->account, look->answer->kind, look->suspects,
				look->n_suspects);
	if (look->answer->kind == DISPATCH_LIST && look->answer->complete && account)
		reaper_judge(engine, account, &look->strays, look->answer->n_instances);
	engine_look(engine);
}

void looks_take(struct engine *engine, struct dispatch_answer *answer, int64_t sent_wall_ms,
		bool verifies)
{
	struct look *look = task_new(engine, sizeof(*look), look_run, look_finish, look_clear);

	if (!look) {
		dispatch_answer_free(answer);
		return;
	}
	look->answer = answer;
	look->sent_wall_ms = sent_wall_ms;
	look->verifies = verifies;
	task_submit(engine, &look->task);
}
