/* SPDX-License-Identifier: Apache-2.0 */
/* A server's life; see life.h. */
#include "conformance/life.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define CALL_MS 20000
#define PAUSE_MAX_MS 50 /* a provider of tests need not be waited for as long as a real one */
#define BRIEFLY_MS 200
#define SCRIPT "#!/bin/sh\ntrue\n"

static bool repeats;

void life_repeat(void)
{
	repeats = true;
}

/* Bytes that are the same in each run. */
static int random_repeated(void *context, void *buffer, size_t len)
{
	static uint32_t state = 1;
	unsigned char *to = buffer;

	(void)context;
	for (size_t i = 0; i < len; i++) {
		state = state * 1664525u + 1013904223u;
		to[i] = (unsigned char)(state >> 24);
	}
	return 0;
}

void life_server(struct server *ret)
{
	struct id_source ids;

	memset(ret, 0, sizeof(*ret));
	if (id_source_init(&ids, repeats ? random_repeated : random_system, NULL) != 0)
		abort();
	id_new(&ids, ret->id);
	id_new(&ids, ret->idempotency_token);
	text_format(ret->name, sizeof(ret->name), "conformance-%.8s", ret->id);
}

void life_forget(struct server *server)
{
	free(server->resume_token);
	server->resume_token = NULL;
}

static bool is_step(enum dispatch_kind kind)
{
	return kind == DISPATCH_CREATE || kind == DISPATCH_DESTROY;
}

static void step_begin(enum dispatch_kind kind, struct server *server)
{
	if (server->step == kind)
		return;
	life_forget(server);
	server->step = kind;
	server->attempt = 0;
}

static void step_note(struct server *server, struct dispatch_answer *answer)
{
	if (answer->instance_id[0] != '\0')
		text_copy(server->instance_id, sizeof(server->instance_id), answer->instance_id);
	if (answer->result == HR_AGAIN) {
		/* A new token is a new part, not delivered yet. */
		if (!server->resume_token ||
		    strcmp(server->resume_token, answer->resume_token) != 0)
			server->attempt = 0;
		life_forget(server);
		server->resume_token = strdup(answer->resume_token);
	}
	if (answer->result == HR_OK)
		server->step = 0;
}

struct dispatch_answer *life_call(struct subject *subject, enum dispatch_kind kind,
				  struct server *server)
{
	const char *ids[] = {server->instance_id};
	struct dispatch_request request = {.kind = kind, .timeout_ms = CALL_MS};
	struct dispatch_answer *answer;

	if (is_step(kind)) {
		step_begin(kind, server);
		text_copy(request.step.server_id, ID_SIZE, server->id);
		text_copy(request.step.server_name, sizeof(request.step.server_name), server->name);
		text_copy(request.step.host_name, sizeof(request.step.host_name), server->name);
		text_copy(request.step.config_id, ID_SIZE, server->idempotency_token);
		text_copy(request.step.idempotency_token, ID_SIZE, server->idempotency_token);
		text_copy(request.step.instance_id, sizeof(request.step.instance_id),
			  server->instance_id);
		request.step.attempt = ++server->attempt;
		request.step.guest_os = HR_GUEST_LINUX;
		request.step.script = kind == DISPATCH_CREATE ? SCRIPT : NULL;
		request.step.resume_token = server->resume_token ? server->resume_token : "";
	}
	if (kind == DISPATCH_STATUS) {
		request.instance_ids = ids;
		request.n_instance_ids = 1;
	}
	answer = subject_ask(subject, &request);
	if (answer && is_step(kind))
		step_note(server, answer);
	return answer;
}

static void pause_for(int64_t ms)
{
	usleep((useconds_t)(ms < 1 ? 1 : ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS) * 1000);
}

/* How long to wait for what may never come. */
static int64_t patience(const struct subject *subject, int64_t ms)
{
	return subject->impatient && ms > BRIEFLY_MS ? BRIEFLY_MS : ms;
}

bool life_finish(struct subject *subject, enum dispatch_kind kind, struct server *server,
		 char ret_why[256])
{
	int64_t until_ms = clock_now().mono_ms + patience(subject, LIFE_PATIENCE_MS);
	int32_t result = HR_AGAIN;

	text_copy(ret_why, 256, "no memory");
	while (result != HR_OK && clock_now().mono_ms < until_ms) {
		struct dispatch_answer *answer = life_call(subject, kind, server);

		if (!answer)
			return false;
		result = answer->result;
		text_copy(ret_why, 256, result == HR_AGAIN ? answer->text : answer->error.message);
		if (result != HR_OK)
			pause_for(answer->delay_ms);
		dispatch_answer_free(answer);
	}
	subject->impatient |= result != HR_OK;
	return result == HR_OK;
}

static int count_once(struct subject *subject, const struct server *server)
{
	struct server nobody = *server;
	struct dispatch_answer *answer = life_call(subject, DISPATCH_LIST, &nobody);
	int n = -1;

	if (answer && answer->result == HR_OK && answer->complete) {
		n = 0;
		for (size_t i = 0; i < answer->n_instances; i++)
			n += strcmp(answer->instances[i].server_id, server->id) == 0 &&
			     answer->instances[i].state != HR_STATE_GONE &&
			     answer->instances[i].state != HR_STATE_STOPPING;
	}
	dispatch_answer_free(answer);
	return n;
}

int life_count(struct subject *subject, const struct server *server, int wanted)
{
	int64_t until_ms = clock_now().mono_ms + patience(subject, LIFE_LAG_MS);
	int n = count_once(subject, server);

	while (n != wanted && clock_now().mono_ms < until_ms) {
		pause_for(PAUSE_MAX_MS);
		n = count_once(subject, server);
	}
	subject->impatient |= n != wanted;
	return n;
}
