/* SPDX-License-Identifier: Apache-2.0 */
/* What reaper.c and reaper_steps.c share: instances on their way out. */
#ifndef HR_ENGINE_REAPER_PARTS_H
#define HR_ENGINE_REAPER_PARTS_H

#include "engine/reaper.h"

/* Whether it is on its way out, also for another account that sees the same instance: with the same server's
 * mark it is that. */
bool reap_under_way(const struct engine *engine, const char *account, const struct stray *stray);

/* Whether a server claims the instance (by its id, or by a mark whose server just is being created, which then
 * gets it). */
int reaper_claim(struct tx *tx, struct task *task, const char *account,
		 const struct dispatch_instance *instance, bool *ret_claimed, struct hr_error *err);

/* From now on it is destroyed, until the provider has it no more. Once, however often it is called. */
void reap_begin(struct engine *engine, const char *account, const struct stray *stray,
		const char *server_name);

/* A complete list shows these only: the others are gone, but for what a module still has to finish. */
void reaps_forget_absent(struct engine *engine, const char *account,
			 const struct stray_list *strays);

void reaps_free(struct engine *engine);

#endif
