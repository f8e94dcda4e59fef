/* SPDX-License-Identifier: Apache-2.0 */
/* The rate budget: exact arithmetic, bounds, and what holds for any sequence of events. */
#include "provider/budget.h"

#include <stdlib.h>

#include <check.h>

#define MINUTE 60000

static struct budget budget;

static void setup(void)
{
	budget_init(&budget, 60, 3, 0);
}

static unsigned drain(int64_t now_ms)
{
	int64_t next_ms;
	unsigned n = 0;

	while (budget_take(&budget, now_ms, &next_ms))
		ck_assert_uint_lt(++n, 1000000);
	return n;
}

START_TEST(a_burst_then_one_by_one)
{
	int64_t next_ms = -1;

	ck_assert_uint_eq(drain(0), 3);
	ck_assert(!budget_take(&budget, 0, &next_ms));
	ck_assert_int_eq(next_ms, 1000);
	ck_assert(!budget_take(&budget, 999, &next_ms));
	ck_assert_int_eq(next_ms, 1000);
	ck_assert(budget_take(&budget, 1000, &next_ms));
	ck_assert(!budget_take(&budget, 1000, &next_ms));
	ck_assert_int_eq(next_ms, 2000);
	/* It never holds more than the burst, however long nothing was taken. */
	ck_assert_uint_eq(drain(INT64_MAX / 2), 3);
}
END_TEST

START_TEST(no_time_is_lost_to_rounding)
{
	int64_t next_ms = 0;
	unsigned n = 0;

	/* 7 a minute: a token every 8571.43 ms; asked every millisecond, none must be lost. */
	budget_init(&budget, 7, 2, 0);
	for (int64_t ms = 0; ms <= 60 * MINUTE; ms++)
		n += budget_take(&budget, ms, &next_ms);
	ck_assert_uint_eq(n, 2 + 7 * 60);
}
END_TEST

START_TEST(defaults_and_limits)
{
	budget_init(&budget, 0, 0, 0);
	ck_assert_int_eq(budget_rate_milli(&budget), BUDGET_RATE_DEFAULT * 1000);
	ck_assert_uint_eq(drain(0), BUDGET_BURST_DEFAULT);
	budget_init(&budget, INT64_MAX, INT64_MAX, 0);
	ck_assert_int_eq(budget_rate_milli(&budget), (int64_t)BUDGET_RATE_MAX * 1000);
	ck_assert_uint_eq(drain(0), BUDGET_BURST_MAX);
	budget_init(&budget, -5, -5, 0);
	ck_assert_int_eq(budget_rate_milli(&budget), BUDGET_RATE_DEFAULT * 1000);
}
END_TEST

START_TEST(nothing_is_sent_before_retry_after)
{
	int64_t next_ms = -1;

	budget_throttled(&budget, 20000, 500);
	for (int64_t ms = 500; ms < 20500; ms += 100) {
		ck_assert(!budget_take(&budget, ms, &next_ms));
		ck_assert_int_ge(next_ms, 20500);
	}
	/* And no burst after it: at 30 a minute the first comes two seconds later. */
	ck_assert_int_eq(next_ms, 22500);
	ck_assert(!budget_take(&budget, 22499, &next_ms));
	ck_assert(budget_take(&budget, 22500, &next_ms));
	ck_assert(!budget_take(&budget, 22500, &next_ms));
}
END_TEST

START_TEST(a_shorter_retry_after_does_not_shorten)
{
	int64_t next_ms = -1;

	budget_throttled(&budget, 20000, 0);
	budget_throttled(&budget, 100, 10);
	ck_assert(!budget_take(&budget, 19999, &next_ms));
	ck_assert_int_ge(next_ms, 20000);
}
END_TEST

START_TEST(without_retry_after_a_second)
{
	int64_t next_ms = -1;

	budget_throttled(&budget, 0, 0);
	ck_assert(!budget_take(&budget, 1000, &next_ms));
	ck_assert_int_eq(next_ms, 3000);
}
END_TEST

START_TEST(retry_after_is_an_hour_at_most)
{
	int64_t next_ms = -1;

	budget_throttled(&budget, INT64_MAX, 0);
	ck_assert(!budget_take(&budget, 1, &next_ms));
	ck_assert_int_eq(next_ms, BUDGET_RETRY_MAX_MS + 2000);
}
END_TEST

START_TEST(the_rate_halves_once_a_second_down_to_the_floor)
{
	budget_throttled(&budget, 1, 0);
	budget_throttled(&budget, 1, 999);
	ck_assert_int_eq(budget_rate_milli(&budget), 30000);
	budget_throttled(&budget, 1, 1000);
	ck_assert_int_eq(budget_rate_milli(&budget), 15000);
	for (int64_t s = 2; s < 20; s++)
		budget_throttled(&budget, 1, 1000 * s);
	ck_assert_int_eq(budget_rate_milli(&budget), BUDGET_RATE_FLOOR * 1000);
	/* Who says two a minute means it. */
	budget_init(&budget, 2, 1, 0);
	budget_throttled(&budget, 1, 0);
	ck_assert_int_eq(budget_rate_milli(&budget), 2000);
}
END_TEST

START_TEST(the_rate_comes_back_slowly)
{
	budget_throttled(&budget, 1, 0);
	for (int i = 0; i < 100; i++)
		budget_success(&budget, 10);
	ck_assert_int_eq(budget_rate_milli(&budget), 30600);
	for (int64_t s = 2; s < 51; s++)
		budget_success(&budget, 1000 * s);
	ck_assert_int_eq(budget_rate_milli(&budget), 60000);
	/* No further while nobody has to wait: a rate that nobody needed is not proven. */
	budget_success(&budget, 100000);
	ck_assert_int_eq(budget_rate_milli(&budget), 60000);
}
END_TEST

START_TEST(the_rate_grows_where_it_is_needed)
{
	for (int64_t s = 0; s < 1000; s++) {
		drain(1000 * s);
		budget_success(&budget, 1000 * s);
	}
	ck_assert_int_eq(budget_rate_milli(&budget), BUDGET_GROWTH_MAX * 60000);
}
END_TEST

START_TEST(more_requests_are_a_debt)
{
	int64_t next_ms = -1;

	budget_charge(&budget, 10, 0);
	ck_assert_int_eq(budget_tokens_milli(&budget, 0), -7000);
	ck_assert(!budget_take(&budget, 7999, &next_ms));
	ck_assert_int_eq(next_ms, 8000);
	ck_assert(budget_take(&budget, 8000, &next_ms));
	/* A minute's worth at most. */
	budget_charge(&budget, INT64_MAX, 8000);
	ck_assert_int_eq(budget_tokens_milli(&budget, 8000), -60000);
	budget_charge(&budget, -5, 8000);
	ck_assert_int_eq(budget_tokens_milli(&budget, 8000), -60000);
	/* Also at the lower rate. */
	budget_throttled(&budget, 1, 8000);
	ck_assert_int_eq(budget_tokens_milli(&budget, 8000), -30000);
	ck_assert_int_eq(budget_tokens_milli(&budget, 8002), -29999 - 1);
}
END_TEST

START_TEST(new_presets_keep_what_was_learnt)
{
	budget_preset(&budget, 120, 1, 0);
	ck_assert_int_eq(budget_rate_milli(&budget), 120000);
	ck_assert_uint_eq(drain(0), 1);
	budget_throttled(&budget, 1, 0);
	budget_preset(&budget, 120, 5, 0);
	ck_assert_int_eq(budget_rate_milli(&budget), 60000);
	budget_preset(&budget, 10, 5, 0);
	ck_assert_int_eq(budget_rate_milli(&budget), 40000);
}
END_TEST

START_TEST(time_that_goes_back_is_no_time)
{
	int64_t next_ms = -1;

	ck_assert_uint_eq(drain(5000), 3);
	ck_assert(!budget_take(&budget, 1000, &next_ms));
	ck_assert_int_eq(next_ms, 6000);
	ck_assert(budget_take(&budget, 6000, &next_ms));
}
END_TEST

/* ---- Any sequence -------------------------------------------------------------------------- */

#define EVENTS 4000

/* Never more than the burst and what the highest rate brings, in any window of time. */
static void check_windows(const int64_t *taken_ms, size_t n, int64_t burst, int64_t rate_max)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++) {
			int64_t window_ms = taken_ms[j] - taken_ms[i];
			int64_t most = burst + rate_max * window_ms / MINUTE / 1000 + 1;

			/* Millions of these: an assertion that holds costs a system call. */
			if ((int64_t)(j - i) + 1 > most)
				ck_abort_msg("%zu taken in %lld ms, at most %lld may be", j - i + 1,
					     (long long)window_ms, (long long)most);
		}
}

START_TEST(what_holds_for_any_sequence)
{
	static int64_t taken_ms[EVENTS];
	unsigned seed = 1000 + (unsigned)_i;
	int64_t preset = 1 + rand_r(&seed) % 600, burst = 1 + rand_r(&seed) % 30, now_ms = 0;
	int64_t floor = preset < BUDGET_RATE_FLOOR ? preset : BUDGET_RATE_FLOOR;
	int64_t retry_ms = 0, rate_max = 1000 * preset;
	size_t n = 0;

	budget_init(&budget, preset, burst, now_ms);
	for (int i = 0; i < EVENTS; i++) {
		int64_t next_ms = -1, retry = rand_r(&seed) % 30000;

		switch (rand_r(&seed) % 40) {
		case 0:
			budget_throttled(&budget, retry, now_ms);
			if (now_ms + retry > retry_ms)
				retry_ms = now_ms + retry;
			break;
		case 1: budget_charge(&budget, rand_r(&seed) % 20, now_ms); break;
		case 2:
		case 3:
		case 4: budget_success(&budget, now_ms); break;
		case 5: now_ms += rand_r(&seed) % 60000; break;
		case 6:
		case 7: now_ms += rand_r(&seed) % 2000; break;
		default:
			if (budget_take(&budget, now_ms, &next_ms)) {
				ck_assert_int_ge(now_ms, retry_ms);
				taken_ms[n++] = now_ms;
				break;
			}
			ck_assert_int_gt(next_ms, now_ms);
			/* What it says is exact. */
			if (rand_r(&seed) % 2) {
				int64_t early_ms = -1;
				struct budget copy = budget;

				if (next_ms - 1 > now_ms)
					ck_assert(!budget_take(&copy, next_ms - 1, &early_ms));
				now_ms = next_ms;
				ck_assert(budget_take(&budget, now_ms, &next_ms));
				taken_ms[n++] = now_ms;
			}
		}
		if (budget_rate_milli(&budget) > rate_max)
			rate_max = budget_rate_milli(&budget);
		ck_assert_int_ge(budget_rate_milli(&budget), 1000 * floor);
		ck_assert_int_le(budget_rate_milli(&budget), BUDGET_GROWTH_MAX * 1000 * preset);
		ck_assert_int_le(budget_tokens_milli(&budget, now_ms), 1000 * burst);
	}
	ck_assert_uint_gt(n, 100);
	check_windows(taken_ms, n, burst, rate_max);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("budget");
	TCase *tcase = tcase_create("budget");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_burst_then_one_by_one);
	tcase_add_test(tcase, no_time_is_lost_to_rounding);
	tcase_add_test(tcase, defaults_and_limits);
	tcase_add_test(tcase, nothing_is_sent_before_retry_after);
	tcase_add_test(tcase, a_shorter_retry_after_does_not_shorten);
	tcase_add_test(tcase, without_retry_after_a_second);
	tcase_add_test(tcase, retry_after_is_an_hour_at_most);
	tcase_add_test(tcase, the_rate_halves_once_a_second_down_to_the_floor);
	tcase_add_test(tcase, the_rate_comes_back_slowly);
	tcase_add_test(tcase, the_rate_grows_where_it_is_needed);
	tcase_add_test(tcase, more_requests_are_a_debt);
	tcase_add_test(tcase, new_presets_keep_what_was_learnt);
	tcase_add_test(tcase, time_that_goes_back_is_no_time);
	tcase_add_loop_test(tcase, what_holds_for_any_sequence, 0, 30);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
