/* SPDX-License-Identifier: Apache-2.0 */
/* Retry-After in its forms, and where the provider's request id is found. */
#include "http/answer.h"

#include <stdlib.h>
#include <string.h>

#include "../base/suite.h"
#include "http/header.h"
#include "http_bench.h"

#define NOW 1790000000 /* 2026-09-21T14:13:20Z */
#define DAY_MS INT64_C(86400000)

static const struct {
	const char *value;
	const char *date;
	int64_t ms;
} waits[] = {
	{NULL, NULL, 0},
	{"", NULL, 0},
	{"0", NULL, 0},
	{"1", NULL, 1000},
	{"120", "Mon, 21 Sep 2026 14:00:00 GMT", 120000},
	{"86400", NULL, DAY_MS},
	{"86401", NULL, DAY_MS},
	{"99999999999999999999999", NULL, DAY_MS},
	{"-5", NULL, 0},
	{"soon", NULL, 0},
	{"Mon, 21 Sep 2026 14:13:50 GMT", NULL, 30000},
	{"Monday, 21-Sep-26 14:13:50 GMT", NULL, 30000},
	{"Mon Sep 21 14:13:50 2026", NULL, 30000},
	/* by the provider's clock, which is an hour behind */
	{"Mon, 21 Sep 2026 13:13:50 GMT", "Mon, 21 Sep 2026 13:13:20 GMT", 30000},
	{"Mon, 21 Sep 2026 14:13:50 GMT", "nonsense", 30000},
	{"Mon, 21 Sep 2026 14:13:20 GMT", NULL, 0},
	{"Mon, 21 Sep 2026 12:00:00 GMT", NULL, 0},
	{"Mon, 21 Sep 2027 12:00:00 GMT", NULL, DAY_MS},
};

START_TEST(retry_after_in_both_forms)
{
	ck_assert_int_eq(http_answer_retry_after(waits[_i].value, waits[_i].date, NOW),
			 waits[_i].ms);
}
END_TEST

static const struct {
	const char *name;
	const char *value;
	const char *id;
} ids[] = {
	{"x-amzn-RequestId", "a", "a"},   {"x-amz-request-id", "b", "b"},
	{"x-ms-request-id", "c", "c"},    {"X-Openstack-Request-Id", "req-d", "req-d"},
	{"opc-request-id", "e/f", "e/f"}, {"X-Request-Id", "g", "g"},
	{"x-goog-request-id", "h", "h"},  {"x-something-else", "i", ""},
	{"x-request-id", "", ""},         {"x-request-id", "\xff\xfe", ""},
};

START_TEST(request_id_by_header)
{
	struct http_answer *a = calloc(1, sizeof(*a));

	ck_assert_int_eq(http_header_append(&a->headers, &a->n_headers, "Date", "x"), 0);
	ck_assert_int_eq(
		http_header_append(&a->headers, &a->n_headers, ids[_i].name, ids[_i].value), 0);
	http_answer_read_headers(a, NOW);
	ck_assert_str_eq(a->request_id, ids[_i].id);
	http_answer_free(a);
}
END_TEST

START_TEST(long_request_id_is_cut)
{
	struct http_answer *a = calloc(1, sizeof(*a));
	char text[300];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(http_header_append(&a->headers, &a->n_headers, "x-request-id", text), 0);
	http_answer_read_headers(a, NOW);
	ck_assert_uint_eq(strlen(a->request_id), sizeof(a->request_id) - 1);
	http_answer_free(a);
}
END_TEST

static const struct {
	const char *name;
	bool is;
} names[] = {
	{"Authorization", true},
	{"authorization", true},
	{"Proxy-Authorization", true},
	{"Cookie", true},
	{"Set-Cookie", true},
	{"X-Auth-Token", true},
	{"X-Subject-Token", true},
	{"X-Amz-Security-Token", true},
	{"X-aws-ec2-metadata-token", true},
	{"PVEAPIToken", true},
	{"CSRFPreventionToken", true},
	{"vmware-api-session-id", true},
	{"X-Api-Key", true},
	{"Content-Type", false},
	{"X-Amz-Date", false},
	{"Accept", false},
	{"X-OpenStack-Nova-API-Version", false},
	{"If-Match", false},
};

START_TEST(credentials_by_name)
{
	ck_assert_msg(http_header_is_credential(names[_i].name) == names[_i].is, "%s",
		      names[_i].name);
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
	Suite *s = suite_create("answer");
	TCase *t = tcase_create("answer");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, retry_after_in_both_forms, 0, COUNT(waits));
	tcase_add_loop_test(t, request_id_by_header, 0, COUNT(ids));
	tcase_add_test(t, long_request_id_is_cut);
	tcase_add_loop_test(t, credentials_by_name, 0, COUNT(names));
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
