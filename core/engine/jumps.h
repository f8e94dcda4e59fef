/* SPDX-License-Identifier: Apache-2.0 */
/* The system's clock was set: whatever is counted from or until a moment moves with it, so that a
 * wait lasts as long as it would have. Dates that a person gave (when an access token expires) stay. */
#ifndef HR_ENGINE_JUMPS_H
#define HR_ENGINE_JUMPS_H

#include "engine/engine_state.h"

/* At the beginning of a step, before anything is submitted: takes the moment's jump_ms up, if there
 * is one. The step's wall time is after the jump then, and engine->jumping is set until the rows have
 * moved. */
void jumps_take(struct engine *engine);

#endif
