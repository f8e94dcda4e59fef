/* SPDX-License-Identifier: Apache-2.0 */
/* The main function of a Check program: SUITE_MAIN("text", test_a, test_b). */
#ifndef HR_TESTS_SUITE_H
#define HR_TESTS_SUITE_H

#include <stdlib.h>

#include <check.h>

#define SUITE_MAIN(suite_name, ...)                                           \
	int main(void)                                                        \
	{                                                                     \
		const TTest *const tests[] = {__VA_ARGS__};                   \
		Suite *suite = suite_create(suite_name);                      \
		TCase *tcase = tcase_create(suite_name);                      \
		SRunner *runner = srunner_create(suite);                      \
		int failed;                                                   \
                                                                              \
		for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) \
			tcase_add_test(tcase, tests[i]);                      \
		suite_add_tcase(suite, tcase);                                \
		srunner_run_all(runner, CK_ENV);                              \
		failed = srunner_ntests_failed(runner);                       \
		srunner_free(runner);                                         \
		return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;             \
	}

#endif
