/* SPDX-License-Identifier: Apache-2.0 */
/* Servers made, entered, removed without a trace. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkin.h"
#include "fixture.h"
#include "traces.h"

START_TEST(test_life)
{
	struct answers answers;
	unsigned checkin, port;
	char path[1024];

	isolation = modes[_i];
	begin(false);
	key_make();
	checkin = checkin_listen(0);
	script_render(USER, checkin);
	create_ok(1);
	wait_for_script("script: exit 0");

	answers = status_of(id);
	ck_assert_uint_eq(answers.state, HR_STATE_RUNNING);
	ck_assert_str_eq(answers.address, "127.0.0.1");
	ck_assert_uint_ne(answers.port, 0);
	port = answers.port;
	answers = list_of(INSTALLATION);
	ck_assert_uint_eq(answers.n, 1);
	ck_assert_uint_eq(answers.n_complete, 1);
	ck_assert_str_eq(answers.server, id);
	ck_assert_str_eq(answers.instance, id);
	ck_assert_str_eq(answers.config, "config-1");
	ck_assert_int_gt(answers.created_ms, 0);
	ck_assert_uint_eq(list_of("another").n, 0);

	/* The check-in: progress, then running, repeated after the 503. */
	ck_assert_uint_ge(checkin_count("\"status\":\"starting\""), 2);
	ck_assert_uint_eq(checkin_count("\"status\":\"running\""), 2);
	ck_assert_uint_ge(checkin_count("Authorization: Bearer " TOKEN), 4);
	ck_assert_uint_eq(checkin_count("\"status_progress\":\"100\""), 2);
	ck_assert_uint_eq(checkin_count("\"ssh_host_key\":\"ssh-ed25519 AAAA"), 2);
	snprintf(path, sizeof(path), "%s/servers/%s/root/var/lib/headroom/startup-script", state,
		 id);
	ck_assert_int_ne(access(path, F_OK), 0); /* it held the token */

	known_hosts_write(port);
	ck_assert_msg(ssh("", USER, port, "id -un; id -u; cat nonce; echo; echo $HOME") == 0, "%s",
		      out_text("err"));
	ck_assert_msg(strstr(out_text("out"), "/home/" USER "\n"), "%s", out_text("out"));
	ck_assert_int_eq((int)strspn(strchr(strchr(out_text("out"), '\n') + 1, '\n') + 1,
				     "0123456789abcdef"),
			 32);
	ck_assert_msg(ssh("-tt", USER, port, "tty; stty size") == 0, "%s", out_text("err"));
	ck_assert_ptr_nonnull(strstr(out_text("out"), "/dev/pts/"));
	/* No way in without the key, or as another. */
	ck_assert_int_eq(run("ssh-keygen -q -t ed25519 -N '' -f %s/other", base), 0);
	snprintf(key_path, sizeof(key_path), "%s/other", base);
	ck_assert_int_eq(ssh("", USER, port, "true"), 255);
	ck_assert_ptr_nonnull(strstr(out_text("err"), "Permission denied (publickey)"));

	destroy_ok();
	assert_no_trace(port);
	ck_assert_uint_eq(status_of(id).state, HR_STATE_GONE);
	ck_assert_uint_eq(list_of(INSTALLATION).n, 0);
	destroy_ok();
	finish();
}
END_TEST

/* In namespaces a session sees its own server only, and cannot end it. */
START_TEST(test_walls)
{
	unsigned port;

	isolation = "namespaces";
	begin(false);
	key_make();
	script_render(USER, checkin_listen(0));
	create_ok(1);
	wait_for_script("script: exit 0");
	port = status_of(id).port;
	known_hosts_write(port);
	ck_assert_int_eq(ssh("", USER, port,
			     "kill -9 1; kill -TERM 1; ls /proc/1/fd; cat /proc/1/environ; "
			     "ls /proc | grep -c ^[0-9]; id -u; id -un; ls /work /root/.ssh"),
			 2);
	ck_assert_msg(strstr(out_text("out"), "\n1000\n"), "%s", out_text("out"));
	ck_assert_ptr_nonnull(strstr(out_text("err"), "Permission denied"));
	ck_assert_int_lt((int)strtol(out_text("out"), NULL, 10), 12);
	ck_assert_uint_eq(status_of(id).state, HR_STATE_RUNNING);
	destroy_ok();
	assert_no_trace(port);
	finish();
}
END_TEST

/* What a session leaves behind: processes of their own session, files of odd modes and depth,
 * links to outside. */
START_TEST(test_mess)
{
	char path[1024], command[1024];
	unsigned port;

	isolation = modes[_i];
	begin(false);
	key_make();
	script_render(USER, checkin_listen(0));
	create_ok(1);
	wait_for_script("script: exit 0");
	port = status_of(id).port;
	known_hosts_write(port);
	snprintf(path, sizeof(path), "%s/outside", base);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(run("echo keep >%s/file", path), 0);
	/* Each test's sleeps have a length of their own, so that no other test's are found. */
	snprintf(command, sizeof(command),
		 "setsid sleep 3000.%d </dev/null >/dev/null 2>&1 & "
		 "(setsid sh -c \"(trap : TERM HUP; while :; do sleep 1; done) &\" "
		 "</dev/null >/dev/null 2>&1) & "
		 "env -i sleep 3001.%d </dev/null >/dev/null 2>&1 & "
		 "mkdir -p m/n && touch m/n/f && chmod 0 m/n/f m/n m; "
		 "for i in `seq 300`; do mkdir d; cd d; done; cd; "
		 "mkdir r && touch r/f && chmod 0500 r; "
		 "ln -s / root; ln -s ../../../../outside out; sleep 0.2",
		 (int)getpid(), (int)getpid());
	ck_assert_msg(ssh("", USER, port, command) == 0, "%s", out_text("err"));
	destroy_ok();
	assert_no_trace(port);
	ck_assert_int_ne(run("pgrep -f '^sleep 300[01].%d$' >/dev/null", (int)getpid()), 0);
	ck_assert_int_eq(run("grep -q keep %s/file", path), 0);
	finish();
}
END_TEST

/* As root: the servers' uid has no way to the program, which is then copied. */
START_TEST(test_closed_program)
{
	char folder[600], beside[700];
	const char *build = getenv("HEADROOM_BUILDDIR");

	isolation = modes[_i];
	begin(false);
	snprintf(folder, sizeof(folder), "%s/closed", base);
	snprintf(beside, sizeof(beside), "%s/local.so", folder);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	ck_assert_int_eq(run("cp %s/plugins/local/headroom-local-server "
			     "%s/plugins/local/.libs/local.so "
			     "%s/plugins/local/headroom-local-names.so %s && "
			     "chmod 755 %s/*",
			     build, build, build, folder, folder),
			 0);
	fake_module = beside;
	key_make();
	script_render(USER, checkin_listen(0));
	create_ok(1);
	wait_for_script("script: exit 0");
	known_hosts_write(status_of(id).port);
	ck_assert_int_eq(ssh("-tt", USER, status_of(id).port, "tty"), 0);
	ck_assert_int_eq(run("grep -q '^start [0-9]* [0-9]*:[0-9]* %s$' %s/servers/%s/journal",
			     isolation, state, id),
			 0);
	destroy_ok();
	assert_no_trace(0);
	fake_module = NULL;
	finish();
}
END_TEST

/* auto goes on without namespaces where there are none. */
START_TEST(test_auto)
{
	isolation = "auto";
	begin(false);
	create_ok(1);
	ck_assert_uint_eq(traces_inits(id), 1);
	destroy_ok();
	with.bwrap = "/bin/false";
	module->close(account);
	account_open();
	create_ok(1);
	assert_one_tree();
	destroy_ok();
	assert_no_trace(0);
	finish();
}
END_TEST

void life_tests(Suite *suite)
{
	TCase *both = tcase_create("life, both modes");
	TCase *one = tcase_create("life");

	tcase_set_timeout(both, 300);
	tcase_add_loop_test(both, test_life, 0, 2);
	tcase_add_loop_test(both, test_mess, 0, 2);
	tcase_add_loop_test(both, test_closed_program, 0, 2);
	suite_add_tcase(suite, both);
	tcase_set_timeout(one, 300);
	tcase_add_test(one, test_walls);
	tcase_add_test(one, test_auto);
	suite_add_tcase(suite, one);
}
