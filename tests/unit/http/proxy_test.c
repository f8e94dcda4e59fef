/* SPDX-License-Identifier: Apache-2.0 */
/* Requests by way of a proxy, which resolves the names; what it is told and what not. */
#include <stdio.h>
#include <string.h>

#include "../base/suite.h"
#include "http_bench.h"
#include "raw_server.h"

#define USER_PASS "Proxy-Authorization: Basic dXNlcjpwQHNzd29yZA==" /* user:p@ssword */

static struct raw_server proxy;
static const char *connect_status = "200 Go on";

static bool handler(struct raw_server *s, int fd, const char *request)
{
	(void)s;
	if (strncmp(request, "CONNECT ", 8) == 0) {
		raw_answer(fd, connect_status, "", "");
		return strncmp(connect_status, "200", 3) == 0;
	}
	if (!strstr(request, USER_PASS))
		raw_answer(fd, "407 Who are you", "Proxy-Authenticate: Basic realm=x\r\n", "");
	else
		raw_answer(fd, "200 OK", "", "by proxy");
	return true;
}

static void setup(void)
{
	bench_start();
	raw_server_start(&proxy, handler);
}

static void teardown(void)
{
	bench_stop();
	raw_server_stop(&proxy);
}

static const struct http_header headers[] = {HEADER("Authorization", "Bearer hunter22"),
					     {NULL, NULL}};

/* With an endpoint whose name nobody here can resolve. */
static struct http_answer *ask(const char *scheme, const char *credentials)
{
	struct http_account *account = bench_account(
		NULL, "{'endpoint': '%s://cloud.invalid', 'proxy': 'http://%s127.0.0.1:%d'}",
		scheme, credentials, proxy.port);
	struct http_answer *a =
		bench_perform(account, "POST", 0, headers, "body", "%s://cloud.invalid/a", scheme);

	http_account_free(account);
	return a;
}

START_TEST(plain_request_goes_by_the_proxy)
{
	struct http_answer *a = ask("http", "user:p%40ssword@");

	ck_assert_msg(a->result == HR_OK, "%s", a->error.message);
	ck_assert_str_eq(a->body, "by proxy");
	ck_assert(raw_server_saw(&proxy, "POST http://cloud.invalid/a HTTP/1.1\r\n"));
	ck_assert(raw_server_saw(&proxy, "\r\nAuthorization: Bearer hunter22\r\n"));
	http_answer_free(a);
}
END_TEST

static void check_refused(struct http_answer *a)
{
	ck_assert_int_eq(a->result, HR_INVALID);
	ck_assert_str_eq(a->error.field, "settings.proxy");
	ck_assert_ptr_nonnull(strstr(a->error.message, "the proxy refuses its credentials"));
	ck_assert_ptr_null(strstr(a->error.message, "ssword"));
	http_answer_free(a);
}

START_TEST(refused_credentials_are_named)
{
	check_refused(ask("http", ""));
	check_refused(ask("http", "user:wrong@"));
	connect_status = "407 Who are you";
	check_refused(ask("https", "user:wrong@"));
}
END_TEST

/* The request itself is for the host behind the tunnel, and no part of it for the proxy. */
START_TEST(tunnel_shows_nothing_of_the_request)
{
	struct http_answer *a;

	connect_status = "502 Cannot";
	a = ask("https", "user:p%40ssword@");
	ck_assert_int_eq(a->result, HR_TRANSIENT);
	ck_assert_uint_eq(a->error.flags, 0);
	ck_assert(raw_server_saw(&proxy, "CONNECT cloud.invalid:443 HTTP/1.1\r\n"));
	ck_assert(raw_server_saw(&proxy, USER_PASS));
	ck_assert(!raw_server_saw(&proxy, "hunter22"));
	http_answer_free(a);
}
END_TEST

START_TEST(policy_counts_with_a_proxy_too)
{
	struct http_account *account = bench_account(
		NULL, "{'endpoint': 'http://cloud.invalid', 'proxy': 'http://127.0.0.1:%d'}",
		proxy.port);
	struct http_answer *a =
		bench_perform(account, "GET", 0, NULL, NULL, "http://other.invalid/");

	ck_assert_int_eq(a->result, HR_INVALID);
	ck_assert_ptr_nonnull(strstr(a->error.message, "may not be reached"));
	ck_assert_int_eq(atomic_load(&proxy.n_connections), 0);
	http_answer_free(a);
	http_account_free(account);
}
END_TEST

START_TEST(this_machine_is_reached_without_the_proxy)
{
	struct raw_server near;
	struct http_account *account;
	struct http_answer *a;

	raw_server_start(&near, handler);
	account = bench_account(
		NULL, "{'endpoint': 'http://127.0.0.1:%d', 'proxy': 'http://127.0.0.1:%d'}",
		near.port, proxy.port);
	a = bench_perform(account, "GET", 0, NULL, NULL, "http://127.0.0.1:%d/", near.port);
	ck_assert_int_eq(a->result, HR_OK);
	ck_assert_int_eq(a->status, 407); /* the host's own answer here */
	ck_assert_int_eq(atomic_load(&near.n_requests), 1);
	ck_assert_int_eq(atomic_load(&proxy.n_connections), 0);
	http_answer_free(a);
	http_account_free(account);
	bench_stop();
	raw_server_stop(&near);
	bench_start();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proxy");
	TCase *t = tcase_create("proxy");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, plain_request_goes_by_the_proxy);
	tcase_add_test(t, refused_credentials_are_named);
	tcase_add_test(t, tunnel_shows_nothing_of_the_request);
	tcase_add_test(t, policy_counts_with_a_proxy_too);
	tcase_add_test(t, this_machine_is_reached_without_the_proxy);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
