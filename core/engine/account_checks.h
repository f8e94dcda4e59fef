/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of accounts: asked for by somebody, or after a refusal of credentials until one is good. */
#ifndef HR_ENGINE_ACCOUNT_CHECKS_H
#define HR_ENGINE_ACCOUNT_CHECKS_H

#include "engine/engine_state.h"

/* Sends what waits for accounts that are settled now; starts checks that may lift a pause. Gives
 * when to come again (monotonic). */
int64_t account_checks_step(struct engine *engine);

/* Answer to a CHECK; frees it and lands the flight. */
void account_checks_answer(struct engine *engine, struct flight *flight,
			   struct dispatch_answer *answer);

/* Tells everyone who still waits that it is over. */
void account_checks_free(struct engine *engine);

/* Ends one check with an error; frees it. */
void account_check_refuse(struct account_check *check, const struct hr_error *why);

#endif
