/* SPDX-License-Identifier: Apache-2.0 */
/* The service under way: many requests at once, cancelling, ending, counters. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/suite.h"
#include "base/clock.h"
#include "http_bench.h"
#include "raw_server.h"

#define MANY 40
#define PATIENCE_MS 20000

static struct raw_server server;
static struct http_account *account;
static char slow_url[64], quick_url[64];

/* "/slow" never answers; the rest at once. */
static bool handler(struct raw_server *s, int fd, const char *request)
{
	if (!raw_is(request, "/slow")) {
		raw_answer(fd, strstr(request, "/404") ? "404 No" : "200 OK", "", "hello");
		return true;
	}
	while (!atomic_load(&s->is_ending))
		usleep(10000);
	return false;
}

static void setup(void)
{
	bench_start();
	raw_server_start(&server, handler);
	account = bench_account(NULL, "{'endpoint': 'http://127.0.0.1:%d'}", server.port);
	snprintf(slow_url, sizeof(slow_url), "http://127.0.0.1:%d/slow", server.port);
	snprintf(quick_url, sizeof(quick_url), "http://127.0.0.1:%d/quick", server.port);
}

static void teardown(void)
{
	http_account_free(account);
	bench_stop();
	raw_server_stop(&server);
}

struct outcome {
	atomic_int n; /* calls of done */
	atomic_int class;
	atomic_uint flags;
	atomic_int resubmitted; /* what http_submit gave inside of done */
};

static void note(void *context, struct http_answer *answer)
{
	struct outcome *outcome = context;

	atomic_store(&outcome->class, answer->result);
	atomic_store(&outcome->flags, answer->error.flags);
	http_answer_free(answer);
	atomic_fetch_add(&outcome->n, 1);
}

static uint64_t submit(const char *url, struct outcome *outcome)
{
	const struct http_request request = {.method = "GET", .url = url, .timeout_ms = 60000};
	struct hr_error err = {0};
	uint64_t ticket = 0;

	ck_assert_msg(http_submit(account, &request, note, outcome, &ticket, &err) == 0, "%s",
		      err.message);
	ck_assert_uint_ne(ticket, 0);
	return ticket;
}

static void wait_for(atomic_int *number, int least)
{
	int64_t until = clock_now().mono_ms + PATIENCE_MS;

	while (atomic_load(number) < least) {
		ck_assert_int_lt(clock_now().mono_ms, until);
		usleep(1000);
	}
}

START_TEST(many_at_once)
{
	static struct outcome outcomes[MANY];

	for (int i = 0; i < MANY; i++)
		submit(quick_url, &outcomes[i]);
	for (int i = 0; i < MANY; i++) {
		wait_for(&outcomes[i].n, 1);
		ck_assert_int_eq(atomic_load(&outcomes[i].class), HR_OK);
	}
	ck_assert_int_eq(atomic_load(&server.n_requests), MANY);
}
END_TEST

START_TEST(cancelled_one_only)
{
	static struct outcome cancelled, other;
	uint64_t ticket = submit(slow_url, &cancelled);

	submit(slow_url, &other);
	wait_for(&server.n_requests, 2);
	http_cancel(service, ticket);
	wait_for(&cancelled.n, 1);
	ck_assert_int_eq(atomic_load(&cancelled.class), HR_CANCELLED);
	ck_assert_uint_eq(atomic_load(&cancelled.flags), HR_FAULT_OUTCOME_UNKNOWN);
	ck_assert_int_eq(atomic_load(&other.n), 0);
	http_cancel(service, ticket); /* of one that is no more: nothing happens */
	http_cancel(service, 12345);
	ck_assert_int_eq(atomic_load(&cancelled.n), 1);
}
END_TEST

/* Cancelled before it was sent, it cannot have taken effect: here the TLS handshake never ends. */
START_TEST(cancelled_before_it_was_sent)
{
	struct http_account *other =
		bench_account(NULL, "{'endpoint': 'https://127.0.0.1:%d'}", server.port);
	struct http_request request = {.method = "POST"};
	static struct outcome outcome;
	struct hr_error err = {0};
	uint64_t ticket = 0;
	char url[64];

	snprintf(url, sizeof(url), "https://127.0.0.1:%d/", server.port);
	request.url = url;
	ck_assert_int_eq(http_submit(other, &request, note, &outcome, &ticket, &err), 0);
	wait_for(&server.n_connections, 1);
	http_cancel(service, ticket);
	wait_for(&outcome.n, 1);
	ck_assert_int_eq(atomic_load(&outcome.class), HR_CANCELLED);
	ck_assert_uint_eq(atomic_load(&outcome.flags), 0);
	http_account_free(other);
}
END_TEST

static int is_cancelled(void *context)
{
	(void)context;
	return atomic_load(&server.n_requests) > 0;
}

START_TEST(perform_is_cancelled)
{
	const struct http_request request = {.method = "GET", .url = slow_url};
	struct http_answer *answer = NULL;

	ck_assert_int_eq(http_perform(account, &request, is_cancelled, NULL, &answer), 0);
	ck_assert_int_eq(answer->result, HR_CANCELLED);
	http_answer_free(answer);
}
END_TEST

static void note_and_try_again(void *context, struct http_answer *answer)
{
	const struct http_request request = {.method = "GET", .url = slow_url};
	struct outcome *outcome = context;
	struct hr_error err = {0};

	atomic_store(&outcome->resubmitted,
		     http_submit(account, &request, note, NULL, NULL, &err) == 0 ? 1 : err.class);
	note(outcome, answer);
}

START_TEST(end_answers_everything)
{
	const struct http_request request = {.method = "GET", .url = slow_url};
	static struct outcome outcomes[5];
	struct hr_error err = {0};

	for (int i = 0; i < 4; i++)
		submit(slow_url, &outcomes[i]);
	wait_for(&server.n_requests, 4);
	ck_assert_int_eq(
		http_submit(account, &request, note_and_try_again, &outcomes[4], NULL, &err), 0);
	bench_stop();
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(atomic_load(&outcomes[i].n), 1);
		ck_assert_int_eq(atomic_load(&outcomes[i].class), HR_CANCELLED);
	}
	ck_assert_int_eq(atomic_load(&outcomes[4].resubmitted), HR_CANCELLED);
	/* The account outlives the service, and is of no use. */
	ck_assert_int_eq(http_submit(account, &request, note, NULL, NULL, &err), -1);
	ck_assert_int_eq(err.class, HR_CANCELLED);
}
END_TEST

START_TEST(account_is_freed_under_a_request)
{
	static struct outcome outcome;
	uint64_t ticket = submit(slow_url, &outcome);

	http_account_free(account);
	account = NULL;
	wait_for(&server.n_requests, 1);
	http_cancel(service, ticket);
	wait_for(&outcome.n, 1);
	ck_assert_int_eq(atomic_load(&outcome.class), HR_CANCELLED);
}
END_TEST

START_TEST(everything_is_counted)
{
	struct http_metrics m;
	struct hr_error err;
	uint64_t sum = 0;

	for (int i = 0; i < 3; i++)
		http_answer_free(bench_perform(account, "GET", 0, NULL, NULL, "%s", quick_url));
	http_answer_free(bench_perform(account, "GET", 0, NULL, NULL, "http://127.0.0.1:%d/404",
				       server.port));
	http_answer_free(bench_perform(account, "PURGE", 0, NULL, NULL, "%s", quick_url));
	ck_assert_int_eq(http_metrics(service, &m, &err), 0);
	ck_assert_uint_eq(m.n_requests, 3);
	ck_assert_uint_eq(m.n_accounts, 1);
	ck_assert_uint_eq(m.accounts[0].connects, 1);
	for (size_t i = 0; i < m.n_requests; i++) {
		const struct http_metric *row = &m.requests[i];

		ck_assert_str_eq(row->account, "account");
		ck_assert_str_eq(row->method, i == 2 ? "OTHER" : "GET");
		ck_assert_int_eq(row->status_class, i == 1 ? 4 : 2);
		ck_assert_uint_eq(row->requests, i == 0 ? 3 : 1);
		ck_assert_uint_gt(row->bytes_sent, 20 * row->requests);
		ck_assert_uint_gt(row->bytes_received, 5 * row->requests);
		sum += row->requests;
	}
	ck_assert_uint_eq(sum, 5);
	http_metrics_clear(&m);
}
END_TEST

static size_t last_request_len(void)
{
	size_t len;

	pthread_mutex_lock(&server.mutex);
	len = strlen(server.last);
	pthread_mutex_unlock(&server.mutex);
	return len;
}

/* The row of an account's kind of request; there must be one. */
static struct http_metric counted(const char *method, int status_class)
{
	struct http_metric found = {0};
	struct http_metrics m;
	struct hr_error err;

	ck_assert_int_eq(http_metrics(service, &m, &err), 0);
	for (size_t i = 0; i < m.n_requests; i++)
		if (strcmp(m.requests[i].method, method) == 0 &&
		    m.requests[i].status_class == status_class)
			found = m.requests[i];
	http_metrics_clear(&m);
	ck_assert_uint_ge(found.requests, 1);
	return found;
}

/* Heads and bodies, both ways, also of what gets no answer. */
START_TEST(bytes_are_those_that_went)
{
	static const char hello[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	static struct outcome outcome;
	static char body[200001];
	size_t sent = 0;
	uint64_t ticket;

	memset(body, 'b', sizeof(body) - 1);
	http_answer_free(bench_perform(account, "PUT", 0, NULL, body, "%s", quick_url));
	sent += last_request_len();
	http_answer_free(bench_perform(account, "PUT", 0, NULL, "short", "%s", quick_url));
	sent += last_request_len();
	ck_assert_uint_gt(sent, sizeof(body) + 4);
	ck_assert_uint_eq(counted("PUT", 2).bytes_sent, sent);
	ck_assert_uint_eq(counted("PUT", 2).bytes_received, 2 * (sizeof(hello) - 1));
	ticket = submit(slow_url, &outcome);
	wait_for(&server.n_requests, 3);
	http_cancel(service, ticket);
	wait_for(&outcome.n, 1);
	ck_assert_uint_eq(counted("GET", 0).bytes_sent, last_request_len());
	ck_assert_uint_eq(counted("GET", 0).bytes_received, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("service");
	TCase *t = tcase_create("service");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, many_at_once);
	tcase_add_test(t, cancelled_one_only);
	tcase_add_test(t, cancelled_before_it_was_sent);
	tcase_add_test(t, perform_is_cancelled);
	tcase_add_test(t, end_answers_everything);
	tcase_add_test(t, account_is_freed_under_a_request);
	tcase_add_test(t, everything_is_counted);
	tcase_add_test(t, bytes_are_those_that_went);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
