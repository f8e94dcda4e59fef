/* SPDX-License-Identifier: Apache-2.0 */
/* An operation: a durable, resumable piece of work on a server. A plain row, written before the
 * effect that it stands for. At most one unfinished operation of a kind per server. */
#ifndef HR_MODEL_OPERATION_H
#define HR_MODEL_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"

enum operation_kind { OPERATION_CREATE = 1, OPERATION_DESTROY = 2, OPERATION_INJECT = 3 };
enum operation_state {
	OPERATION_DUE = 10,
	OPERATION_DONE = 20,
	OPERATION_FAILED = 30,
	OPERATION_CANCELLED = 40
};

struct operation {
	char id[ID_SIZE];
	enum operation_kind kind;
	enum operation_state state;
	char server_id[ID_SIZE];
	char provider_config_id[ID_SIZE]; /* the account that performs it */
	int64_t attempt;  /* deliveries of the present step; written before it is sent */
	int64_t failures; /* in a row, for the backoff */
	int64_t due_ms;
	int64_t created_ms;
	int64_t finished_ms;
	bool urgent; /* a user waits */
	/* For the brakes: for which config it counts, when it was first sent (0: not yet), and whether
	 * a person ordered it. */
	char config_id[ID_SIZE];
	int64_t started_ms;
	bool by_person;
	char resume_token[4097];
	int64_t percent;
	char text[256];
	int32_t error_class; /* the last error's; 0: none */
	char error[512];
	char request_id[128];        /* the provider's, of its last error */
	char cause[REQUEST_ID_SIZE]; /* the API's request that led to it */
};

const char *operation_kind_name(enum operation_kind kind);
const char *operation_state_name(enum operation_state state);

#endif
