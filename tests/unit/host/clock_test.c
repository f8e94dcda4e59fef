/* SPDX-License-Identifier: Apache-2.0 */
/* What modules are told of the time: the system's, or the one that a test has. */
#include "host/clock.h"

#include "../base/suite.h"
#include "host/services.h"

static struct moment told = {.wall_ms = 1234567890123, .mono_ms = 42};

static struct moment tell(void)
{
	return told;
}

static void expect_the_systems(const struct hr_clock_service *clock)
{
	struct moment before = clock_now(), after;
	int64_t wall = clock->wall_ms(), mono = clock->monotonic_ms();

	after = clock_now();
	ck_assert_int_ge(wall, before.wall_ms);
	ck_assert_int_le(wall, after.wall_ms);
	ck_assert_int_ge(mono, before.mono_ms);
	ck_assert_int_le(mono, after.mono_ms);
}

START_TEST(a_test_has_its_own)
{
	const struct hr_host *host = services_host(_i == 0 ? HR_PROFILE_COMPUTE : HR_PROFILE_LOCAL);
	const struct hr_clock_service *clock = host->service(host, "clock/1");

	ck_assert_ptr_nonnull(clock);
	ck_assert_uint_eq(clock->size, sizeof(*clock));
	expect_the_systems(clock);
	clock_service_use(tell);
	ck_assert_int_eq(clock->wall_ms(), 1234567890123);
	ck_assert_int_eq(clock->monotonic_ms(), 42);
	told.mono_ms += 3600000;
	ck_assert_int_eq(clock->monotonic_ms(), 3600042);
	clock_service_use(NULL);
	expect_the_systems(clock);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tests = tcase_create("clock");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tests, a_test_has_its_own, 0, 2);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
