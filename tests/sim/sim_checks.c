/* SPDX-License-Identifier: Apache-2.0 */
/* What may be sent: a create only after its attempt is stored, every time the same bytes; a destroy
 * only of a server that nobody is on. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim_brakes.h"
#include "sim_calls.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

struct sent {
	struct sent *next;
	char server_id[ID_SIZE];
	uint64_t hash;
	uint32_t attempt; /* of the last delivery, with its resume token */
	uint64_t resume_hash;
	unsigned told; /* generation of the daemon that was told the instance's id; 0: none */
};

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

static struct sent *find_sent(struct world *world, const char *server_id)
{
	struct sent *sent;

	for (sent = world->sent; sent; sent = sent->next)
		if (strcmp(sent->server_id, server_id) == 0)
			return sent;
	sent = calloc(1, sizeof(*sent));
	if (!sent)
		abort();
	text_copy(sent->server_id, sizeof(sent->server_id), server_id);
	sent->next = world->sent;
	world->sent = sent;
	return sent;
}

static void check_same_bytes(struct world *world, struct sent *sent,
			     const struct dispatch_step *step)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325),
		 resume_hash = hash_text(hash, step->resume_token);

	hash = hash_text(hash, step->server_name);
	hash = hash_text(hash, step->idempotency_token);
	hash = hash_text(hash, step->config_id);
	hash = hash_text(hash, step->host_name);
	hash = hash_text(hash, step->script);
	if (sent->hash != 0 && sent->hash != hash)
		world_violation(world, "attempt %u of creating %s sends other bytes", step->attempt,
				step->server_name);
	if (step->attempt == 0 ||
	    (sent->attempt >= step->attempt && sent->resume_hash == resume_hash))
		world_violation(world, "attempt %u of creating %s follows attempt %u",
				step->attempt, step->server_name, sent->attempt);
	sent->hash = hash;
	sent->attempt = step->attempt;
	sent->resume_hash = resume_hash;
}

/* What the daemon was told, it has to know, unless it died since. */
static void check_instance_known(struct world *world, const struct sent *sent,
				 const struct dispatch_step *step)
{
	if (sent->told == world->generation && step->instance_id[0] == '\0')
		world_violation(world, "the instance of %s was reported, and is not known",
				step->server_name);
}

void call_told(struct world *world, const struct call *call)
{
	if (call->kind == DISPATCH_CREATE && call->answer->instance_id[0])
		find_sent(world, call->step.server_id)->told = world->generation;
}

struct look {
	struct world *world;
	const struct dispatch_request *request;
};

static int check_create(struct tx *tx, struct look *look, struct hr_error *err)
{
	const struct dispatch_step *step = &look->request->step;
	struct operation *operations;
	struct server server;
	int64_t attempt = -1;
	size_t n;

	if (server_get(tx, step->server_id, &server, err) < 0 ||
	    operation_list_server(tx, step->server_id, &operations, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (operations[i].kind == OPERATION_CREATE) {
			attempt = operations[i].attempt;
			brakes_check(look->world, &operations[i]);
		}
	free(operations);
	if (!server.ever_created || server.state == SERVER_PLANNED)
		world_violation(look->world, "a create of %s was sent while its row says %s",
				server.name, server_state_name(server.state));
	if (attempt < (int64_t)step->attempt)
		world_violation(look->world,
				"attempt %u of creating %s was sent before it was stored",
				step->attempt, server.name);
	return 0;
}

static int check_destroy(struct tx *tx, struct look *look, struct hr_error *err)
{
	struct session_query query = {.server_id = look->request->step.server_id,
				      .states = SESSION_STATE_BIT(SESSION_ACTIVE)};
	struct operation operation;
	struct session *sessions;
	struct hr_error why = {0};
	size_t n;

	/* The reaper's have none. */
	if (operation_get_unfinished(tx, look->request->step.server_id, OPERATION_DESTROY,
				     &operation, &why) == 0)
		brakes_check(look->world, &operation);

	if (session_list(tx, &query, &sessions, &n, err) < 0)
		return -1;
	free(sessions);
	if (n > 0)
		world_violation(look->world,
				"a destroy of server %s was sent while %zu sessions are on it",
				look->request->step.server_id, n);
	return 0;
}

static int check(struct tx *tx, void *arg, struct hr_error *err)
{
	struct look *look = arg;

	if (look->request->kind == DISPATCH_CREATE)
		return check_create(tx, look, err);
	return check_destroy(tx, look, err);
}

static bool waits_already(const struct world *world, const struct dispatch_request *request)
{
	for (const struct call *call = world->calls; call; call = call->next)
		if (!call->lost && call->kind == request->kind &&
		    strcmp(call->step.server_id, request->step.server_id) == 0 &&
		    strcmp(call->step.instance_id, request->step.instance_id) == 0)
			return true;
	return false;
}

void call_check(struct world *world, const struct dispatch_request *request)
{
	struct look look = {world, request};
	struct hr_error err = {0};
	struct sent *sent;

	if (request->kind != DISPATCH_CREATE && request->kind != DISPATCH_DESTROY)
		return;
	if (waits_already(world, request))
		world_violation(world, "a second step of the same kind was sent for server %s",
				request->step.server_id);
	sent = find_sent(world, request->step.server_id);
	check_instance_known(world, sent, &request->step);
	if (request->kind == DISPATCH_CREATE)
		check_same_bytes(world, sent, &request->step);
	if (store_read(world->store, check, &look, &err) < 0)
		world_violation(world, "a step was sent for server %s whose row says: %s",
				request->step.server_id, err.message);
}

void call_effects_free(struct world *world)
{
	while (world->sent) {
		struct sent *next = world->sent->next;

		free(world->sent);
		world->sent = next;
	}
}
