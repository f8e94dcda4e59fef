/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a module's errors and of its offences against the contract; and nothing secret
 * in the log. */
#include "dispatch_bench.h"
#include "transcript.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

/* ---- What the module does wrong ------------------------------------------------------------- */

static void expect_fault(const char *behaviour, enum dispatch_kind kind, const char *what)
{
	char expected[512];
	struct dispatch_answer *answer;

	open_behaving(behaviour);
	answer = ask_kind(kind);
	ck_assert_int_eq(answer->result, HR_INTERNAL);
	snprintf(expected, sizeof(expected),
		 "the module mock 1.0 is at fault in %s: %s; report this to its vendor, Acme",
		 dispatch_kind_name(kind), what);
	ck_assert_str_eq(answer->error.message, expected);
	ck_assert_uint_eq(answer->error.flags,
			  kind == DISPATCH_CREATE ? HR_FAULT_OUTCOME_UNKNOWN : 0);
	ck_assert_ptr_null(answer->resume_token);
	ck_assert_uint_eq(answer->n_instances, 0);
	dispatch_answer_free(answer);
}

START_TEST(faults_in_steps)
{
	char what[128];

	expect_fault("long-token", DISPATCH_CREATE,
		     "the resume token has 4097 bytes, at most 4096 are possible");
	expect_fault("binary-token", DISPATCH_CREATE, "the resume token is no UTF-8 text");
	expect_fault("again-late", DISPATCH_CREATE,
		     "it asks to be called again and gives no resume token");
	expect_fault("no-instance", DISPATCH_CREATE,
		     "it says that it has created a server and reports no instance id");
	expect_fault("long-id", DISPATCH_CREATE,
		     "the instance id has 512 bytes, at most 255 are possible");
	expect_fault("empty-id", DISPATCH_CREATE, "an empty instance id is reported");
	expect_fault("two-ids", DISPATCH_CREATE,
		     "the instance id i-second is reported, but i-1 was before; a server has one "
		     "instance");
	expect_fault("unknown", DISPATCH_CREATE, "it gives the unknown result 77");
	snprintf(what, sizeof(what),
		 "an error's details have a size of 4 bytes, at least %zu are wanted",
		 sizeof(struct hr_fault));
	expect_fault("short-fault", DISPATCH_CREATE, what);
}
END_TEST

/* A later part of a create need not name the instance that an earlier one named. */
START_TEST(an_instance_that_is_known_need_not_be_named)
{
	struct dispatch_request r = request(DISPATCH_CREATE);
	struct dispatch_answer *answer;

	open_behaving("no-instance");
	text_copy(r.step.instance_id, sizeof(r.step.instance_id), "i-1");
	answer = ask(&r);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}
END_TEST

START_TEST(faults_in_lists)
{
	expect_fault("again-list", DISPATCH_LIST,
		     "it asks to be called again, which only steps may do");
}
END_TEST

/* The mock's instances die with its account, so each of these makes its own. */
static struct dispatch_answer *list_behaving(const char *behaviour)
{
	struct dispatch_answer *answer;

	open_behaving(behaviour);
	answer = ask_kind(DISPATCH_CREATE);
	ck_assert_int_eq(answer->result, HR_OK);
	dispatch_answer_free(answer);
	return ask_kind(DISPATCH_LIST);
}

START_TEST(incomplete_lists)
{
	struct dispatch_answer *answer = list_behaving("no-complete");

	ck_assert_int_eq(answer->result, HR_OK);
	ck_assert(!answer->complete);
	ck_assert_uint_eq(answer->n_instances, 1);
	ck_assert_str_eq(answer->unread, "the module does not say that the list is complete");
	dispatch_answer_free(answer);

	answer = list_behaving("unread");
	ck_assert(!answer->complete);
	ck_assert_str_eq(answer->unread, "node-3: it does not answer");
	dispatch_answer_free(answer);

	answer = list_behaving("foreign");
	ck_assert(!answer->complete);
	ck_assert_uint_eq(answer->n_instances, 0);
	ck_assert_str_eq(answer->unread, "i-1: its server mark is no server's id");
	dispatch_answer_free(answer);

	answer = list_behaving("bad-address");
	ck_assert_int_eq(answer->result, HR_INTERNAL);
	ck_assert_ptr_nonnull(strstr(answer->error.message,
				     "an address holds other characters than letters, digits and "
				     ".:-_%"));
	dispatch_answer_free(answer);

	answer = list_behaving("short-instance");
	ck_assert_int_eq(answer->result, HR_INTERNAL);
	ck_assert_ptr_nonnull(strstr(answer->error.message, "an instance has a size of 8 bytes"));
	dispatch_answer_free(answer);
}
END_TEST

START_TEST(errors)
{
	struct dispatch_answer *answer;

	open_behaving("refuse");
	answer = ask_kind(DISPATCH_CREATE);
	ck_assert_int_eq(answer->result, HR_CAPACITY);
	ck_assert_int_eq(answer->error.class, HR_CAPACITY);
	ck_assert_str_eq(answer->error.message, "no room in north");
	ck_assert_str_eq(answer->error.field, "settings.region");
	ck_assert_str_eq(answer->error.request_id, "req-7");
	ck_assert_int_eq(answer->error.http_status, 503);
	ck_assert_int_eq(answer->error.retry_after_ms, 1500);
	dispatch_answer_free(answer);
	open_behaving("silent");
	answer = ask_kind(DISPATCH_CREATE);
	ck_assert_int_eq(answer->result, HR_QUOTA);
	ck_assert_str_eq(answer->error.message,
			 "the module mock fails in create with \"quota\" and says nothing more");
	dispatch_answer_free(answer);
	open_account("mockserial", "");
	answer = ask_kind(DISPATCH_INJECT);
	ck_assert_int_eq(answer->result, HR_UNSUPPORTED);
	ck_assert_str_eq(answer->error.message,
			 "the module mockserial cannot run scripts in a server after boot");
	dispatch_answer_free(answer);
	open_behaving("much-memory");
	answer = ask_kind(DISPATCH_CREATE);
	ck_assert_int_eq(answer->result, HR_INTERNAL);
	ck_assert_str_eq(answer->error.message, "no memory");
	dispatch_answer_free(answer);
	open_behaving("spent");
	answer = ask_kind(DISPATCH_CREATE);
	ck_assert_int_eq(answer->result, HR_INTERNAL);
	ck_assert_uint_eq(answer->error.flags, HR_FAULT_OUTCOME_UNKNOWN);
	ck_assert_str_eq(answer->instance_id, "");
	ck_assert_str_eq(
		answer->error.message,
		"the module mock found no memory left in create; a call may have 64 MiB, and "
		"the module's process what its limit allows");
	dispatch_answer_free(answer);
	open_behaving("problems");
	answer = ask_kind(DISPATCH_CHECK);
	ck_assert_int_eq(answer->result, HR_OK);
	ck_assert_uint_eq(answer->n_problems, 2);
	ck_assert_int_eq(answer->problems[1].error.class, HR_AUTH);
	ck_assert_str_eq(answer->problems[1].error.message, "token refused");
	ck_assert_str_eq(answer->problems[1].error.field, "settings.token");
	dispatch_answer_free(answer);
}
END_TEST

/* Of the log (standard error into a file) and of the error nothing of the secret is seen. */
START_TEST(secrets_are_masked)
{
	int log, saved = dup(STDERR_FILENO);
	struct dispatch_answer *answer;
	char text[4096], path[600];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/log", state.path);
	log = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(log, 0);
	ck_assert_int_ge(dup2(log, STDERR_FILENO), 0);
	log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
	open_behaving("leak");
	answer = ask_kind(DISPATCH_CREATE);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	ck_assert_str_eq(answer->error.message, "cannot log in with ***");
	dispatch_answer_free(answer);
	n = pread(log, text, sizeof(text) - 1, 0);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_ptr_nonnull(strstr(text, "mock: cannot log in with ***"));
	ck_assert_ptr_nonnull(strstr(text, " operation_kind=create "));
	ck_assert_ptr_null(strstr(text, " operation=create "));
	ck_assert_ptr_nonnull(strstr(text, ACCOUNT));
	ck_assert_ptr_nonnull(strstr(text, SERVER));
	ck_assert_ptr_null(strstr(text, SECRET));
	/* The channel's traffic is there to be read. */
	ck_assert_int_eq(strstr(text, "settings=***") != NULL, by_process);
	close(log);
	close(saved);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(by_process ? "process_faults" : "inline_faults");
	TCase *tests = tcase_create("faults");
	SRunner *runner;
	int failed;

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	tcase_add_checked_fixture(tests, bench_setup, bench_teardown);
	tcase_add_test(tests, faults_in_steps);
	tcase_add_test(tests, an_instance_that_is_known_need_not_be_named);
	tcase_add_test(tests, faults_in_lists);
	tcase_add_test(tests, incomplete_lists);
	tcase_add_test(tests, errors);
	tcase_add_test(tests, secrets_are_masked);
	transcript_open(by_process ? "process_faults" : "inline_faults");
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
