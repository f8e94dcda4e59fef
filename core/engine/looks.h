/* SPDX-License-Identifier: Apache-2.0 */
/* What a status or a list says about our servers, applied in one transaction. */
#ifndef HR_ENGINE_LOOKS_H
#define HR_ENGINE_LOOKS_H

#include "engine/engine_state.h"

/* Owns the answer. sent_wall_ms: when a list was asked for; what is younger is not judged by it.
 * verifies: a status of instances that lists do not show; those that are gone fail their servers. */
void looks_take(struct engine *engine, struct dispatch_answer *answer, int64_t sent_wall_ms,
		bool verifies);

#endif
