/* SPDX-License-Identifier: Apache-2.0 */
/* News of accounts from the dispatcher, made events. */
#ifndef HR_ENGINE_ACCOUNT_NEWS_H
#define HR_ENGINE_ACCOUNT_NEWS_H

#include "engine/engine_state.h"

/* Takes the answer, of kind DISPATCH_NEWS. */
void account_news_take(struct engine *engine, struct dispatch_answer *answer);

#endif
