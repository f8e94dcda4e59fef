/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to the steps of operations, applied in one transaction each. */
#ifndef HR_ENGINE_OUTCOMES_H
#define HR_ENGINE_OUTCOMES_H

#include "engine/engine_state.h"

/* Takes an answer to this flight; owns the answer from now on, lands the flight when its
 * transaction is over. */
void outcomes_take(struct engine *engine, struct flight *flight, struct dispatch_answer *answer);

#endif
