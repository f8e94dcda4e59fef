/* SPDX-License-Identifier: Apache-2.0 */
/* What plan() needs to know of one pool, read from the store: sums by cohort, servers and sessions
 * by bounded lists. For reconcile, the dry run and the explanation alike. */
#ifndef HR_ENGINE_SNAPSHOT_H
#define HR_ENGINE_SNAPSHOT_H

#include "model/autoscale_config.h"
#include "plan/plan.h"
#include "store/store.h"

/* The configs that the snapshot's indexes mean, in full. */
struct snapshot_config {
	struct document document;
	struct autoscale_config config; /* borrows from document */
	int64_t provider_revision;
};

struct snapshot {
	struct plan_snapshot plan; /* borrows from what follows */
	struct pool pool;
	struct snapshot_config *configs;
	struct plan_config *plan_configs;
	size_t n_configs;
	struct plan_account *accounts;
	size_t n_accounts;
	struct plan_cohort *cohorts;
	struct plan_waiting *queue;
	struct plan_server *seats, *idle, *planned;
	struct session **seated; /* rows that the seats' users are borrowed from, one array each */
	struct plan_seat **seat_lists;
	size_t n_seated;
	bool more_waiting; /* the queue is longer than the snapshot */
};

/* HR_NOT_FOUND: there is no such pool. The caller clears *ret in any case. */
int snapshot_load(struct tx *tx, const char *pool_id, int64_t now_ms, struct snapshot *ret,
		  struct hr_error *err);
void snapshot_clear(struct snapshot *snapshot);

#endif
