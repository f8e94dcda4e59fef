/* SPDX-License-Identifier: Apache-2.0 */
/* All rows that the invariants compare. */
#include "books.h"

#include <stdlib.h>
#include <string.h>

#include "store/document_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

int books_read(struct tx *tx, const struct world *world, struct books *ret, struct hr_error *err)
{
	struct server_query servers = {.order = SERVER_BY_ID};
	struct session_query sessions = {.states = SESSION_STATE_BIT(SESSION_QUEUED) |
						   SESSION_STATE_BIT(SESSION_ACTIVE)};
	struct account_state state;

	*ret = (struct books){0};
	if (server_list(tx, &servers, &ret->servers, &ret->n_servers, err) < 0 ||
	    session_list(tx, &sessions, &ret->sessions, &ret->n_sessions, err) < 0)
		return -1;
	for (size_t i = 0; i < world->scenario.n_accounts; i++) {
		if (account_state_get(tx, world->scenario.accounts[i].id, &state, err) < 0)
			return -1;
		ret->instances[i] = state.instances;
	}
	return 0;
}

const struct server *books_server(const struct books *books, const char *id)
{
	for (size_t i = 0; i < books->n_servers; i++)
		if (strcmp(books->servers[i].id, id) == 0)
			return &books->servers[i];
	return NULL;
}

void books_clear(struct books *books)
{
	free(books->servers);
	free(books->sessions);
	*books = (struct books){0};
}
