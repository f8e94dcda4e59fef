/* SPDX-License-Identifier: Apache-2.0 */
/* Notices when an administrator stops creates or all changes, and when it is over. */
#ifndef HR_ENGINE_STOPS_H
#define HR_ENGINE_STOPS_H

#include "engine/engine_state.h"

/* Asks for the present stops; a change is told as an event, and pools and operations are looked at.
 * Gives when to ask again (monotonic ms). */
int64_t stops_step(struct engine *engine);

/* Whether nothing may be changed at any provider now. */
bool stops_changes(const struct engine *engine);

#endif
