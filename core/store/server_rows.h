/* SPDX-License-Identifier: Apache-2.0 */
/* Server rows, and what is kept with them in the same transaction: cohorts and the provider
 * config's count of instances. */
#ifndef HR_STORE_SERVER_ROWS_H
#define HR_STORE_SERVER_ROWS_H

#include <stddef.h>

#include "model/server.h"
#include "store/store.h"

/* Inserts a planned server and raises its provider config's count; HR_QUOTA when that would exceed
 * max_instances (-1: no limit); HR_CONFLICT when its name is another server's, also a gone one's.
 * After either the transaction may go on: nothing was changed. */
int server_insert(struct tx *tx, const struct server *server, int64_t max_instances,
		  struct hr_error *err);

/* HR_NOT_FOUND names the id. */
int server_get(struct tx *tx, const char *id, struct server *ret, struct hr_error *err);

/* Writes the whole row (sessions and users too) and raises version; HR_CONFLICT when
 * server->version is no longer the stored one. Keeps cohorts; state gone lowers the count, removes
 * the server's secrets, and is final. A provider config stays for life. */
int server_update(struct tx *tx, struct server *server, struct hr_error *err);

/* Sets sessions and users from the session rows and writes; idle_since and the use count follow. */
int server_recount_sessions(struct tx *tx, struct server *server, int64_t now_ms,
			    struct hr_error *err);

enum server_order {
	SERVER_BY_ID,
	SERVER_BY_DEADLINE, /* earliest deadline first; those without one are left out */
	SERVER_BY_LISTEN,   /* running ones with a heartbeat: the first to be listened to */
	SERVER_TO_PROBE,    /* running ones without a heartbeat that have an address, by id */
	SERVER_BY_SPREAD,   /* running first; fewest sessions, longest idle, id */
	SERVER_BY_PACK,     /* running first; most sessions, longest idle, id */
	SERVER_BY_IDLE      /* idle ones only: outdated first, longest idle, oldest, id */
};

/* Removes rows gone since before before_ms, at most limit, with their operations and secrets; not one with an
 * operation that an hourly limit counts: begun, by no person, after counted_ms. */
int server_prune(struct tx *tx, int64_t before_ms, int64_t counted_ms, int limit, bool *ret_more,
		 struct hr_error *err);

#define SERVER_STATE_BIT(state) (1u << ((state) / 10))

/* NULL and 0 members select everything. Gone servers only when states asks for them. */
struct server_query {
	const char *pool_id;
	const char *config_id;
	const char *zone_id;
	const char *provider_config_id;
	const char *user;           /* that have an active session of this user */
	const char *after_id;       /* SERVER_BY_ID, SERVER_TO_PROBE: cursor */
	unsigned states;            /* SERVER_STATE_BIT()s */
	bool with_free;             /* server_available and server_free_sessions > 0 */
	int64_t deadline_before_ms; /* at or before */
	int64_t listen_before_ms;   /* SERVER_BY_LISTEN: at or before */
	enum server_order order;
	int limit; /* at most 1000; 0: 1000 */
};

/* The caller frees *ret_servers. */
int server_list(struct tx *tx, const struct server_query *query, struct server **ret_servers,
		size_t *ret_n, struct hr_error *err);

/* The row whose instance has this id at this account, not gone. HR_NOT_FOUND. */
int server_get_by_instance(struct tx *tx, const char *provider_config_id, const char *instance_id,
			   struct server *ret, struct hr_error *err);

/* Servers that run and whose silence would be looked at before until_ms are listened to until then. */
int server_excuse(struct tx *tx, int64_t until_ms, struct hr_error *err);

/* Earliest deadline of all servers, or time to listen to one; MS_NEVER: none. */
int server_next_deadline(struct tx *tx, int64_t *ret_ms, struct hr_error *err);

/* Servers that the planner treats alike. */
struct cohort {
	char config_id[ID_SIZE];
	int64_t config_revision;
	char zone_id[ID_SIZE];
	enum server_state state;
	bool enabled;
	bool idle;    /* no session now */
	int64_t free; /* server_free() */
	int64_t count;
};
int cohort_list(struct tx *tx, const char *pool_id, struct cohort **ret_cohorts, size_t *ret_n,
		struct hr_error *err);

/* Recomputes every cohort and every count of instances and compares: HR_CONFLICT names the first
 * difference; other classes: it could not look. Debug builds call it in every transaction that wrote. */
int server_counters_check(struct tx *tx, struct hr_error *err);

/* The id of the newest servers' ready times: up to 50 samples of (ready - planned) in ms of a
 * config, newest first. */
int server_ready_times(struct tx *tx, const char *config_id, int64_t ret_ms[50], size_t *ret_n,
		       struct hr_error *err);

#endif
