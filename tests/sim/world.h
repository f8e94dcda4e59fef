/* SPDX-License-Identifier: Apache-2.0 */
/* One simulated world: a daemon (the real engine, planner and store, under virtual time), a provider
 * with its instances and their guests, users and an administrator. The daemon can crash; the rest of
 * the world goes on. */
#ifndef HR_SIM_WORLD_H
#define HR_SIM_WORLD_H

#include <stdbool.h>

#include "base/mailbox.h"
#include "engine/engine.h"
#include "sim_random.h"
#include "store/store.h"
#include "timeline.h"

struct world;

#define WORLD_START_MS INT64_C(1800000000000) /* the right time when it begins */
#define POOLS_MAX 2
#define ACCOUNTS_MAX 2
#define CONFIGS_MAX 4
#define CLIENTS_MAX 40
#define OUTAGES_MAX 3
#define STOPS_MAX 2

/* How a run crashes: at this commit of the daemon's (0: never), before it is made or after it, its
 * `done` not delivered. */
struct crash {
	uint64_t commit;
	bool made;
};

/* One run. */
struct run {
	uint64_t seed;
	struct crash crash;
	const char *folder; /* what it leaves there is its own */
	/* Called before each commit that counts; may fork(), and set `branch` and `crash` of the
	 * child's world, which then goes on alone in the same folder while this one waits. NULL:
	 * none. */
	void (*before_commit)(struct world *world, void *context);
	void *context;
};

/* What the seed chose of the world's parameters. */
struct scenario {
	struct {
		char id[ID_SIZE];
		int64_t keepalive_ms;
	} pools[POOLS_MAX];
	size_t n_pools;
	struct {
		char id[ID_SIZE];
		int64_t max_instances;
		int64_t list_interval_ms;
		int64_t reaper_grace_ms;
	} accounts[ACCOUNTS_MAX];
	size_t n_accounts;
	struct {
		char id[ID_SIZE];
		size_t pool, account;
		bool disabled;
		bool probes;
		bool beats;
	} configs[CONFIGS_MAX];
	size_t n_configs;
	char zone_id[ID_SIZE];
	int64_t faults; /* permille of calls; 0: none at all */
	int64_t faults_end_ms;
	int64_t requests; /* sessions asked for */
};

/* What the provider takes of an account; see sim_limits.h. All times: monotonic. */
struct sim_limit {
	int64_t preset_rate, preset_burst; /* what the module says */
	int64_t rate;                      /* calls a minute that it really takes; 0: any number */
	int64_t burst, tokens_milli, counted_ms;
	int64_t down_ms[OUTAGES_MAX], up_ms[OUTAGES_MAX];
	int64_t told_ms; /* the daemon was told not to come before */
};

/* What holds a config back; see sim_brakes.h. 0: the default. */
struct sim_brake {
	int64_t creates, destroys, failure_budget;
	int64_t creates_sent, destroys_sent; /* begun so far */
};

struct sim_stop {
	unsigned what; /* ENGINE_STOP_* */
	int64_t from_ms, to_ms;
};

struct begun;
struct sim_cloud;
struct instance;
struct call;
struct sent;
struct client;
struct kept;

struct world {
	const struct run *run;
	struct crash crash;
	bool branch; /* in a process of its own since before_commit */
	struct scenario scenario;
	struct sim_random engine_random, provider_random, guest_random, client_random, admin_random,
		world_random, limits_random, probe_random, silence_random, cloud_random;

	int64_t safety_pass_ms;
	int64_t keep_ms; /* what is over; 0: beyond the end of the world */
	int64_t mono_ms;
	/* The wall clock of the daemon's machine: how far it is ahead of the right time, how far
	 * the daemon follows that, and what it is set to in this world (0: never). */
	int64_t clock_ms, clock_held_ms, clock_wrong_ms;
	struct timeline timeline;
	bool woken;
	int64_t store_busy_ms; /* the store runs nothing before */

	/* The daemon; NULL while it is down. */
	struct store *store;
	struct mailbox *provider_answers; /* to the governor */
	struct mailbox *answers;          /* to the engine */
	struct dispatcher *provider;      /* owned by the governor */
	struct dispatcher *dispatcher;    /* the governor */
	struct dispatcher *prober;
	struct engine *engine;
	unsigned generation; /* raised by each start */
	bool crashed;        /* it has just died */
	int64_t up_ms;       /* when it is started again */
	bool counting;       /* commits count from now on */

	/* The provider and its guests. */
	struct sim_cloud *cloud; /* every other seed's; NULL: the provider in memory is it */
	struct instance *instances;
	struct call *calls;
	struct sent *sent; /* what the first create of each server sent */
	unsigned last_instance;
	bool healed;                      /* faults are over */
	bool probed;                      /* no server checks in: all are probed */
	int64_t unreached_ms, reached_ms; /* no probe reaches any between them; 0: never */
	struct sim_limit limits[ACCOUNTS_MAX];
	bool limits_shared; /* the first is all accounts' */
	struct sim_brake brakes[CONFIGS_MAX];
	struct sim_stop stops[STOPS_MAX];
	struct begun *begun; /* operations seen by the provider */

	struct client *clients;
	size_t n_clients;
	struct kept *kept; /* memory that lives as long as the world */

	/* What is known of the run. */
	uint64_t commits, steps, crashes, checked_commits, creates, destroys, throttles, outages,
		late, refused, clock_jumps, doubts;
	uint64_t trace;
	char violation[1024];
};

/* The moment in both clocks of the daemon. */
struct moment world_now(const struct world *world);

/* The first violation counts; the run ends. */
void world_violation(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Mixes text and number into the trace of the run. */
void world_trace(struct world *world, const char *text, int64_t number);

/* Zeroed memory that is freed with the world. */
void *world_alloc(struct world *world, size_t size);

/* Later, in virtual time. */
void world_after(struct world *world, int64_t delay_ms,
		 void (*happen)(struct world *world, void *arg), void *arg);

/* Runs one whole life from its seed: set-up, faults, healing, settling. *world tells how it went, and is cleared by the caller. */
void world_run(struct world *world, const struct run *run);

/* Frees what it holds; how it went stays. */
void world_clear(struct world *world);

/* Runs until that time or a violation. */
void world_run_until(struct world *world, int64_t mono_ms);

#endif
