/* SPDX-License-Identifier: Apache-2.0 */
/* Operation rows and event rows. */
#ifndef HR_STORE_OPERATION_ROWS_H
#define HR_STORE_OPERATION_ROWS_H

#include <stddef.h>

#include "model/event.h"
#include "model/operation.h"
#include "store/store.h"

/* HR_CONFLICT: its server is not there, or has an unfinished one of its kind. */
int operation_insert(struct tx *tx, const struct operation *operation, struct hr_error *err);
int operation_get(struct tx *tx, const char *id, struct operation *ret, struct hr_error *err);
int operation_update(struct tx *tx, const struct operation *operation, struct hr_error *err);

/* An account whose operations are passed over. */
struct operation_full {
	const char *provider_config_id;
	bool destroys_only;
};
#define OPERATION_FULL_MAX 24 /* more than these are not passed over */

/* Unfinished ones due at or before before_ms, but those of the accounts in full: urgent ones first, then
 * by due time. At most limit (0: 1000); the caller frees. */
int operation_list_due(struct tx *tx, int64_t before_ms, const struct operation_full *full,
		       size_t n_full, int limit, struct operation **ret_operations, size_t *ret_n,
		       struct hr_error *err);

/* When the most-th newest first delivery of a kind for a config was, of those after after_ms and until
 * until_ms that nobody ordered by hand; 0: there were fewer. */
int operation_nth_started(struct tx *tx, const char *config_id, enum operation_kind kind,
			  int64_t after_ms, int64_t until_ms, int64_t most, int64_t *ret_ms,
			  struct hr_error *err);

/* Those of a config (NULL: of all) that were never sent are due at now_ms at the latest. */
int operation_hurry(struct tx *tx, const char *config_id, int64_t now_ms, struct hr_error *err);

/* Those that wait after no error and are due until until_ms are due at now_ms at the latest. */
int operation_recover(struct tx *tx, int64_t now_ms, int64_t until_ms, struct hr_error *err);

/* Earliest due time of all unfinished ones but those of the accounts in full; MS_NEVER: none. */
int operation_next_due(struct tx *tx, const struct operation_full *full, size_t n_full,
		       int64_t *ret_ms, struct hr_error *err);

/* All of a server, newest first. */
int operation_list_server(struct tx *tx, const char *server_id, struct operation **ret_operations,
			  size_t *ret_n, struct hr_error *err);

/* The unfinished one of a kind; HR_NOT_FOUND. */
int operation_get_unfinished(struct tx *tx, const char *server_id, enum operation_kind kind,
			     struct operation *ret, struct hr_error *err);

/* From here on in this transaction: what is added comes from this request to the API; what is added
 * about this server belongs to this operation. NULL: to none. */
void event_because_of_request(struct tx *tx, const char *request_id);
void event_because_of_operation(struct tx *tx, const char *operation_id, const char *server_id);

/* event->number is given by the store, whatever it says. */
int event_add(struct tx *tx, const struct event *event, struct hr_error *err);

struct event_query {
	const char *pool_id;
	const char *server_id;
	const char *session_id;
	int64_t after_number; /* rising order after this one; */
	bool newest;          /* else the newest `limit` of all, in rising order */
	int limit;
};
int event_list(struct tx *tx, const struct event_query *query, struct event **ret_events,
	       size_t *ret_n, struct hr_error *err);

/* The oldest and the newest number that are kept; 0 and 0: there are none. */
int event_bounds(struct tx *tx, int64_t *ret_oldest, int64_t *ret_newest, struct hr_error *err);

/* Keeps at most keep events, removing the oldest. */
int event_prune(struct tx *tx, int64_t keep, struct hr_error *err);

#endif
