/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping cohorts with server rows. Only for server_rows.c; the planner reads by cohort_list. */
#ifndef HR_STORE_COHORT_H
#define HR_STORE_COHORT_H

#include "store/server_rows.h"

/* Takes a server out of old's cohort and into new's. NULL or gone: in none. */
int cohort_move(struct tx *tx, const struct server *old, const struct server *new,
		struct hr_error *err);

#endif
