/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a host's sandbox: of every combination, and of the one that this machine gives. */
#include "provider/host_sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <check.h>

#include "base/log.h"
#include "dispatch_bench.h"
#include "provider/wire.h"

#define LANDLOCK_VERSION 444, NULL, 0, 1 /* landlock_create_ruleset */

START_TEST(words)
{
	const uint32_t all = WIRE_SANDBOX_FILTER | WIRE_SANDBOX_LANDLOCK;

	ck_assert_str_eq(host_sandbox_word(all), "whole");
	ck_assert_ptr_null(host_sandbox_warning(all));
	ck_assert_str_eq(host_sandbox_word(WIRE_SANDBOX_FILTER), "no Landlock");
	ck_assert_ptr_nonnull(
		strstr(host_sandbox_warning(WIRE_SANDBOX_FILTER), "use Linux 5.13 or newer"));
	for (uint32_t flags = 0; flags <= WIRE_SANDBOX_LANDLOCK; flags += WIRE_SANDBOX_LANDLOCK) {
		ck_assert_str_eq(host_sandbox_word(flags), "off");
		ck_assert_ptr_nonnull(
			strstr(host_sandbox_warning(flags), "the sandbox of modules is off"));
	}
}
END_TEST

/* Lines of the log that are about a sandbox. */
static int count_warnings(FILE *log)
{
	char line[1024];
	int n = 0;

	rewind(log);
	while (fgets(line, sizeof(line), log))
		n += strstr(line, "sandbox of modules is off") || strstr(line, "without Landlock");
	return n;
}

/* Two processes of one module: said once, whatever it is, and listed. */
START_TEST(told_once)
{
	const struct registry_module *module, *other;
	int before = dup(STDERR_FILENO), warnings;
	const char *expected = "whole";
	FILE *log = tmpfile();

#ifdef HR_SANITIZERS
	expected = "off";
#else
	if (syscall(LANDLOCK_VERSION) < 1)
		expected = "no Landlock";
#endif
	module = bench_module("mock");
	other = bench_module("mockserial");
	ck_assert_ptr_null(registry_sandbox(module));
	ck_assert_ptr_nonnull(log);
	fflush(stderr);
	ck_assert_int_ge(dup2(fileno(log), STDERR_FILENO), 0);
	open_account("mock", "");
	open_account("mockserial", "");
	open_account("mock", "");
	ck_assert_int_ge(dup2(before, STDERR_FILENO), 0);
	close(before);
	warnings = count_warnings(log);
	fclose(log);
	ck_assert_int_eq(warnings, strcmp(expected, "whole") != 0);
	ck_assert_str_eq(registry_sandbox(module), expected);
	ck_assert_str_eq(registry_sandbox(other), expected);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("host_sandbox");
	TCase *told = tcase_create("told"), *said = tcase_create("words");
	SRunner *runner;
	int failed;

	log_setup(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
	tcase_add_test(said, words);
	tcase_add_checked_fixture(told, bench_setup, bench_teardown);
	tcase_add_test(told, told_once);
	suite_add_tcase(suite, said);
	suite_add_tcase(suite, told);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
