/* SPDX-License-Identifier: Apache-2.0 */
/* After the faults: does everything come to rest where it should? */
#ifndef HR_SIM_SETTLE_H
#define HR_SIM_SETTLE_H

#include "world.h"

void settle(struct world *world);

#endif
