/* SPDX-License-Identifier: Apache-2.0 */
/* What the provider says about servers: status of those that boot, often; a list of all, from time
 * to time. */
#ifndef HR_ENGINE_POLL_H
#define HR_ENGINE_POLL_H

#include "engine/engine_state.h"

/* Sends what is due; gives when to come again (monotonic). */
int64_t poll_step(struct engine *engine);

/* Servers have checked in, perhaps: look at those that boot without waiting. */
void poll_soon(struct engine *engine);

/* Asks directly for instances that two lists did not show: those that are gone indeed fail their
 * servers. */
struct suspect;
void poll_verify(struct engine *engine, const char *account, const struct suspect *suspects,
		 size_t n);

/* Answer to a STATUS or LIST; owns it and lands the flight. */
void poll_answer(struct engine *engine, struct flight *flight, struct dispatch_answer *answer);

#endif
