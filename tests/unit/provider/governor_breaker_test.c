/* SPDX-License-Identifier: Apache-2.0 */
/* The governor's breaker, and what holds whatever comes. */
#include "governor_bench.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

/* ---- Breaker ------------------------------------------------------------------------------- */

START_TEST(an_open_breaker_answers_at_once)
{
	struct dispatch_answer *answer;
	uint64_t ticket;

	open_breaker();
	pass(2000);
	ticket = ask(DISPATCH_REMOVAL);
	step();
	answer = take();
	ck_assert_ptr_nonnull(answer);
	ck_assert_uint_eq(answer->ticket, ticket);
	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	ck_assert_int_eq(answer->error.retry_after_ms, 3000);
	ck_assert_uint_eq(answer->error.flags, 0);
	ck_assert_str_eq(answer->error.message,
			 "account a is not asked until 2027-01-15T08:00:05.000Z, after 8 failures "
			 "in a row; the last one: connection refused by 192.0.2.1");
	dispatch_answer_free(answer);
	ck_assert_uint_eq(n_sent, 0);
	ck_assert_uint_eq(figure().refused, 1);
}
END_TEST

START_TEST(one_that_waits_for_a_user_is_the_probe)
{
	uint64_t probe, second, impatient;

	open_breaker();
	impatient = ask_of("a", DISPATCH_CREATE, DISPATCH_FOR_USERS, 4000);
	probe = ask(DISPATCH_FOR_USERS);
	second = ask(DISPATCH_FOR_USERS);
	ck_assert_int_eq(step(), 5000);
	expect(impatient, HR_TRANSIENT, NULL);
	expect(second, HR_TRANSIENT, NULL);
	ck_assert_ptr_null(take());
	pass(4999);
	ck_assert_uint_eq(n_sent, 0);
	pass(1);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_uint_eq(sent[0].ticket, probe);
	/* What comes meanwhile waits for how it ends. */
	second = ask(DISPATCH_STANDBY);
	ck_assert_int_eq(pass(100), 5100 + 60000);
	ck_assert_ptr_null(take());
	ck_assert_uint_eq(n_sent, 1);
	reply(probe, HR_OK);
	step();
	expect(probe, HR_OK, NULL);
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_int_eq(figure().breaker, BREAKER_CLOSED);
}
END_TEST

START_TEST(a_probe_that_fails_opens_it_for_longer)
{
	struct dispatch_answer *answer;
	uint64_t probe, other;

	open_breaker();
	pass(5000);
	probe = ask(DISPATCH_LOOK);
	other = ask(DISPATCH_LOOK);
	step();
	ck_assert_uint_eq(n_sent, 1);
	reply(probe, HR_TIMEOUT);
	step();
	expect(probe, HR_TIMEOUT, NULL);
	answer = take();
	ck_assert_ptr_nonnull(answer);
	ck_assert_uint_eq(answer->ticket, other);
	ck_assert_int_eq(answer->error.retry_after_ms, 10000);
	dispatch_answer_free(answer);
	ck_assert_uint_eq(figure().failures, 9);
}
END_TEST

static const struct {
	int32_t result, status;
	enum breaker_state state;
} taught[] = {
	{HR_TRANSIENT, 0, BREAKER_OPEN},
	{HR_TRANSIENT, 503, BREAKER_OPEN},
	{HR_TIMEOUT, 0, BREAKER_OPEN},
	{HR_INTERNAL, 0, BREAKER_OPEN},
	{HR_TRANSIENT, 409, BREAKER_CLOSED},
	{HR_TIMEOUT, 408, BREAKER_CLOSED},
	{HR_OK, 0, BREAKER_CLOSED},
	{HR_AGAIN, 0, BREAKER_CLOSED},
	{HR_AUTH, 401, BREAKER_CLOSED},
	{HR_INVALID, 400, BREAKER_CLOSED},
	{HR_NOT_FOUND, 404, BREAKER_CLOSED},
	{HR_QUOTA, 0, BREAKER_CLOSED},
	{HR_CAPACITY, 0, BREAKER_CLOSED},
	{HR_CONFLICT, 0, BREAKER_CLOSED},
	{HR_THROTTLED, 429, BREAKER_CLOSED},
	{HR_CANCELLED, 0, BREAKER_HALF_OPEN},
	{HR_UNSUPPORTED, 0, BREAKER_HALF_OPEN},
};

START_TEST(what_each_class_teaches)
{
	uint64_t probe;

	open_breaker();
	pass(5000);
	probe = ask(DISPATCH_LOOK);
	step();
	reply_n(probe, taught[_i].result, 0, taught[_i].status, 1);
	step();
	expect(probe, taught[_i].result, NULL);
	ck_assert_int_eq(figure().breaker, taught[_i].state);
	/* Undecided: the next one is the probe. */
	probe = ask(DISPATCH_LOOK);
	pass(3000);
	ck_assert_uint_eq(n_sent, taught[_i].state == BREAKER_OPEN ? 1 : 2);
}
END_TEST

/* ---- News ---------------------------------------------------------------------------------- */

#define OPENED                                                                                 \
	": not asked for 5 s, after 8 failures in a row; the last one: connection refused by " \
	"192.0.2.1\n"
#define CLOSED ": answers again, and is asked as usual\n"

static void let_probe_end(int32_t result)
{
	uint64_t probe = ask(DISPATCH_LOOK);

	step();
	reply(probe, result);
	step();
	expect(probe, result, NULL);
	ck_assert_ptr_null(take());
}

/* Once each, however often a probe fails meanwhile. */
START_TEST(a_breakers_changes_are_news)
{
	open_breaker();
	ck_assert_str_eq(news, "a 4" OPENED);
	pass(5000);
	let_probe_end(HR_TIMEOUT);
	ck_assert_str_eq(news, "a 4" OPENED);
	pass(10000);
	let_probe_end(HR_OK);
	ck_assert_str_eq(news, "a 4" OPENED "a 5" CLOSED);
	let_probe_end(HR_OK);
	let_probe_end(HR_TRANSIENT);
	ck_assert_str_eq(news, "a 4" OPENED "a 5" CLOSED);
}
END_TEST

START_TEST(every_account_of_the_key_is_told_of)
{
	describe_shares = true;
	described = (struct governor_account){.rate_per_minute = 6000, .burst = 100};
	open_account("b");
	open_breaker();
	ck_assert_str_eq(news, "a 4" OPENED "b 4" OPENED);
}
END_TEST

START_TEST(news_of_others_passes)
{
	open_account("a");
	drop_answers();
	pass_on("a", DISPATCH_NEWS_FAILED, "it crashed");
	step();
	ck_assert_ptr_null(take());
	ck_assert_str_eq(news, "a 1: it crashed\n");
	ck_assert_int_eq(figure().breaker, BREAKER_CLOSED);
}
END_TEST

/* ---- Figures ------------------------------------------------------------------------------- */

static struct account_metric figure_of(const char *account)
{
	struct account_metric found = {.rate_milli = -1};
	struct module_figures figures;

	ck_assert_int_eq(module_metrics_copy(metrics, &figures, NULL), 0);
	for (size_t i = 0; i < figures.n_accounts; i++)
		if (strcmp(figures.accounts[i].account, account) == 0)
			found = figures.accounts[i];
	module_figures_clear(&figures);
	return found;
}

START_TEST(accounts_have_figures)
{
	describe_shares = true;
	open_account("a");
	open_account("b");
	for (int i = 0; i < 4; i++)
		ask(DISPATCH_STANDBY);
	ask_of("b", DISPATCH_STATUS, DISPATCH_LOOK, 60000);
	step();
	/* Two went with the burst; each account has what waits of it, and their common budget. */
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_uint_eq(figure_of("a").waiting[DISPATCH_STANDBY], 2);
	ck_assert_uint_eq(figure_of("b").waiting[DISPATCH_STANDBY], 0);
	ck_assert_uint_eq(figure_of("b").waiting[DISPATCH_LOOK], 1);
	ck_assert_int_eq(figure_of("a").rate_milli, 60000);
	ck_assert_int_eq(figure_of("b").rate_milli, 60000);
	ck_assert_int_eq(figure_of("a").breaker, BREAKER_CLOSED);
	ask_of("a", DISPATCH_CLOSE, DISPATCH_FOR_USERS, 1000);
	step();
	ck_assert_int_eq(figure_of("a").rate_milli, -1); /* it is no more */
	ck_assert_uint_eq(figure_of("b").waiting[DISPATCH_LOOK], 1);
}
END_TEST

START_TEST(an_open_breaker_is_a_figure)
{
	open_breaker();
	ck_assert_int_eq(figure_of("a").breaker, BREAKER_OPEN);
	pass(5000);
	ck_assert_int_eq(figure_of("a").breaker, BREAKER_HALF_OPEN);
}
END_TEST

/* ---- Any sequence -------------------------------------------------------------------------- */

#define REQUESTS 600

static unsigned answered[REQUESTS + 1000]; /* by ticket */
static int64_t retry_ms[2];                /* before that nothing may be sent, by account */
static size_t n_replied;

static void count_answers(void)
{
	struct dispatch_answer *answer;

	while ((answer = take()) != NULL) {
		answered[answer->ticket]++;
		dispatch_answer_free(answer);
	}
}

/* Some of what was sent is answered: one in twelve throttled, one in three failed. */
static void reply_to_some(unsigned *seed)
{
	for (; n_replied < n_sent && rand_r(seed) % 4; n_replied++) {
		int result = rand_r(seed) % 12, k = sent[n_replied].account[0] - 'a';
		int64_t retry = rand_r(seed) % 9000;

		if (result > 0) {
			reply(sent[n_replied].ticket, result < 5 ? HR_TRANSIENT : HR_OK);
			continue;
		}
		reply_n(sent[n_replied].ticket, HR_THROTTLED, retry, 429, 1);
		if (now.mono_ms + retry > retry_ms[k])
			retry_ms[k] = now.mono_ms + retry;
	}
}

static void check_sent(size_t from)
{
	for (size_t i = from; i < n_sent; i++) {
		ck_assert_int_ge(sent[i].at_ms, retry_ms[sent[i].account[0] - 'a']);
		ck_assert_int_gt(sent[i].timeout_ms, 0);
	}
}

START_TEST(what_holds_for_any_sequence)
{
	unsigned seed = 4711 + (unsigned)_i;
	uint64_t last = 0;

	memset(answered, 0, sizeof(answered));
	memset(retry_ms, 0, sizeof(retry_ms));
	n_replied = 0;
	described.rate_per_minute = 30 + rand_r(&seed) % 600;
	described.burst = 1 + rand_r(&seed) % 20;
	open_account("a");
	open_account("b");
	while (last < REQUESTS) {
		size_t before = n_sent;

		for (int n = rand_r(&seed) % 6; n > 0; n--)
			last = ask_of(rand_r(&seed) % 2 ? "a" : "b", DISPATCH_CREATE,
				      (enum dispatch_urgency)(rand_r(&seed) % GOVERNOR_URGENCIES),
				      1 + rand_r(&seed) % 60000);
		reply_to_some(&seed);
		/* Whatever could be done now is done. */
		ck_assert_int_gt(step(), now.mono_ms);
		check_sent(before);
		count_answers();
		before = n_sent;
		pass(rand_r(&seed) % 700);
		check_sent(before);
	}
	ck_assert_uint_gt(n_sent, 20);
	/* What still waits has had its time then. */
	for (int i = 0; i < 70; i++) {
		for (; n_replied < n_sent; n_replied++)
			reply(sent[n_replied].ticket, HR_OK);
		pass(1000);
	}
	for (; n_replied < n_sent; n_replied++)
		reply(sent[n_replied].ticket, HR_OK);
	step();
	count_answers();
	for (uint64_t ticket = 3; ticket <= last; ticket++)
		ck_assert_msg(answered[ticket] == 1, "ticket %llu has %u answers",
			      (unsigned long long)ticket, answered[ticket]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("governor_breaker");
	TCase *tcase = tcase_create("governor_breaker");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, governor_setup, governor_teardown);
	tcase_add_test(tcase, an_open_breaker_answers_at_once);
	tcase_add_test(tcase, one_that_waits_for_a_user_is_the_probe);
	tcase_add_test(tcase, a_probe_that_fails_opens_it_for_longer);
	tcase_add_loop_test(tcase, what_each_class_teaches, 0,
			    (int)(sizeof(taught) / sizeof(taught[0])));
	tcase_add_test(tcase, a_breakers_changes_are_news);
	tcase_add_test(tcase, every_account_of_the_key_is_told_of);
	tcase_add_test(tcase, news_of_others_passes);
	tcase_add_test(tcase, accounts_have_figures);
	tcase_add_test(tcase, an_open_breaker_is_a_figure);
	tcase_add_loop_test(tcase, what_holds_for_any_sequence, 0, 30);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
