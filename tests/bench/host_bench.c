/* SPDX-License-Identifier: Apache-2.0 */
/* What a module in a process of its own costs: a call, medians beside a bare round trip of the same size;
 * a start; memory. */
#include "../unit/provider/dispatch_bench.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "measure.h"

#define ROUNDS 20000
#define STARTS 50
#define FRAME_BYTES 160 /* about what a status and its answer have */

static double now_us(void)
{
	return (double)measure_now_ns() / 1e3;
}

/* A child that sends back what it reads. */
static double socketpair_round_trip(void)
{
	static double times[ROUNDS];
	char buffer[FRAME_BYTES] = {0};
	int fds[2];
	pid_t child;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	child = fork();
	if (child == 0) {
		close(fds[0]);
		while (read(fds[1], buffer, sizeof(buffer)) > 0)
			if (write(fds[1], buffer, sizeof(buffer)) < 0)
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	for (int i = 0; i < ROUNDS; i++) {
		struct pollfd one = {.fd = fds[0], .events = POLLIN};
		double began = now_us();

		ck_assert_int_eq(write(fds[0], buffer, sizeof(buffer)), sizeof(buffer));
		poll(&one, 1, -1);
		ck_assert_int_eq(read(fds[0], buffer, sizeof(buffer)), sizeof(buffer));
		times[i] = now_us() - began;
	}
	close(fds[0]);
	waitpid(child, NULL, 0);
	return measure_percentile(times, ROUNDS, 0.5);
}

static void wait_for_answer(void)
{
	struct pollfd one = {.fd = dispatch_fd(dispatcher), .events = POLLIN};
	struct mail *mail;

	while ((mail = mailbox_take(answers)) == NULL) {
		poll(&one, 1, 1000);
		dispatch_step(dispatcher, clock_now());
	}
	ck_assert_int_eq(((struct dispatch_answer *)(void *)mail)->result, HR_OK);
	dispatch_answer_free((struct dispatch_answer *)(void *)mail);
}

static double call_round_trip(void)
{
	static double times[ROUNDS];
	const char *const ids[] = {"i-1"};
	struct dispatch_request r = request(DISPATCH_STATUS);

	r.instance_ids = ids;
	r.n_instance_ids = 1;
	for (int i = 0; i < ROUNDS; i++) {
		double began = now_us();

		submit(&r);
		wait_for_answer();
		times[i] = now_us() - began;
	}
	return measure_percentile(times, ROUNDS, 0.5);
}

static double start_time(void)
{
	static double times[STARTS];

	for (int i = 0; i < STARTS; i++) {
		double began = now_us();

		open_account("mock", "");
		times[i] = now_us() - began;
		dispatch_answer_free(ask_kind(DISPATCH_CLOSE));
	}
	return measure_percentile(times, STARTS, 0.5);
}

/* Private memory of our only child, in KiB. */
static long private_memory(void)
{
	char path[64], line[256], child[32];
	long total = 0, one;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%31s", child), 1);
	fclose(file);
	snprintf(path, sizeof(path), "/proc/%s/smaps_rollup", child);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_Clean: %ld kB", &one) == 1 ||
		    sscanf(line, "Private_Dirty: %ld kB", &one) == 1)
			total += one;
	fclose(file);
	return total;
}

START_TEST(figures)
{
	double bare = socketpair_round_trip(), call, start = start_time();
	long idle;

	open_account("mock", "");
	idle = private_memory();
	dispatch_answer_free(ask_kind(DISPATCH_CREATE));
	call = call_round_trip();
	measure_tell("socketpair_us", bare);
	measure_tell("call_us", call);
	measure_tell("host_start_ms", start / 1e3);
	measure_tell("host_private_mb", (double)idle / 1024);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("host bench");
	TCase *tests = tcase_create("figures");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, bench_setup, bench_teardown);
	tcase_add_test(tests, figures);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
