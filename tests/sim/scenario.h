/* SPDX-License-Identifier: Apache-2.0 */
/* The seed's choice of pools, accounts and configs, and the administrator who edits them. */
#ifndef HR_SIM_SCENARIO_H
#define HR_SIM_SCENARIO_H

#include "world.h"

/* Writes the documents and plans the administrator's edits. */
void scenario_make(struct world *world);

/* Undoes what edits have disabled. */
void scenario_mend(struct world *world);

#endif
