/* SPDX-License-Identifier: Apache-2.0 */
/* The module local with real servers, in namespaces and without. Each test has an account folder
 * of its own and leaves nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"

int main(void)
{
	Suite *suite = suite_create("local");
	SRunner *runner;
	int n_failed;

	if (access("/usr/bin/bwrap", X_OK) || access("/usr/sbin/sshd", X_OK)) {
		fprintf(stderr, "skipped: bwrap or sshd is not installed\n");
		return 77;
	}
	life_tests(suite);
	crash_tests(suite);
	copy_tests(suite);
	mistake_tests(suite);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed ? 1 : 0;
}
