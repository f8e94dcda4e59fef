/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out while messages of the channel are written and read, each kind, whole and by a
 * socket; and while the one is made that sends them. */
#include "failing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include <headroom/log.h>

#include "provider/description.h"
#include "provider/process.h"
#include "provider/wire_json.h"

#define SERVER "44444444-4444-4444-8444-444444444444"

static json_t *settings;
static struct frame sent[WIRE_KINDS]; /* of each kind, encoded with memory enough */

/* Of each message whatever it has a place for, filled in. */
static const char *const ids[] = {"i-1", "i-2"};
static char method[] = "POST", url[] = "https://127.0.0.1/", name[] = "Accept", any[] = "*/*";
static char body[] = "a body", token[] = "{\"task\":7}", text[] = "a text";
static struct wire_http_header header = {name, any};
static struct dispatch_problem problem = {.error = {.class = HR_AUTH, .message = "no"}};
static struct dispatch_instance instances[2] = {
	{.instance_id = "i-1", .address = "127.0.0.1", .state = HR_STATE_RUNNING},
	{.instance_id = "i-2", .state = HR_STATE_PENDING}};
static struct wire_request request = {.seat = 3,
				      .request = {.timeout_ms = 1000,
						  .account = SERVER,
						  .provider = "local",
						  .step = {.server_id = SERVER,
							   .server_name = "srv-1",
							   .attempt = 1,
							   .script = "#!/bin/sh\n",
							   .resume_token = "{}",
							   .overrides = "{}"},
						  .instance_ids = ids,
						  .n_instance_ids = 2,
						  .probe = {.address = "127.0.0.1", .port = 22}}};
static struct dispatch_answer answer = {.result = HR_QUOTA,
					.error = {.class = HR_QUOTA, .message = "no more"},
					.instance_id = "i-1",
					.resume_token = token,
					.instances = instances,
					.n_instances = 2,
					.problems = &problem,
					.n_problems = 1};
static struct wire_http http = {.call = 4,
				.method = method,
				.url = url,
				.headers = &header,
				.n_headers = 1,
				.body = body,
				.body_len = 6};
static struct wire_http_answer http_answer = {
	.status = 200, .headers = &header, .n_headers = 1, .body = body, .body_len = 6};
static struct wire_secret secret = {.call = 4, .key = "token"};
static struct wire_secret_answer secret_answer = {.value = text, .value_len = 6};
static struct wire_ready ready = {.workers = 4};
static struct wire_refused refused = {.error = {.class = HR_INVALID, .message = "no"}};
static struct wire_log log_line = {.level = HR_LOG_INFO, .text = "it says"};
static struct wire_forbidden forbidden = {.name = "socket", .count = 1};
static struct wire_exhausted exhausted = {.limit_mib = 512};
static struct description description = {.module = text, .title = text, .version = text};

static const void *value_of(enum wire_kind kind)
{
	request.request.settings = settings;
	switch (kind) {
	case WIRE_HTTP_ANSWER: return &http_answer;
	case WIRE_SECRET_ANSWER: return &secret_answer;
	case WIRE_READY: return &ready;
	case WIRE_REFUSED: return &refused;
	case WIRE_ANSWER:
	case WIRE_INSTANCES:
	case WIRE_INSTANCE: return &answer;
	case WIRE_HTTP: return &http;
	case WIRE_SECRET: return &secret;
	case WIRE_LOG: return &log_line;
	case WIRE_FORBIDDEN: return &forbidden;
	case WIRE_DESCRIPTION: return &description;
	case WIRE_EXHAUSTED: return &exhausted;
	case WIRE_CANCEL: return NULL;
	default: return &request;
	}
}

static int encode_all(struct hr_error *err)
{
	for (int kind = 0; kind < WIRE_KINDS; kind++) {
		struct frame frame = {0};

		if (wire_encode(kind, 7, value_of(kind), &frame, err) != 0)
			return -1;
		if (frame.head)
			memory_note(frame.head);
		frame_clear(&frame);
	}
	return 0;
}

/* The host's, as JSON and back. */
static int json_all(struct hr_error *err)
{
	for (int kind = WIRE_READY; kind < WIRE_KINDS; kind++) {
		char *line = wire_json_write(kind, value_of(kind));
		enum wire_kind got;
		void *value;
		int rc;

		if (!line)
			return error_no_memory(err, "writing JSON");
		memory_note(line);
		rc = wire_json_read(line, strlen(line), &got, &value, err);
		free(line);
		if (rc != 0)
			return -1;
		wire_free(got, value);
	}
	return 0;
}

static void prepare(void)
{
	struct hr_error err;

	settings = json_pack("{ss,si}", "token", "a secret", "port", 5);
	for (int kind = 0; kind < WIRE_KINDS; kind++)
		if (wire_encode(kind, 7, value_of(kind), &sent[kind], &err) != 0)
			abort();
}

static void clean_up(void)
{
	json_decref(settings);
	for (int kind = 0; kind < WIRE_KINDS; kind++)
		frame_clear(&sent[kind]);
}

/* The frame's body may go over to the message: a copy with memory enough. */
static struct frame copy_of(const struct frame *frame)
{
	struct frame copy = *frame;

	memory_enough();
	copy.head = frame->head ? strndup(frame->head, frame->head_len) : NULL;
	copy.body = frame->body ? malloc(frame->body_len + 1) : NULL;
	if (copy.body)
		memcpy(copy.body, frame->body, frame->body_len + 1);
	memory_scarce();
	return copy;
}

static int decode_all(struct hr_error *err)
{
	for (int kind = 0; kind < WIRE_KINDS; kind++) {
		struct frame frame = copy_of(&sent[kind]);
		enum wire_kind got;
		uint64_t id;
		void *value = NULL;
		int rc = wire_decode(&frame, wire_messages[kind].from, &got, &id, &value, err);

		if (rc == 0) {
			memory_note(wire_messages[got].name);
			wire_free(got, value);
		}
		frame_clear(&frame);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int channel_of(int ends[2], struct hr_error *err)
{
	struct frame_writer writer = {0};
	struct frame_reader reader = {0};
	struct frame got = {0};
	int rc = 0, n = 0;

	for (int kind = 0; rc == 0 && kind < WIRE_KINDS; kind++)
		rc = frame_writer_send(&writer, ends[0], &sent[kind]);
	if (rc == 0 && writer.failure != FRAME_FINE)
		rc = -1;
	while (rc == 0 && n < WIRE_KINDS) {
		rc = frame_reader_next(&reader, &got, err);
		if (rc == 1) {
			memory_note(got.head ? got.head : "");
			frame_clear(&got);
			n++;
			rc = 0;
		} else if (rc == 0 && frame_reader_fill(&reader, ends[1]) < 0) {
			rc = error_no_memory(err, "reading");
		}
	}
	if (rc != 0 && writer.failure == FRAME_NO_MEMORY)
		error_no_memory(err, "writing");
	frame_writer_clear(&writer);
	frame_reader_clear(&reader);
	return rc;
}

static int channel(struct hr_error *err)
{
	int ends[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		abort();
	rc = channel_of(ends, err);
	close(ends[0]);
	close(ends[1]);
	return rc;
}

static int make_dispatcher(struct hr_error *err)
{
	const struct process_options options = {
		.installation = SERVER,
		.state_dir = "/nonexistent",
		.host_program = "/nonexistent",
	};
	struct dispatcher *dispatcher;

	if (process_dispatcher_new(&options, &dispatcher, err) != 0)
		return -1;
	dispatch_free(dispatcher);
	return 0;
}

int main(void)
{
	static const struct memory_job jobs[] = {
		{"wire: every message encoded", encode_all, prepare, clean_up, NULL},
		{"wire: every message decoded", decode_all, prepare, clean_up, NULL},
		{"wire: as JSON and back", json_all, prepare, clean_up, NULL},
		{"wire: frames by a socket", channel, prepare, clean_up, NULL},
		{"wire: the dispatcher", make_dispatcher, NULL, NULL, NULL},
	};

	json_object_seed(1);
	return memory_run(jobs, sizeof(jobs) / sizeof(jobs[0]));
}
