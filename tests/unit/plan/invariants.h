/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of every plan. Each check that fails prints the pool, the plan and the seed, and
 * ends the test. */
#ifndef TEST_PLAN_INVARIANTS_H
#define TEST_PLAN_INVARIANTS_H

#include "pool_model.h"

/* The seed and step that a failure names. */
void invariants_at(uint64_t seed, unsigned step);

/* Plans, checks all that must hold, carries it out; and the same again finds nothing to do. Gives how
 * many decisions were made, but for those that only record. */
size_t plan_and_check(struct model *model);

/* Left alone, with servers getting ready and time passing, the pool comes to rest, with its targets
 * filled as far as anybody can. Pauses end first. */
void check_rest(struct model *model);

#endif
