/* SPDX-License-Identifier: Apache-2.0 */
/* plan() and place(): pure functions of a snapshot and a time. No I/O, no clock, no globals. The
 * rules are in docs/scaling.md; daemon, dry run, explanation, simulation and property tests run
 * this same code on different data.
 *
 * A snapshot is of one pool. Sums come from cohorts, so its size does not follow the pool's: servers
 * are in it only where sessions wait (to seat them) or something is to be removed (to name it). */
#ifndef HR_PLAN_PLAN_H
#define HR_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/pool.h"
#include "model/server.h"
#include "model/session.h"

/* An account as the planner sees it. */
struct plan_account {
	char id[ID_SIZE];
	char name[NAME_SIZE];
	int64_t max_instances;   /* -1: none */
	int64_t instances;       /* all not gone, of every config that shares it */
	int64_t paused_until_ms; /* 0 or past: not paused */
	char pause_reason[256];
};

struct plan_config {
	char id[ID_SIZE];
	char name[NAME_SIZE];
	int64_t revision;
	char zone_id[ID_SIZE];
	size_t account; /* index */
	bool enabled;   /* and within its schedule */
	int64_t priority;
	bool stand_in;
	bool aggressive_scaling;
	bool aggressive_pooling;
	int64_t minimum_available;
	enum connection_type connection_type;
	int64_t max_sessions;
	int64_t max_users;
	bool reusable;
	int64_t downscale_backoff_ms;
	int64_t downscale_step; /* 0: all */
	/* stored state */
	int64_t servers; /* not gone, in any other state */
	int64_t paused_until_ms;
	char pause_reason[256];
	int64_t braked_until_ms; /* 0: no brake; MS_NEVER: until something else happens */
	char brake_reason[256];  /* follows "is held back: " */
	int64_t last_planned_ms;
	int64_t surplus_since_ms; /* 0: none */
	int64_t surplus_floor;
};

/* Servers treated alike: not gone, failed, draining or destroying. */
struct plan_cohort {
	size_t config; /* index; PLAN_NO_CONFIG: its config is deleted or of another pool */
	bool outdated; /* of an older revision */
	enum server_state state;
	bool enabled;
	bool idle;
	int64_t free; /* server_free() */
	int64_t count;
};
#define PLAN_NO_CONFIG ((size_t)-1)

/* Who is on a server. */
struct plan_seat {
	const char *user;
	enum session_kind kind;
};

/* One server, named. */
struct plan_server {
	char id[ID_SIZE];
	char name[NAME_SIZE];
	char zone_id[ID_SIZE];
	size_t config; /* index or PLAN_NO_CONFIG */
	bool outdated;
	enum server_state state;
	bool enabled;
	enum connection_type connection_type;
	int64_t max_sessions;
	int64_t max_users;
	int64_t free; /* server_free() */
	int64_t free_sessions;
	int64_t free_users;
	int64_t idle_since_ms;
	int64_t created_ms;
	const struct plan_seat *seats;
	size_t n_seats;
};

struct plan_waiting {
	char session_id[ID_SIZE];
	char user[128];
	enum session_kind kind;
	char zone_id[ID_SIZE]; /* "": any */
	bool search_alternate;
	int64_t queued_ms;
};

struct plan_snapshot {
	char pool_id[ID_SIZE];
	char pool_name[NAME_SIZE];
	enum pool_strategy strategy;
	enum pool_no_room on_no_room;
	int64_t now_ms;

	const struct plan_account *accounts;
	size_t n_accounts;
	const struct plan_config *configs;
	size_t n_configs;
	const struct plan_cohort *cohorts;
	size_t n_cohorts;
	/* Sessions that wait, in order of arrival. */
	const struct plan_waiting *queue;
	size_t n_queue;
	/* Servers that could seat them: with a free session, running ones in the pool's strategy
	 * order, then those on their way, nearest to ready first. Complete when n_queue sessions
	 * could not use more. */
	const struct plan_server *seats;
	size_t n_seats;
	/* Idle running servers in the order of removal, and planned ones, newest first. */
	const struct plan_server *idle;
	size_t n_idle;
	const struct plan_server *planned;
	size_t n_planned;
};

enum plan_action {
	PLAN_SEAT,    /* session on a running server, now */
	PLAN_CREATE,  /* one new server of config */
	PLAN_CANCEL,  /* a planned server, nothing was sent */
	PLAN_REMOVE,  /* an idle running server: drain and destroy */
	PLAN_SURPLUS, /* store surplus_since_ms and surplus_floor of config */
	PLAN_SHORT,   /* nobody can make what is missing: only recorded */
	PLAN_REFUSE   /* no config may ever serve this session: refuse it */
};

struct plan_decision {
	enum plan_action action;
	size_t config;            /* CREATE, SURPLUS; else the server's, or PLAN_NO_CONFIG */
	char server_id[ID_SIZE];  /* SEAT, CANCEL, REMOVE */
	char session_id[ID_SIZE]; /* SEAT, REFUSE; CREATE: whom it is for, or "" for standby */
	int64_t surplus_since_ms;
	int64_t surplus_floor;
	char reason[512]; /* in words, with the numbers that led to it */
};

/* A queued session's seat on a server on its way, for progress and estimates. */
struct plan_promise {
	char session_id[ID_SIZE];
	char server_id[ID_SIZE]; /* "": on a server that this plan creates */
	size_t config;           /* whose server that is: index or PLAN_NO_CONFIG */
};

struct plan {
	/* To be carried out in this order: seats, cancels, creates (those for sessions first),
	 * removals and clocks, refusals, what is short. Then no limit is passed on the way, and a plan
	 * of the result decides nothing but the same PLAN_SHORT, whose wording counts pauses down. */
	struct plan_decision *decisions;
	size_t n_decisions;
	struct plan_promise *promises;
	size_t n_promises;
	/* The sums over all zones, for explain and metrics. */
	int64_t spare; /* before new servers, after seats and promises */
	int64_t target;
	int64_t running;
	int64_t on_the_way;
	int64_t unseated; /* sessions that wait without a seat or a promise */
	int64_t next_ms;  /* when time alone changes the outcome; MS_NEVER */
};

/* Same snapshot, same plan. HR_INTERNAL only for no memory. plan_clear frees. */
int plan(const struct plan_snapshot *snapshot, struct plan *ret_plan, struct hr_error *err);
void plan_clear(struct plan *plan);

struct place_request {
	const char *user;
	enum session_kind kind;
	const char *zone_id; /* "" or NULL: any */
	bool search_alternate;
	enum pool_strategy strategy;
};

/* Whether connections of this type can serve the kind at all. */
bool place_can_serve(enum connection_type type, enum session_kind kind);

/* Whether this server can take the session now (state aside: the caller offers what it means to). */
bool place_fits(const struct place_request *request, const struct plan_server *server);

/* Index of the best of the candidates; -1: none fits. */
long place(const struct place_request *request, const struct plan_server *candidates, size_t n);

#endif
