/* SPDX-License-Identifier: Apache-2.0 */
/* The breaker: when it opens, how its pauses grow, one probe at a time, what closes it. */
#include "provider/breaker.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

static struct breaker breaker;

static void setup(void)
{
	breaker_init(&breaker, (struct breaker_limits){0});
}

static void fail_times(unsigned n, int64_t now_ms)
{
	for (unsigned i = 0; i < n; i++)
		breaker_failure(&breaker, false, "connection refused", now_ms);
}

START_TEST(eight_failures_in_a_row_open_it)
{
	int64_t next_ms = -1;

	fail_times(7, 100);
	ck_assert_int_eq(breaker_state(&breaker, 100), BREAKER_CLOSED);
	breaker_success(&breaker);
	fail_times(7, 100);
	ck_assert(breaker_allows(&breaker, 100, &next_ms));
	breaker_failure(&breaker, false, "no route to host", 100);
	ck_assert_int_eq(breaker_state(&breaker, 100), BREAKER_OPEN);
	ck_assert(!breaker_allows(&breaker, 100, &next_ms));
	ck_assert_int_eq(next_ms, 5100);
	ck_assert(!breaker_allows(&breaker, 5099, &next_ms));
	ck_assert_str_eq(breaker.text, "no route to host");
	ck_assert_uint_eq(breaker.failures, 8);
	ck_assert_int_eq(breaker_state(&breaker, 5100), BREAKER_HALF_OPEN);
	ck_assert(breaker_allows(&breaker, 5100, &next_ms));
}
END_TEST

START_TEST(one_probe_at_a_time)
{
	int64_t next_ms = -1;

	ck_assert(!breaker_begin(&breaker));
	fail_times(8, 0);
	ck_assert(breaker_allows(&breaker, 5000, &next_ms));
	ck_assert(breaker_begin(&breaker));
	ck_assert(!breaker_allows(&breaker, 5000, &next_ms));
	ck_assert_int_eq(next_ms, MS_NEVER);
	/* One that began before says nothing new. */
	breaker_failure(&breaker, false, "older", 5001);
	ck_assert_str_eq(breaker.text, "connection refused");
	ck_assert(!breaker_allows(&breaker, 5001, &next_ms));
	breaker_undecided(&breaker, false);
	ck_assert(!breaker_allows(&breaker, 5001, &next_ms));
	breaker_undecided(&breaker, true);
	ck_assert(breaker_allows(&breaker, 5001, &next_ms));
}
END_TEST

START_TEST(pauses_double_up_to_five_minutes)
{
	static const int64_t pauses[] = {10, 20, 40, 80, 160, 300, 300};
	int64_t now_ms = 5000, next_ms = -1;

	fail_times(8, 0);
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		ck_assert(breaker_allows(&breaker, now_ms, &next_ms));
		ck_assert(breaker_begin(&breaker));
		breaker_failure(&breaker, true, "still down", now_ms);
		ck_assert(!breaker_allows(&breaker, now_ms, &next_ms));
		ck_assert_int_eq(next_ms, now_ms + 1000 * pauses[i]);
		now_ms = next_ms;
	}
	ck_assert_str_eq(breaker.text, "still down");
	ck_assert_uint_eq(breaker.failures, 15);
	breaker_begin(&breaker);
	breaker_success(&breaker);
	ck_assert_int_eq(breaker_state(&breaker, now_ms), BREAKER_CLOSED);
	ck_assert_str_eq(breaker.text, "");
	/* The pause is the first again. */
	fail_times(8, now_ms);
	ck_assert_int_eq(breaker.next_ms, now_ms + 5000);
}
END_TEST

START_TEST(any_success_closes_it)
{
	fail_times(8, 0);
	breaker_success(&breaker);
	ck_assert_int_eq(breaker_state(&breaker, 1), BREAKER_CLOSED);
}
END_TEST

START_TEST(numbers_of_ones_own)
{
	/* A process that crashes: a pause after every crash. */
	breaker_init(&breaker, (struct breaker_limits){1, 1000, 3000});
	fail_times(1, 0);
	ck_assert_int_eq(breaker.next_ms, 1000);
	for (int i = 0; i < 2; i++) {
		breaker_begin(&breaker);
		breaker_failure(&breaker, true, "crashed", 1000);
	}
	ck_assert_int_eq(breaker.next_ms, 4000);
	/* A longest pause shorter than the first is the first. */
	breaker_init(&breaker, (struct breaker_limits){1, 1000, 10});
	fail_times(1, 0);
	ck_assert_int_eq(breaker.next_ms, 1000);
	breaker_init(&breaker, (struct breaker_limits){1, INT64_MAX, 0});
	fail_times(1, 5);
	ck_assert_int_eq(breaker.next_ms, MS_NEVER);
	ck_assert_int_eq(breaker_state(&breaker, MS_NEVER - 1), BREAKER_OPEN);
}
END_TEST

START_TEST(a_long_text_is_cut)
{
	char text[2 * BREAKER_TEXT_SIZE];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	breaker_failure(&breaker, false, text, 0);
	ck_assert_uint_eq(strlen(breaker.text), BREAKER_TEXT_SIZE - 1);
	breaker_failure(&breaker, false, NULL, 0);
	ck_assert_str_eq(breaker.text, "");
}
END_TEST

/* Never two probes, never an attempt while it is open, whatever happens. */
START_TEST(what_holds_for_any_sequence)
{
	unsigned seed = 77 + (unsigned)_i, probes = 0, begun = 0;
	int64_t now_ms = 0, next_ms = 0;

	for (int i = 0; i < 5000; i++) {
		now_ms += rand_r(&seed) % 2000;
		if (breaker_allows(&breaker, now_ms, &next_ms)) {
			ck_assert_int_ne(breaker_state(&breaker, now_ms), BREAKER_OPEN);
			probes += breaker_begin(&breaker);
			begun++;
		} else {
			ck_assert(next_ms == MS_NEVER ? probes == 1 : next_ms > now_ms);
		}
		ck_assert_uint_le(probes, 1);
		switch (rand_r(&seed) % 10) {
		case 0:
			breaker_success(&breaker);
			probes = 0;
			break;
		case 1:
			breaker_undecided(&breaker, probes == 1);
			probes = 0;
			break;
		default: breaker_failure(&breaker, probes == 1, "no", now_ms); probes = 0;
		}
		ck_assert_int_le(breaker.pause_ms, 300000);
	}
	ck_assert_uint_gt(begun, 100);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("breaker");
	TCase *tcase = tcase_create("breaker");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, eight_failures_in_a_row_open_it);
	tcase_add_test(tcase, one_probe_at_a_time);
	tcase_add_test(tcase, pauses_double_up_to_five_minutes);
	tcase_add_test(tcase, any_success_closes_it);
	tcase_add_test(tcase, numbers_of_ones_own);
	tcase_add_test(tcase, a_long_text_is_cut);
	tcase_add_loop_test(tcase, what_holds_for_any_sequence, 0, 10);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
