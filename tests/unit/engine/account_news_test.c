/* SPDX-License-Identifier: Apache-2.0 */
/* What a dispatcher tells of an account is stored as events. */
#include "engine_fixture.h"

#include <string.h>

#include <check.h>

#include "engine/accounts.h"

static void setup(void)
{
	engine_setup("{}", "{\"minimum_available_sessions\": 1}", "{}");
	settle();
}

static const struct {
	enum dispatch_news news;
	const char *kind;
} kinds[] = {
	{DISPATCH_NEWS_FAILED, "module.failed"},
	{DISPATCH_NEWS_PAUSED, "module.paused"},
	{DISPATCH_NEWS_RUNNING, "module.running"},
	{DISPATCH_NEWS_BREAKER_OPENED, "breaker.opened"},
	{DISPATCH_NEWS_BREAKER_CLOSED, "breaker.closed"},
};

START_TEST(each_kind_is_an_event)
{
	char message[768];

	tell(kinds[_i].news, "what happened");
	ck_assert_int_eq(events_of(kinds[_i].kind, message), 1);
	ck_assert_str_eq(message, "acct: what happened");
	/* Whatever it is: what was asked goes on, and the account is not paused by it. */
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
	ck_assert_int_eq(account_now().paused_until_ms, 0);
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	ck_assert_str_eq(only_server(0).instance_id, "i-1");
}
END_TEST

START_TEST(in_the_order_told)
{
	char failed[768];

	tell(DISPATCH_NEWS_FAILED, "it crashed");
	tell(DISPATCH_NEWS_RUNNING, "it runs");
	tell(DISPATCH_NEWS_FAILED, "it crashed otherwise");
	ck_assert_int_eq(events_of("module.failed", failed), 2);
	ck_assert_str_eq(failed, "acct: it crashed otherwise");
	ck_assert_int_eq(events_of("module.running", failed), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("account_news");
	TCase *tcase = tcase_create("account_news");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, engine_teardown);
	tcase_add_loop_test(tcase, each_kind_is_an_event, 0,
			    (int)(sizeof(kinds) / sizeof(kinds[0])));
	tcase_add_test(tcase, in_the_order_told);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
