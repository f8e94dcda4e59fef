/* SPDX-License-Identifier: Apache-2.0 */
/* --remove-servers. Runs beside no API and no planner: nothing new is made meanwhile. */
#include "removal.h"

#include <stdlib.h>

#include "base/clock.h"
#include "engine/life.h"
#include "store/server_rows.h"

#define BATCH 100

struct removal {
	struct life_context context;
	size_t found;
};

static int remove_batch(struct tx *tx, void *arg, struct hr_error *err)
{
	const struct server_query query = {
		.states = SERVER_STATE_BIT(SERVER_PLANNED) | SERVER_STATE_BIT(SERVER_CREATING) |
			  SERVER_STATE_BIT(SERVER_BOOTING) | SERVER_STATE_BIT(SERVER_INJECTING) |
			  SERVER_STATE_BIT(SERVER_CHECKING_IN) | SERVER_STATE_BIT(SERVER_RUNNING) |
			  SERVER_STATE_BIT(SERVER_DRAINING) | SERVER_STATE_BIT(SERVER_FAILED),
		.limit = BATCH,
	};
	struct removal *removal = arg;
	struct life_context context = removal->context;
	struct server *servers = NULL;
	int failed;

	removal->found = 0;
	if (server_list(tx, &query, &servers, &removal->found, err) != 0)
		return -1;
	failed = 0;
	for (size_t i = 0; i < removal->found && failed == 0; i++)
		failed = life_destroy(tx, &context, &servers[i],
				      "removed with all servers (headroomd --remove-servers)", err);
	free(servers);
	return failed;
}

int removal_begin(struct store *store, struct hr_error *err)
{
	do {
		struct removal removal = {
			.context = {.now_ms = clock_now().wall_ms, .by_person = true}};

		if (id_source_init(&removal.context.ids, random_system, NULL) != 0)
			return error_set(err, HR_INTERNAL, "the system gives no random bytes");
		if (store_write(store, remove_batch, &removal, err) != 0)
			return -1;
		if (removal.found == 0)
			return 0;
	} while (true);
}

static int count_left(struct tx *tx, void *arg, struct hr_error *err)
{
	const struct server_query query = {.limit = 1000};
	struct server *servers = NULL;

	if (server_list(tx, &query, &servers, arg, err) != 0)
		return -1;
	free(servers);
	return 0;
}

int removal_left(struct store *store, size_t *ret_left, struct hr_error *err)
{
	return store_read(store, count_left, ret_left, err);
}
