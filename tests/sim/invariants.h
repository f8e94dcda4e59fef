/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold after every step, whatever happened before. */
#ifndef HR_SIM_INVARIANTS_H
#define HR_SIM_INVARIANTS_H

#include "world.h"

void invariants_check(struct world *world);

#endif
