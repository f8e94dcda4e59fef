/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2, which TLS agrees on by itself: against nghttpd, which speaks nothing else. What holds for a
 * connection with one request at a time must hold for one that many share. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/suite.h"
#include "base/json.h"
#include "h2_server.h"
#include "http_bench.h"

#define MANY 20
#define STREAMS_MAX 100
#define PATIENCE_MS 30000
#define LARGE (1u << 20)

static struct certificate ca, own;
static struct h2_server server;
static struct http_account *account;

static struct http_account *account_of(const char *id)
{
	const struct bench_account how = {.id = id};
	json_t *settings =
		json_pack("{soss}", "endpoint", json_sprintf("https://127.0.0.1:%d", server.port),
			  "ca", ca.cert_pem);
	struct http_account *made = NULL;
	struct hr_error err;
	char *text = json_text(settings);

	ck_assert_msg(bench_try_account(&how, text, &made, &err) == 0, "%s", err.message);
	free(text);
	json_decref(settings);
	return made;
}

static void setup(void)
{
	bench_start();
	certificate_make(&ca, "test CA", NULL, NULL);
	certificate_make(&own, "server", "IP:127.0.0.1", &ca);
	h2_server_start(&server, &own, STREAMS_MAX);
	account = account_of("account");
}

static void teardown(void)
{
	http_account_free(account);
	h2_server_stop(&server);
	certificate_free(&own);
	certificate_free(&ca);
	bench_stop();
}

static struct http_answer *get(struct http_account *whose, const char *path)
{
	return bench_perform(whose, "GET", 0, NULL, NULL, "https://127.0.0.1:%d%s", server.port,
			     path);
}

static void check_hello(struct http_account *whose)
{
	struct http_answer *a = get(whose, "/hello");

	ck_assert_msg(a->result == HR_OK, "%s", a->error.message);
	ck_assert_int_eq(a->status, 200);
	ck_assert_str_eq(a->body, "hello");
	http_answer_free(a);
}

static uint64_t connects(const char *id)
{
	struct http_metrics m;
	struct hr_error err;
	uint64_t n = 0;

	ck_assert_int_eq(http_metrics(service, &m, &err), 0);
	for (size_t i = 0; i < m.n_accounts; i++)
		if (strcmp(m.accounts[i].account, id) == 0)
			n = m.accounts[i].connects;
	http_metrics_clear(&m);
	return n;
}

/* ---- Requests under way at once ------------------------------------------------------------- */

struct outcome {
	atomic_bool is_there;
	int32_t result;
	int32_t status;
	size_t body_len;
};

static void note(void *context, struct http_answer *answer)
{
	struct outcome *outcome = context;

	outcome->result = answer->result;
	outcome->status = answer->status;
	outcome->body_len = answer->body_len;
	http_answer_free(answer);
	atomic_store(&outcome->is_there, true);
}

static uint64_t submit(const char *path, struct outcome *outcome)
{
	char url[64];
	const struct http_request request = {.method = "GET", .url = url, .timeout_ms = 30000};
	struct hr_error err = {0};
	uint64_t ticket = 0;

	snprintf(url, sizeof(url), "https://127.0.0.1:%d%s", server.port, path);
	ck_assert_msg(http_submit(account, &request, note, outcome, &ticket, &err) == 0, "%s",
		      err.message);
	return ticket;
}

static void check_outcome(struct outcome *outcome, int32_t result, size_t body_len)
{
	for (int i = 0; i < PATIENCE_MS && !atomic_load(&outcome->is_there); i++)
		usleep(1000);
	ck_assert(atomic_load(&outcome->is_there));
	ck_assert_int_eq(outcome->result, result);
	if (result == HR_OK) {
		ck_assert_int_eq(outcome->status, 200);
		ck_assert_uint_eq(outcome->body_len, body_len);
	}
}

/* ---- Tests ---------------------------------------------------------------------------------- */

START_TEST(answers_are_read)
{
	struct http_answer *a = get(account, "/nothing");

	check_hello(account);
	ck_assert_int_eq(a->result, HR_OK);
	ck_assert_int_eq(a->status, 404);
	ck_assert_ptr_nonnull(strstr(bench_header(a, "Server"), "nghttpd"));
	http_answer_free(a);
	ck_assert_uint_eq(connects("account"), 1);
}
END_TEST

/* More than a stream's first window takes, there and back. */
START_TEST(bodies_go_both_ways)
{
	static char body[300001];
	const struct http_header headers[] = {HEADER("Content-Type", "text/plain"),
					      HEADER("Content-Length", "300000"),
					      HEADER("Authorization", "Bearer abc"),
					      {NULL, NULL}};
	struct http_answer *a;

	for (size_t i = 0; i < sizeof(body) - 1; i++)
		body[i] = (char)('a' + i % 23);
	a = bench_perform(account, "POST", 0, headers, body, "https://127.0.0.1:%d/hello",
			  server.port);
	ck_assert_msg(a->result == HR_OK, "%s", a->error.message);
	ck_assert_int_eq(a->status, 200);
	ck_assert_uint_eq(a->body_len, sizeof(body) - 1);
	ck_assert_str_eq(a->body, body);
	http_answer_free(a);
}
END_TEST

/* Once there is a connection that can be shared. */
START_TEST(many_share_one_connection)
{
	static struct outcome outcomes[MANY];

	check_hello(account);
	for (int i = 0; i < MANY; i++)
		submit("/large", &outcomes[i]);
	for (int i = 0; i < MANY; i++)
		check_outcome(&outcomes[i], HR_OK, LARGE);
	ck_assert_uint_eq(connects("account"), 1);
}
END_TEST

START_TEST(accounts_do_not_share_a_connection)
{
	struct http_account *other = account_of("other");

	check_hello(account);
	check_hello(other);
	check_hello(account);
	ck_assert_uint_eq(connects("account"), 1);
	ck_assert_uint_eq(connects("other"), 1);
	http_account_free(other);
}
END_TEST

/* The server's own limit is kept, and nothing is lost by it. */
START_TEST(limit_of_streams_is_kept)
{
	static struct outcome outcomes[MANY];

	h2_server_restart(&server, 2);
	check_hello(account);
	for (int i = 0; i < MANY; i++)
		submit("/large", &outcomes[i]);
	for (int i = 0; i < MANY; i++)
		check_outcome(&outcomes[i], HR_OK, LARGE);
}
END_TEST

/* One that is given up takes no other with it. */
START_TEST(failures_are_of_one_request)
{
	static struct outcome huge, cancelled, large[2];
	uint64_t ticket;

	check_hello(account);
	submit("/large", &large[0]);
	submit("/huge", &huge);
	ticket = submit("/huge", &cancelled);
	submit("/large", &large[1]);
	http_cancel(service, ticket);
	check_outcome(&huge, HR_TRANSIENT, 0);
	check_outcome(&cancelled, HR_CANCELLED, 0);
	check_outcome(&large[0], HR_OK, LARGE);
	check_outcome(&large[1], HR_OK, LARGE);
	check_hello(account);
	ck_assert_uint_eq(connects("account"), 1);
}
END_TEST

START_TEST(server_that_was_restarted_is_asked_anew)
{
	check_hello(account);
	h2_server_restart(&server, STREAMS_MAX);
	check_hello(account);
	ck_assert_uint_eq(connects("account"), 2);
}
END_TEST

int main(void)
{
	Suite *s;
	TCase *t;
	SRunner *runner;
	int failed;

	if (!h2_server_is_there()) {
		printf("skipped: nghttpd (of nghttp2-server) is not installed\n");
		return 77;
	}
	s = suite_create("http2");
	t = tcase_create("http2");
	runner = srunner_create(s);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, answers_are_read);
	tcase_add_test(t, bodies_go_both_ways);
	tcase_add_test(t, many_share_one_connection);
	tcase_add_test(t, accounts_do_not_share_a_connection);
	tcase_add_test(t, limit_of_streams_is_kept);
	tcase_add_test(t, failures_are_of_one_request);
	tcase_add_test(t, server_that_was_restarted_is_asked_anew);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
