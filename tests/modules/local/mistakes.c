/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong, and what the module and the startup script say then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <headroom/process.h>

#include "checkin.h"
#include "fixture.h"
#include "traces.h"

START_TEST(test_foreign)
{
	struct fake_call call;
	struct answers answers;
	char path[800];

	isolation = "namespaces";
	begin(false);
	create_ok(1);
	snprintf(path, sizeof(path), "%s/servers/%s/mark", state, id);
	ck_assert_int_eq(run("sed -i 's/^installation .*/installation other/' %s", path), 0);
	ck_assert_int_eq(step_run(false, 1, &call), HR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(call.message, "of installation other"));
	ck_assert_int_eq(step_run(true, 2, &call), HR_INVALID);
	ck_assert_ptr_nonnull(strstr(call.message, "nothing was changed"));
	ck_assert_uint_eq(list_of(INSTALLATION).n, 0);
	ck_assert_uint_eq(list_of(INSTALLATION).n_complete, 1);
	ck_assert_uint_eq(list_of("other").n, 1);
	ck_assert_uint_eq(status_of(id).state, HR_STATE_RUNNING);

	/* Another server's. */
	ck_assert_int_eq(run("sed -i -e 's/^installation .*/installation " INSTALLATION "/' "
			     "-e 's/^server .*/server another/' %s",
			     path),
			 0);
	ck_assert_int_eq(step_run(false, 1, &call), HR_NOT_FOUND);

	/* One that nobody can read proves nothing. */
	ck_assert_int_eq(run("echo rubbish >%s", path), 0);
	answers = list_of(INSTALLATION);
	ck_assert_uint_eq(answers.n_unread, 1);
	ck_assert_uint_eq(answers.n_complete, 0);
	ck_assert_int_eq(step_run(false, 1, &call), HR_INVALID);
	ck_assert_ptr_nonnull(strstr(call.message, "nothing there was touched"));
	ck_assert_uint_eq(traces_inits(id), 1);

	ck_assert_int_eq(unlink(path), 0);
	destroy_ok();
	assert_no_trace(0);
	finish();
}
END_TEST

static void create_fails(int32_t result_class, const char *setting, const char *words)
{
	struct fake_call call;
	int32_t result;

	module->close(account);
	account_open();
	result = step_run(true, 1, &call);
	ck_assert_msg(result == result_class, "%d %s", result, call.message);
	ck_assert_str_eq(call.setting, setting);
	ck_assert_msg(strstr(call.message, words), "%s", call.message);
	destroy_ok();
	assert_no_trace(0);
}

START_TEST(test_create_failures)
{
	isolation = "namespaces";
	begin(false);
	with.bwrap = "/nonexistent/bwrap";
	create_fails(HR_INVALID, "bwrap", "/nonexistent/bwrap cannot be run: No such file");
	with.bwrap = "/bin/false";
	create_fails(HR_INVALID, "isolation", "allow unprivileged user namespaces");
	with.bwrap = NULL;
	with.sshd = "/nonexistent/sshd";
	create_fails(HR_INVALID, "sshd", "Install openssh-server");
	with.sshd = "/bin/true";
	create_fails(HR_TRANSIENT, "", "sshd was started 10 times");
	with.sshd = NULL;
	with.helper = "/nonexistent/helper";
	create_fails(HR_INVALID, "helper", "Install Headroom again");
	with.helper = "/bin/true";
	create_fails(HR_TRANSIENT, "", "ended without a word");
	with.helper = NULL;
	isolation = "supervisor";
	with.sshd = "/bin/true";
	create_fails(HR_TRANSIENT, "", "sshd was started 10 times");
	finish();
}
END_TEST

/* A failure is told once; the next attempt begins anew. */
START_TEST(test_fail_then_succeed)
{
	struct fake_call call;

	isolation = modes[_i];
	begin(false);
	with.sshd = "/bin/true";
	module->close(account);
	account_open();
	ck_assert_int_eq(step_run(true, 1, &call), HR_TRANSIENT);
	ck_assert_uint_eq(status_of(id).state, HR_STATE_PENDING);
	with.sshd = NULL;
	module->close(account);
	account_open();
	create_ok(2);
	assert_one_tree();
	destroy_ok();
	assert_no_trace(0);
	finish();
}
END_TEST

/* As root: no way to the folder itself, and a host that makes none. */
START_TEST(test_closed_folder)
{
	struct fake_call call;

	isolation = modes[_i];
	begin(true);
	if (geteuid() == 0) {
		ck_assert_int_eq(step_run(true, 1, &call), HR_INVALID);
		ck_assert_msg(strstr(call.message, "cannot reach the server's folder"), "%s",
			      call.message);
		destroy_ok();
	}
	finish();
}
END_TEST

START_TEST(test_requests)
{
	struct fake_call call;
	struct hr_step step = {.size = sizeof(step),
			       .attempt = 1,
			       .server_id = span("a/../b"),
			       .guest_os = HR_GUEST_LINUX};

	isolation = "auto";
	begin(false);
	fake_call_init(&call);
	ck_assert_int_eq(module->create(account, &call.call, &step), HR_INVALID);
	ck_assert_ptr_nonnull(strstr(call.message, "letters, digits"));
	ck_assert_int_eq(module->destroy(account, &call.call, &step), HR_OK);
	step.server_id = span("srv-requests");
	step.guest_os = HR_GUEST_WINDOWS;
	ck_assert_int_eq(module->create(account, &call.call, &step), HR_UNSUPPORTED);
	step.guest_os = HR_GUEST_LINUX;
	step.overrides = span("{\"size\": 1}");
	ck_assert_int_eq(module->create(account, &call.call, &step), HR_INVALID);
	ck_assert_ptr_nonnull(strstr(call.message, "overrides"));
	step.overrides = span(" { } ");
	call.cancel = true;
	ck_assert_int_eq(module->create(account, &call.call, &step), HR_CANCELLED);
	ck_assert_int_eq(module->destroy(account, &call.call, &step), HR_CANCELLED);
	ck_assert_uint_eq(status_of("../../etc").state, HR_STATE_GONE);
	ck_assert_uint_eq(status_of("srv-requests").state, HR_STATE_GONE);
	finish();
}
END_TEST

START_TEST(test_open_failures)
{
	struct fake_call call;

	isolation = "auto";
	begin(false);
	module->close(account);
	fake_call_init(&call);
	with.address = "10.0.0.1";
	ck_assert_int_eq(account_try(&call), HR_INVALID);
	ck_assert_str_eq(call.setting, "address");
	ck_assert_ptr_nonnull(strstr(call.message, "not a loopback address"));
	with.address = NULL;
	fake_missing = HR_PROCESS_SERVICE;
	ck_assert_int_eq(account_try(&call), HR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(call.message, "local_modules"));
	fake_missing = NULL;
	snprintf(state, sizeof(state), "%s/absent", base);
	ck_assert_int_eq(account_try(&call), HR_INVALID);
	ck_assert_ptr_nonnull(strstr(call.message, "cannot be opened"));
	fake_folder_remove(base);
	base[0] = '\0';
}
END_TEST

/* ---- Check --------------------------------------------------------------------------------- */

struct problems {
	struct hr_check_sink sink;
	unsigned n;
	char settings[256], messages[4096];
};

static void on_problem(const struct hr_check_sink *sink, int32_t result_class,
		       const struct hr_fault *fault)
{
	union {
		const struct hr_check_sink *in;
		struct problems *out;
	} cast = {sink};
	struct problems *problems = cast.out;
	size_t n = strlen(problems->settings), m = strlen(problems->messages);

	ck_assert_int_eq(result_class, HR_INVALID);
	problems->n++;
	snprintf(problems->settings + n, sizeof(problems->settings) - n, "%.*s ",
		 (int)fault->setting.len, fault->setting.ptr);
	snprintf(problems->messages + m, sizeof(problems->messages) - m, "%.*s\n",
		 (int)fault->message.len, fault->message.ptr);
}

static struct problems check_run(void)
{
	struct problems problems = {
		.sink = {.size = sizeof(struct hr_check_sink), .problem = on_problem}};
	struct fake_call call;

	module->close(account);
	account_open();
	fake_call_init(&call);
	ck_assert_int_eq(module->check(account, &call.call, &problems.sink), HR_OK);
	fake_call_free(&call);
	ck_assert_uint_eq(traces_files(state, ".probe-"), 0);
	return problems;
}

START_TEST(test_check)
{
	struct problems problems;

	isolation = modes[_i];
	begin(false);
	problems = check_run();
	ck_assert_msg(problems.n == 0, "%s", problems.messages);
	with.sshd = "/nonexistent/sshd";
	with.bwrap = "/nonexistent/bwrap";
	problems = check_run();
	ck_assert_str_eq(problems.settings, _i == 0 ? "sshd bwrap " : "sshd ");
	with.helper = "/nonexistent/helper";
	problems = check_run();
	ck_assert_str_eq(problems.settings, "helper ");
	with.helper = "/bin/true";
	problems = check_run();
	ck_assert_msg(strstr(problems.messages, "gave no answer"), "%s", problems.messages);
	finish();
}
END_TEST

/* ---- The startup script's own refusals ----------------------------------------------------- */

START_TEST(test_script_failures)
{
	isolation = "namespaces";
	begin(false);
	key_make();
	script_render("root", checkin_listen(0));
	create_ok(1);
	wait_for_script("script: exit 1");
	ck_assert_uint_eq(checkin_count("\"status\":\"failed\""), 1);
	ck_assert_uint_eq(checkin_count("is taken in this server"), 1);
	destroy_ok();
	public_key[0] = '\0';
	script_render(USER, checkin_listen(0));
	create_ok(1);
	wait_for_script("script: exit 1");
	ck_assert_uint_eq(checkin_count("The public key for the connection is missing"), 1);
	destroy_ok();
	finish();
}
END_TEST

START_TEST(test_script_refused)
{
	isolation = "namespaces";
	begin(false);
	key_make();
	script_render(USER, checkin_listen(401));
	create_ok(1);
	wait_for_script("script: exit 1");
	ck_assert_uint_eq(checkin_count("\"status\":\"running\""), 1);
	ck_assert_int_eq(run("grep -q 'check-in refused: HTTP status 401' %s/servers/%s/script.log",
			     state, id),
			 0);
	destroy_ok();
	finish();
}
END_TEST

void mistake_tests(Suite *suite)
{
	TCase *both = tcase_create("mistakes, both modes");
	TCase *one = tcase_create("mistakes");

	tcase_set_timeout(both, 300);
	tcase_add_loop_test(both, test_fail_then_succeed, 0, 2);
	tcase_add_loop_test(both, test_closed_folder, 0, 2);
	tcase_add_loop_test(both, test_check, 0, 2);
	suite_add_tcase(suite, both);
	tcase_set_timeout(one, 300);
	tcase_add_test(one, test_foreign);
	tcase_add_test(one, test_create_failures);
	tcase_add_test(one, test_requests);
	tcase_add_test(one, test_open_failures);
	tcase_add_test(one, test_script_failures);
	tcase_add_test(one, test_script_refused);
	suite_add_tcase(suite, one);
}
