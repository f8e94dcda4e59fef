/* SPDX-License-Identifier: Apache-2.0 */
/* The broker: sessions requested, seated, kept alive, ended. Inside transactions; after the commit
 * the caller tells the engine that the pool changed. */
#ifndef HR_ENGINE_SESSIONS_H
#define HR_ENGINE_SESSIONS_H

#include "engine/life.h"
#include "model/pool.h"
#include "model/session.h"
#include "store/store.h"

struct session_wish {
	const char *pool; /* name or id */
	const char *zone; /* name, id or NULL */
	const char *user;
	enum session_kind kind;
};

/* Places the session on a running server with room, or queues it, or (pool's on_no_room refuse, or
 * no config that could ever serve it) stores it as refused with the reason. */
int sessions_request(struct tx *tx, struct life_context *context, const struct session_wish *wish,
		     struct session *ret_session, struct hr_error *err);

/* Seats queued sessions of a pool on running servers, in order of arrival, at most 100. */
int sessions_seat_queue(struct tx *tx, struct life_context *context, const char *pool_id,
			struct hr_error *err);

/* Seats this queued session on this running server. HR_CONFLICT when it does not fit any more:
 * nothing was written then. */
int sessions_seat(struct tx *tx, struct life_context *context, struct session *session,
		  struct server *server, const char *reason, struct hr_error *err);

/* Ends it (queued or active); a single-use server that is empty now is drained and destroyed, a
 * draining one that is empty is destroyed; a seat that falls free goes to the queue in the same
 * transaction. Ending an ended one changes nothing. */
int sessions_end(struct tx *tx, struct life_context *context, struct session *session,
		 const char *reason, struct hr_error *err);

/* Refuses a queued session with the reason. */
int sessions_refuse(struct tx *tx, struct life_context *context, struct session *session,
		    const char *reason, struct hr_error *err);

/* Extends the life of an active session by the pool's keepalive_expiration. */
int sessions_keepalive(struct tx *tx, struct life_context *context, struct session *session,
		       struct hr_error *err);

/* Ends what has expired (queue_timeout, keepalive), at most limit; gives the pools touched through
 * each(pool_id). */
int sessions_expire(struct tx *tx, struct life_context *context, int limit,
		    void (*each)(void *arg, const char *pool_id), void *arg, struct hr_error *err);

/* How far a queued session is, for who waits. */
struct session_progress {
	int64_t position;        /* sessions before it */
	char server_id[ID_SIZE]; /* it is promised; "" */
	char stage[128];
	int64_t percent;         /* -1: not known */
	char reason[512];        /* why it waits, in words */
	int64_t estimate_p50_ms; /* from now; -1: not known */
	int64_t estimate_p90_ms;
};
int sessions_progress(struct tx *tx, const struct session *session, int64_t now_ms,
		      struct session_progress *ret, struct hr_error *err);

#endif
