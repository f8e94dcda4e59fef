/* SPDX-License-Identifier: Apache-2.0 */
/* A session: one user's desktop or application on a server, or waiting for one. A plain row. */
#ifndef HR_MODEL_SESSION_H
#define HR_MODEL_SESSION_H

#include <stdint.h>

#include "base/id.h"

enum session_state {
	SESSION_QUEUED = 10,
	SESSION_ACTIVE = 20,
	SESSION_ENDED = 30,
	SESSION_REFUSED = 40
};
enum session_kind { SESSION_DESKTOP = 1, SESSION_REMOTEAPP = 2 };

struct session {
	char id[ID_SIZE];
	char pool_id[ID_SIZE];
	char zone_id[ID_SIZE]; /* asked for; "": any */
	char user[128];
	enum session_kind kind;
	enum session_state state;
	char server_id[ID_SIZE]; /* "": none yet */
	int64_t queued_ms;
	int64_t sequence;   /* order of arrival, unique, rising */
	int64_t expires_ms; /* in the queue: queue_timeout; active: keepalive; MS_NEVER: none */
	int64_t assigned_ms;
	int64_t ended_ms;
	char cause[REQUEST_ID_SIZE]; /* the API's request that asked for it */
	char reason[256];            /* why it ended, was refused, or waits */
};

const char *session_state_name(enum session_state state);
int session_state_find(const char *name);
const char *session_kind_name(enum session_kind kind);
int session_kind_find(const char *name);

#endif
