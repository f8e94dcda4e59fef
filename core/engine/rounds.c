/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that run are read in pages, in the order of their ids, and asked as answers of others come: one
 * that is slow holds up none. Where most servers are mute at once the fault is likely on the way to them, and
 * nobody is judged. What a round has seen is in memory only; what was judged is in the row (verdicts.c). */
#include "engine/rounds.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/life_parts.h"
#include "engine/probes.h"
#include "engine/verdicts.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"

#define AT_ONCE 16 /* half of what the prober asks at once: those that boot are not held up */
#define PAGE 100   /* rows; the last of them is asked somewhat later than it was read */
#define MANY_MUTE 3
#define CONFIGS_KNOWN 32

/* A server that did not speak when it was asked last. */
struct mute {
	struct probe_wish wish;
	unsigned rounds; /* in a row */
	char why[256];
};

/* ---- What is to be asked ---- */

struct known_config {
	char id[ID_SIZE];
	int64_t revision;
	bool wants;
	char why_not[256]; /* it cannot be read: its servers are left out */
};

struct page {
	struct task task; /* first */
	char after_id[ID_SIZE];
	struct known_config known[CONFIGS_KNOWN]; /* the latest of n_known */
	size_t n_known;
	struct probe_wish wishes[PAGE];
	size_t n;
	bool is_last;
};

/* As it was when the server was planned: servers keep their settings. One config that cannot be read is no
 * reason to ask no server at all. */
static bool wants_probe(struct tx *tx, struct page *page, const struct server *server)
{
	struct autoscale_config config;
	struct document document = {0};
	struct known_config *known;
	struct hr_error why = {0};

	for (size_t i = 0; i < page->n_known && i < CONFIGS_KNOWN; i++) {
		known = &page->known[i];
		if (known->revision == server->config_revision &&
		    strcmp(known->id, server->config_id) == 0)
			return known->wants;
	}
	known = &page->known[page->n_known++ % CONFIGS_KNOWN];
	memset(known, 0, sizeof(*known));
	text_copy(known->id, sizeof(known->id), server->config_id);
	known->revision = server->config_revision;
	if (life_config(tx, server, &document, &config, &why) < 0) {
		text_copy(known->why_not, sizeof(known->why_not), why.message);
		return false;
	}
	document_clear(&document);
	known->wants = config.probe && !config.require_checkin;
	return known->wants;
}

static int page_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct page *page = (struct page *)task;
	struct server_query query = {.states = SERVER_STATE_BIT(SERVER_RUNNING),
				     .order = SERVER_TO_PROBE,
				     .after_id = page->after_id,
				     .limit = PAGE};
	struct server *servers;
	size_t n;

	page->n = page->n_known = 0;
	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!wants_probe(tx, page, &servers[i]))
			continue;
		probe_wish_of(&servers[i], &page->wishes[page->n]);
		page->wishes[page->n++].in_round = true;
	}
	page->is_last = n < PAGE;
	if (n > 0)
		text_copy(page->after_id, sizeof(page->after_id), servers[n - 1].id);
	free(servers);
	return 0;
}

/* ---- What is said ---- */

struct saying {
	struct task task; /* first */
	struct event event;
};

static int saying_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct event *event = &((struct saying *)task)->event;

	event->at_ms = task->context.now_ms;
	return event_add(tx, event, err);
}

static void saying_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	if (err && !task_again(engine, task, 3))
		log_line(LOG_LEVEL_WARNING, NULL, "%s", ((struct saying *)task)->event.message);
}

static struct saying *saying_new(struct engine *engine, const char *kind)
{
	struct saying *saying = task_new(engine, sizeof(*saying), saying_run, saying_finish, NULL);

	if (saying)
		text_copy(saying->event.kind, sizeof(saying->event.kind), kind);
	return saying;
}

/* Of each config once, as long as the last so many are remembered. */
static void tell_skipped(struct engine *engine, const struct known_config *config)
{
	struct engine_rounds *rounds = &engine->rounds;
	struct skipped_config *skipped = NULL;
	struct saying *saying;

	for (size_t i = 0; i < rounds->n_skipped && i < ROUNDS_SKIPPED; i++) {
		skipped = &rounds->skipped[i];
		if (skipped->revision == config->revision && strcmp(skipped->id, config->id) == 0)
			return;
	}
	saying = saying_new(engine, "probes.skipped");
	if (!saying)
		return;
	skipped = &rounds->skipped[rounds->n_skipped++ % ROUNDS_SKIPPED];
	text_copy(skipped->id, sizeof(skipped->id), config->id);
	skipped->revision = config->revision;
	text_copy(saying->event.config_id, sizeof(saying->event.config_id), config->id);
	text_format(
		saying->event.message, sizeof(saying->event.message),
		"servers of revision %lld of this config that run are not probed, since it cannot "
		"be read: %s",
		(long long)config->revision, config->why_not);
	task_submit(engine, &saying->task);
}

static void tell_doubt(struct engine *engine)
{
	struct saying *saying = saying_new(engine, "probes.doubted");
	const struct engine_rounds *rounds = &engine->rounds;

	if (!saying)
		return;
	text_format(saying->event.message, sizeof(saying->event.message),
		    "%zu of %zu servers that were probed do not answer at their connection port: "
		    "that is taken for a fault on the way from this machine to them, and none of "
		    "them is judged by it; look at the network, or at what they were made from",
		    rounds->n_fresh, rounds->n_fresh + rounds->n_spoke);
	task_submit(engine, &saying->task);
}

/* ---- The end of a round ---- */

/* Where most are mute it is rather this machine that does not reach them: they are as good as before. */
static bool round_is_doubted(struct engine *engine)
{
	struct engine_rounds *rounds = &engine->rounds;
	bool doubted = rounds->n_fresh >= MANY_MUTE && rounds->n_fresh > rounds->n_spoke;

	if (doubted && !rounds->is_doubted)
		tell_doubt(engine);
	rounds->is_doubted = doubted;
	return doubted;
}

static int by_server(const void *a, const void *b)
{
	return strcmp(((const struct mute *)a)->wish.server_id,
		      ((const struct mute *)b)->wish.server_id);
}

static void round_put_off(struct engine *engine)
{
	engine->rounds.under_way = false;
	engine->rounds.due_mono_ms = engine->now.mono_ms + engine->options.probe_every_ms;
}

/* One that was not mute this time is forgotten: three times means in a row. Both lists are in the order of
 * ids then. */
static void round_end(struct engine *engine)
{
	struct engine_rounds *rounds = &engine->rounds;
	bool doubted = round_is_doubted(engine);
	size_t was = 0;

	if (rounds->n_fresh > 1)
		qsort(rounds->fresh, rounds->n_fresh, sizeof(*rounds->fresh), by_server);
	for (size_t i = 0; i < rounds->n_fresh; i++) {
		struct mute *mute = &rounds->fresh[i];

		while (was < rounds->n_mutes && by_server(&rounds->mutes[was], mute) < 0)
			was++;
		if (was < rounds->n_mutes && by_server(&rounds->mutes[was], mute) == 0)
			mute->rounds = rounds->mutes[was].rounds;
		if (!doubted && ++mute->rounds >= VERDICT_ROUNDS)
			verdict_give(engine, &mute->wish, mute->why);
	}
	free(rounds->mutes);
	rounds->mutes = rounds->fresh;
	rounds->n_mutes = rounds->n_fresh;
	rounds->fresh = NULL;
	rounds->n_fresh = rounds->fresh_room = 0;
	round_put_off(engine);
}

/* ---- The course of a round ---- */

static void round_go(struct engine *engine);

static void take_wishes(struct engine_rounds *rounds, struct page *page)
{
	text_copy(rounds->after_id, sizeof(rounds->after_id), page->after_id);
	rounds->is_read = page->is_last;
	rounds->at = 0;
	rounds->n_wishes = page->n;
	memcpy(rounds->wishes, page->wishes, page->n * sizeof(*page->wishes));
}

/* Of a round that breaks off nothing counts; answers that are under way are waited for. */
static void round_break(struct engine *engine)
{
	struct engine_rounds *rounds = &engine->rounds;

	rounds->is_broken = rounds->is_read = true;
	rounds->at = rounds->n_wishes = 0;
}

static void page_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct page *page = (struct page *)task;

	engine->rounds.reading = false;
	if (err) {
		log_line(LOG_LEVEL_ERROR, NULL, "servers that run cannot be probed now: %s",
			 err->message);
		round_break(engine);
	} else {
		for (size_t i = 0; i < page->n_known && i < CONFIGS_KNOWN; i++)
			if (page->known[i].why_not[0] != '\0')
				tell_skipped(engine, &page->known[i]);
		take_wishes(&engine->rounds, page);
	}
	round_go(engine);
}

static void page_read(struct engine *engine)
{
	struct engine_rounds *rounds = &engine->rounds;
	struct page *page = NULL;

	if (!rounds->wishes)
		rounds->wishes = calloc(PAGE, sizeof(*rounds->wishes));
	if (rounds->wishes)
		page = task_new(engine, sizeof(*page), page_run, page_finish, NULL);
	if (!page) {
		round_break(engine);
		return;
	}
	text_copy(page->after_id, sizeof(page->after_id), rounds->after_id);
	rounds->reading = true;
	task_submit(engine, &page->task);
}

/* Asks as many as may be asked now, and ends the round when nothing is left of it. */
static void round_go(struct engine *engine)
{
	struct engine_rounds *rounds = &engine->rounds;

	while (rounds->waiting < AT_ONCE && rounds->at < rounds->n_wishes) {
		if (probes_can_ask(engine))
			rounds->waiting += probes_ask(engine, &rounds->wishes[rounds->at++], 1);
		else
			round_break(engine);
	}
	if (rounds->at == rounds->n_wishes && !rounds->is_read && !rounds->reading)
		page_read(engine);
	if (rounds->waiting > 0 || rounds->reading || rounds->at < rounds->n_wishes)
		return;
	if (rounds->is_broken)
		round_put_off(engine);
	else
		round_end(engine);
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
	rounds->under_way = true;
	rounds->is_broken = rounds->is_read = false;
	rounds->n_spoke = rounds->n_fresh = 0;
	rounds->at = rounds->n_wishes = 0;
	rounds->after_id[0] = '\0';
	round_go(engine);
	return rounds->under_way ? MS_NEVER : rounds->due_mono_ms;
}

/* ---- Answers ---- */

static void note_mute(struct engine_rounds *rounds, const struct flight *flight, const char *why)
{
	struct mute *mute;

	if (rounds->n_fresh == rounds->fresh_room) {
		size_t room = rounds->fresh_room > 0 ? 2 * rounds->fresh_room : AT_ONCE;
		struct mute *grown = realloc(rounds->fresh, room * sizeof(*grown));

		/* As if it had not been asked. */
		if (!grown)
			return;
		rounds->fresh = grown;
		rounds->fresh_room = room;
	}
	mute = &rounds->fresh[rounds->n_fresh++];
	memset(mute, 0, sizeof(*mute));
	text_copy(mute->wish.server_id, sizeof(mute->wish.server_id), flight->server_id);
	mute->wish.probe = flight->probe;
	text_copy(mute->why, sizeof(mute->why), why);
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
			verdict_give(engine, &wish, NULL);
		}
	} else if (answer->result == HR_NOT_FOUND) {
		note_mute(rounds, flight, answer->error.message);
	}
	rounds->waiting--;
	round_go(engine);
}

void rounds_free(struct engine *engine)
{
	free(engine->rounds.wishes);
	free(engine->rounds.fresh);
	free(engine->rounds.mutes);
}
