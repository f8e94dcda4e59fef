/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that change a server's state share: entering a state, its operations, its config. */
#ifndef HR_ENGINE_LIFE_PARTS_H
#define HR_ENGINE_LIFE_PARTS_H

#include "engine/life.h"
#include "model/document.h"
#include "model/operation.h"

/* After a first write: a refusal (HR_CONFLICT, HR_QUOTA, HR_NOT_FOUND) becomes HR_INTERNAL, since the
 * caller must not go on as if nothing had been written. Gives -1. */
int life_half_done(struct hr_error *err);

/* Sets state, since when, stage; no deadline. Writes nothing. */
void life_enter(struct server *server, enum server_state state, int64_t now_ms, const char *stage);

/* The config as it was when the server was planned; the caller clears *ret_document, from which
 * *ret_config borrows. */
int life_config(struct tx *tx, const struct server *server, struct document *ret_document,
		struct autoscale_config *ret_config, struct hr_error *err);

/* A new operation, due now. */
int life_order(struct tx *tx, struct life_context *context, const struct server *server,
	       enum operation_kind kind, bool urgent, struct hr_error *err);

/* Ends the unfinished operation of that kind, if there is one. */
int life_finish(struct tx *tx, struct life_context *context, const struct server *server,
		enum operation_kind kind, enum operation_state state, struct hr_error *err);

/* Ends every active session of the server, which is on its way out; recounts it. */
int life_end_sessions(struct tx *tx, struct life_context *context, struct server *server,
		      const char *reason, struct hr_error *err);

#endif
