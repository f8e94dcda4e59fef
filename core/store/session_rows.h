/* SPDX-License-Identifier: Apache-2.0 */
/* Session rows. Counters on server rows follow by server_recount_sessions. */
#ifndef HR_STORE_SESSION_ROWS_H
#define HR_STORE_SESSION_ROWS_H

#include <stddef.h>

#include "model/session.h"
#include "store/store.h"

/* Gives session->sequence. */
int session_insert(struct tx *tx, struct session *session, struct hr_error *err);
int session_get(struct tx *tx, const char *id, struct session *ret, struct hr_error *err);
int session_update(struct tx *tx, const struct session *session, struct hr_error *err);

#define SESSION_STATE_BIT(state) (1u << ((state) / 10))

struct session_query {
	const char *pool_id;
	const char *server_id;
	const char *user;
	unsigned states;
	int64_t after_sequence;    /* cursor; 0: from the start */
	int64_t expires_before_ms; /* at or before; 0: any */
	int limit;                 /* at most 1000; 0: 1000 */
};

/* In order of arrival. The caller frees. */
int session_list(struct tx *tx, const struct session_query *query, struct session **ret_sessions,
		 size_t *ret_n, struct hr_error *err);

/* How many queued sessions of the pool arrived before this one. */
int session_position(struct tx *tx, const struct session *session, int64_t *ret_position,
		     struct hr_error *err);

/* Active sessions of a pool that would expire before until_ms do so then. */
int session_excuse(struct tx *tx, const char *pool_id, int64_t until_ms, struct hr_error *err);

/* Earliest expires_ms of sessions queued or active; MS_NEVER: none. */
int session_next_expiry(struct tx *tx, int64_t *ret_ms, struct hr_error *err);

/* Ended or refused rows older than before_ms are removed, at most limit. */
int session_prune(struct tx *tx, int64_t before_ms, int limit, bool *ret_more,
		  struct hr_error *err);

#endif
