/* SPDX-License-Identifier: Apache-2.0 */
/* --remove-servers: every server of this installation is ordered destroyed, and what cannot be is
 * named. One thread. */
#ifndef HR_REMOVAL_H
#define HR_REMOVAL_H

#include <stddef.h>

#include "engine/engine.h"
#include "model/server.h"
#include "store/store.h"

/* How far it is. Zeroed at first; ended with removal_clear. */
struct removal {
	struct server *left; /* those that are not gone yet, 1000 at most */
	size_t n_left;
	struct engine_unopened *unopened; /* accounts that cannot be asked */
	size_t n_unopened;
	char told[64][ID_SIZE]; /* which of them were named */
	size_t n_told;
};

/* Ends all sessions and orders the destroy of every server that is not gone. */
int removal_begin(struct store *store, struct hr_error *err);

/* Looks how far it is, and names on standard error the accounts that turn out not to be askable. */
int removal_look(struct removal *removal, struct store *store, const struct engine *engine,
		 struct hr_error *err);

/* Whether all that is left is of accounts that cannot be asked, and will not be. */
bool removal_is_stuck(const struct removal *removal);

/* Names what is left on standard error, a line each. */
void removal_name_left(const struct removal *removal);

void removal_clear(struct removal *removal);

#endif
