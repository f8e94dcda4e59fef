/* SPDX-License-Identifier: Apache-2.0 */
/* All times that something is counted from or until, of whatever rows. */
#ifndef HR_STORE_TIME_ROWS_H
#define HR_STORE_TIME_ROWS_H

#include "store/store.h"

/* Moves them by_ms further (back: negative), as far as they still matter: of servers that are not
 * gone, sessions that have not ended, operations, and what planner and accounts wait for. Unset and
 * "never" stay, and so do the past of what is over, documents, events, and access tokens. Nothing
 * becomes unset by it: what would go before 1970 is the first ms of it. */
int time_rows_move(struct tx *tx, int64_t by_ms, struct hr_error *err);

#endif
