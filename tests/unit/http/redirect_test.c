/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: followed only when asked for, only to where the policy leads, and without credentials
 * or a body to another origin. */
#include <stdio.h>
#include <string.h>

#include "../base/suite.h"
#include "http_bench.h"
#include "raw_server.h"

static struct raw_server first, second;
static struct http_account *account;

/* "/STATUS/N" answers with that status and the Nth of the places. */
static char places[10][128];

static bool redirect(struct raw_server *server, int fd, const char *request)
{
	char status[64], headers[256];
	unsigned code = 0, place = 0;
	const char *path = strchr(request, ' ');

	(void)server;
	if (!path || sscanf(path, " /%u/%u ", &code, &place) != 2 || place > 9) {
		raw_answer(fd, "200 OK", "", "arrived");
		return true;
	}
	snprintf(status, sizeof(status), "%u Elsewhere", code);
	snprintf(headers, sizeof(headers), "Location: %s\r\n", places[place]);
	raw_answer(fd, status, headers, "moved");
	return true;
}

static void setup(void)
{
	bench_start();
	raw_server_start(&first, redirect);
	raw_server_start(&second, redirect);
	account = bench_account(NULL,
				"{'endpoint': 'http://127.0.0.1:%d', 'identity': "
				"'http://127.0.0.1:%d'}",
				first.port, second.port);
	snprintf(places[0], sizeof(places[0]), "/here");
	snprintf(places[1], sizeof(places[1]), "http://127.0.0.1:%d/there", second.port);
	snprintf(places[2], sizeof(places[2]), "http://evil.test/");
	snprintf(places[3], sizeof(places[3]), "/302/3"); /* for ever */
	snprintf(places[4], sizeof(places[4]), "file:///etc/passwd");
	snprintf(places[5], sizeof(places[5]), "http://169.254.169.254/latest/meta-data/");
	snprintf(places[6], sizeof(places[6]), "http://u:p@127.0.0.1:%d/", second.port);
	snprintf(places[7], sizeof(places[7]), "//[::1]:%d/", second.port);
	snprintf(places[8], sizeof(places[8]), "http://127.0.0.1:%d/302/9", second.port);
	snprintf(places[9], sizeof(places[9]), "http://127.0.0.1:%d/back", first.port);
}

static void teardown(void)
{
	http_account_free(account);
	bench_stop();
	raw_server_stop(&first);
	raw_server_stop(&second);
}

static const struct http_header credentials[] = {
	HEADER("Authorization", "Bearer hunter22"),
	HEADER("Cookie", "session=hunter22"),
	HEADER("X-Auth-Token", "hunter22"),
	HEADER("X-Amz-Security-Token", "hunter22"),
	HEADER("X-Harmless", "yes"),
	{NULL, NULL},
};

static struct http_answer *ask(const char *method, uint32_t flags, const char *body, int status,
			       int place)
{
	return bench_perform(account, method, flags, credentials, body, "http://127.0.0.1:%d/%d/%d",
			     first.port, status, place);
}

START_TEST(not_followed_unless_asked_for)
{
	struct http_answer *a = ask("GET", 0, NULL, 302, 0);

	ck_assert_int_eq(a->result, HR_OK);
	ck_assert_int_eq(a->status, 302);
	ck_assert_str_eq(a->body, "moved");
	ck_assert_int_eq(atomic_load(&first.n_requests), 1);
	http_answer_free(a);
}
END_TEST

START_TEST(same_origin_keeps_credentials)
{
	struct http_answer *a = ask("GET", HR_HTTP_FOLLOW, NULL, 302, 0);

	ck_assert_int_eq(a->status, 200);
	ck_assert_str_eq(a->body, "arrived");
	ck_assert(raw_server_saw(&first, "GET /here HTTP/1.1"));
	ck_assert(raw_server_saw(&first, "\r\nX-Auth-Token: hunter22\r\n"));
	ck_assert(raw_server_saw(&first, "\r\nAuthorization: Bearer hunter22\r\n"));
	http_answer_free(a);
}
END_TEST

/* Another port is another origin. */
START_TEST(other_origin_gets_no_credentials)
{
	struct http_answer *a = ask("GET", HR_HTTP_FOLLOW, NULL, 302, 1);

	ck_assert_int_eq(a->status, 200);
	ck_assert_str_eq(a->body, "arrived");
	ck_assert(raw_server_saw(&second, "GET /there HTTP/1.1"));
	ck_assert(raw_server_saw(&second, "\r\nX-Harmless: yes\r\n"));
	ck_assert(!raw_server_saw(&second, "hunter22"));
	http_answer_free(a);
}
END_TEST

START_TEST(credentials_do_not_come_back)
{
	struct http_answer *a = ask("GET", HR_HTTP_FOLLOW, NULL, 302, 8);

	ck_assert_int_eq(a->status, 200);
	ck_assert(raw_server_saw(&first, "GET /back HTTP/1.1"));
	ck_assert(!raw_server_saw(&first, "hunter22"));
	http_answer_free(a);
}
END_TEST

/* One list of places with what may not be followed, at the first hop and at a later one. */
static const int refused[] = {2, 4, 5, 6, 7};

START_TEST(each_hop_passes_the_policy)
{
	struct http_answer *a = ask("GET", HR_HTTP_FOLLOW, NULL, 302, refused[_i]);

	ck_assert_int_eq(a->result, HR_INVALID);
	ck_assert_int_eq(atomic_load(&first.n_requests), 1);
	ck_assert_int_eq(atomic_load(&second.n_connections), 0);
	http_answer_free(a);
}
END_TEST

START_TEST(later_hops_pass_the_policy)
{
	struct http_answer *a;

	snprintf(places[0], sizeof(places[0]), "/307/%d", refused[_i]);
	a = ask("GET", HR_HTTP_FOLLOW, NULL, 302, 0);
	ck_assert_int_eq(a->result, HR_INVALID);
	ck_assert_int_eq(atomic_load(&first.n_requests), 2);
	http_answer_free(a);
}
END_TEST

START_TEST(five_hops_and_no_more)
{
	struct http_answer *a = ask("GET", HR_HTTP_FOLLOW, NULL, 302, 3);

	ck_assert_int_eq(a->result, HR_INVALID);
	ck_assert_ptr_nonnull(strstr(a->error.message, "more than 5 times"));
	ck_assert_int_eq(atomic_load(&first.n_requests), 6);
	http_answer_free(a);
}
END_TEST

static const struct {
	const char *method;
	int status;
	const char *then; /* with the body where it is the same method */
} methods[] = {
	{"POST", 301, "GET"},      {"POST", 302, "GET"},   {"POST", 303, "GET"},
	{"PUT", 303, "GET"},       {"DELETE", 303, "GET"}, {"POST", 307, "POST"},
	{"POST", 308, "POST"},     {"PUT", 301, "PUT"},    {"DELETE", 302, "DELETE"},
	{"DELETE", 307, "DELETE"},
};

START_TEST(methods_by_status)
{
	struct http_answer *a =
		ask(methods[_i].method, HR_HTTP_FOLLOW, "the body", methods[_i].status, 0);
	bool same = strcmp(methods[_i].method, methods[_i].then) == 0;
	char line[64];

	ck_assert_msg(a->result == HR_OK, "%s", a->error.message);
	snprintf(line, sizeof(line), "%s /here HTTP/1.1\r\n", methods[_i].then);
	ck_assert(raw_server_saw(&first, line));
	ck_assert(raw_server_saw(&first, "the body") == same);
	http_answer_free(a);
}
END_TEST

START_TEST(body_stays_with_its_origin)
{
	struct http_answer *a = ask("POST", HR_HTTP_FOLLOW, "password=hunter22", 307, 1);

	ck_assert_int_eq(a->result, HR_INVALID);
	ck_assert_ptr_nonnull(strstr(a->error.message, "a body does not leave"));
	ck_assert_int_eq(atomic_load(&second.n_connections), 0);
	http_answer_free(a);
}
END_TEST

START_TEST(no_location_is_an_answer)
{
	struct http_answer *a = bench_perform(account, "GET", HR_HTTP_FOLLOW, NULL, NULL,
					      "http://127.0.0.1:%d/x", first.port);

	ck_assert_int_eq(a->status, 200);
	http_answer_free(a);
	a = ask("GET", HR_HTTP_FOLLOW, NULL, 304, 0);
	ck_assert_int_eq(a->status, 304);
	http_answer_free(a);
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
	Suite *s = suite_create("redirect");
	TCase *t = tcase_create("redirect");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, not_followed_unless_asked_for);
	tcase_add_test(t, same_origin_keeps_credentials);
	tcase_add_test(t, other_origin_gets_no_credentials);
	tcase_add_test(t, credentials_do_not_come_back);
	tcase_add_loop_test(t, each_hop_passes_the_policy, 0, COUNT(refused));
	tcase_add_loop_test(t, later_hops_pass_the_policy, 0, COUNT(refused));
	tcase_add_test(t, five_hops_and_no_more);
	tcase_add_loop_test(t, methods_by_status, 0, COUNT(methods));
	tcase_add_test(t, body_stays_with_its_origin);
	tcase_add_test(t, no_location_is_an_answer);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
