/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds: servers that run, and that nobody checks in for, are asked from time to time whether their
 * port still speaks their protocol. Which servers were made running by such a probe: probes.h. */
#ifndef HR_ENGINE_ROUNDS_H
#define HR_ENGINE_ROUNDS_H

#include "engine/engine_state.h"

/* Begins a round when it is due; gives when to come again (monotonic). */
int64_t rounds_step(struct engine *engine);

/* The prober's answer to a question of a round; both stay the caller's. */
void rounds_take(struct engine *engine, const struct flight *flight,
		 const struct dispatch_answer *answer);

void rounds_free(struct engine *engine);

#endif
