/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of an account's folder, worked on while the original's servers run: what its journals
 * record are processes of the original, and they are left alone. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checkin.h"
#include "fixture.h"
#include "traces.h"

static char original[640];

/* Changes to another account folder. */
static void account_move(const char *folder)
{
	module->close(account);
	snprintf(state, sizeof(state), "%s", folder);
	account_open();
}

/* Copies the folder with all that is in it, and goes on with the copy. */
static void copy_begin(void)
{
	char copy[640];

	snprintf(original, sizeof(original), "%s", state);
	snprintf(copy, sizeof(copy), "%.500s/copy", base);
	ck_assert_int_eq(run("cp -a %s %s", state, copy), 0);
	account_move(copy);
}

static void assert_copy_stopped(void)
{
	struct answers answers = status_of(id);

	ck_assert_msg(answers.state == HR_STATE_STOPPED, "%u %s", answers.state, answers.text);
	ck_assert_str_eq(answers.text, "not running: its folder is a copy");
	ck_assert_uint_eq(answers.port, 0);
	answers = list_of(INSTALLATION);
	ck_assert_uint_eq(answers.n, 1);
	ck_assert_uint_eq(answers.n_complete, 1);
	ck_assert_uint_eq(answers.state, HR_STATE_STOPPED);
	ck_assert_str_eq(answers.server, id);
}

static void assert_copy_gone(void)
{
	char path[1024];

	ck_assert_uint_eq(status_of(id).state, HR_STATE_GONE);
	ck_assert_uint_eq(list_of(INSTALLATION).n, 0);
	ck_assert_uint_eq(traces_files(state, id), 0);
	snprintf(path, sizeof(path), "%s/servers", state);
	ck_assert_int_eq(access(path, F_OK), 0);
}

/* The original as it was: process 1, sshd, a session, the way in, its files. */
static void assert_original_lives(int init, unsigned port)
{
	char path[1024], command[96];

	ck_assert_int_eq(kill(init, 0), 0);
	ck_assert(traces_port(port));
	snprintf(command, sizeof(command), "pgrep -f ^sleep.3003.%d$ && echo in", (int)getpid());
	ck_assert_msg(ssh("", USER, port, command) == 0, "%s", out_text("err"));
	ck_assert_ptr_nonnull(strstr(out_text("out"), "in\n"));
	snprintf(path, sizeof(path), "%s/servers/%s/mark", original, id);
	ck_assert_int_eq(access(path, F_OK), 0);
}

/* The test's server with a session in it. */
static unsigned original_begin(void)
{
	char command[64];
	unsigned port;

	begin(false);
	key_make();
	script_render(USER, checkin_listen(0));
	create_ok(1);
	wait_for_script("script: exit 0");
	port = status_of(id).port;
	known_hosts_write(port);
	snprintf(command, sizeof(command), "sleep 3003.%d", (int)getpid());
	ck_assert_int_eq(ssh("-f", USER, port, command), 0);
	return port;
}

static void original_end(int init, unsigned port)
{
	account_move(original);
	ck_assert_int_eq(traces_init_pid(id), init);
	ck_assert_uint_eq(status_of(id).port, port);
	assert_one_tree();
	destroy_ok();
	assert_no_trace(port);
	finish();
}

START_TEST(test_copy_destroyed)
{
	unsigned port;
	int init;

	isolation = modes[_i];
	port = original_begin();
	init = traces_init_pid(id);
	copy_begin();
	assert_copy_stopped();
	assert_original_lives(init, port);
	destroy_ok();
	assert_copy_gone();
	assert_original_lives(init, port);
	original_end(init, port);
}
END_TEST

/* The copy becomes a server of its own; its end is its own too. */
START_TEST(test_copy_started)
{
	unsigned port, copy_port;
	int init;

	isolation = modes[_i];
	port = original_begin();
	init = traces_init_pid(id);
	copy_begin();
	snprintf(script, sizeof(script), "#!/bin/sh\necho hello from the copy\n");
	create_ok(2);
	ck_assert_uint_eq(traces_inits(id), 2);
	ck_assert_uint_eq(status_of(id).state, HR_STATE_RUNNING);
	copy_port = status_of(id).port;
	ck_assert_uint_ne(copy_port, port);
	ck_assert(traces_port(copy_port));
	assert_original_lives(init, port);
	destroy_ok();
	assert_copy_gone();
	ck_assert(!traces_port(copy_port));
	assert_original_lives(init, port);
	original_end(init, port);
}
END_TEST

/* Copied while the program starts: before process 1 wrote its line, and before sshd listens. */
START_TEST(test_copy_of_start)
{
	struct fake_call call;
	char copy[640];
	uint32_t result;

	isolation = modes[_i];
	begin(false);
	fake_call_init(&call);
	ck_assert_int_eq(step_once(true, id, 1, &call), HR_AGAIN);
	fake_call_free(&call);
	copy_begin();
	result = status_of(id).state;
	ck_assert(result == HR_STATE_PENDING || result == HR_STATE_STOPPED);
	destroy_ok();
	assert_copy_gone();
	account_move(original);
	create_ok(1);
	assert_one_tree();
	/* As if sshd did not listen yet. */
	ck_assert_int_eq(run("cp -a %s/servers %s/early && sed -i '/^port/d;/^script/d' "
			     "%s/early/%s/journal && mv %s/early/* %s/copy/servers",
			     state, base, base, id, base, base),
			 0);
	ck_assert_int_eq(run("rmdir %s/early", base), 0);
	snprintf(copy, sizeof(copy), "%.500s/copy", base);
	account_move(copy);
	assert_copy_stopped();
	destroy_ok();
	assert_copy_gone();
	account_move(original);
	assert_one_tree();
	destroy_ok();
	assert_no_trace(0);
	finish();
}
END_TEST

void copy_tests(Suite *suite)
{
	TCase *both = tcase_create("copies, both modes");

	tcase_set_timeout(both, 300);
	tcase_add_loop_test(both, test_copy_destroyed, 0, 2);
	tcase_add_loop_test(both, test_copy_started, 0, 2);
	tcase_add_loop_test(both, test_copy_of_start, 0, 2);
	suite_add_tcase(suite, both);
}
