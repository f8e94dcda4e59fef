/* SPDX-License-Identifier: Apache-2.0 */
/* A server whose port did not speak in three rounds takes no new sessions until it does; after its
 * dead_after it has failed, if nobody is on it. Where most servers are mute at once the fault is likely on
 * the way to them, and nobody is judged. What a round has seen is in memory only; what was judged is in
 * the row. */
#include "engine/rounds.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/life_parts.h"
#include "engine/probes.h"
#include "engine/sessions.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"

#define PAGE 16          /* half of what the prober asks at once: those that boot are not held up */
#define READ_AT_ONCE 200 /* rows, most of which may want no probe */
#define ROUNDS_MUTE 3
#define MANY_MUTE 3
#define AGAIN_MS (60 * MS_PER_S) /* how often one that is kept for its sessions is looked at */
#define CONFIGS_KNOWN 16

/* A server that did not speak when it was asked last. */
struct mute {
	struct mute *next;
	struct probe_wish wish;
	unsigned rounds; /* in a row */
	bool is_fresh;   /* in this one too */
	char why[256];
};

/* ---- What is to be asked ---- */

struct known_config {
	char id[ID_SIZE];
	int64_t revision;
	bool wants;
};

struct page {
	struct task task; /* first */
	char after_id[ID_SIZE], last_id[ID_SIZE];
	struct known_config known[CONFIGS_KNOWN];
	size_t n_known;
	struct probe_wish wishes[PAGE];
	size_t n;
	bool is_last;
};

/* As it was when the server was planned: servers keep their settings. */
static int wants_probe(struct tx *tx, struct page *page, const struct server *server,
		       bool *ret_wants, struct hr_error *err)
{
	struct known_config *known;
	struct autoscale_config config;
	struct document document = {0};

	for (size_t i = 0; i < page->n_known && i < CONFIGS_KNOWN; i++) {
		known = &page->known[i];
		*ret_wants = known->wants;
		if (known->revision == server->config_revision &&
		    strcmp(known->id, server->config_id) == 0)
			return 0;
	}
	if (life_config(tx, server, &document, &config, err) < 0)
		return -1;
	document_clear(&document);
	*ret_wants = config.probe && !config.require_checkin;
	known = &page->known[page->n_known++ % CONFIGS_KNOWN];
	text_copy(known->id, sizeof(known->id), server->config_id);
	known->revision = server->config_revision;
	known->wants = *ret_wants;
	return 0;
}

static int page_add(struct tx *tx, struct page *page, const struct server *server,
		    struct hr_error *err)
{
	bool wants = false;

	text_copy(page->last_id, sizeof(page->last_id), server->id);
	if (server->settings.heartbeat || server->address[0] == '\0')
		return 0;
	if (wants_probe(tx, page, server, &wants, err) < 0)
		return -1;
	if (!wants)
		return 0;
	probe_wish_of(server, &page->wishes[page->n]);
	page->wishes[page->n++].in_round = true;
	return 0;
}

static int page_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct page *page = (struct page *)task;
	struct server_query query = {.states = SERVER_STATE_BIT(SERVER_RUNNING),
				     .after_id = page->after_id,
				     .limit = READ_AT_ONCE};
	struct server *servers;
	int result = 0;
	size_t n, i;

	page->n = page->n_known = 0;
	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	for (i = 0; result == 0 && i < n && page->n < PAGE; i++)
		result = page_add(tx, page, &servers[i], err);
	page->is_last = i == n && n < READ_AT_ONCE;
	free(servers);
	return result;
}

static void round_end(struct engine *engine);
static void page_read(struct engine *engine);

static void round_put_off(struct engine *engine)
{
	engine->rounds.under_way = false;
	engine->rounds.due_mono_ms = engine->now.mono_ms + engine->options.probe_every_ms;
}

static void page_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct engine_rounds *rounds = &engine->rounds;
	struct page *page = (struct page *)task;

	if (err) {
		log_line(LOG_LEVEL_ERROR, NULL, "servers that run cannot be probed now: %s",
			 err->message);
		round_put_off(engine);
		return;
	}
	text_copy(rounds->after_id, sizeof(rounds->after_id), page->is_last ? "" : page->last_id);
	rounds->waiting = probes_ask(engine, page->wishes, page->n);
	if (rounds->waiting > 0)
		return;
	if (page->is_last)
		round_end(engine);
	else
		page_read(engine);
}

static void page_read(struct engine *engine)
{
	struct page *page = task_new(engine, sizeof(*page), page_run, page_finish, NULL);

	if (!page) {
		round_put_off(engine);
		return;
	}
	text_copy(page->after_id, sizeof(page->after_id), engine->rounds.after_id);
	task_submit(engine, &page->task);
}

int64_t rounds_step(struct engine *engine)
{
	struct engine_rounds *rounds = &engine->rounds;

	if (!engine->options.prober || rounds->under_way || store_moved(engine->options.store))
		return MS_NEVER;
	if (rounds->due_mono_ms == 0)
		round_put_off(engine);
	if (rounds->due_mono_ms > engine->now.mono_ms)
		return rounds->due_mono_ms;
	/* Of a round that broke off nothing counts. */
	for (struct mute *mute = rounds->mutes; mute; mute = mute->next)
		mute->is_fresh = false;
	rounds->under_way = true;
	rounds->n_spoke = rounds->n_mute = 0;
	rounds->after_id[0] = '\0';
	page_read(engine);
	return rounds->under_way ? MS_NEVER : rounds->due_mono_ms;
}

/* ---- What it comes to ---- */

struct verdict {
	struct task task; /* first */
	struct probe_wish wish;
	bool speaks;
	char why[256];
};

static int speaks_again(struct tx *tx, struct task *task, struct server *server,
			struct hr_error *err)
{
	if (server->silence != SILENCE_UNANSWERED)
		return 0;
	server->silence = SILENCE_NONE;
	server->listen_ms = MS_NEVER;
	server->stage[0] = '\0';
	if (task_touch(task, server->pool_id, err) < 0 || server_update(tx, server, err) < 0)
		return -1;
	if (life_event(tx, task->context.now_ms, server, NULL, "server.answers",
		       "%s answers at port %lld again and takes sessions", server->name,
		       (long long)server_port(server)) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return sessions_seat_queue(tx, &task->context, server->pool_id, err);
}

static int is_unanswered(struct tx *tx, struct verdict *verdict, struct server *server,
			 struct hr_error *err)
{
	const struct life_context *context = &verdict->task.context;

	server->silence = SILENCE_UNANSWERED;
	server->listen_ms = context->now_ms + server->settings.dead_after_ms;
	text_format(server->stage, sizeof(server->stage), "no %s at port %lld: %s",
		    connection_type_name(server->settings.connection_type),
		    (long long)server_port(server), verdict->why);
	if (task_touch(&verdict->task, server->pool_id, err) < 0 ||
	    server_update(tx, server, err) < 0)
		return -1;
	if (life_event(tx, context->now_ms, server, NULL, "server.unanswered",
		       "%s was asked %d times and does not answer: %s; no new sessions until it "
		       "does",
		       server->name, ROUNDS_MUTE, server->stage) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return 0;
}

static int is_dead(struct tx *tx, struct verdict *verdict, struct server *server,
		   struct hr_error *err)
{
	struct life_context *context = &verdict->task.context;
	char reason[400];

	if (server->listen_ms > context->now_ms)
		return 0;
	if (server_recount_sessions(tx, server, context->now_ms, err) < 0)
		return -1;
	if (server->sessions > 0) {
		server->listen_ms = context->now_ms + AGAIN_MS;
		return server_update(tx, server, err);
	}
	text_format(reason, sizeof(reason),
		    "%s, for longer than its dead_after of %lld s, and nobody is on it",
		    server->stage, (long long)(server->settings.dead_after_ms / MS_PER_S));
	if (task_touch(&verdict->task, server->pool_id, err) < 0)
		return -1;
	return life_fail(tx, context, server, reason, err);
}

static int verdict_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct verdict *verdict = (struct verdict *)task;
	struct hr_error why = {0};
	struct server server;

	if (server_get(tx, verdict->wish.server_id, &server, &why) < 0) {
		if (why.class == HR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	if (server.state != SERVER_RUNNING || !probe_is_of(&verdict->wish.probe, &server))
		return 0;
	if (verdict->speaks)
		return speaks_again(tx, task, &server, err);
	return server.silence == SILENCE_UNANSWERED ? is_dead(tx, verdict, &server, err)
						    : is_unanswered(tx, verdict, &server, err);
}

static void verdict_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	const struct verdict *verdict = (struct verdict *)task;

	if (err)
		log_line(LOG_LEVEL_ERROR, &(struct log_subject){.server = verdict->wish.server_id},
			 "what probes found could not be stored; the next round finds it again: "
			 "%s",
			 err->message);
	engine_look(engine);
}

static void judge(struct engine *engine, const struct probe_wish *wish, const char *why)
{
	struct verdict *verdict =
		task_new(engine, sizeof(*verdict), verdict_run, verdict_finish, NULL);

	if (!verdict)
		return;
	verdict->wish = *wish;
	verdict->speaks = !why;
	text_copy(verdict->why, sizeof(verdict->why), why);
	task_submit(engine, &verdict->task);
}

/* ---- Answers ---- */

static void note_mute(struct engine *engine, const struct flight *flight, const char *why)
{
	struct mute *mute = engine->rounds.mutes;

	while (mute && strcmp(mute->wish.server_id, flight->server_id) != 0)
		mute = mute->next;
	if (!mute) {
		mute = calloc(1, sizeof(*mute));
		if (!mute)
			return;
		mute->next = engine->rounds.mutes;
		engine->rounds.mutes = mute;
	}
	text_copy(mute->wish.server_id, sizeof(mute->wish.server_id), flight->server_id);
	mute->wish.probe = flight->probe;
	mute->is_fresh = true;
	text_copy(mute->why, sizeof(mute->why), why);
}

struct doubt {
	struct task task; /* first */
	char message[512];
};

static int doubt_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct event event = {.at_ms = task->context.now_ms, .kind = "probes.doubted"};

	text_copy(event.message, sizeof(event.message), ((struct doubt *)task)->message);
	return event_add(tx, &event, err);
}

static void doubt_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	if (err && !task_again(engine, task, 3))
		log_line(LOG_LEVEL_WARNING, NULL, "%s", ((struct doubt *)task)->message);
}

static void tell_doubt(struct engine *engine)
{
	struct doubt *doubt = task_new(engine, sizeof(*doubt), doubt_run, doubt_finish, NULL);
	const struct engine_rounds *rounds = &engine->rounds;

	if (!doubt)
		return;
	text_format(doubt->message, sizeof(doubt->message),
		    "%zu of %zu servers that were probed do not answer at their connection port: "
		    "that is taken for a fault on the way from this machine to them, and none of "
		    "them is judged by it; look at the network, or at what they were made from",
		    rounds->n_mute, rounds->n_mute + rounds->n_spoke);
	task_submit(engine, &doubt->task);
}

/* Where most are mute it is rather this machine that does not reach them: they are as good as before. */
static bool round_is_doubted(struct engine *engine)
{
	struct engine_rounds *rounds = &engine->rounds;
	bool doubted = rounds->n_mute >= MANY_MUTE && rounds->n_mute > rounds->n_spoke;

	if (doubted && !rounds->is_doubted)
		tell_doubt(engine);
	rounds->is_doubted = doubted;
	return doubted;
}

/* One that was not mute this time is forgotten: three times means in a row. */
static void round_end(struct engine *engine)
{
	struct mute **at = &engine->rounds.mutes;
	bool doubted = round_is_doubted(engine);

	while (*at) {
		struct mute *mute = *at;

		if (!mute->is_fresh) {
			*at = mute->next;
			free(mute);
			continue;
		}
		mute->is_fresh = false;
		if (!doubted && ++mute->rounds >= ROUNDS_MUTE)
			judge(engine, &mute->wish, mute->why);
		at = &mute->next;
	}
	round_put_off(engine);
}

void rounds_take(struct engine *engine, const struct flight *flight,
		 const struct dispatch_answer *answer)
{
	struct engine_rounds *rounds = &engine->rounds;

	if (answer->result == HR_OK) {
		rounds->n_spoke++;
		if (flight->was_unanswered) {
			struct probe_wish wish = {.probe = flight->probe};

			text_copy(wish.server_id, sizeof(wish.server_id), flight->server_id);
			judge(engine, &wish, NULL);
		}
	} else if (answer->result == HR_NOT_FOUND) {
		rounds->n_mute++;
		note_mute(engine, flight, answer->error.message);
	}
	if (rounds->waiting > 0 && --rounds->waiting > 0)
		return;
	if (rounds->after_id[0] != '\0')
		page_read(engine);
	else
		round_end(engine);
}

void rounds_free(struct engine *engine)
{
	while (engine->rounds.mutes) {
		struct mute *next = engine->rounds.mutes->next;

		free(engine->rounds.mutes);
		engine->rounds.mutes = next;
	}
}
