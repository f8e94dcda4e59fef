/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over a snapshot: the working table that the parts of plan() share. Internal to the plan
 * floor.
 *
 * The table starts as the snapshot says. Sessions take seats in it, servers are added to it and
 * planned ones are dropped from it, and every step keeps the sums, so that nothing is ever
 * subtracted twice. plan() makes passes until one changes nothing about what the one before it had
 * added and dropped: then a plan of the applied result, which is that same pass, decides nothing.
 *
 * Running out of memory is kept in no_memory and looked at once, after the pass. */
#ifndef HR_PLAN_PASS_H
#define HR_PLAN_PASS_H

#include "plan/plan.h"

/* In the order in which a session is offered them. */
enum tier {
	TIER_RUNNING,
	TIER_RUNNING_LEAVING,
	TIER_COMING,
	TIER_COMING_LEAVING,
	/* Planned, but its config or account is paused, disabled or gone: kept only for what no other
	 * config makes, cancelled otherwise. */
	TIER_STUCK
};

enum hold { HOLD_NONE, HOLD_CONFIG_PAUSE, HOLD_ACCOUNT_PAUSE, HOLD_BRAKE };

#define SOURCE_NEW ((size_t)-1) /* added by this plan */
#define NO_SLOT ((size_t)-1)

/* What the table knows of a server beside its plan_server. */
struct slot {
	enum tier tier;
	size_t source; /* index into seats, then planned, of the snapshot; or SOURCE_NEW */
	size_t zone;   /* index of pass zones */
	size_t rank;   /* of its config, the best priority first; n_configs: has none */
	bool counted;  /* in the zone's spare */
	bool dropped;
	bool holds_place; /* TIER_STUCK: it counts under the limit also while it is not kept */
	struct plan_seat *seats; /* its seats with those that this pass gave; NULL: none given */
	size_t taken;            /* sessions that this pass put here */
};

struct pass_zone {
	const char *id;
	int64_t spare;         /* running and on the way, after the seats given so far */
	int64_t running_spare; /* of that on running servers */
	int64_t target;
};

struct pass_config {
	size_t zone;
	size_t rank;
	int64_t max_sessions; /* of a new server */
	int64_t max_users;
	int64_t room; /* min of both */
	int64_t servers;
	int64_t last_planned_ms;
	int64_t added;
};

struct pass {
	const struct plan_snapshot *snapshot;
	struct pass_config *configs;
	int64_t *instances; /* by account */
	struct pass_zone *zones;
	int64_t *zone_spare; /* by zone: room to remember sums in */
	size_t n_zones;
	struct plan_server *servers; /* beside slots: place() wants them in a row */
	struct slot *slots;          /* by tier; those added come last */
	size_t n_slots;
	size_t slots_size;
	size_t first_leaving; /* slots below are TIER_RUNNING */
	size_t first_coming;  /* slots below run */
	size_t *seat_of;      /* by session of the queue: slot, or NO_SLOT */
	size_t unseated;
	bool lifted; /* as if nothing were paused and nothing had a limit */
	bool no_memory;
};

/* What the passes hand on. */
struct draft {
	int64_t *added; /* by config */
	bool *dropped;  /* by source */
};

/* pass.c */
void pass_build(struct pass *pass, const struct plan_snapshot *snapshot, const struct draft *draft);
void pass_clear(struct pass *pass);
/* Whether servers of this config (index or PLAN_NO_CONFIG) are leaving. */
bool pass_leaving(const struct plan_snapshot *snapshot, size_t config);
/* What keeps the config from making servers for the longest time, and until when. */
enum hold pass_held(const struct plan_snapshot *snapshot, size_t config, int64_t *ret_until_ms);
bool pass_is_held(const struct plan_snapshot *snapshot, size_t config);
/* Index of a new slot with a server of this config; NO_SLOT: no memory. The sums count it. */
size_t pass_add_server(struct pass *pass, size_t config);
/* A stuck server is kept after all: the sums count it again. */
void pass_keep(struct pass *pass, size_t slot);
/* Whether keeping it holds max_instances, where another config has used its place. */
bool pass_may_keep(const struct pass *pass, size_t slot);
/* Takes a server without sessions out of the table. */
void pass_drop(struct pass *pass, size_t slot);

/* seats.c */
/* What place() is asked for this session of the queue. */
struct place_request seat_request(const struct pass *pass, size_t session);
/* Seats every session that fits somewhere; none where the pool refuses rather than queues, beyond
 * what runs. */
void seat_queue(struct pass *pass);
/* Offers this slot to all unseated sessions in order of arrival. */
void seat_unseated_on(struct pass *pass, size_t slot);
/* A slot on its way (or stuck) that can be promised to the session, of this tier; or NO_SLOT. */
size_t seat_find_coming(const struct pass *pass, size_t session, enum tier tier);
void seat_put(struct pass *pass, size_t session, size_t slot);

/* scale_up.c */
/* Orders servers for unseated sessions, then for standby; keeps stuck ones where that falls short. */
void scale_up(struct pass *pass);
/* How many more servers it would order if nothing were paused and nothing had a limit. Uses up the
 * table: the last thing done with it. */
int64_t scale_up_short(struct pass *pass);
/* Whether this session may wait: some config may make a server for it, sooner or later, or room is
 * on its way that it may not be promised. */
bool scale_up_may_wait(const struct pass *pass, size_t session);
/* Whether a server of the config may serve the session, by kind and zone. */
bool scale_up_reaches(const struct pass *pass, size_t config, size_t session);

/* drop.c: takes out what neither a seat nor a target needs of what is only planned. */
void drop_needless(struct pass *pass);

/* plan.c: a new decision, or NULL and no_memory. */
struct plan_decision *plan_decide(struct pass *pass, struct plan *plan, enum plan_action action);

/* scale_down.c: decides removals and clocks; raises what it finds due later into next_ms. */
void scale_down(struct pass *pass, struct plan *plan);

/* place.c */
bool place_user_on(const struct plan_server *server, const char *user);
bool place_one_session(enum connection_type type);

/* reason.c: the decisions' words. Each fills decision->reason. */
void reason_seat(const struct pass *pass, size_t session, struct plan_decision *decision);
void reason_cancel(const struct pass *pass, size_t slot, struct plan_decision *decision);
void reason_create_for_session(const struct pass *pass, size_t session,
			       struct plan_decision *decision);
/* before: the zone's spare before this server. */
void reason_create_standby(const struct pass *pass, int64_t before, struct plan_decision *decision);
void reason_refuse(const struct pass *pass, size_t session, struct plan_decision *decision);
/* needed: servers, beyond those that the plan makes; spare: with them. */
void reason_short(const struct pass *pass, const struct plan *plan, int64_t needed, int64_t spare,
		  struct plan_decision *decision);

/* What a removal or a clock is explained with. */
struct surplus {
	size_t zone;
	int64_t victims;
	int64_t floor;
	int64_t going;
	int64_t since_ms;
};
void reason_remove(const struct pass *pass, const struct surplus *surplus,
		   const struct plan_server *server, struct plan_decision *decision);
void reason_leave(const struct pass *pass, size_t zone, const struct plan_server *server,
		  struct plan_decision *decision);
void reason_surplus(const struct pass *pass, const struct surplus *surplus,
		    struct plan_decision *decision);

#endif
