/* SPDX-License-Identifier: Apache-2.0 */
/* Users. Each asks for one session through the broker's transactions, as the API does, looks at it
 * from time to time, and holds the daemon to what it said. */
#include "clients.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/sessions.h"
#include "sim_provider.h"
#include "store/document_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define LOOK_MS 7000
#define RETRY_MS 4000
#define USERS 9

enum errand_kind { ERRAND_REQUEST, ERRAND_KEEPALIVE, ERRAND_END };

/* One call of a user's to the API. */
struct errand {
	struct client *client;
	enum errand_kind kind;
	unsigned generation;
	struct life_context context;
	struct id_source seed;
	struct session session; /* result */
};

static void look(struct world *world, void *arg);
static void ask(struct world *world, void *arg);
static void end(struct world *world, void *arg);

static int errand_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct errand *errand = arg;
	struct client *client = errand->client;
	struct session_wish wish = {.pool = client->world->scenario.pools[client->pool].id,
				    .user = client->user,
				    .kind = client->kind};

	errand->context.ids = errand->seed;
	if (errand->kind == ERRAND_REQUEST)
		return sessions_request(tx, &errand->context, &wish, &errand->session, err);
	if (session_get(tx, client->session_id, &errand->session, err) < 0)
		return -1;
	if (errand->kind == ERRAND_KEEPALIVE)
		return sessions_keepalive(tx, &errand->context, &errand->session, err);
	return sessions_end(tx, &errand->context, &errand->session, "its user ended it", err);
}

static void requested(struct world *world, struct client *client, const struct session *session)
{
	text_copy(client->session_id, sizeof(client->session_id), session->id);
	client->told = true;
	client->seen = session->state;
	world_trace(world, client->user, session->state);
	world_after(world, LOOK_MS, look, client);
}

static void errand_done(void *arg, const struct hr_error *err)
{
	struct errand *errand = arg;
	struct client *client = errand->client;
	struct world *world = client->world;
	bool dead = world->crashed || errand->generation != world->generation;

	if (!dead && !err) {
		if (errand->kind == ERRAND_REQUEST)
			requested(world, client, &errand->session);
		if (errand->kind == ERRAND_END)
			client->end_told = true;
		engine_pool_changed(world->engine, world->scenario.pools[client->pool].id);
	} else if (!dead && errand->kind != ERRAND_KEEPALIVE) {
		world_violation(world, "user %s was answered: %s", client->user, err->message);
	} else if (dead && errand->kind == ERRAND_END) {
		world_after(world, RETRY_MS, end, client);
	}
	/* A request that was not answered is not repeated: whether it exists is not known. */
	free(errand);
}

static bool send(struct world *world, struct client *client, enum errand_kind kind)
{
	struct errand *errand;

	if (!world->engine)
		return false;
	errand = calloc(1, sizeof(*errand));
	if (!errand)
		abort();
	errand->client = client;
	errand->kind = kind;
	errand->generation = world->generation;
	errand->context.now_ms = world_now(world).wall_ms;
	id_source_init(&errand->seed, sim_bytes, &world->client_random);
	if (store_submit(world->store, errand_run, errand, errand_done) < 0) {
		free(errand);
		return false;
	}
	world->woken = true;
	return true;
}

static void ask(struct world *world, void *arg)
{
	if (!send(world, arg, ERRAND_REQUEST))
		world_after(world, RETRY_MS, ask, arg);
}

static void end(struct world *world, void *arg)
{
	struct client *client = arg;

	client->end_asked = true;
	if (!send(world, client, ERRAND_END))
		world_after(world, RETRY_MS, end, client);
}

/* ---- Looking ---- */

struct glance {
	struct client *client;
	struct session session;
	struct server server;
	bool has_server;
	bool room; /* an account of the pool's configs is below its limit */
};

static int glance_room(struct tx *tx, struct glance *glance, struct hr_error *err)
{
	const struct client *client = glance->client;
	const struct scenario *scenario = &client->world->scenario;
	struct document document = {0};
	struct provider_config provider;
	struct account_state state;

	for (size_t i = 0; i < scenario->n_configs; i++) {
		size_t account = scenario->configs[i].account;

		if (scenario->configs[i].pool != client->pool)
			continue;
		/* As stored: an edit of the scenario's may have died with the daemon. */
		if (account_state_get(tx, scenario->accounts[account].id, &state, err) < 0 ||
		    document_get(tx, DOCUMENT_PROVIDER_CONFIG, scenario->accounts[account].id,
				 &document, err) < 0)
			return -1;
		provider_config_read(&document, &provider);
		glance->room |= state.instances < provider.max_instances;
		document_clear(&document);
	}
	return 0;
}

static int glance_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct glance *glance = arg;

	if (session_get(tx, glance->client->session_id, &glance->session, err) < 0 ||
	    glance_room(tx, glance, err) < 0)
		return -1;
	glance->has_server = glance->session.server_id[0] != '\0';
	if (!glance->has_server)
		return 0;
	return server_get(tx, glance->session.server_id, &glance->server, err);
}

/* An end that nobody asked for has to be its server's, and that one's not the daemon's choice. */
static void check_end(struct world *world, const struct glance *glance)
{
	const struct client *client = glance->client;
	struct instance *instance;

	if (client->end_asked || strstr(glance->session.reason, "keepalive") ||
	    strstr(glance->session.reason, "administrator"))
		return;
	if (glance->session.state == SESSION_REFUSED) {
		if (strstr(glance->session.reason, "queue_timeout") && world->healed &&
		    glance->room)
			world_violation(world, "user %s waited in vain: %s", client->user,
					glance->session.reason);
		return;
	}
	if (strstr(glance->session.reason, "has not been heard"))
		world_violation(world,
				"the session of %s was ended because its server is silent: %s",
				client->user, glance->session.reason);
	instance = glance->has_server ? provider_instance_of(world, glance->server.id) : NULL;
	if (!instance || !instance_faulted(world, instance))
		world_violation(world, "the session of %s was ended though its server is well: %s",
				client->user, glance->session.reason);
}

static void look(struct world *world, void *arg)
{
	struct client *client = arg;
	struct glance glance = {.client = client};
	struct hr_error err = {0};
	enum session_state state;

	if (!world->engine) {
		world_after(world, RETRY_MS, look, client);
		return;
	}
	if (store_read(world->store, glance_run, &glance, &err) < 0) {
		world_violation(world, "the session of %s is lost: %s", client->user, err.message);
		return;
	}
	state = glance.session.state;
	if (state < client->seen || (client->seen >= SESSION_ENDED && state != client->seen))
		world_violation(world, "the session of %s was %s and is %s now", client->user,
				session_state_name(client->seen), session_state_name(state));
	if (client->end_told && state < SESSION_ENDED)
		world_violation(world, "the session of %s was ended and is %s", client->user,
				session_state_name(state));
	client->seen = state;
	if (state >= SESSION_ENDED) {
		check_end(world, &glance);
		return;
	}
	if (state == SESSION_ACTIVE && !client->end_planned && !client->forgets) {
		client->end_planned = true;
		world_after(world, client->lasts_ms, end, client);
	}
	if (state == SESSION_ACTIVE && !client->forgets && !client->end_asked)
		send(world, client, ERRAND_KEEPALIVE);
	world_after(world, LOOK_MS, look, client);
}

/* ---- All ---- */

void clients_make(struct world *world)
{
	struct sim_random *random = &world->client_random;
	size_t n = (size_t)world->scenario.requests;

	world->clients = calloc(n, sizeof(*world->clients));
	if (!world->clients)
		abort();
	world->n_clients = n;
	for (size_t i = 0; i < n; i++) {
		struct client *client = &world->clients[i];

		client->world = world;
		client->pool = (size_t)sim_below(random, (int64_t)world->scenario.n_pools);
		client->kind = sim_chance(random, 850) ? SESSION_DESKTOP : SESSION_REMOTEAPP;
		client->forgets = sim_chance(random, 150);
		client->lasts_ms = sim_between(random, 5000, 200000);
		text_format(client->user, sizeof(client->user), "user%lld",
			    (long long)sim_below(random, USERS));
		/* Somewhat in bursts. */
		world_after(world,
			    sim_chance(random, 500)
				    ? sim_between(random, 0, world->scenario.faults_end_ms)
				    : 60000 * sim_between(random, 1, 5),
			    ask, client);
	}
}

bool clients_done(const struct world *world)
{
	for (size_t i = 0; i < world->n_clients; i++)
		if (world->clients[i].told && world->clients[i].seen < SESSION_ENDED)
			return false;
	return true;
}

void clients_free(struct world *world)
{
	free(world->clients);
	world->clients = NULL;
	world->n_clients = 0;
}
