/* SPDX-License-Identifier: Apache-2.0 */
/* All rows that the invariants compare, read in one look. */
#ifndef HR_SIM_BOOKS_H
#define HR_SIM_BOOKS_H

#include "model/server.h"
#include "model/session.h"
#include "store/store.h"
#include "world.h"

struct books {
	struct server *servers; /* not gone, by id */
	size_t n_servers;
	struct session *sessions; /* queued and active */
	size_t n_sessions;
	int64_t instances[ACCOUNTS_MAX]; /* as the rows count them */
};

/* Within a transaction; ret->instances by the scenario's accounts. */
int books_read(struct tx *tx, const struct world *world, struct books *ret, struct hr_error *err);
const struct server *books_server(const struct books *books, const char *id);
void books_clear(struct books *books);

#endif
