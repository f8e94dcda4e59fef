/* SPDX-License-Identifier: Apache-2.0 */
/* A spawner that is gone: who asks is told so; where it is watched, its end is seen whether something
 * is asked or not, and no call returns as if nothing had been done. */
#include "host/spawner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#define STATUS_LOST 7

static int ends[2];

static void setup(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void on_lost(const char *reason)
{
	_exit(strcmp(reason, "the process that starts servers has ended") == 0 ? STATUS_LOST : 1);
}

/* Watches in a process of its own, which the loss ends; gives its exit status. */
static int watch_apart(bool asks)
{
	const struct hr_process process = {1, 1};
	struct hr_error err;
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		close(ends[1]);
		alarm(20);
		if (spawner_watch(ends[0], on_lost, &err) != 0)
			_exit(2);
		if (asks) {
			(void)spawner_ask_probe(ends[0], &process, &err);
			_exit(3);
		}
		for (;;)
			pause();
	}
	ck_assert_int_gt(child, 0);
	close(ends[0]);
	/* It is still there while the other end is. */
	if (!asks) {
		usleep(50000);
		ck_assert_int_eq(waitpid(child, &status, WNOHANG), 0);
	} else {
		char message[64];

		ck_assert_int_gt(recv(ends[1], message, sizeof(message), 0), 0);
	}
	close(ends[1]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(its_end_is_told)
{
	const struct hr_process process = {1, 1};
	struct hr_error err;

	close(ends[1]);
	ck_assert_int_ne(spawner_ask_probe(ends[0], &process, &err), 0);
	ck_assert_int_eq(err.class, HR_TRANSIENT);
	ck_assert_str_eq(err.message, "the process that starts servers has ended: this module's "
				      "process is to be started anew");
	close(ends[0]);
}
END_TEST

START_TEST(its_end_is_seen)
{
	ck_assert_int_eq(watch_apart(false), STATUS_LOST);
}
END_TEST

START_TEST(who_asks_does_not_return)
{
	ck_assert_int_eq(watch_apart(true), STATUS_LOST);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spawner_ask");
	TCase *tests = tcase_create("spawner_ask");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, its_end_is_told);
	tcase_add_test(tests, its_end_is_seen);
	tcase_add_test(tests, who_asks_does_not_return);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
