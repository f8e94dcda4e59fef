/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine holds in memory, shared by its parts. All of it can be lost: rows are the truth.
 * Only the engine's thread touches it, but for the mailbox and the figures. */
#ifndef HR_ENGINE_STATE_H
#define HR_ENGINE_STATE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "engine/engine.h"
#include "engine/plan_notes.h"
#include "engine/task.h"

/* A pool to be planned. */
struct engine_pool {
	struct engine_pool *next;
	char id[ID_SIZE];
	bool dirty;
	bool planning;
	bool known;           /* mark of a reload */
	int64_t next_wall_ms; /* when time alone changes its plan; MS_NEVER */
	struct plan_note told_short, told_dry;
};

enum account_open { ACCOUNT_OPENING, ACCOUNT_OPEN, ACCOUNT_FAILED, ACCOUNT_CLOSING };

/* A provider config as opened at the dispatcher. */
struct engine_account {
	struct engine_account *next;
	char id[ID_SIZE];
	char name[64];
	char key[ACCOUNT_KEY_SIZE]; /* what it shares limits by */
	int64_t revision;
	enum account_open state;
	uint64_t capabilities; /* HR_CAP_*, once open */
	struct hr_error open_error;
	unsigned open_failures;
	int64_t open_mono_ms; /* next try */
	bool known;           /* mark of a reload */
	bool stale;           /* it changed while it opened: read again when that is over */
	int64_t list_interval_ms;
	int64_t reaper_grace_ms;

	unsigned in_flight;   /* steps */
	int64_t list_mono_ms; /* next list */
	bool listing;
	int64_t list_sent_wall_ms;
	int64_t poll_mono_ms; /* next look at servers that boot; MS_NEVER: none */
	bool polling;
	bool paused_by_auth;
	int64_t check_mono_ms; /* next check that may lift the pause */
	bool checking;
	unsigned n_reaping; /* unclaimed instances that are being ordered away */
};

/* A request at the dispatcher. */
struct flight {
	struct flight *next;
	uint64_t ticket;
	enum dispatch_kind kind;
	char account[ID_SIZE];
	char operation_id[ID_SIZE]; /* steps of operations */
	char server_id[ID_SIZE];
	bool verifies;               /* STATUS of instances that lists do not show */
	struct dispatch_probe probe; /* PROBE: as asked */
	bool in_round;               /* PROBE: of a server that runs */
	bool was_unanswered;         /* PROBE: as its row said then */
	struct reap *reap;           /* steps of the reaper */
	struct account_check *check;
};

struct sighting;
struct unclaimed;
struct mute;

struct probe_wish;

/* A config that cannot be read. */
struct skipped_config {
	char id[ID_SIZE];
	int64_t revision;
};
#define ROUNDS_SKIPPED 32

/* Servers that run are asked whether their port still speaks (rounds.h). */
struct engine_rounds {
	int64_t due_mono_ms; /* when the next begins; 0: not known yet */
	bool under_way;
	bool is_broken;            /* it cannot be brought to its end */
	char after_id[ID_SIZE];    /* how far this one has been read */
	bool reading, is_read;     /* the next page; to the end */
	struct probe_wish *wishes; /* a page */
	size_t n_wishes, at;       /* so many were asked */
	size_t waiting;            /* questions without an answer */
	size_t n_spoke;            /* answers of this round */
	struct mute *fresh;        /* that did not speak in this round, as answers came */
	size_t n_fresh, fresh_room;
	struct mute *mutes; /* that did not in the last one, by id */
	size_t n_mutes;
	bool is_doubted; /* so many do not that none is believed: told */
	struct skipped_config skipped[ROUNDS_SKIPPED]; /* told; the latest of n_skipped */
	size_t n_skipped;
};

struct engine {
	struct engine_options options;
	struct mailbox *inbox;
	struct moment now; /* of the present step */
	uint64_t last_ticket;
	bool started;
	bool stopping;
	unsigned stops; /* ENGINE_STOP_* as of this step */

	struct engine_pool *pools;
	struct engine_account *accounts;
	struct flight *flights;
	struct task *delayed;
	struct sighting *sightings;
	struct unclaimed *unclaimed;
	struct reap *reaps;
	struct account_check *checks;

	struct engine_rounds rounds;
	bool prober_is_open;    /* or its opening was asked for */
	int64_t prober_mono_ms; /* not opened again before */

	bool accounts_loading, accounts_again, accounts_loaded;
	bool pools_loading, pools_again;
	bool picking, pick_again;
	bool recovering; /* what the last run left is not taken up yet: no deadline is acted on */
	int64_t recover_mono_ms; /* when that is begun; MS_NEVER: it has been */
	bool deadlines_running;
	bool pruning;
	bool jumping; /* deadlines are moving with the clock: none may be acted on */
	int64_t started_mono_ms;
	int64_t reload_mono_ms; /* accounts again, after a failure; MS_NEVER */
	int64_t safety_mono_ms;
	int64_t prune_mono_ms;
	int64_t pick_wall_ms; /* next operation due */
	int64_t pick_not_before_mono_ms;
	int64_t deadline_wall_ms; /* next deadline or expiry */
	int64_t deadline_not_before_mono_ms;

	atomic_bool everything_changed; /* a notice was lost for want of memory */
	atomic_uint_fast64_t plans, creates_sent, destroys_sent, operation_failures, in_flight;
	atomic_uint_fast64_t creates_done, creates_failed, destroys_done, destroys_failed;
};

/* Plan the pool soon. "" : all of them. */
void engine_dirty(struct engine *engine, const char *pool_id);

/* Operations may be due. */
void engine_look(struct engine *engine);

struct engine_account *engine_account_find(struct engine *engine, const char *id);

/* Sends a request; its ticket is given here. On failure an answer that says so is pushed instead, so
 * that exactly one answer comes. NULL: no memory, nothing is sent. */
struct flight *engine_send(struct engine *engine, struct dispatch_request *request);

/* Ends it and frees. */
void engine_land(struct engine *engine, struct flight *flight);

#endif
