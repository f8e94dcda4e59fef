/* SPDX-License-Identifier: Apache-2.0 */
/* A pool to plan for: rows as a store holds them, the snapshot as a store would read it, and
 * decisions carried out as an engine would. For the planner's tests only. */
#ifndef TEST_PLAN_POOL_MODEL_H
#define TEST_PLAN_POOL_MODEL_H

#include "plan/plan.h"

#define MODEL_CONFIGS 8
#define MODEL_SEATS 16

struct model_session {
	char id[ID_SIZE];
	char user[32];
	enum session_kind kind;
};

struct model_server {
	struct plan_server
		row; /* free, free_sessions, free_users, seats: filled for the snapshot */
	bool reusable;
	bool used; /* a session on it has ended */
	struct model_session sessions[MODEL_SEATS];
	size_t n_sessions;
	struct plan_seat seats[MODEL_SEATS];
};

struct model {
	size_t size;
	int64_t now_ms;
	enum pool_strategy strategy;
	enum pool_no_room on_no_room;
	struct plan_account accounts[MODEL_CONFIGS];
	size_t n_accounts;
	struct plan_config configs[MODEL_CONFIGS];
	size_t n_configs;
	struct model_server *servers;
	size_t n_servers;
	struct plan_waiting *queue;
	size_t n_queue;
	uint64_t ids; /* of servers and sessions: scattered, so that no order hides in them */
	/* The snapshot's lists. */
	struct plan_cohort *cohorts;
	struct plan_server *seats;
	struct plan_server *idle;
	struct plan_server *planned;
};

/* With room for this many servers, and as many sessions that wait. */
void model_open(struct model *model, size_t size);
void model_close(struct model *model);

size_t model_add_account(struct model *model, const char *name, int64_t max_instances);
/* Of one session and one user, SSH, priority 100, minimum 0, reusable, no backoff, all else on. */
struct plan_config *model_add_config(struct model *model, const char *name, const char *zone,
				     size_t account);
struct model_server *model_add_server(struct model *model, size_t config, enum server_state state);
/* A session on this server; one that waits (zone "": any). */
void model_add_session(struct model *model, struct model_server *server, const char *user,
		       enum session_kind kind);
struct plan_waiting *model_add_waiting(struct model *model, const char *user,
				       enum session_kind kind, const char *zone);

struct model_server *model_find_server(struct model *model, const char *id);
void model_make_ready(struct model *model, struct model_server *server);
/* Ends the first session there; a server for single use then goes. */
void model_end_session(struct model *model, struct model_server *server);
void model_remove_server(struct model *model, struct model_server *server);
void model_remove_waiting(struct model *model, size_t index);

/* Valid until the model changes. */
struct plan_snapshot model_snapshot(struct model *model);
/* Carries out all decisions but the skipped one (-1: none). What is removed drains, and counts until
 * model_remove_server. */
void model_apply(struct model *model, const struct plan *plan, long skip);
/* To standard error, for whoever looks into a failure. */
void model_print(const struct model *model, const struct plan *plan);
/* A copy to try things on. */
void model_copy(struct model *to, const struct model *from);

#endif
