/* SPDX-License-Identifier: Apache-2.0 */
/* From a pool's change to its plan to rows, in one transaction. */
#ifndef HR_ENGINE_RECONCILE_H
#define HR_ENGINE_RECONCILE_H

#include "engine/engine_state.h"

/* Which pools there are has changed (or it is the start): read them again, plan all. */
void reconcile_reload(struct engine *engine);

/* Plans what is dirty or due; gives when to come again (monotonic). */
int64_t reconcile_step(struct engine *engine);

void reconcile_free(struct engine *engine);

#endif
