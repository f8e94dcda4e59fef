/* SPDX-License-Identifier: Apache-2.0 */
/* An event: what happened or was decided, with the reason in words. */
#ifndef HR_MODEL_EVENT_H
#define HR_MODEL_EVENT_H

#include <stdint.h>

#include "base/id.h"

struct event {
	int64_t number; /* rising; given by the store */
	int64_t at_ms;
	char kind[48]; /* "server.created", "pool.decision", ...: docs/events.md */
	char pool_id[ID_SIZE];
	char config_id[ID_SIZE];
	char server_id[ID_SIZE];
	char session_id[ID_SIZE];
	char operation_id[ID_SIZE];
	char request_id[REQUEST_ID_SIZE]; /* of the API's request that led to it */
	char message[768];
};

#endif
