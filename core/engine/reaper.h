/* SPDX-License-Identifier: Apache-2.0 */
/* Instances that bear our mark and that no server row claims: adopted where their row waits for one,
 * else destroyed after a grace period. Complete lists only, a few in an hour, and never by a copy of
 * the installation. */
#ifndef HR_ENGINE_REAPER_H
#define HR_ENGINE_REAPER_H

#include "engine/engine_state.h"

/* An instance that nobody claims. */
struct stray {
	char instance_id[256];
	char server_id[ID_SIZE]; /* from its mark */
	char config_id[ID_SIZE];
	int64_t created_ms; /* 0: not known */
};

struct stray_list {
	struct stray *strays;
	size_t n;
};

void stray_list_clear(struct stray_list *list);

/* In the transaction that applies a list: adopts, and gives what nobody claims. */
int reaper_find(struct tx *tx, struct task *task, const struct dispatch_answer *answer,
		struct stray_list *ret_strays, struct hr_error *err);

/* After its commit: orders away what is unclaimed for long enough. instances: how many the account
 * has. */
void reaper_judge(struct engine *engine, struct engine_account *account,
		  const struct stray_list *strays, size_t instances);

/* Answer to a DESTROY that the reaper sent; frees it and lands the flight. */
void reaper_answer(struct engine *engine, struct flight *flight, struct dispatch_answer *answer);

/* Sends the next steps that are due; gives when to come again (monotonic). */
int64_t reaper_step(struct engine *engine);

/* What it has seen unclaimed, it has seen by_ms later on a clock that has jumped. */
void reaper_clock_jumped(struct engine *engine, int64_t by_ms);

void reaper_free(struct engine *engine);

#endif
