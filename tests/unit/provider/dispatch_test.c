/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatchers with a real module: one answer for each request whatever the module does,
 * accounts opened, replaced and closed, deadlines and cancellation. */
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

/* ---- Accounts ------------------------------------------------------------------------------ */

START_TEST(life_of_a_server)
{
	const char *const ids[] = {"i-1", "i-9"};
	struct dispatch_request r;
	struct dispatch_answer *answer;

	open_account("mock", "\"steps\":2");
	answer = ask_kind(DISPATCH_CREATE);
	ck_assert_int_eq(answer->result, HR_AGAIN);
	ck_assert_str_eq(answer->resume_token, "1");
	ck_assert_str_eq(answer->instance_id, "i-1");
	ck_assert_str_eq(answer->text, "booting");
	ck_assert_str_eq(answer->server_id, SERVER);
	ck_assert_int_eq(answer->delay_ms, 10);
	ck_assert_int_eq(answer->percent, 0);
	dispatch_answer_free(answer);
	r = request(DISPATCH_CREATE);
	r.step.resume_token = "2";
	answer = ask(&r);
	ck_assert_int_eq(answer->result, HR_OK);
	ck_assert_str_eq(answer->instance_id, "i-1");
	ck_assert_ptr_null(answer->resume_token);
	dispatch_answer_free(answer);

	r = request(DISPATCH_STATUS);
	r.instance_ids = ids;
	r.n_instance_ids = 2;
	answer = ask(&r);
	ck_assert_int_eq(answer->result, HR_OK);
	ck_assert_uint_eq(answer->n_instances, 2);
	ck_assert_str_eq(answer->instances[0].instance_id, "i-1");
	ck_assert_uint_eq(answer->instances[0].state, HR_STATE_RUNNING);
	ck_assert_str_eq(answer->instances[0].address, "10.0.0.1");
	ck_assert_uint_eq(answer->instances[0].connection_port, 2222);
	ck_assert_str_eq(answer->instances[1].instance_id, "i-9");
	ck_assert_uint_eq(answer->instances[1].state, HR_STATE_UNKNOWN);
	ck_assert_str_eq(answer->instances[1].status_text, "the module says nothing about it");
	dispatch_answer_free(answer);

	answer = ask_kind(DISPATCH_LIST);
	ck_assert_int_eq(answer->result, HR_OK);
	ck_assert(answer->complete);
	ck_assert_uint_eq(answer->n_instances, 1);
	ck_assert_str_eq(answer->instances[0].server_id, SERVER);
	dispatch_answer_free(answer);
	for (int i = 0; i < 2; i++) { /* twice is fine */
		answer = ask_kind(DISPATCH_DESTROY);
		ck_assert_int_eq(answer->result, HR_OK);
		dispatch_answer_free(answer);
	}
}
END_TEST

static void expect_not_open(const char *message)
{
	struct dispatch_request r = request(DISPATCH_LIST);
	struct hr_error err = {0};

	ck_assert_int_ne(dispatch_submit(dispatcher, &r, &err), 0);
	ck_assert_int_eq(err.class, HR_TRANSIENT);
	ck_assert_str_eq(err.message, message);
}

START_TEST(not_open)
{
	struct dispatch_answer *answer;

	expect_not_open("account " ACCOUNT " is not open");
	answer = try_open("mock", "\"behaviour\":\"open-fails\"");
	ck_assert_int_eq(answer->result, HR_AUTH);
	ck_assert_str_eq(answer->error.message, "the token is refused");
	ck_assert_str_eq(answer->error.field, "settings.token");
	ck_assert_str_eq(answer->error.provider_code, "E42");
	dispatch_answer_free(answer);
	expect_not_open("account " ACCOUNT " is not open: the token is refused");
	answer = try_open("mock", "\"behaviour\":\"open-nothing\"");
	ck_assert_int_eq(answer->result, HR_INTERNAL);
	ck_assert_str_eq(answer->error.message,
			 "the module mock 1.0 is at fault in open: it opens the account and gives "
			 "none; report this to its vendor, Acme");
	dispatch_answer_free(answer);
	answer = try_open("mock", "\"region\":\"42\"");
	ck_assert_int_eq(answer->result, HR_INVALID);
	ck_assert_str_eq(answer->error.field, "settings.region");
	dispatch_answer_free(answer);
	answer = try_open("nosuch", "");
	ck_assert_int_eq(answer->result, HR_INVALID);
	ck_assert_ptr_nonnull(
		strstr(answer->error.message, "there is no provider module \"nosuch\""));
	dispatch_answer_free(answer);
	open_account("mock", "");
	dispatch_answer_free(ask_kind(DISPATCH_LIST));
	dispatch_answer_free(ask_kind(DISPATCH_CLOSE));
	expect_not_open("account " ACCOUNT " is not open");
}
END_TEST

/* What is asked right behind an OPEN waits for it, and hears why it failed. */
START_TEST(behind_an_open)
{
	struct dispatch_request slow, open_it, list;
	struct dispatch_answer *answer;

	dispatch_free(dispatcher);
	start_dispatcher(1);
	/* By process longer than it takes to start one for the other account, sanitized too. */
	open_account("mock", by_process ? "\"delay\":2500" : "\"delay\":300");
	slow = request(DISPATCH_LIST);
	transcript_leave_out("behind_an_open");
	submit(&slow); /* has the only worker */
	open_it = request(DISPATCH_OPEN);
	text_copy(open_it.account, sizeof(open_it.account), OTHER_ACCOUNT);
	open_it.provider = "mock";
	open_it.settings = json_pack("{ssss}", "token", SECRET, "behaviour", "open-fails");
	submit(&open_it);
	json_decref(json_unconst(open_it.settings));
	list = request(DISPATCH_LIST);
	text_copy(list.account, sizeof(list.account), OTHER_ACCOUNT);
	submit(&list);
	if (!by_process) /* there another account has workers of its own */
		dispatch_answer_free(next_answer());
	answer = next_answer();
	ck_assert_int_eq(answer->kind, DISPATCH_OPEN);
	ck_assert_int_eq(answer->result, HR_AUTH);
	dispatch_answer_free(answer);
	answer = next_answer();
	ck_assert_int_eq(answer->kind, DISPATCH_LIST);
	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	ck_assert_str_eq(answer->error.message,
			 "account " OTHER_ACCOUNT " is not open: the token is refused");
	dispatch_answer_free(answer);
	if (by_process) {
		answer = next_answer();
		ck_assert_uint_eq(answer->ticket, slow.ticket);
		dispatch_answer_free(answer);
	}
}
END_TEST

static void expect_trace(const char *expected)
{
	int64_t until = clock_now().mono_ms + PATIENCE_MS;
	char text[512];

	/* Accounts are closed behind the answer. */
	for (;;) {
		int fd = open(trace, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;

		if (fd >= 0)
			close(fd);
		text[n > 0 ? n : 0] = '\0';
		if (strcmp(text, expected) == 0)
			return;
		if (clock_now().mono_ms >= until)
			ck_assert_str_eq(text, expected);
		pass_time(0);
	}
}

static void open_traced(const char *region, const char *more)
{
	char members[700];

	snprintf(members, sizeof(members), "\"trace\":\"trace\",\"region\":\"%s\"%s", region, more);
	open_account("mocklocal", members);
}

START_TEST(replaced_after_its_last_call)
{
	struct dispatch_request slow = request(DISPATCH_LIST);
	struct dispatch_answer *answer;

	open_traced("north", ",\"behaviour\":\"wait\"");
	slow.timeout_ms = 1500;
	submit(&slow); /* goes on for as long as it may, on the old account */
	pass_time(50);
	open_traced("south", "");
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_int_eq(answer->result, HR_OK);
	dispatch_answer_free(answer);
	expect_trace("open north\nopen south\n");
	answer = next_answer();
	ck_assert_uint_eq(answer->ticket, slow.ticket);
	ck_assert_int_eq(answer->result, HR_TIMEOUT);
	dispatch_answer_free(answer);
	expect_trace("open north\nopen south\nclose north\n");
	/* An edit that is refused leaves the account as it is. */
	dispatch_answer_free(try_open("mocklocal", "\"behaviour\":\"open-fails\""));
	dispatch_answer_free(ask_kind(DISPATCH_LIST));
	expect_trace("open north\nopen south\nclose north\n");
	dispatch_answer_free(ask_kind(DISPATCH_CLOSE));
	expect_trace("open north\nopen south\nclose north\nclose south\n");
}
END_TEST

START_TEST(free_closes_accounts)
{
	open_traced("north", "");
	dispatch_free(dispatcher);
	dispatcher = NULL;
	expect_trace("open north\nclose north\n");
}
END_TEST

/* ---- Many at once --------------------------------------------------------------------------- */

#define MANY 24

static int most_at_once(void)
{
	struct dispatch_answer *answer = ask_kind(DISPATCH_CHECK);
	int most = 0;

	ck_assert_int_eq(answer->result, HR_OK);
	ck_assert_int_eq(sscanf(answer->problems[0].error.message, "most calls at once: %d", &most),
			 1);
	dispatch_answer_free(answer);
	return most;
}

/* MANY creates for as many servers; each ticket is answered exactly once. */
static void create_many(void)
{
	bool is_answered[MANY] = {false};
	struct dispatch_request r;
	struct dispatch_answer *answer;
	uint64_t first = next_ticket;

	for (int i = 0; i < MANY; i++) {
		r = request(DISPATCH_CREATE);
		snprintf(r.step.server_id, sizeof(r.step.server_id),
			 "44444444-4444-4444-8444-4444444444%02d", i);
		submit(&r);
	}
	for (int i = 0; i < MANY; i++) {
		answer = next_answer();
		ck_assert_uint_ge(answer->ticket, first);
		ck_assert_uint_lt(answer->ticket, first + MANY);
		ck_assert(!is_answered[answer->ticket - first]);
		is_answered[answer->ticket - first] = true;
		ck_assert_int_eq(answer->result, HR_OK);
		dispatch_answer_free(answer);
	}
	ck_assert_ptr_null(mailbox_take(answers));
}

START_TEST(parallel_up_to_its_concurrency)
{
	transcript_leave_out("parallel_up_to_its_concurrency");
	open_account("mock", "\"delay\":40");
	create_many();
	ck_assert_int_eq(most_at_once(), 4); /* of the descriptor, though there are 8 workers */
}
END_TEST

START_TEST(serial_one_at_a_time)
{
	open_account("mockserial", "\"delay\":5");
	create_many();
	ck_assert_int_eq(most_at_once(), 1);
}
END_TEST

/* ---- Deadlines and cancellation -------------------------------------------------------------- */

START_TEST(deadline_cancels)
{
	struct dispatch_request r = request(DISPATCH_CREATE);
	struct dispatch_answer *answer;

	open_behaving("wait");
	r.timeout_ms = 30;
	answer = ask(&r);
	ck_assert_int_eq(answer->result, HR_TIMEOUT);
	ck_assert_int_eq(answer->error.class, HR_TIMEOUT);
	ck_assert_str_eq(answer->error.message, "create did not end within its time: told to end");
	ck_assert_uint_eq(answer->error.flags, HR_FAULT_OUTCOME_UNKNOWN);
	dispatch_answer_free(answer);
	r = request(DISPATCH_LIST);
	r.timeout_ms = 30;
	answer = ask(&r);
	ck_assert_int_eq(answer->result, HR_TIMEOUT);
	ck_assert_uint_eq(answer->error.flags, 0);
	dispatch_answer_free(answer);
	ck_assert_uint_eq(stuck_workers(), 0);
}
END_TEST

START_TEST(deadline_passes_in_the_queue)
{
	struct dispatch_request slow = request(DISPATCH_CREATE), late = request(DISPATCH_CREATE);
	struct dispatch_answer *answer;

	open_account("mockserial", "\"delay\":500");
	submit(&slow);
	late.timeout_ms = 20;
	submit(&late);
	answer = next_answer();
	ck_assert_uint_eq(answer->ticket, late.ticket);
	ck_assert_int_eq(answer->result, HR_TIMEOUT);
	ck_assert_str_eq(answer->error.message,
			 "the time for it passed before its turn came; nothing "
			 "was sent");
	ck_assert_uint_eq(answer->error.flags, 0); /* nothing was sent, for certain */
	dispatch_answer_free(answer);
	answer = next_answer();
	ck_assert_uint_eq(answer->ticket, slow.ticket);
	ck_assert_int_eq(answer->result, HR_OK);
	dispatch_answer_free(answer);
}
END_TEST

/* A call that hears nothing is answered for, once; others go on; its late result counts for
 * nothing. */
START_TEST(hanging_call)
{
	struct dispatch_request r = request(DISPATCH_CREATE), close_it;
	struct dispatch_answer *answer;
	int64_t until = clock_now().mono_ms + PATIENCE_MS;

	transcript_leave_out("hanging_call");
	open_account("mock", "\"behaviour\":\"hang\",\"delay\":3000");
	r.timeout_ms = 30;
	answer = ask(&r);
	ck_assert_int_eq(answer->result, HR_TIMEOUT);
	ck_assert_str_eq(
		answer->error.message,
		by_process
			? "the process of module mock was ended: it did not return from create "
			  "1000 ms after it was told to end"
			: "the module does not return from create 1000 ms after it was told to end; "
			  "its worker is lost until it does, and a restart of headroomd gets it back");
	ck_assert_uint_eq(answer->error.flags, HR_FAULT_OUTCOME_UNKNOWN);
	ck_assert_str_eq(answer->instance_id, "i-1"); /* what it had said before */
	dispatch_answer_free(answer);
	ck_assert_uint_eq(stuck_workers(), by_process ? 0 : 1);

	/* A new account of the same config. */
	open_account("mock", "");
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_int_eq(answer->result, HR_OK);
	dispatch_answer_free(answer);

	/* Closing waits for it, but nobody has to wait for the closing. */
	close_it = request(DISPATCH_CLOSE);
	close_it.timeout_ms = 10;
	answer = ask(&close_it);
	ck_assert_int_eq(answer->result, by_process ? HR_OK : HR_TIMEOUT);
	dispatch_answer_free(answer);
	while (stuck_workers() != 0) {
		ck_assert_int_lt(clock_now().mono_ms, until);
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	}
	ck_assert_ptr_null(mailbox_take(answers));
}
END_TEST

START_TEST(cancel_all_answers_all)
{
	struct dispatch_request r;
	struct dispatch_answer *answer;
	struct hr_error err = {0};
	int n_running = 0;

	open_behaving("wait");
	for (int i = 0; i < 10; i++) {
		r = request(DISPATCH_CREATE);
		submit(&r);
	}
	pass_time(50);
	dispatch_cancel_all(dispatcher);
	for (int i = 0; i < 10; i++) {
		answer = next_answer();
		ck_assert_int_eq(answer->result, HR_CANCELLED);
		if (answer->error.flags & HR_FAULT_OUTCOME_UNKNOWN)
			n_running++;
		else
			ck_assert_str_eq(answer->error.message,
					 "headroomd is about to end; nothing was sent");
		dispatch_answer_free(answer);
	}
	ck_assert_int_eq(n_running, 4);
	r = request(DISPATCH_LIST);
	ck_assert_int_ne(dispatch_submit(dispatcher, &r, &err), 0);
	ck_assert_int_eq(err.class, HR_TRANSIENT);
	ck_assert_str_eq(err.message, "no more calls of modules: headroomd is about to end");
}
END_TEST

START_TEST(free_answers_all)
{
	struct dispatch_request r;
	struct mail *mail;
	int n = 0;

	open_behaving("wait");
	for (int i = 0; i < 10; i++) {
		r = request(DISPATCH_CREATE);
		submit(&r);
	}
	dispatch_free(dispatcher);
	dispatcher = NULL;
	while ((mail = mailbox_take(answers)) != NULL) {
		ck_assert_int_eq(((struct dispatch_answer *)(void *)mail)->result, HR_CANCELLED);
		dispatch_answer_free((struct dispatch_answer *)(void *)mail);
		n++;
	}
	ck_assert_int_eq(n, 10);
}
END_TEST

/* ---- Profile local ---------------------------------------------------------------------------- */

START_TEST(local_profile)
{
	char path[500];
	struct dispatch_answer *answer;
	struct stat st, folder;

	open_account("mocklocal", "");
	snprintf(path, sizeof(path), "%s/accounts/" ACCOUNT, state.path);
	ck_assert_int_eq(stat(path, &folder), 0);
	ck_assert_uint_eq(folder.st_mode & 07777, 0700);
	if (geteuid() == 0)
		ck_assert(folder.st_uid >= BENCH_UID_FIRST && folder.st_uid <= BENCH_UID_LAST);
	/* What the module itself makes there is the account's too. */
	snprintf(path, sizeof(path), "%s/accounts/" ACCOUNT "/opened", state.path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, folder.st_uid);
	ck_assert_uint_eq(st.st_gid, folder.st_gid);

	answer = ask_kind(DISPATCH_CREATE);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
	answer = ask_kind(DISPATCH_DESTROY);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
	ck_assert_int_eq(unlink(path), 0);
	dispatch_answer_free(ask_kind(DISPATCH_CLOSE));
	snprintf(path, sizeof(path), "%s/accounts/" ACCOUNT, state.path);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

static void make_server(void)
{
	struct dispatch_answer *answer;

	open_behaving("good");
	answer = ask_kind(DISPATCH_CREATE);
	ck_assert_int_eq(answer->result, HR_OK);
	dispatch_answer_free(answer);
}

/* The service is not for everyone, and neither is the folder. */
START_TEST(compute_profile)
{
	char path[500];

	make_server();
	snprintf(path, sizeof(path), "%s/accounts", state.path);
	if (!by_process || geteuid() != 0) {
		ck_assert_int_ne(access(path, F_OK), 0);
		return;
	}
	/* As root a process has a uid of its own, which a folder records; it is not the module's. */
	snprintf(path, sizeof(path), "%s/accounts/" ACCOUNT, state.path);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(by_process ? "process" : "inline");
	TCase *tests = tcase_create("dispatch");
	SRunner *runner;
	int failed;

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	tcase_add_checked_fixture(tests, bench_setup, bench_teardown);
	tcase_add_test(tests, life_of_a_server);
	tcase_add_test(tests, not_open);
	tcase_add_test(tests, behind_an_open);
	tcase_add_test(tests, replaced_after_its_last_call);
	tcase_add_test(tests, free_closes_accounts);
	tcase_add_test(tests, parallel_up_to_its_concurrency);
	tcase_add_test(tests, serial_one_at_a_time);
	tcase_add_test(tests, deadline_cancels);
	tcase_add_test(tests, deadline_passes_in_the_queue);
	tcase_add_test(tests, hanging_call);
	tcase_add_test(tests, cancel_all_answers_all);
	tcase_add_test(tests, free_answers_all);
	tcase_add_test(tests, local_profile);
	tcase_add_test(tests, compute_profile);
	transcript_open(by_process ? "process" : "inline");
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
