/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the channel: what goes in comes out, and what cannot be is refused. */
#include "provider/wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <check.h>

#include "base/json.h"
#include "base/text.h"

#define SERVER "44444444-4444-4444-8444-444444444444"

static void *round_trip(enum wire_kind kind, uint64_t id, const void *value)
{
	enum wire_kind got_kind;
	struct hr_error err = {0};
	struct frame frame;
	uint64_t got_id;
	void *got;

	ck_assert_msg(wire_encode(kind, id, value, &frame, &err) == 0, "%s", err.message);
	ck_assert_msg(
		wire_decode(&frame, wire_messages[kind].from, &got_kind, &got_id, &got, &err) == 0,
		"%s", err.message);
	frame_clear(&frame);
	ck_assert_int_eq(got_kind, kind);
	ck_assert_uint_eq(got_id, id);
	return got;
}

START_TEST(step)
{
	struct wire_request in = {.seat = 3}, *out;

	text_copy(in.request.step.server_id, ID_SIZE, SERVER);
	text_copy(in.request.step.server_name, 64, "srv-1");
	in.request.timeout_ms = 60000;
	in.request.step.attempt = 2;
	in.request.step.script = "#!/bin/sh\necho \"\xc3\xa4\"\n";
	in.request.step.resume_token = "{\"task\":7}";
	out = round_trip(WIRE_CREATE, 7, &in);
	ck_assert_uint_eq(out->seat, 3);
	ck_assert_str_eq(out->request.step.server_id, SERVER);
	ck_assert_str_eq(out->request.step.server_name, "srv-1");
	ck_assert_int_eq(out->request.timeout_ms, 60000);
	ck_assert_uint_eq(out->request.step.attempt, 2);
	ck_assert_str_eq(out->request.step.script, in.request.step.script);
	ck_assert_str_eq(out->request.step.resume_token, in.request.step.resume_token);
	ck_assert_ptr_null(out->request.step.overrides);
	wire_free(WIRE_CREATE, out);
}
END_TEST

START_TEST(status)
{
	const char *const ids[] = {"i-1", "i-2"};
	struct wire_request in = {.seat = 1}, *out;

	in.request.instance_ids = ids;
	in.request.n_instance_ids = 2;
	out = round_trip(WIRE_STATUS, 1, &in);
	ck_assert_uint_eq(out->request.n_instance_ids, 2);
	ck_assert_str_eq(out->request.instance_ids[1], "i-2");
	wire_free(WIRE_STATUS, out);
}
END_TEST

START_TEST(answer)
{
	struct dispatch_problem problem = {0};
	struct dispatch_answer in = {.result = HR_QUOTA, .percent = -1, .delay_ms = 5}, *out;

	error_set(&in.error, HR_QUOTA, "no more");
	in.error.flags = HR_FAULT_OUTCOME_UNKNOWN;
	in.error.retry_after_ms = INT64_C(5000000000);
	error_set(&problem.error, HR_AUTH, "token refused");
	in.problems = &problem;
	in.n_problems = 1;
	in.capabilities = HR_CAP_CREATES_ONCE;
	in.complete = true;
	out = round_trip(WIRE_ANSWER, 9, &in);
	ck_assert_int_eq(out->result, HR_QUOTA);
	ck_assert_str_eq(out->error.message, "no more");
	ck_assert_uint_eq(out->error.flags, HR_FAULT_OUTCOME_UNKNOWN);
	ck_assert_int_eq(out->error.retry_after_ms, INT64_C(5000000000));
	ck_assert_int_eq(out->percent, -1);
	ck_assert_uint_eq(out->n_problems, 1);
	ck_assert_int_eq(out->problems[0].error.class, HR_AUTH);
	ck_assert_uint_eq(out->capabilities, HR_CAP_CREATES_ONCE);
	ck_assert(out->complete);
	wire_free(WIRE_ANSWER, out);
}
END_TEST

START_TEST(http)
{
	struct wire_http_header header = {(char *)(uintptr_t) "Accept", (char *)(uintptr_t) "*/*"};
	char body[] = {'a', '\0', 'b'};
	struct wire_http in = {.call = 4, .headers = &header, .n_headers = 1}, *out;

	in.method = (char *)(uintptr_t) "POST";
	in.url = (char *)(uintptr_t) "https://127.0.0.1/";
	in.body = body;
	in.body_len = sizeof(body);
	out = round_trip(WIRE_HTTP, 2, &in);
	ck_assert_str_eq(out->headers[0].value, "*/*");
	ck_assert_uint_eq(out->body_len, 3);
	ck_assert_mem_eq(out->body, body, 3);
	wire_free(WIRE_HTTP, out);
}
END_TEST

START_TEST(nothing_secret_in_traces)
{
	struct wire_request in = {.seat = 3};
	json_t *settings = json_pack("{ss}", "token", "hunter2-and-more");
	char text[500];

	in.request.settings = settings;
	text_copy(in.request.account, ID_SIZE, SERVER);
	wire_trace(WIRE_OPEN, 1, &in, text, sizeof(text));
	ck_assert_str_eq(text, "open #1 seat=3 account=\"" SERVER "\" settings=***");
	in.request.step.script = "secret script";
	wire_trace(WIRE_CREATE, 2, &in, text, sizeof(text));
	ck_assert_str_eq(text, "create #2 seat=3 script=(13 bytes)");
	in.request.step.script = NULL;
	in.request.step.resume_token = "{\"upload\":\"hunter2\"}";
	wire_trace(WIRE_CREATE, 3, &in, text, sizeof(text));
	ck_assert_str_eq(text, "create #3 seat=3 resume_token=***");
	json_decref(settings);
}
END_TEST

#define ANSWER "the message \"answer\": "

/* Each is refused, with the reason. */
static const struct {
	enum wire_side from;
	const char *head, *body, *reason;
} wrong[] = {
	{WIRE_HOST, "7", NULL, "a message of no known kind"},
	{WIRE_HOST, "create 1 ", NULL, "a message of no known kind"},
	{WIRE_HOST, "answers 1 ", NULL, "a message of no known kind"},
	{WIRE_DAEMON, "answer 1 ", NULL, "a message of no known kind"},
	{WIRE_HOST, "answer ", NULL, ANSWER "id is missing or no number"},
	{WIRE_HOST, "answer -1 ", NULL, ANSWER "id is missing or no number"},
	{WIRE_HOST, "answer 01 ", NULL, ANSWER "id is missing or no number"},
	{WIRE_HOST, "answer 1 x=1 ", NULL, ANSWER "a record has members that nobody knows"},
	{WIRE_HOST, "answer 1 result", NULL, ANSWER "result has no value"},
	{WIRE_HOST, "answer 1 result=1", NULL, ANSWER "result does not end where it should"},
	{WIRE_HOST, "answer 1 result=1:0 ", NULL, ANSWER "result does not end where it should"},
	{WIRE_HOST, "answer 1 result=4294967296 ", NULL, ANSWER "result is no number of its size"},
	{WIRE_HOST, "answer 1 delay_ms=9223372036854775808 ", NULL,
	 ANSWER "delay_ms is no number of its size"},
	{WIRE_HOST, "answer 1 delay_ms=99999999999999999999 ", NULL,
	 ANSWER "delay_ms is no number of its size"},
	{WIRE_HOST, "answer 1 result=-0 ", NULL, ANSWER "result is no number of its size"},
	{WIRE_HOST, "answer 1 result=1 result=1 ", NULL,
	 ANSWER "a record has members that nobody knows"},
	{WIRE_HOST, "answer 1 delay_ms=1 result=1 ", NULL,
	 ANSWER "a record has members that nobody knows"},
	{WIRE_HOST, "answer 1 text=7 ", NULL, ANSWER "text is no text"},
	{WIRE_HOST, "answer 1 text=9:short ", NULL, ANSWER "text is no text"},
	{WIRE_HOST, "answer 1 text=-1:a ", NULL, ANSWER "text is no text"},
	{WIRE_HOST, "answer 1 text=1:\xff ", NULL, ANSWER "text is no UTF-8, or holds a NUL"},
	{WIRE_HOST, "answer 1 complete=1 ", NULL, ANSWER "complete is no flag"},
	{WIRE_HOST, "answer 1 instance_id=3:a\nb ", NULL,
	 ANSWER "instance_id holds control characters"},
	{WIRE_HOST, "answer 1 error=7 ", NULL, ANSWER "error is no record"},
	{WIRE_HOST, "answer 1 error={class=1 ", NULL,
	 ANSWER "a record has members that nobody knows"},
	{WIRE_HOST, "answer 1 error={} } ", NULL, ANSWER "a record has members that nobody knows"},
	{WIRE_HOST, "answer 1 problems={} ", NULL,
	 ANSWER "problems is no list, or too long a list"},
	{WIRE_HOST, "answer 1 problems=65[] ", NULL,
	 ANSWER "problems is no list, or too long a list"},
	{WIRE_HOST, "answer 1 problems=2[{} ] ", NULL, ANSWER "problems is no record"},
	{WIRE_HOST, "answer 1 problems=1[7 ] ", NULL, ANSWER "problems is no record"},
	{WIRE_HOST, "answer 1 problems=1[{} {} ] ", NULL, ANSWER "problems is no list"},
	{WIRE_HOST, "answer 1 ", "body", ANSWER "its body is one that it does not have"},
	{WIRE_DAEMON, "create 1 ", "a\0b", "the message \"create\": script holds a NUL"},
	{WIRE_DAEMON, "open 1 settings=2:[] ", NULL, "the message \"open\": settings is no object"},
	{WIRE_DAEMON, "status 1 instance_ids=9999[1:a ] ", NULL,
	 "the message \"status\": instance_ids is no list, or too long a list"},
	{WIRE_HOST, "forbidden 0 name=34:0123456789012345678901234567890123 ", NULL,
	 "the message \"forbidden\": name is too long"},
};

START_TEST(wrong_messages)
{
	struct frame frame = {0};
	struct hr_error err = {0};
	enum wire_kind kind;
	uint64_t id;
	void *value;

	frame.head = strdup(wrong[_i].head);
	frame.head_len = strlen(frame.head);
	if (wrong[_i].body) {
		frame.body_len = 3;
		frame.body = malloc(4);
		memcpy(frame.body, wrong[_i].body, 3);
		frame.body[3] = '\0';
	}
	ck_assert_int_ne(wire_decode(&frame, wrong[_i].from, &kind, &id, &value, &err), 0);
	ck_assert_int_eq(err.class, HR_INTERNAL);
	ck_assert_ptr_null(value);
	ck_assert_str_eq(err.message, wrong[_i].reason);
	frame_clear(&frame);
}
END_TEST

/* ---- Frames -------------------------------------------------------------------------------- */

START_TEST(frames_come_whole)
{
	struct frame_reader reader = {0};
	struct frame_writer writer = {0};
	struct wire_http in = {.body_len = 300000};
	struct hr_error err = {0};
	struct frame frame, got;
	int fds[2], rc, n = 0;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	in.body = malloc(in.body_len);
	memset(in.body, 'x', in.body_len);
	ck_assert_int_eq(wire_encode(WIRE_HTTP, 1, &in, &frame, &err), 0);
	for (int i = 0; i < 5; i++) /* more than the socket takes at once */
		ck_assert_int_eq(frame_writer_send(&writer, fds[0], &frame), 0);
	ck_assert(frame_writer_waits(&writer));
	while (n < 5) {
		ck_assert_int_eq(frame_writer_flush(&writer, fds[0]), 0);
		rc = frame_reader_fill(&reader, fds[1]);
		ck_assert(rc != FRAME_READ_END && rc >= 0);
		while ((rc = frame_reader_next(&reader, &got, &err)) == 1) {
			ck_assert_uint_eq(got.head_len, frame.head_len);
			ck_assert_uint_eq(got.body_len, frame.body_len);
			ck_assert_mem_eq(got.body, frame.body, frame.body_len);
			frame_clear(&got);
			n++;
		}
		ck_assert_int_eq(rc, 0);
	}
	close(fds[0]);
	ck_assert_int_eq(frame_reader_fill(&reader, fds[1]), FRAME_READ_END);
	close(fds[1]);
	free(in.body);
	frame_clear(&frame);
	frame_reader_clear(&reader);
	frame_writer_clear(&writer);
}
END_TEST

START_TEST(lengths_have_limits)
{
	const uint32_t lengths[3][2] = {{0, 0}, {FRAME_HEAD_MAX + 1, 0}, {2, FRAME_BODY_MAX + 1}};
	struct frame_reader reader = {0};
	struct hr_error err = {0};
	struct frame got;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(write(fds[0], lengths[_i], sizeof(lengths[_i])), sizeof(lengths[_i]));
	ck_assert_int_eq(frame_reader_fill(&reader, fds[1]), FRAME_READ_LAST);
	ck_assert_int_eq(frame_reader_next(&reader, &got, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "a frame says that it has"));
	close(fds[0]);
	close(fds[1]);
	frame_reader_clear(&reader);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire");
	TCase *tests = tcase_create("wire");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, step);
	tcase_add_test(tests, status);
	tcase_add_test(tests, answer);
	tcase_add_test(tests, http);
	tcase_add_test(tests, nothing_secret_in_traces);
	tcase_add_loop_test(tests, wrong_messages, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tests, frames_come_whole);
	tcase_add_loop_test(tests, lengths_have_limits, 0, 3);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
