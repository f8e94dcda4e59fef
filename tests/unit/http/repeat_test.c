/* SPDX-License-Identifier: Apache-2.0 */
/* Kept connections that the server closes under a request: what is safe is sent once more, and once
 * only; all else not at all. Not here: connections that fail before anything is sent
 * (transfer_test.c). */
#include "http/transfer.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/suite.h"
#include "http_bench.h"
#include "raw_server.h"

#define KEPT_MAX 3

static struct raw_server server;
static struct http_account *account;
static atomic_int n_kept; /* requests for "/keep" that all shall be under way at once */
static atomic_int n_ended;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char bodies[8][64]; /* of the requests after those, as they came; under the mutex */

/* "/keep" is answered when all of n_kept have come, so that each has a connection of its own. Then
 * the connections of "/at-N" are closed without an answer until N requests have come after them. */
static bool handler(struct raw_server *s, int fd, const char *request)
{
	int n = atomic_load(&s->n_requests) - atomic_load(&n_kept);
	char path[16];

	if (raw_is(request, "/keep")) {
		while (atomic_load(&s->n_requests) < atomic_load(&n_kept) &&
		       !atomic_load(&s->is_ending))
			usleep(1000);
		raw_answer(fd, "200 OK", "", "kept");
		return true;
	}
	pthread_mutex_lock(&mutex);
	if (n >= 1 && n <= 8)
		snprintf(bodies[n - 1], sizeof(bodies[0]), "%s", strstr(request, "\r\n\r\n") + 4);
	pthread_mutex_unlock(&mutex);
	snprintf(path, sizeof(path), "/at-%d", n);
	if (raw_is(request, path))
		raw_answer(fd, "200 OK", "", "late");
	else if (raw_is(request, "/cut-head"))
		raw_text(fd, "HTTP/1.1 200 OK\r\nContent-Le");
	return false;
}

static void setup(void)
{
	bench_start();
	raw_server_start(&server, handler);
	account = bench_account(NULL, "{'endpoint': 'http://127.0.0.1:%d'}", server.port);
}

static void teardown(void)
{
	http_account_free(account);
	bench_stop();
	raw_server_stop(&server);
}

static void ended(void *context, struct http_answer *answer)
{
	(void)context;
	ck_assert_int_eq(answer->result, HR_OK);
	http_answer_free(answer);
	atomic_fetch_add(&n_ended, 1);
}

/* The account has n connections that wait for their next request. */
static void keep(int n)
{
	struct hr_error err = {0};
	char url[64];
	const struct http_request request = {.method = "GET", .url = url, .timeout_ms = 20000};

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/keep", server.port);
	atomic_store(&n_kept, n);
	for (int i = 0; i < n; i++)
		ck_assert_msg(http_submit(account, &request, ended, NULL, NULL, &err) == 0, "%s",
			      err.message);
	for (int i = 0; i < 20000 && atomic_load(&n_ended) < n; i++)
		usleep(1000);
	ck_assert_int_eq(atomic_load(&n_ended), n);
	ck_assert_int_eq(atomic_load(&server.n_connections), n);
}

static const struct {
	const char *method;
	uint32_t flags;
	const char *body;
	const char *path;
	int kept;
	int32_t result;
	int sent; /* how often */
} cases[] = {
	/* safe by the method, or by the module's word */
	{"GET", 0, NULL, "/at-2", 1, HR_OK, 2},
	{"HEAD", 0, NULL, "/at-2", 1, HR_OK, 2},
	{"DELETE", HR_HTTP_IDEMPOTENT, NULL, "/at-2", 1, HR_OK, 2},
	{"PUT", HR_HTTP_IDEMPOTENT, "body", "/at-2", 1, HR_OK, 2},
	{"POST", HR_HTTP_IDEMPOTENT, "body", "/at-2", 1, HR_OK, 2},
	/* not safe */
	{"POST", 0, "body", "/at-2", 1, HR_TRANSIENT, 1},
	{"PUT", 0, "body", "/at-2", 1, HR_TRANSIENT, 1},
	{"PATCH", 0, "body", "/at-2", 1, HR_TRANSIENT, 1},
	{"DELETE", 0, NULL, "/at-2", 1, HR_TRANSIENT, 1},
	{"POST", 0, "body", "/at-2", KEPT_MAX, HR_TRANSIENT, 1},
	/* once only, however many connections are stale */
	{"GET", 0, NULL, "/at-3", 1, HR_TRANSIENT, 2},
	{"GET", 0, NULL, "/at-3", KEPT_MAX, HR_TRANSIENT, 2},
	{"PUT", HR_HTTP_IDEMPOTENT, "body", "/at-3", KEPT_MAX, HR_TRANSIENT, 2},
	/* no more once an answer has begun */
	{"GET", 0, NULL, "/cut-head", 1, HR_TRANSIENT, 1},
	{"PUT", HR_HTTP_IDEMPOTENT, "body", "/cut-head", 1, HR_TRANSIENT, 1},
	/* nor on a connection of its own */
	{"GET", 0, NULL, "/at-2", 0, HR_TRANSIENT, 1},
};

START_TEST(only_what_is_safe_and_only_once)
{
	const char *body = cases[_i].body;
	struct http_answer *a;

	keep(cases[_i].kept);
	a = bench_perform(account, cases[_i].method, cases[_i].flags, NULL, body,
			  "http://127.0.0.1:%d%s", server.port, cases[_i].path);
	ck_assert_msg(a->result == cases[_i].result, "%d: %s", a->result, a->error.message);
	ck_assert_uint_eq(a->error.flags, a->result == HR_OK ? 0 : HR_FAULT_OUTCOME_UNKNOWN);
	ck_assert_int_eq(atomic_load(&server.n_requests) - cases[_i].kept, cases[_i].sent);
	ck_assert_int_eq(a->is_second, a->result == HR_OK && cases[_i].flags == HR_HTTP_IDEMPOTENT);
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < cases[_i].sent; i++)
		ck_assert_str_eq(bodies[i], body ? body : "");
	pthread_mutex_unlock(&mutex);
	http_answer_free(a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("repeat");
	TCase *t = tcase_create("repeat");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, only_what_is_safe_and_only_once, 0,
			    sizeof(cases) / sizeof(cases[0]));
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
