/* SPDX-License-Identifier: Apache-2.0 */
/* The host, or a server's own processes, killed in the middle. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checkin.h"
#include "fixture.h"
#include "traces.h"

#define PATIENCE 1000 /* times 20 ms, on a machine that has much else to do */

/* Runs create in a process that dies: by the fake host, after n calls, or when killed after
 * ms milliseconds. */
static void create_and_die(enum crash crash, int n_calls, int64_t kill_after_ms)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct fake_call call;

		fake_crash = crash;
		fake_call_init(&call);
		for (int i = 0; n_calls < 0 || i < n_calls; i++) {
			int32_t result = step_once(true, id, 1, &call);

			if (result != HR_AGAIN)
				break;
			pause_ms(call.delay_ms);
		}
		if (kill_after_ms >= 0)
			pause_ms(60000);
		raise(SIGKILL);
	}
	if (kill_after_ms >= 0) {
		pause_ms(kill_after_ms);
		kill(pid, SIGKILL);
	}
	waitpid(pid, NULL, 0);
}

static void try_again_and_remove(void)
{
	unsigned port;

	create_ok(2);
	pause_ms(100); /* time for a second one to show itself */
	assert_one_tree();
	port = status_of(id).port;
	destroy_ok();
	assert_no_trace(port);
}

START_TEST(test_crash_at_stages)
{
	isolation = modes[_i];
	begin(false);
	create_and_die(CRASH_BEFORE_START, -1, -1);
	ck_assert_uint_eq(status_of(id).state, HR_STATE_PENDING);
	try_again_and_remove();
	create_and_die(CRASH_AFTER_START, -1, -1);
	try_again_and_remove();
	create_and_die(CRASH_NOT, 1, -1);
	try_again_and_remove();
	create_and_die(CRASH_NOT, 2, -1);
	try_again_and_remove();
	create_and_die(CRASH_NOT, -1, -1);
	try_again_and_remove();
	finish();
}
END_TEST

START_TEST(test_crash_anywhere)
{
	isolation = modes[_i];
	begin(false);
	for (int64_t ms = 0; ms < 36; ms += 3) {
		create_and_die(CRASH_NOT, -1, ms);
		try_again_and_remove();
	}
	finish();
}
END_TEST

/* A start that nobody knows of, and at once the removal. */
START_TEST(test_crash_then_destroy)
{
	isolation = modes[_i];
	begin(false);
	for (int i = 0; i < 5; i++) {
		create_and_die(CRASH_AFTER_START, -1, -1);
		pause_ms(i * 10);
		destroy_ok();
		/* The start may be on its way still: it finds the folder closed and ends. */
		for (int wait = 0; wait < PATIENCE && traces_processes(id); wait++)
			pause_ms(20);
		assert_no_trace(0);
		ck_assert_uint_eq(status_of(id).state, HR_STATE_GONE);
	}
	finish();
}
END_TEST

static void destroy_and_die(int n_calls)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct fake_call call;

		fake_call_init(&call);
		for (int i = 0; i < n_calls && step_once(false, id, 1, &call) == HR_AGAIN; i++)
			pause_ms(call.delay_ms);
		raise(SIGKILL);
	}
	waitpid(pid, NULL, 0);
}

START_TEST(test_crash_in_destroy)
{
	char from[800], to[800];

	isolation = modes[_i];
	begin(false);
	for (int n = 1; n < 4; n++) {
		create_ok(1);
		destroy_and_die(n);
		destroy_ok();
		assert_no_trace(0);
	}
	/* Cut short after the renaming. */
	create_ok(1);
	destroy_and_die(1);
	for (int i = 0; i < PATIENCE && traces_processes(id); i++)
		pause_ms(20);
	snprintf(from, sizeof(from), "%s/servers/%s", state, id);
	snprintf(to, sizeof(to), "%s/servers/.trash-%s", state, id);
	ck_assert_int_eq(rename(from, to), 0);
	ck_assert_uint_eq(status_of(id).state, HR_STATE_STOPPING);
	ck_assert_uint_eq(list_of(INSTALLATION).n, 1);
	destroy_ok();
	assert_no_trace(0);
	finish();
}
END_TEST

/* Servers outlive the process that made them, and are found again. */
START_TEST(test_survive)
{
	unsigned port;

	isolation = modes[_i];
	begin(false);
	create_and_die(CRASH_NOT, -1, -1);
	module->close(account);
	account_open();
	ck_assert_uint_eq(list_of(INSTALLATION).n, 1);
	port = list_of(INSTALLATION).port;
	ck_assert(traces_port(port));
	fake_n_starts = 0;
	create_ok(2);
	ck_assert_uint_eq(fake_n_starts, 0);
	ck_assert_uint_eq(status_of(id).port, port);
	assert_one_tree();
	destroy_ok();
	assert_no_trace(port);
	finish();
}
END_TEST

/* The server's first process is killed by somebody: noticed, and still removed whole. */
START_TEST(test_killed)
{
	char command[64];
	unsigned port;

	isolation = modes[_i];
	begin(false);
	key_make();
	script_render(USER, checkin_listen(0));
	create_ok(1);
	wait_for_script("script: exit 0");
	port = status_of(id).port;
	known_hosts_write(port);
	snprintf(command, sizeof(command), "sleep 3002.%d", (int)getpid());
	ck_assert_int_eq(ssh("-f", USER, port, command), 0);
	ck_assert_int_eq(ssh("-f -N", USER, port, ""), 0);
	kill(traces_init_pid(id), SIGKILL);
	for (int i = 0; i < PATIENCE && status_of(id).state != HR_STATE_STOPPED; i++)
		pause_ms(20);
	ck_assert_uint_eq(status_of(id).state, HR_STATE_STOPPED);
	destroy_ok();
	assert_no_trace(port);
	ck_assert_int_ne(run("pgrep -f '^sleep 3002.%d$' >/dev/null", (int)getpid()), 0);
	finish();
}
END_TEST

void crash_tests(Suite *suite)
{
	TCase *both = tcase_create("crashes, both modes");

	tcase_set_timeout(both, 300);
	tcase_add_loop_test(both, test_crash_at_stages, 0, 2);
	tcase_add_loop_test(both, test_crash_anywhere, 0, 2);
	tcase_add_loop_test(both, test_crash_then_destroy, 0, 2);
	tcase_add_loop_test(both, test_crash_in_destroy, 0, 2);
	tcase_add_loop_test(both, test_survive, 0, 2);
	tcase_add_loop_test(both, test_killed, 0, 2);
	suite_add_tcase(suite, both);
}
