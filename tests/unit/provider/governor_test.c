/* SPDX-License-Identifier: Apache-2.0 */
/* What the governor lets through when, and what it leaves alone. The breaker: governor_breaker_test.c. */
#include "governor_bench.h"

#include <stdlib.h>

#include <check.h>

#include "provider/budget.h"

/* ---- Budget -------------------------------------------------------------------------------- */

START_TEST(the_budget_holds_back)
{
	open_account("a");
	for (int i = 0; i < 5; i++)
		ask(DISPATCH_STANDBY);
	ck_assert_uint_eq(n_sent, 0); /* it has no clock: all waits for the step */
	ck_assert_int_eq(step(), 1000);
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_uint_eq(figure().queued[DISPATCH_STANDBY], 3);
	ck_assert_int_eq(pass(999), 1000);
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_int_eq(pass(1), 2000);
	ck_assert_uint_eq(n_sent, 3);
	ck_assert_int_eq(pass(2000), MS_NEVER);
	ck_assert_uint_eq(n_sent, 5);
	for (size_t i = 0; i < n_sent; i++)
		ck_assert_uint_eq(sent[i].ticket, 2 + i);
	/* What is left of its time. */
	ck_assert_int_eq(sent[0].timeout_ms, 60000);
	ck_assert_int_eq(sent[4].timeout_ms, 57000);
}
END_TEST

START_TEST(answers_pass_on_unchanged)
{
	uint64_t ticket;

	open_account("a");
	ticket = ask(DISPATCH_STANDBY);
	step();
	reply_n(ticket, HR_QUOTA, 12345, 403, 3);
	ck_assert_ptr_null(take());
	step();
	expect(ticket, HR_QUOTA, "connection refused by 192.0.2.1");
	ck_assert_ptr_null(take());
	/* Two requests more than the one that it was let through for. */
	ck_assert_int_eq(figure().tokens_milli, -1000);
	ck_assert_uint_eq(figure().in_flight, 0);
}
END_TEST

START_TEST(the_most_urgent_goes_first)
{
	uint64_t look, standby, removal, user, user_2;

	open_account("a");
	look = ask_of("a", DISPATCH_LIST, DISPATCH_LOOK, 60000);
	standby = ask(DISPATCH_STANDBY);
	removal = ask_of("a", DISPATCH_DESTROY, DISPATCH_REMOVAL, 60000);
	user = ask(DISPATCH_FOR_USERS);
	user_2 = ask(DISPATCH_FOR_USERS);
	step();
	pass(10000);
	pass(10000);
	ck_assert_uint_eq(n_sent, 5);
	ck_assert_uint_eq(sent[0].ticket, user);
	ck_assert_uint_eq(sent[1].ticket, user_2);
	ck_assert_uint_eq(sent[2].ticket, removal);
	ck_assert_uint_eq(sent[3].ticket, standby);
	ck_assert_uint_eq(sent[4].ticket, look);
}
END_TEST

START_TEST(nothing_waits_for_ever_for_want_of_urgency)
{
	uint64_t look;
	size_t at = 0;

	open_account("a");
	look = ask_of("a", DISPATCH_LIST, DISPATCH_LOOK, 600000);
	for (int i = 0; i < 30; i++)
		ask_of("a", DISPATCH_CREATE, DISPATCH_FOR_USERS, 600000);
	for (int i = 0; i < 30; i++)
		pass(1000);
	while (at < n_sent && sent[at].ticket != look)
		at++;
	ck_assert_uint_eq(at, GOVERNOR_OLDEST_EVERY - 1);
}
END_TEST

START_TEST(who_waits_in_vain_hears_when_to_come_again)
{
	struct dispatch_answer *answer;
	uint64_t ticket;

	open_account("a");
	ticket = ask(DISPATCH_STANDBY);
	step();
	reply_n(ticket, HR_THROTTLED, 200000, 429, 1);
	step();
	expect(ticket, HR_THROTTLED, NULL);
	ticket = ask(DISPATCH_STANDBY);
	step();
	ck_assert_ptr_null(take());
	pass(60000);
	answer = take();
	ck_assert_ptr_nonnull(answer);
	ck_assert_uint_eq(answer->ticket, ticket);
	ck_assert_int_eq(answer->result, HR_TIMEOUT);
	ck_assert_int_eq(answer->error.retry_after_ms, 140000);
	dispatch_answer_free(answer);
}
END_TEST

START_TEST(throttling_slows_down)
{
	uint64_t ticket;

	open_account("a");
	ticket = ask(DISPATCH_STANDBY);
	step();
	ask(DISPATCH_FOR_USERS);
	reply_n(ticket, HR_THROTTLED, 10000, 429, 1);
	/* The one that had a token, but was not sent yet, waits as well. */
	ck_assert_int_eq(step(), 12000);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_int_eq(figure().rate_milli, 30000);
	ck_assert_uint_eq(figure().throttled, 1);
	expect(ticket, HR_THROTTLED, NULL);
	pass(11999);
	ck_assert_uint_eq(n_sent, 1);
	pass(1);
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_int_eq(figure().breaker, BREAKER_CLOSED);
}
END_TEST

START_TEST(who_waits_too_long_is_told)
{
	struct dispatch_answer *answer;
	uint64_t ticket;

	open_account("a");
	ask(DISPATCH_STANDBY);
	ask(DISPATCH_STANDBY);
	ticket = ask_of("a", DISPATCH_CREATE, DISPATCH_STANDBY, 900);
	ck_assert_int_eq(step(), 900);
	pass(899);
	ck_assert_ptr_null(take());
	pass(1);
	answer = take();
	ck_assert_ptr_nonnull(answer);
	ck_assert_uint_eq(answer->ticket, ticket);
	ck_assert_int_eq(answer->result, HR_TIMEOUT);
	ck_assert_uint_eq(answer->error.flags, 0);
	ck_assert_str_eq(answer->error.message,
			 "create: waited 0 s for its turn in the rate budget of account a; nothing "
			 "was sent");
	dispatch_answer_free(answer);
	pass(60000);
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_uint_eq(figure().late, 1);
}
END_TEST

START_TEST(accounts_of_one_key_share)
{
	describe_shares = true;
	open_account("a");
	open_account("b");
	ck_assert_uint_eq(figure().n_accounts, 2);
	ck_assert_str_eq(figure().key, "shared");
	ask_of("a", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	ask_of("b", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	ask_of("a", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	step();
	ck_assert_uint_eq(n_sent, 2);
}
END_TEST

START_TEST(accounts_of_other_keys_do_not)
{
	struct governor_figure figures[2];

	open_account("a");
	open_account("b");
	for (int i = 0; i < 3; i++) {
		ask_of("a", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
		ask_of("b", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	}
	step();
	ck_assert_uint_eq(n_sent, 4);
	ck_assert_uint_eq(governor_figures(governor, now, figures, 1), 2);
	ck_assert_uint_eq(governor_figures(governor, now, figures, 2), 2);
	ck_assert_str_ne(figures[0].key, figures[1].key);
}
END_TEST

START_TEST(what_waits_moves_with_its_account)
{
	uint64_t of_a, of_b;

	open_account("a");
	for (int i = 0; i < 2; i++)
		ask(DISPATCH_STANDBY);
	of_a = ask(DISPATCH_STANDBY);
	step();
	ck_assert_uint_eq(n_sent, 2);
	/* New settings: another account at the provider, with a budget of its own. */
	describe_shares = true;
	open_account("b");
	of_b = ask_of("b", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	open_account("a");
	ck_assert_uint_eq(governor_figures(governor, now, NULL, 0), 2); /* two are in flight */
	reply(2, HR_OK);
	reply(3, HR_OK);
	step();
	ck_assert_uint_eq(governor_figures(governor, now, NULL, 0), 1);
	ck_assert_uint_eq(figure().in_flight, 2);
	reply(of_a, HR_OK);
	reply(of_b, HR_OK);
	step();
	ck_assert_uint_eq(figure().in_flight, 0);
}
END_TEST

START_TEST(an_account_that_cannot_be_described_has_defaults)
{
	describe_result = -1;
	open_account("a");
	ck_assert_str_eq(figure().key, "a");
	ck_assert_int_eq(figure().rate_milli, 1000 * BUDGET_RATE_DEFAULT);
}
END_TEST

/* ---- What is not governed ------------------------------------------------------------------ */

START_TEST(opens_closes_and_checks_go_at_once)
{
	struct dispatch_request request = {.kind = DISPATCH_CREATE, .account = "nobody"};
	struct hr_error err = {0};
	uint64_t ticket;

	open_breaker();
	ask_of("a", DISPATCH_CHECK, DISPATCH_FOR_USERS, 1000);
	ask_of("a", DISPATCH_OPEN, DISPATCH_FOR_USERS, 1000);
	ck_assert_uint_eq(n_sent, 2);
	/* The inner dispatcher knows what to say about an account that was never opened. */
	inner_refuses = true;
	ck_assert_int_eq(dispatch_submit(governor, &request, &err), -1);
	ck_assert_str_eq(err.message, "account nobody is not open");
	inner_refuses = false;
	/* A check that succeeds proves that the provider answers; it is paid for, too. */
	ticket = sent[0].ticket;
	reply_n(ticket, HR_OK, 0, 0, 3);
	step();
	expect(ticket, HR_OK, NULL);
	ck_assert_int_eq(figure().breaker, BREAKER_CLOSED);
	ck_assert_int_le(figure().tokens_milli, 97000);
}
END_TEST

START_TEST(a_close_cancels_what_waits)
{
	uint64_t of_a, of_b, closing;

	describe_shares = true;
	open_account("a");
	open_account("b");
	ask_of("a", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	ask_of("b", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	step();
	of_a = ask(DISPATCH_LOOK);
	of_b = ask_of("b", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	drop_answers();
	closing = ask_of("a", DISPATCH_CLOSE, DISPATCH_FOR_USERS, 1000);
	ck_assert_uint_eq(sent[n_sent - 1].ticket, closing);
	expect(of_a, HR_CANCELLED, "the account is being closed; nothing was sent");
	ck_assert_ptr_null(take());
	pass(1000);
	ck_assert_uint_eq(sent[n_sent - 1].ticket, of_b);
	ck_assert_uint_eq(figure().n_accounts, 1);
}
END_TEST

START_TEST(a_refusal_of_the_inner_dispatcher_is_an_answer)
{
	uint64_t ticket;

	open_account("a");
	ticket = ask(DISPATCH_STANDBY);
	inner_refuses = true;
	step();
	expect(ticket, HR_TRANSIENT, "account a is not open");
	ck_assert_uint_eq(figure().failures, 0);
}
END_TEST

START_TEST(all_is_cancelled_at_the_end)
{
	uint64_t under_way, waiting;
	struct dispatch_request request = {.kind = DISPATCH_CREATE, .account = "a"};
	struct hr_error err = {0};

	open_account("a");
	under_way = ask(DISPATCH_STANDBY);
	step();
	waiting = ask(DISPATCH_STANDBY);
	dispatch_cancel_all(governor);
	ck_assert_uint_eq(inner_cancels, 1);
	expect(waiting, HR_CANCELLED, "headroomd is about to end; nothing was sent");
	ck_assert_int_eq(dispatch_submit(governor, &request, &err), -1);
	ck_assert_int_eq(err.class, HR_TRANSIENT);
	/* Answers still come. */
	reply(under_way, HR_CANCELLED);
	step();
	expect(under_way, HR_CANCELLED, NULL);
}
END_TEST

START_TEST(the_inner_one_is_stepped_and_watched)
{
	inner_due_ms = 77;
	ck_assert_int_eq(step(), 77);
	open_account("a");
	for (int i = 0; i < 3; i++)
		ask(DISPATCH_STANDBY);
	ck_assert_int_eq(step(), 77);
	inner_due_ms = 5000;
	ck_assert_int_eq(step(), 1000);
	ck_assert_int_eq(dispatch_fd(governor), 42);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("governor");
	TCase *tcase = tcase_create("governor");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, governor_setup, governor_teardown);
	tcase_add_test(tcase, the_budget_holds_back);
	tcase_add_test(tcase, answers_pass_on_unchanged);
	tcase_add_test(tcase, the_most_urgent_goes_first);
	tcase_add_test(tcase, nothing_waits_for_ever_for_want_of_urgency);
	tcase_add_test(tcase, throttling_slows_down);
	tcase_add_test(tcase, who_waits_in_vain_hears_when_to_come_again);
	tcase_add_test(tcase, who_waits_too_long_is_told);
	tcase_add_test(tcase, accounts_of_one_key_share);
	tcase_add_test(tcase, accounts_of_other_keys_do_not);
	tcase_add_test(tcase, what_waits_moves_with_its_account);
	tcase_add_test(tcase, an_account_that_cannot_be_described_has_defaults);
	tcase_add_test(tcase, opens_closes_and_checks_go_at_once);
	tcase_add_test(tcase, a_close_cancels_what_waits);
	tcase_add_test(tcase, a_refusal_of_the_inner_dispatcher_is_an_answer);
	tcase_add_test(tcase, all_is_cancelled_at_the_end);
	tcase_add_test(tcase, the_inner_one_is_stepped_and_watched);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
