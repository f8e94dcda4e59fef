/* SPDX-License-Identifier: Apache-2.0 */
/* For whoever looks into a violation: rows, plans, instances and the last events. */
#ifndef HR_SIM_DUMP_H
#define HR_SIM_DUMP_H

#include "world.h"

void dump(struct world *world);

#endif
