/* SPDX-License-Identifier: Apache-2.0 */
/* The world's clock and the daemon in it: started, stepped, crashed, started again. */
#include "world.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "clients.h"
#include "dump.h"
#include "engine/checkin.h"
#include "invariants.h"
#include "memory_files.h"
#include "provider/governor.h"
#include "scenario.h"
#include "settle.h"
#include "sim_brakes.h"
#include "sim_clock.h"
#include "sim_cloud.h"
#include "sim_limits.h"
#include "sim_probe.h"
#include "sim_provider.h"

#define SPIN_LIMIT 20000

struct moment world_now(const struct world *world)
{
	return (struct moment){.wall_ms = WORLD_START_MS + world->mono_ms + world->clock_held_ms,
			       .mono_ms = world->mono_ms,
			       .jump_ms = world->clock_ms - world->clock_held_ms};
}

void world_violation(struct world *world, const char *format, ...)
{
	char text[900];
	va_list args;

	if (world->violation[0])
		return;
	va_start(args, format);
	text_formatv(text, sizeof(text), format, args);
	va_end(args);
	text_format(world->violation, sizeof(world->violation), "at %lld.%03lld s: %s",
		    (long long)(world->mono_ms / 1000), (long long)(world->mono_ms % 1000), text);
}

/* FNV-1a. */
void world_trace(struct world *world, const char *text, int64_t number)
{
	uint64_t hash = world->trace;

	for (const char *at = text; *at; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	for (int i = 0; i < 8; i++)
		hash = (hash ^ ((uint64_t)number >> (8 * i) & 0xff)) * UINT64_C(0x100000001b3);
	world->trace = hash;
	if (getenv("SIM_TRACE"))
		fprintf(stderr, "%9lld.%03lld %s %lld\n", (long long)(world->mono_ms / 1000),
			(long long)(world->mono_ms % 1000), text, (long long)number);
}

struct kept {
	struct kept *next;
	max_align_t memory[];
};

void *world_alloc(struct world *world, size_t size)
{
	struct kept *kept = calloc(1, sizeof(*kept) + size);

	if (!kept)
		abort();
	kept->next = world->kept;
	world->kept = kept;
	return kept->memory;
}

static void free_kept(struct world *world)
{
	while (world->kept) {
		struct kept *next = world->kept->next;

		free(world->kept);
		world->kept = next;
	}
}

void world_after(struct world *world, int64_t delay_ms,
		 void (*happen)(struct world *world, void *arg), void *arg)
{
	timeline_at(&world->timeline, world->mono_ms + delay_ms, happen, arg);
}

/* ---- The daemon ---- */

static void wake(void *context)
{
	((struct world *)context)->woken = true;
}

static bool crash_now(struct world *world, bool made)
{
	return world->crash.commit != 0 && world->commits == world->crash.commit &&
	       world->crash.made == made && world->crashes == 0;
}

static bool before_commit(void *context, uint64_t number)
{
	struct world *world = context;

	(void)number;
	if (!world->counting)
		return true;
	world->commits++;
	world_trace(world, "commit", world->mono_ms);
	if (world->run->before_commit && !world->branch)
		world->run->before_commit(world, world->run->context);
	if (crash_now(world, false))
		world->crashed = true;
	return !world->crashed;
}

static void after_commit(void *context, uint64_t number)
{
	struct world *world = context;

	(void)number;
	if (world->counting && crash_now(world, true))
		world->crashed = true;
}

static int ensure_key(struct tx *tx, void *arg, struct hr_error *err)
{
	struct id_source ids = *(struct id_source *)arg;

	return checkin_key_ensure(tx, &ids, err);
}

/* As in the daemon: the governor before the provider. */
static void dispatcher_start(struct world *world)
{
	struct governor_options options = {.inner_answers = world->provider_answers,
					   .answers = world->answers,
					   .describe = limits_describe,
					   .context = world};
	struct hr_error err = {0};

	world->provider = options.inner = sim_dispatcher_new(world);
	if (governor_new(&options, &world->dispatcher, &err) < 0)
		abort();
}

static void daemon_start(struct world *world)
{
	char state[300], key[300];
	struct store_options store_options = {.directory = state,
					      .master_key = key,
					      .no_sync = true,
					      .hook = {.before_commit = before_commit,
						       .after_commit = after_commit,
						       .context = world}};
	struct engine_options options = {.wake = wake,
					 .wake_context = world,
					 .random = sim_bytes,
					 .random_context = &world->engine_random,
					 .own_address = "127.0.0.1:8080",
					 .own_scheme = "http",
					 .safety_pass_ms = world->safety_pass_ms,
					 .keep_ms = world->keep_ms,
					 .clock_follow = sim_clock_follow,
					 .stops = brakes_stops,
					 .stops_context = world,
					 .stop_creates_file = "stop-creates",
					 .stop_changes_file = "stop-changes"};
	struct hr_error err = {0};
	struct id_source ids;
	bool counting = world->counting;

	text_format(state, sizeof(state), "%s/state", world->run->folder);
	text_format(key, sizeof(key), "%s/master.key", world->run->folder);
	world->counting = false;
	world->crashed = false;
	world->generation++;
	world->answers = mailbox_new(wake, world);
	world->provider_answers = mailbox_new(wake, world);
	if (!world->answers || !world->provider_answers ||
	    store_open(&store_options, &world->store, &err) < 0) {
		world_violation(world, "the store did not open: %s", err.message);
		return;
	}
	/* Whatever a crash leaves behind is not a database that somebody put back. */
	if (store_moved(world->store))
		world_violation(world, "the store is taken for one that was %s",
				store_moved_how(world->store));
	sim_clock_start(world);
	id_source_init(&ids, sim_bytes, &world->world_random);
	if (store_write(world->store, ensure_key, &ids, &err) < 0)
		world_violation(world, "no check-in key: %s", err.message);
	limits_forget(world);
	dispatcher_start(world);
	options.store = world->store;
	options.answers = world->answers;
	options.dispatcher = world->dispatcher;
	options.prober = world->prober = sim_prober_new(world);
	if (engine_new(&options, &world->engine, &err) < 0)
		world_violation(world, "the engine did not start: %s", err.message);
	world->counting = counting;
	world->woken = true;
}

/* What the governor held back. */
static void add_figures(struct world *world)
{
	struct governor_figure figures[ACCOUNTS_MAX];
	size_t n = governor_figures(world->dispatcher, world_now(world), figures, ACCOUNTS_MAX);

	for (size_t i = 0; i < n && i < ACCOUNTS_MAX; i++) {
		world->late += figures[i].late;
		world->refused += figures[i].refused;
	}
}

static void daemon_stop(struct world *world)
{
	struct mail *mail;

	world->crashed = true; /* whoever waits for an answer gets none */
	dispatch_free(world->dispatcher);
	dispatch_free(world->prober);
	store_close(world->store);
	engine_free(world->engine);
	while (world->answers && (mail = mailbox_take(world->answers)) != NULL)
		dispatch_answer_free((struct dispatch_answer *)mail);
	mailbox_free(world->answers);
	mailbox_free(world->provider_answers);
	world->provider_answers = NULL;
	world->provider = NULL;
	world->dispatcher = NULL;
	world->prober = NULL;
	world->store = NULL;
	world->engine = NULL;
	world->answers = NULL;
}

static void daemon_crash(struct world *world)
{
	char lock[300];

	world->crashes++;
	world_trace(world, "crash", world->mono_ms);
	add_figures(world);
	daemon_stop(world);
	/* A dead process holds no lock; this one's parent, which had the daemon first, still does. */
	if (world->branch) {
		text_format(lock, sizeof(lock), "%s/state/headroomd.pid", world->run->folder);
		unlink(lock);
	}
	world->up_ms = world->mono_ms + sim_between(&world->world_random, 0, 30 * MS_PER_S);
}

/* ---- Time ---- */

/* Steps the daemon until nothing is left to do at this moment; gives when to come again. */
static int64_t daemon_step(struct world *world)
{
	int64_t next = INT64_MAX, dispatcher_next;
	int ran = 1;

	for (int spins = 0; ran > 0 || world->woken; spins++) {
		if (spins > SPIN_LIMIT) {
			world_violation(world, "the engine never comes to rest");
			break;
		}
		world->woken = false;
		next = engine_step(world->engine, world_now(world));
		dispatcher_next = dispatch_step(world->dispatcher, world_now(world));
		if (dispatcher_next < next)
			next = dispatcher_next;
		world->steps++;
		if (world->mono_ms < world->store_busy_ms)
			return next < world->store_busy_ms ? next : world->store_busy_ms;
		ran = store_run(world->store);
		if (world->crashed)
			return INT64_MAX;
		if (world->checked_commits != world->commits) {
			world->checked_commits = world->commits;
			invariants_check(world);
			if (world->violation[0])
				return INT64_MAX;
		}
		/* Sometimes the disk is slow, and more comes together in the next commit. */
		if (ran > 0 && sim_chance(&world->world_random, 50))
			world->store_busy_ms =
				world->mono_ms + sim_between(&world->world_random, 1, 200);
	}
	return next;
}

void world_run_until(struct world *world, int64_t mono_ms)
{
	int64_t next, last = -1;
	int turns = 0;

	while (!world->violation[0]) {
		turns = world->mono_ms == last ? turns + 1 : 0;
		last = world->mono_ms;
		if (turns > SPIN_LIMIT)
			world_violation(world, "time does not go on: the engine is always due");
		if (!world->engine && world->mono_ms >= world->up_ms)
			daemon_start(world);
		if (world->violation[0])
			break;
		next = world->engine ? daemon_step(world) : world->up_ms;
		if (world->engine && world->crashed) {
			daemon_crash(world);
			next = world->up_ms;
		}
		if (timeline_next(&world->timeline) < next)
			next = timeline_next(&world->timeline);
		if (next > mono_ms) {
			world->mono_ms = mono_ms;
			break;
		}
		if (next > world->mono_ms)
			world->mono_ms = next;
		while (timeline_next(&world->timeline) <= world->mono_ms) {
			struct happening one = timeline_take(&world->timeline);

			one.happen(world, one.arg);
		}
	}
}

/* ---- A whole life ---- */

/* What stands beside a database of an earlier run in this folder tells of no loss. */
static void forget_newest(const struct world *world)
{
	char path[512];

	text_format(path, sizeof(path), "%s/state/headroom.newest", world->run->folder);
	if (unlink(path) != 0 && errno != ENOENT)
		abort();
}

void world_run(struct world *world, const struct run *run)
{
	uint64_t seed = run->seed;
	struct sim_random random;

	*world = (struct world){
		.run = run, .crash = run->crash, .trace = UINT64_C(0xcbf29ce484222325)};
	sim_random_init(&world->engine_random, seed, 1);
	sim_random_init(&world->provider_random, seed, 2);
	sim_random_init(&world->guest_random, seed, 3);
	sim_random_init(&world->client_random, seed, 4);
	sim_random_init(&world->admin_random, seed, 5);
	sim_random_init(&world->world_random, seed, 6);
	sim_random_init(&world->limits_random, seed, 7);
	sim_random_init(&world->probe_random, seed, 8);
	sim_random_init(&world->silence_random, seed, 9);
	sim_random_init(&world->cloud_random, seed, 10);
	/* Seldom: what only the safety pass would find is a notice that was forgotten. */
	world->safety_pass_ms =
		sim_chance(&world->world_random, 500) ? 60 * MS_PER_S : 600 * MS_PER_S;
	/* Not so short that a user does not see any more how his session ended. */
	sim_random_init(&random, seed, 12);
	world->keep_ms = sim_chance(&random, 500) ? 1000 * sim_between(&random, 200, 600) : 0;
	brakes_make(world);
	probe_make(world);
	memory_files_clear();
	forget_newest(world);
	if (seed % 2 == 0)
		sim_cloud_open(world);
	daemon_start(world);
	if (!world->violation[0])
		scenario_make(world);
	if (!world->violation[0]) {
		world->counting = true;
		clients_make(world);
		provider_mishaps(world);
		limits_make(world);
		if (world->cloud)
			sim_cloud_make(world);
		sim_clock_make(world);
		world_run_until(world, world->scenario.faults_end_ms);
	}
	if (!world->violation[0])
		settle(world);
	if (!world->violation[0] && world->crash.commit && world->crashes == 0)
		world_violation(world, "the run ended before its crash at write %llu",
				(unsigned long long)world->crash.commit);
	if (world->violation[0] && world->store && getenv("SIM_TRACE"))
		dump(world);
	if (world->dispatcher)
		add_figures(world);
}

void world_clear(struct world *world)
{
	daemon_stop(world);
	provider_free(world);
	clients_free(world);
	timeline_clear(&world->timeline);
	free_kept(world);
	memory_files_clear();
}
