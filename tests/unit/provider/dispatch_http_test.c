/* SPDX-License-Identifier: Apache-2.0 */
/* A module's requests, inline and by process: made by the daemon, to the hosts of the account's
 * settings only, with the secrets of this moment, ended with their call. */
#include "dispatch_bench.h"
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "../http/raw_server.h"
#include "base/log.h"
#include "base/text.h"

static struct raw_server server;
static char url[100];
static atomic_bool throttles;
static atomic_bool drops; /* the next PUT gets no answer, the one after it is throttled */

static bool serve(struct raw_server *s, int fd, const char *request)
{
	if (strstr(request, "GET /slow ")) {
		while (!atomic_load(&s->is_ending))
			usleep(2000);
		return false;
	}
	if (strncmp(request, "PUT /servers/", 13) == 0 && atomic_exchange(&drops, false)) {
		atomic_store(&throttles, true);
		return false;
	}
	if (strncmp(request, "PUT /servers/", 13) == 0 && atomic_exchange(&throttles, false))
		raw_answer(fd, "429 Too Many Requests", "", "slow");
	else if (strncmp(request, "PUT /servers/", 13) == 0)
		raw_answer(fd, "201 Created", "", "i-77");
	else if (strstr(request, "/servers/gone "))
		raw_answer(fd, "404 Not Found", "", "none");
	else if (strstr(request, "/throttled"))
		raw_answer(fd, "429 Too Many Requests", "Retry-After: 7\r\nx-request-id: req-9\r\n",
			   "slow");
	else
		raw_answer(fd, "200 OK", "", "{}");
	return true;
}

static void setup(void)
{
	bench_setup();
	raw_server_start(&server, serve);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", server.port);
}

static void teardown(void)
{
	raw_server_stop(&server);
	bench_teardown();
}

/* more: further members of the settings. */
static void open_module(const char *id, const char *more)
{
	struct dispatch_request r = request(DISPATCH_OPEN);
	struct dispatch_answer *answer;
	char text[700];
	json_t *settings;

	snprintf(text, sizeof(text), "{\"url\":\"%s\"%s}", url, more);
	settings = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(settings);
	r.provider = id;
	r.settings = settings;
	answer = ask(&r);
	json_decref(settings);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}

/* The smallest module reaches the server that its settings name, and reads its answer. */
START_TEST(fetches)
{
	struct dispatch_answer *answer;
	char more[200];

	open_module("httping", "");
	answer = ask_kind(DISPATCH_CHECK);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
	ck_assert_int_eq(atomic_load(&server.n_requests), 1);
	ck_assert(raw_server_saw(&server, "GET / HTTP/1.1\r\n"));
	answer = ask_kind(DISPATCH_CREATE);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	ck_assert_str_eq(answer->instance_id, SERVER);
	dispatch_answer_free(answer);
	ck_assert_int_eq(atomic_load(&server.n_requests), 2);
	snprintf(more, sizeof(more), ",\"other\":\"%s/servers/gone\"", url);
	open_module("httping", more);
	answer = ask_kind(DISPATCH_CHECK);
	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	ck_assert_int_eq(answer->error.http_status, 404);
	dispatch_answer_free(answer);
	ck_assert(raw_server_saw(&server, "GET /servers/gone HTTP/1.1\r\n"));
}
END_TEST

START_TEST(life_of_a_server)
{
	const char *const ids[] = {"i-77", "gone"};
	struct dispatch_request r = request(DISPATCH_CREATE);
	struct dispatch_answer *answer;

	open_module("httpcloud", ",\"token\":\"hunter2-and-more\"");
	r.step.script = "#!/bin/sh\necho \xc3\xa4\n";
	answer = ask(&r);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	ck_assert_str_eq(answer->instance_id, "i-77");
	if (by_process)
		ck_assert_uint_eq(answer->n_requests, 1);
	dispatch_answer_free(answer);
	ck_assert(raw_server_saw(&server, "PUT /servers/" SERVER " HTTP/1.1"));
	ck_assert(raw_server_saw(&server, "echo \xc3\xa4"));
	ck_assert(raw_server_saw(&server, "Authorization: Bearer hunter2-and-more"));
	r = request(DISPATCH_STATUS);
	r.instance_ids = ids;
	r.n_instance_ids = 2;
	answer = ask(&r);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	ck_assert_uint_eq(answer->instances[0].state, HR_STATE_RUNNING);
	ck_assert_uint_eq(answer->instances[1].state, HR_STATE_GONE);
	dispatch_answer_free(answer);
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_int_eq(answer->result, HR_OK);
	ck_assert(answer->complete);
	dispatch_answer_free(answer);
}
END_TEST

/* A kept connection closes under a create, which is sent again and then refused. The first may have made the
 * server: whatever the module says of the second, the outcome is not known. */
START_TEST(refused_the_second_time)
{
	struct dispatch_request r = request(DISPATCH_CREATE);
	struct dispatch_answer *answer;

	open_module("httpcloud", ",\"token\":\"hunter2-and-more\"");
	dispatch_answer_free(ask_kind(DISPATCH_CHECK));
	atomic_store(&drops, true);
	answer = ask(&r);
	ck_assert_int_eq(answer->result, HR_THROTTLED);
	ck_assert_uint_eq(answer->error.flags, HR_FAULT_OUTCOME_UNKNOWN);
	ck_assert(!atomic_load(&throttles));
	dispatch_answer_free(answer);
	/* The next call is its own. */
	atomic_store(&throttles, true);
	answer = ask(&r);
	ck_assert_int_eq(answer->result, HR_THROTTLED);
	ck_assert_uint_eq(answer->error.flags, 0);
	dispatch_answer_free(answer);
}
END_TEST

static const struct {
	const char *other;
	const char *message; /* a part of it */
} refused[] = {
	{"http://127.0.0.2:9/", "127.0.0.2"},
	{"http://localhost:1/", "localhost"},
	{"https://example.com/", "example.com"},
	{"http://169.254.169.254/latest/", "169.254.169.254"},
	{"http://[::1]:80/", "::1"},
	{"file:///etc/passwd", "no host name"},
	{"ftp://127.0.0.1/", "neither https nor http"},
};

START_TEST(no_other_host)
{
	struct dispatch_answer *answer;
	char more[200];

	snprintf(more, sizeof(more), ",\"other\":\"%s\"", refused[_i].other);
	open_module("httping", more);
	answer = ask_kind(DISPATCH_CHECK);
	ck_assert_int_eq(answer->result, HR_INVALID);
	ck_assert_msg(strstr(answer->error.message, refused[_i].message) != NULL, "%s",
		      answer->error.message);
	dispatch_answer_free(answer);
	ck_assert_int_eq(atomic_load(&server.n_requests), 0);
}
END_TEST

static const struct {
	const char *word;
	const char *message;
} impossible[] = {
	{"method", "the request's method has 33 bytes, at most 32 are possible"},
	{"url", "the request's URL has 16385 bytes, at most 16384 are possible"},
	{"name", "a request's header has a name of 1025 bytes, at most 1024 are possible"},
	{"value", "a request's header has a value of 65537 bytes, at most 65536 are possible"},
	{"headers", "the request has 300 headers, at most 64 are possible"},
	{"together", "the request's headers have more than 65536 bytes"},
	{"body", "the request's body has 18874368 bytes, at most 16777216 are possible"},
	{"nul", "the request's URL is no UTF-8 text, or has a NUL in it"},
	{"url-bytes", "the request's URL is no UTF-8 text, or has a NUL in it"},
	{"value-bytes", "the value of a request's header is no UTF-8 text, or has a NUL in it"},
	{"secret", "a secret is asked for by a name that is no UTF-8 text, or holds control "
		   "characters"},
	{"secret-bytes", "a secret is asked for by a name that is no UTF-8 text, or holds control "
			 "characters"},
};

/* What no message can carry is the module's error, not its process's end. */
START_TEST(impossible_requests)
{
	struct dispatch_answer *answer;
	char more[100];

	snprintf(more, sizeof(more), ",\"other\":\"odd:%s\"", impossible[_i].word);
	open_module("httpcloud", more);
	answer = ask_kind(DISPATCH_CHECK);
	ck_assert_msg(answer->result == HR_INVALID, "%s", answer->error.message);
	ck_assert_str_eq(answer->error.message, impossible[_i].message);
	dispatch_answer_free(answer);
	ck_assert_int_eq(atomic_load(&server.n_requests), 0);
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}
END_TEST

/* A call that once found no memory may have half of a URL. */
START_TEST(nothing_without_memory)
{
	struct dispatch_answer *answer;

	open_module("httpcloud", ",\"other\":\"odd:spent\"");
	answer = ask_kind(DISPATCH_CHECK);
	ck_assert_int_eq(answer->result, HR_INTERNAL);
	ck_assert_str_eq(
		answer->error.message,
		"there was no memory left for the call, so that no request is sent any more");
	dispatch_answer_free(answer);
	ck_assert_int_eq(atomic_load(&server.n_requests), 0);
}
END_TEST

START_TEST(throttled)
{
	struct dispatch_answer *answer;
	char more[200];

	snprintf(more, sizeof(more), ",\"other\":\"%s/throttled\"", url);
	open_module("httpcloud", more);
	answer = ask_kind(DISPATCH_CHECK);
	ck_assert_int_eq(answer->result, HR_THROTTLED);
	ck_assert_int_eq(answer->error.retry_after_ms, 7000);
	ck_assert_str_eq(answer->error.request_id, "req-9");
	dispatch_answer_free(answer);
}
END_TEST

/* Longer than a call may take to return once it was told to end: then its process, or the worker that it
 * holds, would be gone. Neither is, and the account goes on. */
static void ck_none_was_ended(void)
{
	struct dispatch_answer *answer;

	pass_time(1500);
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
	ck_assert_str_eq(news, "");
	ck_assert_uint_eq(stuck_workers(), 0);
}

/* A call that is to end ends, however slow its provider is. */
START_TEST(cancelled)
{
	struct dispatch_request r = request(DISPATCH_CHECK);
	struct dispatch_answer *answer;
	char more[200];

	transcript_leave_out("cancelled");
	snprintf(more, sizeof(more), ",\"other\":\"%s/slow\"", url);
	open_module("httping", more);
	r.timeout_ms = 200;
	answer = ask(&r);
	ck_assert_int_eq(answer->result, HR_TIMEOUT);
	ck_assert_ptr_null(strstr(answer->error.message, "was ended"));
	dispatch_answer_free(answer);
	ck_none_was_ended();
}
END_TEST

static void submit_checks(int n, int64_t timeout_ms)
{
	for (int i = 0; i < n; i++) {
		struct dispatch_request r = request(DISPATCH_CHECK);

		r.timeout_ms = timeout_ms;
		submit(&r);
	}
}

/* Edited settings open the account beside as many calls as there can be, all of which wait for the
 * daemon, and for the new ones too there is room only as calls of the old ones end. */
START_TEST(edited_under_full_load)
{
	struct dispatch_request r = request(DISPATCH_OPEN);
	struct dispatch_answer *answer;
	json_t *settings = json_pack("{ssss+}", "url", url, "other", url, "/slow");

	transcript_leave_out("edited_under_full_load");
	if (!by_process) { /* inline has fewer workers than that */
		json_decref(settings);
		return;
	}
	r.provider = "httping";
	r.settings = settings;
	answer = ask(&r);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
	submit_checks(64, 4000);
	pass_time(300);
	r.ticket = next_ticket++;
	answer = ask(&r); /* no call has ended by then: it is the first answer */
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
	json_decref(settings);
	submit_checks(64, 4500);
	for (int i = 0; i < 128; i++) {
		answer = next_answer();
		ck_assert_msg(answer->result == HR_TIMEOUT, "%s", answer->error.message);
		ck_assert_ptr_null(strstr(answer->error.message, "was ended"));
		dispatch_answer_free(answer);
	}
	ck_none_was_ended();
}
END_TEST

static void write_secret(const char *text)
{
	char file[600];
	FILE *out;

	snprintf(file, sizeof(file), "%s/token", state.path);
	out = fopen(file, "w");
	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	fclose(out);
}

/* A rotated key is seen at once; one that is gone says which setting and where. */
START_TEST(secrets_by_reference)
{
	struct dispatch_answer *answer;
	char file[600];

	write_secret("first-value\n");
	open_module("httpcloud", ",\"token\":\"file:token\"");
	dispatch_answer_free(ask_kind(DISPATCH_LIST));
	ck_assert(raw_server_saw(&server, "Bearer first-value\r\n"));
	write_secret("second-value\n");
	dispatch_answer_free(ask_kind(DISPATCH_LIST));
	ck_assert(raw_server_saw(&server, "Bearer second-value\r\n"));
	snprintf(file, sizeof(file), "%s/token", state.path);
	unlink(file);
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_int_eq(answer->result, HR_INVALID);
	ck_assert_ptr_nonnull(strstr(answer->error.message, "file:token"));
	dispatch_answer_free(answer);
}
END_TEST

START_TEST(bad_reference_at_open)
{
	struct dispatch_request r = request(DISPATCH_OPEN);
	struct dispatch_answer *answer;
	json_t *settings = json_pack("{ssss}", "url", url, "token", "file:../../etc/shadow");

	r.provider = "httpcloud";
	r.settings = settings;
	answer = ask(&r);
	json_decref(settings);
	ck_assert_int_eq(answer->result, HR_INVALID);
	ck_assert_str_eq(answer->error.field, "settings.token");
	dispatch_answer_free(answer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(by_process ? "process_http" : "inline_http");
	TCase *tests = tcase_create("http");
	SRunner *runner;
	int failed;

	log_setup(LOG_LEVEL_NONE, LOG_FORMAT_TEXT);
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, fetches);
	tcase_add_test(tests, life_of_a_server);
	tcase_add_test(tests, refused_the_second_time);
	tcase_add_loop_test(tests, no_other_host, 0, sizeof(refused) / sizeof(refused[0]));
	tcase_add_loop_test(tests, impossible_requests, 0,
			    sizeof(impossible) / sizeof(impossible[0]));
	tcase_add_test(tests, nothing_without_memory);
	tcase_add_test(tests, throttled);
	tcase_add_test(tests, cancelled);
	tcase_add_test(tests, edited_under_full_load);
	tcase_add_test(tests, secrets_by_reference);
	tcase_add_test(tests, bad_reference_at_open);
	transcript_open(by_process ? "process_http" : "inline_http");
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
