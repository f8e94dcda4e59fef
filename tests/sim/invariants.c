/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants: of the rows among themselves, and of the rows and the provider's books. */
#include "invariants.h"

#include <stdlib.h>
#include <string.h>

#include "books.h"
#include "sim_probe.h"
#include "store/server_rows.h"

/* ---- Rows ---- */

static void check_session(struct world *world, const struct books *books,
			  const struct session *session)
{
	const struct server *server = books_server(books, session->server_id);

	if (session->state == SESSION_QUEUED)
		return;
	if (!server)
		world_violation(world, "the session of %s is active on a server that is gone",
				session->user);
	else if (server->state != SERVER_RUNNING && server->state != SERVER_DRAINING)
		world_violation(world, "the session of %s is active on %s, which is %s",
				session->user, server->name, server_state_name(server->state));
	else if (server->address[0] == '\0')
		world_violation(world, "the session of %s is on %s, which has no address",
				session->user, server->name);
}

/* Sessions and users of a server, and a second desktop of one user. */
static void check_server(struct world *world, const struct books *books,
			 const struct server *server)
{
	int64_t sessions = 0, users = 0;
	const struct instance *instance;

	for (size_t i = 0; i < books->n_sessions; i++) {
		const struct session *one = &books->sessions[i];
		bool first = true;

		if (one->state != SESSION_ACTIVE || strcmp(one->server_id, server->id) != 0)
			continue;
		sessions++;
		for (size_t j = 0; j < i; j++) {
			const struct session *other = &books->sessions[j];

			if (other->state != SESSION_ACTIVE ||
			    strcmp(other->server_id, server->id) != 0 ||
			    strcmp(other->user, one->user) != 0)
				continue;
			first = false;
			if (one->kind == SESSION_DESKTOP && other->kind == SESSION_DESKTOP &&
			    server->settings.connection_type == CONNECTION_RDP)
				world_violation(world, "%s has two desktops on %s", one->user,
						server->name);
		}
		users += first;
	}
	if (sessions != server->sessions || users != server->users)
		world_violation(world,
				"%s counts %lld sessions of %lld users, there are %lld of %lld",
				server->name, (long long)server->sessions, (long long)server->users,
				(long long)sessions, (long long)users);
	if (sessions > server->settings.max_sessions || users > server->settings.max_users)
		world_violation(world,
				"%s has %lld sessions of %lld users, its limits are %lld and %lld",
				server->name, (long long)sessions, (long long)users,
				(long long)server->settings.max_sessions,
				(long long)server->settings.max_users);
	if (server->state == SERVER_RUNNING && server->address[0] == '\0')
		world_violation(world, "%s is running without an address", server->name);
	instance = provider_instance_of(world, server->id);
	probe_check(world, server, instance);
	if (strstr(server->failure, "checkin_timeout") && instance && instance->checkin_taken)
		world_violation(world, "%s failed for want of a check-in that it made: %s",
				server->name, server->failure);
}

/* ---- The provider's books ---- */

static void check_instance(struct world *world, const struct books *books,
			   const struct instance *instance)
{
	const struct server *server;

	if (!instance_alive(world, instance) || instance->stray)
		return;
	server = books_server(books, instance->server_id);
	if (!server)
		world_violation(world, "instance %s of server %s is alive, and its row says gone",
				instance->id, instance->server_id);
	else if (server->instance_id[0] && strcmp(server->instance_id, instance->id) != 0)
		world_violation(world, "instance %s is alive, and the row of %s knows %s",
				instance->id, server->name, server->instance_id);
	for (const struct instance *i = instance->next; i; i = i->next)
		if (instance_alive(world, i) && strcmp(i->server_id, instance->server_id) == 0)
			world_violation(world, "server %s has two instances, %s and %s",
					instance->server_id, i->id, instance->id);
}

static void check_limits(struct world *world, const struct books *books)
{
	for (size_t a = 0; a < world->scenario.n_accounts; a++) {
		int64_t most = world->scenario.accounts[a].max_instances, alive = 0;

		for (const struct instance *i = world->instances; i; i = i->next)
			alive += instance_alive(world, i) && !i->stray &&
				 strcmp(i->account, world->scenario.accounts[a].id) == 0;
		if (alive > most)
			world_violation(world, "account %zu has %lld instances, its limit is %lld",
					a, (long long)alive, (long long)most);
		if (books->instances[a] > most)
			world_violation(world, "account %zu counts %lld servers, its limit is %lld",
					a, (long long)books->instances[a], (long long)most);
	}
}

/* In a debug build the store itself has checked the very rows that were then committed (group.c),
 * and would have ended the process. */
static int check_counters(struct tx *tx, struct hr_error *err)
{
#ifdef HR_DEBUG
	(void)tx;
	(void)err;
	return 0;
#else
	return server_counters_check(tx, err);
#endif
}

static int check_all(struct tx *tx, void *arg, struct hr_error *err)
{
	struct world *world = arg;
	struct books books;
	int result = books_read(tx, world, &books, err);

	if (result == 0)
		result = check_counters(tx, err);
	for (size_t i = 0; result == 0 && i < books.n_sessions; i++)
		check_session(world, &books, &books.sessions[i]);
	for (size_t i = 0; result == 0 && i < books.n_servers; i++)
		check_server(world, &books, &books.servers[i]);
	if (result == 0)
		probe_check_judged(world, &books);
	for (const struct instance *i = world->instances; result == 0 && i; i = i->next)
		check_instance(world, &books, i);
	if (result == 0)
		check_limits(world, &books);
	books_clear(&books);
	return result;
}

void invariants_check(struct world *world)
{
	struct hr_error err = {0};

	if (store_read(world->store, check_all, world, &err) < 0)
		world_violation(world, "%s", err.message);
}
