/* SPDX-License-Identifier: Apache-2.0 */
/* --remove-servers: every server of this installation is ordered destroyed. */
#ifndef HR_REMOVAL_H
#define HR_REMOVAL_H

#include <stddef.h>

#include "store/store.h"

/* Ends all sessions and orders the destroy of every server that is not gone. */
int removal_begin(struct store *store, struct hr_error *err);

/* How many servers are not gone yet. */
int removal_left(struct store *store, size_t *ret_left, struct hr_error *err);

#endif
