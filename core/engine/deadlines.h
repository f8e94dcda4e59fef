/* SPDX-License-Identifier: Apache-2.0 */
/* What time alone brings about: servers past the deadline of their state, sessions that expire, old
 * rows that are removed. */
#ifndef HR_ENGINE_DEADLINES_H
#define HR_ENGINE_DEADLINES_H

#include "engine/engine_state.h"

/* Submits what is due; gives when to come again (monotonic). */
int64_t deadlines_step(struct engine *engine);

/* In a transaction: the earliest deadline or expiry that is stored. */
int deadlines_next(struct tx *tx, int64_t *ret_wall_ms, struct hr_error *err);

#endif
