/* SPDX-License-Identifier: Apache-2.0 */
/* Which accounts are open at the dispatcher: one for each provider config, with its stored settings
 * and secrets; opened again when these change. */
#ifndef HR_ENGINE_ACCOUNTS_H
#define HR_ENGINE_ACCOUNTS_H

#include "engine/engine_state.h"

/* Provider configs have changed (or it is the start): read them again, open and close. */
void accounts_reload(struct engine *engine);

/* Answer to an OPEN or CLOSE; frees it. */
void accounts_answer(struct engine *engine, struct dispatch_answer *answer);

/* Opens again what failed to; starts checks that may lift a pause. Gives when to come again. */
int64_t accounts_step(struct engine *engine);

/* Lifts pauses after an edit: of an account with the configs that use it, or of one config. */
void accounts_lift(struct engine *engine, enum document_kind kind, const char *id,
		   const char *reason);

void accounts_free(struct engine *engine);

#endif
