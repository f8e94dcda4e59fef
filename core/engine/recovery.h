/* SPDX-License-Identifier: Apache-2.0 */
/* What a start makes good: what was under way when the last run ended, and what nobody could hear since. */
#ifndef HR_ENGINE_RECOVERY_H
#define HR_ENGINE_RECOVERY_H

#include "engine/engine_state.h"

/* Once, at the start. Until it is done no deadline is acted on (engine->recovering). */
void recovery_begin(struct engine *engine);

/* Begins it once more, where there was no memory for it; gives when to come again (monotonic). */
int64_t recovery_step(struct engine *engine);

#endif
