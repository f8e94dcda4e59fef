/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker's files share. */
#ifndef HR_ENGINE_SESSION_PARTS_H
#define HR_ENGINE_SESSION_PARTS_H

#include "model/pool.h"
#include "model/server.h"
#include "model/session.h"
#include "store/store.h"

/* By name or id. HR_NOT_FOUND. */
int session_pool(struct tx *tx, const char *name_or_id, struct pool *ret, struct hr_error *err);

/* Adds an event about a session; server may be NULL. */
int session_event(struct tx *tx, int64_t now_ms, const struct session *session,
		  const struct server *server, const char *kind, struct hr_error *err,
		  const char *format, ...) __attribute__((format(printf, 7, 8)));

#endif
