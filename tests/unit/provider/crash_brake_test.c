/* SPDX-License-Identifier: Apache-2.0 */
/* The crash brake: how its pauses grow, and which process's end does not add to them. */
#include "provider/crash_brake.h"

#include <stdlib.h>

#include <check.h>

static struct crash_brake brake;

static void setup(void)
{
	brake = (struct crash_brake){0};
}

static int64_t pause_after_crash(int64_t now_ms)
{
	crash_brake_crashed(&brake, now_ms);
	return brake.not_before_ms - now_ms;
}

START_TEST(pauses_grow)
{
	static const int64_t pauses[] = {0,     1000,  2000,   4000,   8000,   16000,
					 32000, 64000, 128000, 256000, 300000, 300000};
	int64_t now = 5000;

	for (unsigned i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
		ck_assert_int_eq(pause_after_crash(now), pauses[i]);
		ck_assert_uint_eq(brake.n_crashes, i + 1);
		now = brake.not_before_ms;
	}
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(pause_after_crash(now), 300000);
}
END_TEST

/* One that opens its account and soon ends is a loop all the same. */
START_TEST(a_short_life_adds)
{
	ck_assert_int_eq(pause_after_crash(0), 0);
	crash_brake_opened(&brake, 1000);
	ck_assert_int_eq(pause_after_crash(60999), 1000);
	crash_brake_opened(&brake, 62000);
	crash_brake_opened(&brake, 100000); /* new settings: the same process */
	ck_assert_int_eq(pause_after_crash(121999), 2000);
}
END_TEST

START_TEST(a_minute_of_service_forgives)
{
	for (int i = 0; i < 20; i++)
		pause_after_crash(1000);
	crash_brake_opened(&brake, 400000);
	crash_brake_opened(&brake, 430000); /* new settings: the same process */
	ck_assert_int_eq(pause_after_crash(460000), 0);
	ck_assert_uint_eq(brake.n_crashes, 1);
	/* That minute counts once. */
	ck_assert_int_eq(pause_after_crash(600000), 1000);
	/* Time without a process that opened its account is no service. */
	ck_assert_int_eq(pause_after_crash(9000000), 2000);
}
END_TEST

static int64_t pause_after_kill(int64_t now_ms)
{
	crash_brake_killed(&brake, now_ms);
	return brake.not_before_ms > now_ms ? brake.not_before_ms - now_ms : 0;
}

START_TEST(a_kill_from_outside_does_not_count)
{
	ck_assert_int_eq(pause_after_kill(5000), 0);
	ck_assert_uint_eq(brake.n_crashes, 0);
	/* Nor does it add to the module's own faults, or excuse them. */
	crash_brake_opened(&brake, 5100);
	ck_assert_int_eq(pause_after_crash(6000), 0);
	crash_brake_opened(&brake, 6100);
	ck_assert_int_eq(pause_after_crash(7000), 1000);
	crash_brake_opened(&brake, 8100);
	ck_assert_int_eq(pause_after_kill(100000), 0);
	ck_assert_uint_eq(brake.n_crashes, 2);
}
END_TEST

/* As where there is no memory for it: it would only be killed again. */
START_TEST(kills_within_a_minute_count)
{
	ck_assert_int_eq(pause_after_kill(0), 0);
	crash_brake_opened(&brake, 100);
	ck_assert_int_eq(pause_after_kill(59999), 0); /* the first that counts */
	ck_assert_uint_eq(brake.n_crashes, 1);
	crash_brake_opened(&brake, 60100);
	ck_assert_int_eq(pause_after_kill(70000), 1000);
	ck_assert_int_eq(pause_after_kill(71000), 2000);
	crash_brake_opened(&brake, 74000);
	ck_assert_int_eq(pause_after_kill(134000), 0);
}
END_TEST

START_TEST(another_modules_service_does_not_count)
{
	pause_after_crash(0);
	crash_brake_opened(&brake, 1000);
	crash_brake_replaced(&brake);
	ck_assert_int_eq(pause_after_crash(100000), 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crash_brake");
	TCase *tests = tcase_create("crash_brake");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, pauses_grow);
	tcase_add_test(tests, a_short_life_adds);
	tcase_add_test(tests, a_minute_of_service_forgives);
	tcase_add_test(tests, a_kill_from_outside_does_not_count);
	tcase_add_test(tests, kills_within_a_minute_count);
	tcase_add_test(tests, another_modules_service_does_not_count);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
