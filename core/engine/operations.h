/* SPDX-License-Identifier: Apache-2.0 */
/* Due operations: picked, their attempt written, and only then sent. */
#ifndef HR_ENGINE_OPERATIONS_H
#define HR_ENGINE_OPERATIONS_H

#include "engine/engine_state.h"

/* A step may take this long at the provider. */
#define STEP_TIMEOUT_MS (60 * MS_PER_S)
/* From the attempt's commit until it is taken for lost: longer than any answer takes. */
#define STEP_LEASE_MS (STEP_TIMEOUT_MS + 30 * MS_PER_S)
/* Steps under way per account. */
#define STEPS_PER_ACCOUNT 64

/* Submits the pick when operations may be due; gives when to come again (monotonic). */
int64_t operations_step(struct engine *engine);

#endif
