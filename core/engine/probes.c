/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the prober and what its answers mean. The prober is a dispatcher with one account,
 * which is opened at the first question. */
#include "engine/probes.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "engine/poll.h"
#include "engine/rounds.h"
#include "engine/sessions.h"
#include "store/server_rows.h"

#define PROBE_TIMEOUT_MS (5 * MS_PER_S)
#define OPEN_TIMEOUT_MS (30 * MS_PER_S)
#define OPEN_AGAIN_MS (10 * MS_PER_S)

void probe_wish_of(const struct server *server, struct probe_wish *ret_wish)
{
	memset(ret_wish, 0, sizeof(*ret_wish));
	text_copy(ret_wish->server_id, sizeof(ret_wish->server_id), server->id);
	text_copy(ret_wish->probe.address, sizeof(ret_wish->probe.address), server->address);
	ret_wish->probe.port = server_port(server);
	ret_wish->probe.protocol = (int32_t)server->settings.connection_type;
	ret_wish->probe.descriptor = -1;
	ret_wish->was_unanswered = server->silence == SILENCE_UNANSWERED;
}

/* ---- Asking ---- */

bool probes_can_ask(struct engine *engine)
{
	struct dispatch_request open = {.kind = DISPATCH_OPEN, .timeout_ms = OPEN_TIMEOUT_MS};
	json_t *none;

	if (engine->prober_is_open)
		return true;
	if (!engine->options.prober || engine->prober_mono_ms > engine->now.mono_ms)
		return false;
	none = json_object();
	text_copy(open.account, sizeof(open.account), PROBE_ACCOUNT);
	open.settings = none;
	/* Questions may follow at once. */
	engine->prober_is_open = none && engine_send(engine, &open) != NULL;
	json_decref(none);
	return engine->prober_is_open;
}

static bool is_being_asked(const struct engine *engine, const char *server_id)
{
	for (const struct flight *f = engine->flights; f; f = f->next)
		if (f->kind == DISPATCH_PROBE && strcmp(f->server_id, server_id) == 0)
			return true;
	return false;
}

static bool ask(struct engine *engine, const struct probe_wish *wish)
{
	struct dispatch_request request = {
		.kind = DISPATCH_PROBE, .timeout_ms = PROBE_TIMEOUT_MS, .probe = wish->probe};
	struct flight *flight;

	text_copy(request.account, sizeof(request.account), PROBE_ACCOUNT);
	text_copy(request.step.server_id, sizeof(request.step.server_id), wish->server_id);
	flight = engine_send(engine, &request);
	if (!flight)
		return false;
	text_copy(flight->server_id, sizeof(flight->server_id), wish->server_id);
	flight->probe = wish->probe;
	flight->in_round = wish->in_round;
	flight->was_unanswered = wish->was_unanswered;
	return true;
}

size_t probes_ask(struct engine *engine, const struct probe_wish *wishes, size_t n)
{
	size_t asked = 0;

	if (n == 0 || !probes_can_ask(engine))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!is_being_asked(engine, wishes[i].server_id))
			asked += ask(engine, &wishes[i]);
	return asked;
}

/* ---- Answers ---- */

struct probed {
	struct task task; /* first */
	struct probe_wish wish;
	int32_t result;
	char text[256];
};

bool probe_is_of(const struct dispatch_probe *probe, const struct server *server)
{
	return strcmp(server->address, probe->address) == 0 && server_port(server) == probe->port &&
	       (int32_t)server->settings.connection_type == probe->protocol;
}

static int speaks(struct tx *tx, struct probed *probed, struct server *server, struct hr_error *err)
{
	char reason[400];

	text_format(reason, sizeof(reason), "%s answers at port %lld", probed->text,
		    (long long)probed->wish.probe.port);
	if (task_touch(&probed->task, server->pool_id, err) < 0 ||
	    life_running(tx, &probed->task.context, server, reason, err) < 0)
		return -1;
	return sessions_seat_queue(tx, &probed->task.context, server->pool_id, err);
}

/* Whoever waits, and whoever reads of its deadline, sees why it does not run yet. */
static int is_silent(struct tx *tx, const struct probed *probed, struct server *server,
		     struct hr_error *err)
{
	char stage[sizeof(server->stage)];

	text_format(stage, sizeof(stage), "no %s yet at port %lld: %s",
		    connection_type_name(server->settings.connection_type),
		    (long long)probed->wish.probe.port, probed->text);
	if (strcmp(stage, server->stage) == 0)
		return 0;
	text_copy(server->stage, sizeof(server->stage), stage);
	return server_update(tx, server, err);
}

static int probed_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct probed *probed = (struct probed *)task;
	struct hr_error why = {0};
	struct server server;

	if (server_get(tx, probed->wish.server_id, &server, &why) < 0) {
		if (why.class == HR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	/* It may not wait for an answer any more. */
	if (server.state != SERVER_BOOTING || !probe_is_of(&probed->wish.probe, &server))
		return 0;
	return probed->result == HR_OK ? speaks(tx, probed, &server, err)
				       : is_silent(tx, probed, &server, err);
}

static void probed_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	const struct probed *probed = (struct probed *)task;

	if (err)
		log_line(LOG_LEVEL_ERROR, &(struct log_subject){.server = probed->wish.server_id},
			 "what a probe found could not be stored; it is made again: %s",
			 err->message);
	engine_look(engine);
}

static void opened(struct engine *engine, const struct dispatch_answer *answer)
{
	if (answer->result == HR_OK)
		return;
	engine->prober_is_open = false;
	engine->prober_mono_ms = engine->now.mono_ms + OPEN_AGAIN_MS;
	log_line(LOG_LEVEL_ERROR, NULL,
		 "servers without require_checkin cannot be probed and wait: %s",
		 answer->error.message);
}

static void answered(struct engine *engine, const struct flight *flight,
		     const struct dispatch_answer *answer)
{
	struct probed *probed = task_new(engine, sizeof(*probed), probed_run, probed_finish, NULL);

	if (!probed)
		return;
	text_copy(probed->wish.server_id, sizeof(probed->wish.server_id), flight->server_id);
	probed->wish.probe = flight->probe;
	probed->result = answer->result;
	text_copy(probed->text, sizeof(probed->text),
		  answer->result == HR_OK ? answer->text : answer->error.message);
	task_submit(engine, &probed->task);
}

bool probes_take(struct engine *engine, struct flight *flight, struct dispatch_answer *answer)
{
	if (strcmp(flight->account, PROBE_ACCOUNT) != 0)
		return false;
	if (answer->kind == DISPATCH_OPEN)
		opened(engine, answer);
	else if (answer->kind == DISPATCH_PROBE && flight->in_round)
		rounds_take(engine, flight, answer);
	else if (answer->kind == DISPATCH_PROBE)
		answered(engine, flight, answer);
	engine_land(engine, flight);
	dispatch_answer_free(answer);
	return true;
}
