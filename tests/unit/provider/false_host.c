/* SPDX-License-Identifier: Apache-2.0 */
/* The false host: how it misbehaves, by name. */
#include "false_host.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <headroom/log.h>

#include "base/text.h"
#include "dispatch_bench.h"
#include "provider/description.h"
#include "provider/wire.h"

#define CHANNEL 3
#define NOBODYS_CALL 999999
#define NO_CLASS 77

static char behaviour[64];

static bool is(const char *name)
{
	return strcmp(behaviour, name) == 0;
}

static void say(enum wire_kind kind, uint64_t id, const void *value)
{
	struct frame frame;

	if (wire_encode(kind, id, value, &frame, NULL) != 0 || frame_write(CHANNEL, &frame) != 0)
		_exit(1);
	frame_clear(&frame);
}

static void ask_for_a_secret(uint64_t call)
{
	struct wire_secret question = {.call = call, .key = "token"};

	say(WIRE_SECRET, 7, &question);
}

static void ask_for_a_page(uint64_t call)
{
	struct wire_http question = {.call = call};

	question.method = (char *)(uintptr_t) "GET";
	question.url = (char *)(uintptr_t) "http://127.0.0.1/";
	say(WIRE_HTTP, 8, &question);
}

/* Until it is killed, or nobody is there to do that. */
static void wait_for_the_end(void)
{
	char bytes[256];

	while (read(CHANNEL, bytes, sizeof(bytes)) > 0)
		;
	_exit(0);
}

static void chat(uint64_t call)
{
	struct wire_log line = {.level = HR_LOG_INFO, .text = "and so on"};

	for (int i = 0; i < 2000; i++)
		say(WIRE_LOG, call, &line);
}

static void tell_instances(uint64_t call)
{
	static struct dispatch_instance one = {.instance_id = "i-1"};
	struct dispatch_answer part = {.percent = -1, .instances = &one, .n_instances = 1};

	say(WIRE_INSTANCES, call, &part);
}

static void refuse(int32_t class, const char *message)
{
	struct wire_refused refused = {{0}};

	error_set(&refused.error, class, "%s", message);
	say(WIRE_REFUSED, 0, &refused);
}

/* In the place of WIRE_READY. */
static void begin(void)
{
	const struct wire_ready ready = {.workers = is("noworkers") ? 0 : 64};

	if (is("refusal"))
		refuse(HR_INVALID, "it is no module");
	else if (is("emptyrefusal"))
		refuse(HR_INVALID, "");
	else if (is("oddrefusal"))
		refuse(NO_CLASS, "it is no module");
	else if (!is("unready"))
		say(WIRE_READY, 0, &ready);
	if (is("ready"))
		say(WIRE_READY, 0, &ready);
	if (strstr(behaviour, "refusal"))
		_exit(3);
}

/* 391 times 256: a little more than 100,000. */
static void flood(uint64_t call)
{
	static struct dispatch_instance many[WIRE_INSTANCES_AT_ONCE];
	struct dispatch_answer part = {
		.percent = -1, .instances = many, .n_instances = WIRE_INSTANCES_AT_ONCE};

	for (size_t i = 0; i < WIRE_INSTANCES_AT_ONCE; i++)
		text_copy(many[i].instance_id, sizeof(many[i].instance_id), "i-1");
	for (int i = 0; i < 391; i++)
		say(WIRE_INSTANCES, call, &part);
	wait_for_the_end();
}

/* At an operation, before its answer. */
static void misbehave(uint64_t call)
{
	const struct description none = {0};

	while (is("deaf"))
		ask_for_a_secret(call);
	if (is("stranger"))
		ask_for_a_secret(NOBODYS_CALL);
	if (is("strangerpage"))
		ask_for_a_page(NOBODYS_CALL);
	if (is("chatty"))
		chat(call);
	if (is("late"))
		refuse(HR_AUTH, "it is no module");
	if (is("opener") || is("late"))
		_exit(3);
	if (is("instances")) {
		tell_instances(call);
		wait_for_the_end(); /* it is not the answer that gives it away */
	}
	if (is("flood"))
		flood(call);
	if (is("daemons"))
		say(WIRE_CANCEL, call, NULL);
	if (is("description"))
		say(WIRE_DESCRIPTION, call, &none);
}

/* ---- Answers, each wrong in one way -------------------------------------------------------- */

static struct dispatch_instance instances[2];

static void falsify_result(struct dispatch_answer *answer)
{
	static char token[] = "token";

	if (strstr(behaviour, "error")) {
		answer->result = HR_QUOTA;
		error_set(&answer->error, HR_QUOTA, "%s", is("noerror") ? "" : "no more");
	}
	if (is("othererror"))
		answer->error.class = HR_AUTH;
	if (is("lateerror"))
		answer->error.retry_after_ms = INT64_MAX;
	if (is("flagerror"))
		answer->error.flags = 1u << 31;
	if (is("classerror"))
		answer->result = answer->error.class = NO_CLASS;
	if (strstr(behaviour, "again")) {
		answer->result = HR_AGAIN;
		answer->resume_token = is("notokenagain") ? NULL : token;
	}
	if (is("lateagain"))
		answer->delay_ms = INT64_MAX;
	if (is("percentagain"))
		answer->percent = 101;
	if (is("noid"))
		answer->instance_id[0] = '\0';
	if (is("checkid"))
		text_copy(answer->instance_id, sizeof(answer->instance_id), "i-1");
}

static void falsify_instances(struct dispatch_answer *answer)
{
	struct dispatch_instance *one = &instances[0];

	if (strstr(behaviour, "instance"))
		answer->n_instances = is("twoinstances") ? 2 : 1;
	if (is("foreigninstance"))
		text_copy(one->instance_id, sizeof(one->instance_id), "i-2");
	if (is("noidinstance"))
		one->instance_id[0] = '\0';
	if (is("noserverinstance"))
		text_copy(one->server_id, sizeof(one->server_id), "srv-1");
	if (is("addressinstance"))
		text_copy(one->address, sizeof(one->address), "10.0.0.1/24");
	if (is("portinstance"))
		one->connection_port = 65536;
	if (is("stateinstance"))
		one->state = HR_STATE_ERROR + 1;
}

static void falsify_rest(struct dispatch_answer *answer)
{
	static struct dispatch_problem problem;

	if (is("complete"))
		answer->complete = true;
	if (is("problems") || is("oddproblem")) {
		error_set(&problem.error, is("problems") ? HR_QUOTA : NO_CLASS, "no more");
		answer->problems = &problem;
		answer->n_problems = 1;
	}
}

static void falsify(struct dispatch_answer *answer)
{
	for (size_t i = 0; i < 2; i++) {
		struct dispatch_instance *one = &instances[i];

		*one = (struct dispatch_instance){.state = HR_STATE_RUNNING};
		text_copy(one->instance_id, sizeof(one->instance_id), "i-1");
		text_copy(one->server_id, sizeof(one->server_id), SERVER);
		text_copy(one->address, sizeof(one->address), "10.0.0.1");
	}
	answer->instances = instances;
	falsify_result(answer);
	falsify_instances(answer);
	falsify_rest(answer);
}

static void take(enum wire_kind kind, uint64_t id, const struct wire_request *request)
{
	struct dispatch_answer answer = {.percent = -1};

	if (kind == WIRE_OPEN) {
		text_copy(behaviour, sizeof(behaviour),
			  json_string_value(json_object_get(request->request.settings, "region")));
		begin();
	}
	if (kind == WIRE_OPEN && is("opener")) {
		ask_for_a_secret(id);
		ask_for_a_page(id);
	}
	if (kind != WIRE_OPEN && kind != WIRE_CLOSE && (kind != WIRE_LIST || is("flood")))
		misbehave(id);
	answer.complete = kind == WIRE_LIST;
	if (kind == WIRE_CREATE)
		text_copy(answer.instance_id, sizeof(answer.instance_id), "i-1");
	if (kind != WIRE_OPEN && kind != WIRE_CLOSE)
		falsify(&answer);
	say(WIRE_ANSWER, id, &answer);
}

_Noreturn void false_host_run(void)
{
	struct frame_reader reader = {0};
	struct frame frame;
	enum wire_kind kind;
	uint64_t id;
	void *value;

	for (;;) {
		while (frame_reader_next(&reader, &frame, NULL) == 0)
			if (frame_reader_fill(&reader, CHANNEL) == FRAME_READ_END)
				_exit(0);
		if (wire_decode(&frame, WIRE_DAEMON, &kind, &id, &value, NULL) != 0)
			_exit(1);
		frame_clear(&frame);
		if (kind < WIRE_CANCEL)
			take(kind, id, value);
		wire_free(kind, value);
	}
}
