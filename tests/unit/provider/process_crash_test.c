/* SPDX-License-Identifier: Apache-2.0 */
/* Modules that end their process, or break the channel: contained, named, started again; whatever
 * they were asked is answered, and other accounts go on. */
#include "dispatch_bench.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

/* A sanitizer's runtime takes the signal and ends the process itself. */
#if defined(__SANITIZE_THREAD__)
#define SEGV_END "ended with status 66"
#elif defined(HR_SANITIZERS)
#define SEGV_END "ended with status 1"
#else
#define SEGV_END "was ended by signal 11 (Segmentation fault)"
#endif

/* How the process of a module that misbehaves in create ends. */
static const struct {
	const char *behaviour;
	const char *message;
	enum host_end end; /* what it counts as */
} crashes[] = {
	{"segv", "the process of module mock " SEGV_END " during create", HOST_END_CRASH},
	{"abort", "the process of module mock was ended by signal 6 (Aborted) during create",
	 HOST_END_CRASH},
	{"exit", "the process of module mock ended with status 0 during create", HOST_END_CRASH},
	{"garbage",
	 "the process of module mock was ended: it sent what it may not send (a frame "
	 "says that it has 2021161080 + 2021161080 bytes; 1 to 1048576 + 17825792 are "
	 "possible) during create",
	 HOST_END_GARBAGE},
};

/* One process runs; so many had been started before, the last one of which ended so. */
static void check_counted(uint64_t ended, enum host_end end)
{
	struct module_figures figures;

	ck_assert_int_eq(module_metrics_copy(metrics, &figures, NULL), 0);
	ck_assert_uint_eq(figures.n_modules, 1);
	ck_assert_str_eq(figures.modules[0].module, "mock");
	ck_assert_uint_eq(figures.modules[0].starts, ended + 1);
	ck_assert_uint_eq(figures.modules[0].ends[end], ended);
	ck_assert_uint_eq(figures.modules[0].running, 1);
	module_figures_clear(&figures);
}

static struct dispatch_answer *create_in(const char *behaviour)
{
	open_behaving(behaviour);
	return ask_kind(DISPATCH_CREATE);
}

START_TEST(crash_in_an_operation)
{
	struct dispatch_request other = request(DISPATCH_LIST);
	struct dispatch_answer *answer;

	answer = create_in(crashes[_i].behaviour);
	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	ck_assert_str_eq(answer->error.message, crashes[_i].message);
	ck_assert_uint_eq(answer->error.flags, HR_FAULT_OUTCOME_UNKNOWN);
	ck_assert_str_eq(answer->instance_id, "i-1"); /* it was told before the end */
	dispatch_answer_free(answer);
	/* Started again, with its account, by itself; what is asked meanwhile waits. */
	answer = ask(&other);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}
END_TEST

/* What is told unasked: why it failed, and that it runs again; and nothing while it goes on well. */
START_TEST(the_end_is_news)
{
	char expected[600];

	dispatch_answer_free(create_in(crashes[_i].behaviour));
	dispatch_answer_free(ask_kind(DISPATCH_LIST));
	snprintf(expected, sizeof(expected),
		 "failed: %s\nrunning: the process of module mock runs again\n",
		 crashes[_i].message);
	ck_assert_str_eq(news, expected);
	check_counted(1, crashes[_i].end);
	open_behaving("good");
	dispatch_answer_free(ask_kind(DISPATCH_CREATE));
	ck_assert_str_eq(news, expected);
}
END_TEST

START_TEST(a_hang_is_news)
{
	struct dispatch_request r = request(DISPATCH_CREATE);

	open_account("mock", "\"behaviour\":\"hang\",\"delay\":60000");
	r.timeout_ms = 100;
	dispatch_answer_free(ask(&r));
	wait_for_news("running: ");
	ck_assert_str_eq(news, "failed: the process of module mock was ended: it did not return "
			       "from create 1000 ms after it was told to end\n"
			       "running: the process of module mock runs again\n");
	check_counted(1, HOST_END_HANG);
}
END_TEST

static pid_t host_pid(void)
{
	char path[64], children[256] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, children, sizeof(children) - 1);
	close(fd);
	ck_assert_int_gt(n, 0);
	ck_assert_ptr_eq(strchr(children, ' '), children + strlen(children) - 1); /* only one */
	return (pid_t)strtol(children, NULL, 10);
}

/* By an administrator, or the kernel: told as what it is, and started again at once. */
START_TEST(a_kill_from_outside_is_news)
{
	open_behaving("good");
	ck_assert_int_eq(kill(host_pid(), SIGKILL), 0);
	wait_for_news("running: ");
	ck_assert_str_eq(news,
			 "failed: the process of module mock was killed from outside (SIGKILL), "
			 "perhaps by the kernel for lack of memory\n"
			 "running: the process of module mock runs again\n");
	check_counted(1, HOST_END_KILLED);
	/* A crash after it is the first one: no pause. */
	dispatch_answer_free(create_in("exit"));
	dispatch_answer_free(ask_kind(DISPATCH_LIST));
	ck_assert_ptr_null(strstr(news, "paused: "));
}
END_TEST

/* A sanitizer build limits no memory. */
#ifndef HR_SANITIZERS
START_TEST(endless_memory_is_news)
{
	struct dispatch_answer *answer = create_in("alloc");

	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	dispatch_answer_free(answer);
	wait_for_news("failed: the process of module mock was ended by signal 11 (Segmentation "
		      "fault), after it had used up its memory limit of 512 MiB during create\n");
	wait_for_news("running: ");
	check_counted(1, HOST_END_MEMORY);
}
END_TEST
#endif

/* A sanitizer build has no sandbox. */
#ifndef HR_SANITIZERS
static struct dispatch_answer *create_as_outlaw(const char *attempt, const char *then)
{
	char members[100];

	snprintf(members, sizeof(members), "\"attempt\":\"%s\",\"then\":\"%s\"", attempt, then);
	open_account("outlaw", members);
	return ask_kind(DISPATCH_CREATE);
}

#define OUTLAW "the process of module outlaw "
static const struct {
	const char *attempt, *then;
	const char *message;
	enum host_end end;
} offences[] = {
	/* in the same call, so it is told, and counted, as what it may come from */
	{"open", "crash",
	 OUTLAW "was ended by signal 11 (Segmentation fault), after it was refused the system call "
		"openat during create",
	 HOST_END_FORBIDDEN},
	{"sockets", "tell",
	 OUTLAW "was ended by its sandbox, after it was refused the system call socket (3 such "
		"refusals) during create",
	 HOST_END_FORBIDDEN},
	{"blocked", "tell",
	 OUTLAW
	 "was ended by its sandbox, for a system call that modules may not use during create",
	 HOST_END_FORBIDDEN},
	{"threads", "tell",
	 OUTLAW "was ended: it has 256 threads, as many as a module may have during create",
	 HOST_END_THREADS},
};

START_TEST(offences_are_named)
{
	struct dispatch_answer *answer = create_as_outlaw(offences[_i].attempt, offences[_i].then);
	struct module_figures figures;
	char expected[400];

	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	ck_assert_str_eq(answer->error.message, offences[_i].message);
	dispatch_answer_free(answer);
	snprintf(expected, sizeof(expected), "failed: %s\n", offences[_i].message);
	wait_for_news("running: ");
	ck_assert_int_eq(strncmp(news, expected, strlen(expected)), 0);
	ck_assert_int_eq(module_metrics_copy(metrics, &figures, NULL), 0);
	ck_assert_uint_eq(figures.modules[0].ends[offences[_i].end], 1);
	module_figures_clear(&figures);
}
END_TEST

/* What a call long over was refused has nothing to do with a crash. */
START_TEST(an_old_refusal_is_no_reason)
{
	struct dispatch_answer *answer = create_as_outlaw("open", "crash-later");
	struct module_figures figures;

	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_str_eq(answer->error.message,
			 OUTLAW "was ended by signal 11 (Segmentation fault) during list");
	dispatch_answer_free(answer);
	wait_for_news("running: ");
	ck_assert_int_eq(module_metrics_copy(metrics, &figures, NULL), 0);
	ck_assert_uint_eq(figures.modules[0].ends[HOST_END_CRASH], 1);
	module_figures_clear(&figures);
}
END_TEST
#endif

/* New settings that do not open leave the account as it was: it comes back with the old ones. */
START_TEST(back_after_settings_that_do_not_open)
{
	struct dispatch_answer *answer;

	for (int i = 0; i < 2; i++)
		dispatch_answer_free(i == 0 ? create_in("segv") : ask_kind(DISPATCH_CREATE));
	ck_assert_ptr_nonnull(strstr(news, "paused: "));
	answer = try_open("mock", "\"behaviour\":\"open-fails\"");
	ck_assert_int_eq(answer->result, HR_AUTH);
	dispatch_answer_free(answer);
	pass_time(1500);
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}
END_TEST

/* All calls of the account are answered, none of another's. */
START_TEST(others_go_on)
{
	struct dispatch_request slow = request(DISPATCH_LIST), crash = request(DISPATCH_CREATE);
	struct dispatch_request elsewhere = request(DISPATCH_OPEN);
	struct dispatch_answer *answer;
	int n_transient = 0, n_good = 0;

	text_copy(elsewhere.account, sizeof(elsewhere.account), OTHER_ACCOUNT);
	elsewhere.provider = "mock";
	elsewhere.settings = json_pack("{sssi}", "token", SECRET, "delay", 200);
	dispatch_answer_free(ask(&elsewhere));
	json_decref((json_t *)(uintptr_t)elsewhere.settings);
	open_account("mock", "\"behaviour\":\"segv\",\"delay\":50");
	text_copy(slow.account, sizeof(slow.account), OTHER_ACCOUNT);
	submit(&slow);
	slow = request(DISPATCH_LIST);
	submit(&slow);
	submit(&crash);
	for (int i = 0; i < 3; i++) {
		answer = next_answer();
		if (strcmp(answer->account, OTHER_ACCOUNT) == 0) {
			ck_assert_int_eq(answer->result, HR_OK);
			n_good++;
		} else if (answer->result != HR_OK) {
			ck_assert_int_eq(answer->result, HR_TRANSIENT);
			n_transient++;
		}
		dispatch_answer_free(answer);
	}
	ck_assert_int_eq(n_good, 1);
	ck_assert_int_ge(n_transient, 1);
}
END_TEST

/* One that keeps ending is started at growing intervals, and nobody waits for it. */
START_TEST(keeps_crashing)
{
	struct dispatch_request r = request(DISPATCH_CREATE);
	struct dispatch_answer *answer;
	struct hr_error err = {0};

	for (int i = 0; i < 2; i++) {
		answer = i == 0 ? create_in("segv") : ask_kind(DISPATCH_CREATE);
		ck_assert_int_eq(answer->result, HR_TRANSIENT);
		dispatch_answer_free(answer);
	}
	ck_assert_int_ne(dispatch_submit(dispatcher, &r, &err), 0);
	ck_assert_int_eq(err.class, HR_TRANSIENT);
	ck_assert_int_gt(err.retry_after_ms, 0);
	ck_assert_int_le(err.retry_after_ms, 1000);
	ck_assert_str_eq(
		err.message,
		"the process of module mock " SEGV_END " during create"
		"; it is started again in 1 s (it ended so 2 times in a row); if this goes on, "
		"report it to the module's vendor, Acme");
	/* Each change is told once: the second end, and that it pauses now. */
	ck_assert_str_eq(news, "failed: the process of module mock " SEGV_END " during create\n"
			       "running: the process of module mock runs again\n"
			       "failed: the process of module mock " SEGV_END " during create\n"
			       "paused: the process of module mock is started again in 1 s, after "
			       "it failed 2 times in a row\n");
	pass_time(err.retry_after_ms + 50);
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
	/* New settings do not wait: they may be the cure. */
	answer = ask_kind(DISPATCH_CREATE);
	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	dispatch_answer_free(answer);
	open_behaving("good");
	answer = ask_kind(DISPATCH_CREATE);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}
END_TEST

/* Asked for ever for more calls, the module does no harm: it is the engine that stops asking. */
START_TEST(again_for_ever)
{
	struct dispatch_request r;
	struct dispatch_answer *answer;
	char token[32] = "";

	open_account("mock", "\"steps\":1000000");
	for (int i = 0; i < 200; i++) {
		r = request(DISPATCH_CREATE);
		r.step.resume_token = token;
		answer = ask(&r);
		ck_assert_int_eq(answer->result, HR_AGAIN);
		text_copy(token, sizeof(token), answer->resume_token);
		dispatch_answer_free(answer);
	}
	ck_assert_str_eq(token, "200");
}
END_TEST

START_TEST(calls_are_counted)
{
	struct module_figures figures;
	struct call_metric *creates;

	dispatch_answer_free(create_in("refuse"));
	dispatch_answer_free(create_in("exit"));
	open_account("mock", "\"delay\":30");
	dispatch_answer_free(ask_kind(DISPATCH_CREATE));
	ck_assert_int_eq(module_metrics_copy(metrics, &figures, NULL), 0);
	ck_assert_uint_eq(figures.calls[DISPATCH_OPEN].calls, 3);
	creates = &figures.calls[DISPATCH_CREATE];
	ck_assert_uint_eq(creates->calls, 3);
	ck_assert_uint_eq(creates->outcomes[0], 1);
	ck_assert_str_eq(module_metrics_outcome_name(0), "done");
	for (size_t i = 0; i < MODULE_METRICS_OUTCOMES; i++)
		if (strcmp(module_metrics_outcome_name(i), "capacity") == 0 ||
		    strcmp(module_metrics_outcome_name(i), "transient") == 0)
			ck_assert_uint_eq(creates->outcomes[i], 1);
	ck_assert_int_ge(creates->duration_ms, 30);
	/* One took longer than 25 ms. */
	ck_assert_uint_le(creates->buckets[1], 2);
	ck_assert_uint_eq(creates->buckets[MODULE_METRICS_BUCKETS - 1], 3);
	module_figures_clear(&figures);
}
END_TEST

START_TEST(prints_to_stdout)
{
	struct dispatch_answer *answer = create_in("print");

	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}
END_TEST

START_TEST(crash_in_open)
{
	struct dispatch_answer *answer = try_open("mock", "\"behaviour\":\"segv-open\"");

	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	ck_assert_str_eq(answer->error.message,
			 "the process of module mock " SEGV_END " during open");
	dispatch_answer_free(answer);
	/* Who asks again meets the same: told once. */
	dispatch_answer_free(try_open("mock", "\"behaviour\":\"segv-open\""));
	ck_assert_str_eq(news, "failed: the process of module mock " SEGV_END " during open\n");
	/* Of an account that never was open nothing can be asked. */
	open_behaving("good");
	dispatch_answer_free(ask_kind(DISPATCH_LIST));
}
END_TEST

static void write_token(const char *text)
{
	char path[600];
	FILE *out;

	snprintf(path, sizeof(path), "%s/token", state.path);
	out = fopen(path, "w");
	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	ck_assert_int_eq(fclose(out), 0);
}

/* A process that is started again gets the secrets of then; one that is gone says so. */
START_TEST(secrets_are_fresh_after_a_crash)
{
	struct dispatch_request r = request(DISPATCH_OPEN);
	struct dispatch_answer *answer;
	json_t *settings = json_pack("{ssss}", "token", "file:token", "behaviour", "segv");
	char path[600];

	write_token("right");
	r.provider = "mock";
	r.settings = settings;
	answer = ask(&r);
	json_decref(settings);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
	write_token("wrong"); /* with which the module mock does not open */
	dispatch_answer_free(ask_kind(DISPATCH_CREATE));
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	ck_assert_msg(strstr(answer->error.message, "the token is refused; it is started again") !=
			      NULL,
		      "%s", answer->error.message);
	dispatch_answer_free(answer);
	snprintf(path, sizeof(path), "%s/token", state.path);
	ck_assert_int_eq(unlink(path), 0);
	pass_time(1500);
	write_token("right");
	pass_time(4000);
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}
END_TEST

/* A great list comes in many frames. */
START_TEST(long_lists)
{
	struct dispatch_answer *answer;

	open_behaving("many");
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	ck_assert(answer->complete);
	ck_assert_uint_eq(answer->n_instances, 5000);
	ck_assert_str_eq(answer->instances[4999].instance_id, "i-4999");
	dispatch_answer_free(answer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("process_crash");
	TCase *tests = tcase_create("crash");
	SRunner *runner;
	int failed;

	log_setup(LOG_LEVEL_NONE, LOG_FORMAT_TEXT);
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, bench_setup, bench_teardown);
	tcase_add_loop_test(tests, crash_in_an_operation, 0, sizeof(crashes) / sizeof(crashes[0]));
	tcase_add_loop_test(tests, the_end_is_news, 0, sizeof(crashes) / sizeof(crashes[0]));
	tcase_add_test(tests, a_hang_is_news);
	tcase_add_test(tests, a_kill_from_outside_is_news);
#ifndef HR_SANITIZERS
	tcase_add_test(tests, endless_memory_is_news);
	tcase_add_loop_test(tests, offences_are_named, 0, sizeof(offences) / sizeof(offences[0]));
	tcase_add_test(tests, an_old_refusal_is_no_reason);
#endif
	tcase_add_test(tests, back_after_settings_that_do_not_open);
	tcase_add_test(tests, others_go_on);
	tcase_add_test(tests, keeps_crashing);
	tcase_add_test(tests, again_for_ever);
	tcase_add_test(tests, calls_are_counted);
	tcase_add_test(tests, prints_to_stdout);
	tcase_add_test(tests, crash_in_open);
	tcase_add_test(tests, secrets_are_fresh_after_a_crash);
	tcase_add_test(tests, long_lists);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
