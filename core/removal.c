/* SPDX-License-Identifier: Apache-2.0 */
/* --remove-servers. Runs beside no API and no planner: nothing new is made meanwhile. */
#include "removal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "engine/life.h"
#include "store/server_rows.h"

#define BATCH 100
#define NAMED_MAX 100
#define TOLD_MAX (sizeof(((struct removal *)NULL)->told) / ID_SIZE)

/* One transaction. */
struct batch {
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
	struct batch *batch = arg;
	struct life_context context = batch->context;
	struct server *servers = NULL;
	int failed;

	batch->found = 0;
	if (server_list(tx, &query, &servers, &batch->found, err) != 0)
		return -1;
	failed = 0;
	for (size_t i = 0; i < batch->found && failed == 0; i++)
		failed = life_destroy(tx, &context, &servers[i],
				      "removed with all servers (headroomd --remove-servers)", err);
	free(servers);
	return failed;
}

int removal_begin(struct store *store, struct hr_error *err)
{
	do {
		struct batch batch = {
			.context = {.now_ms = clock_now().wall_ms, .by_person = true}};

		if (id_source_init(&batch.context.ids, random_system, NULL) != 0)
			return error_set(err, HR_INTERNAL, "the system gives no random bytes");
		if (store_write(store, remove_batch, &batch, err) != 0)
			return -1;
		if (batch.found == 0)
			return 0;
	} while (true);
}

/* ---- What is left -------------------------------------------------------------------------- */

static int list_left(struct tx *tx, void *arg, struct hr_error *err)
{
	const struct server_query query = {.limit = 1000};
	struct removal *removal = arg;

	return server_list(tx, &query, &removal->left, &removal->n_left, err);
}

static const struct engine_unopened *unopened_find(const struct removal *removal, const char *id)
{
	for (size_t i = 0; i < removal->n_unopened; i++)
		if (strcmp(removal->unopened[i].id, id) == 0)
			return &removal->unopened[i];
	return NULL;
}

static bool was_told(const struct removal *removal, const char *id)
{
	for (size_t i = 0; i < removal->n_told; i++)
		if (strcmp(removal->told[i], id) == 0)
			return true;
	return false;
}

/* Once for each account that has servers. */
static void tell_unopened(struct removal *removal)
{
	for (size_t i = 0; i < removal->n_left && removal->n_told < TOLD_MAX; i++) {
		const char *id = removal->left[i].provider_config_id;
		const struct engine_unopened *account = unopened_find(removal, id);

		if (!account || was_told(removal, id))
			continue;
		fprintf(stderr, "headroomd: provider config %s cannot be asked: %s\n",
			account->name, account->why);
		text_copy(removal->told[removal->n_told++], ID_SIZE, id);
	}
}

int removal_look(struct removal *removal, struct store *store, const struct engine *engine,
		 struct hr_error *err)
{
	free(removal->left);
	free(removal->unopened);
	removal->left = NULL;
	removal->unopened = NULL;
	removal->n_left = removal->n_unopened = 0;
	if (store_read(store, list_left, removal, err) != 0 ||
	    engine_list_unopened(engine, &removal->unopened, &removal->n_unopened, err) != 0)
		return -1;
	tell_unopened(removal);
	return 0;
}

bool removal_is_stuck(const struct removal *removal)
{
	for (size_t i = 0; i < removal->n_left; i++) {
		const struct engine_unopened *account =
			unopened_find(removal, removal->left[i].provider_config_id);

		if (!account || !account->is_hopeless)
			return false;
	}
	return removal->n_left > 0;
}

void removal_name_left(const struct removal *removal)
{
	for (size_t i = 0; i < removal->n_left && i < NAMED_MAX; i++) {
		const struct server *server = &removal->left[i];
		const struct engine_unopened *account =
			unopened_find(removal, server->provider_config_id);

		fprintf(stderr, "  %s of provider config %s%s%s%s%s\n", server->name,
			account ? account->name : server->provider_config_id,
			server->instance_id[0] != '\0' ? ", instance " : "", server->instance_id,
			server->stage[0] != '\0' ? ": " : "", server->stage);
	}
	if (removal->n_left > NAMED_MAX)
		fprintf(stderr, "  and %zu more\n", removal->n_left - NAMED_MAX);
}

void removal_clear(struct removal *removal)
{
	free(removal->left);
	free(removal->unopened);
	*removal = (struct removal){0};
}
