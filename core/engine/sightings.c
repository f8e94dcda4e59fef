/* SPDX-License-Identifier: Apache-2.0 */
/* Two bad looks in a row fail a server (one, where the module's lists are never stale); two lists
 * without it are followed by a direct read, since lists lag. A restart forgets the first look: then
 * it takes one more. */
#include "engine/sightings.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/poll.h"
#include "store/server_rows.h"

#define APART_MS (5 * MS_PER_S)

struct sighting {
	struct sighting *next;
	char server_id[ID_SIZE];
	char account[ID_SIZE];
	enum dispatch_kind kind;
	int64_t first_mono_ms;
	bool fresh; /* seen by the present look */
};

struct failing {
	struct task task; /* first */
	struct suspect suspect;
};

static int failing_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct failing *failing = (struct failing *)task;
	struct server server;

	if (server_get(tx, failing->suspect.server_id, &server, err) < 0)
		return -1;
	/* It may have gone on, or got another instance, meanwhile. */
	if (server.state < SERVER_BOOTING || server.state > SERVER_DRAINING ||
	    strcmp(server.instance_id, failing->suspect.instance_id) != 0)
		return 0;
	if (task_touch(task, server.pool_id, err) < 0)
		return -1;
	return life_fail(tx, &task->context, &server, failing->suspect.reason, err);
}

static void failing_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	if (err && task_again(engine, task, 3))
		return;
	if (err)
		log_line(LOG_LEVEL_ERROR, NULL, "a vanished server could not be failed yet: %s",
			 err->message);
	engine_look(engine);
}

static void fail(struct engine *engine, const struct suspect *suspect)
{
	struct failing *failing =
		task_new(engine, sizeof(*failing), failing_run, failing_finish, NULL);

	if (!failing)
		return;
	failing->suspect = *suspect;
	task_submit(engine, &failing->task);
}

static struct sighting *find(struct engine *engine, enum dispatch_kind kind, const char *server_id)
{
	for (struct sighting *s = engine->sightings; s; s = s->next)
		if (s->kind == kind && strcmp(s->server_id, server_id) == 0)
			return s;
	return NULL;
}

static struct sighting *add(struct engine *engine, const char *account, enum dispatch_kind kind,
			    const char *server_id)
{
	struct sighting *sighting = calloc(1, sizeof(*sighting));

	if (!sighting)
		return NULL;
	text_copy(sighting->server_id, sizeof(sighting->server_id), server_id);
	text_copy(sighting->account, sizeof(sighting->account), account);
	sighting->kind = kind;
	sighting->first_mono_ms = engine->now.mono_ms;
	sighting->next = engine->sightings;
	engine->sightings = sighting;
	return sighting;
}

/* Those of this account and kind that the present look has not seen again are forgotten. */
static void forget_stale(struct engine *engine, const char *account, enum dispatch_kind kind)
{
	struct sighting **at = &engine->sightings;

	while (*at) {
		struct sighting *s = *at;
		bool stale = s->kind == kind && !s->fresh && strcmp(s->account, account) == 0;

		s->fresh = false;
		if (stale) {
			*at = s->next;
			free(s);
		} else {
			at = &s->next;
		}
	}
}

/* Whether an account's complete lists are never stale. */
static bool one_look(struct engine *engine, const char *id, enum dispatch_kind kind)
{
	const struct engine_account *account = engine_account_find(engine, id);

	return kind == DISPATCH_LIST && account &&
	       (account->capabilities & HR_CAP_ABSENT_ONE_LOOK) != 0;
}

void sightings_judge(struct engine *engine, const char *account, enum dispatch_kind kind,
		     const struct suspect *suspects, size_t n)
{
	bool sure = one_look(engine, account, kind);
	struct suspect *absent = calloc(n + 1, sizeof(*absent));
	size_t n_absent = 0;

	for (size_t i = 0; absent && i < n; i++) {
		struct sighting *sighting = find(engine, kind, suspects[i].server_id);
		bool again =
			(sighting && engine->now.mono_ms - sighting->first_mono_ms >= APART_MS) ||
			(sure && !suspects[i].absent);

		if (again && suspects[i].absent)
			absent[n_absent++] = suspects[i];
		else if (again)
			fail(engine, &suspects[i]);
		else if (!sighting)
			sighting = add(engine, account, kind, suspects[i].server_id);
		if (sighting)
			sighting->fresh = !again;
	}
	if (n_absent > 0)
		poll_verify(engine, account, absent, n_absent);
	free(absent);
	forget_stale(engine, account, kind);
}

void sightings_free(struct engine *engine)
{
	while (engine->sightings) {
		struct sighting *next = engine->sightings->next;

		free(engine->sightings);
		engine->sightings = next;
	}
}
