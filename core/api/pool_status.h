/* SPDX-License-Identifier: Apache-2.0 */
/* A pool at this moment: its sums. */
#ifndef HR_API_POOL_STATUS_H
#define HR_API_POOL_STATUS_H

#include <jansson.h>

#include "store/store.h"

/* Servers by state, room, target, sessions, queue, what is missing and why. */
int pool_status(struct tx *tx, const char *pool_id, int64_t now_ms, json_t **ret,
		struct hr_error *err);

/* How many sessions of the pool are in the states (SESSION_STATE_BIT). */
int pool_count_sessions(struct tx *tx, const char *pool_id, unsigned states, int64_t *ret_n,
			struct hr_error *err);

#endif
