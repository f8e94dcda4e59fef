/* SPDX-License-Identifier: Apache-2.0 */
/* Which instances that no server claims were ordered away, and when: what the reaper's hourly limit counts. */
#ifndef HR_STORE_REAPING_ROWS_H
#define HR_STORE_REAPING_ROWS_H

#include <stdbool.h>

#include "store/store.h"

struct reaping_row {
	const char *account_key; /* accounts with the same key share the limit */
	const char *instance_id;
	int64_t at_ms;
};

/* Takes one of the `most` places that the account key has in an hour. One that has had a place needs no other:
 * what is tried again keeps no other instance from its turn. *ret_free_ms: 0: it has it; else when the next
 * place falls free. */
int reaping_take(struct tx *tx, const struct reaping_row *row, int64_t most, int64_t *ret_free_ms,
		 struct hr_error *err);

#endif
