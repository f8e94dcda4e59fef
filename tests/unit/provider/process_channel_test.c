/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts that use their channel against the daemon: ended and named, and nothing grows meanwhile. */
#include "dispatch_bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <check.h>

#include "base/log.h"
#include "false_host.h"

static char myself[600];

static void setup(void)
{
	ssize_t n = readlink("/proc/self/exe", myself, sizeof(myself) - 1);

	ck_assert_int_gt(n, 0);
	host_instead = myself;
	bench_setup();
}

static void open_false(const char *behaviour)
{
	char members[128];

	snprintf(members, sizeof(members), "\"region\":\"%s\"", behaviour);
	open_account("mock", members);
}

static void expect_ended(struct dispatch_answer *answer, const char *message)
{
	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	ck_assert_str_eq(answer->error.message, message);
	dispatch_answer_free(answer);
}

/* What 64 MiB that wait may cost the daemon. A sanitizer keeps what was freed for a while: 256 MiB of it,
 * and its own notes. */
#ifdef HR_SANITIZERS
#define PEAK_KIB_MAX (1024 * 1024)
#else
#define PEAK_KIB_MAX (256 * 1024)
#endif

static long peak_kib(void)
{
	struct rusage usage;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

/* It asks and asks, and takes no answer. */
START_TEST(does_not_read)
{
	struct dispatch_request r = request(DISPATCH_OPEN);
	struct dispatch_answer *answer;
	static char token[8000];
	json_t *settings;
	long before;

	memset(token, 'x', sizeof(token) - 1);
	settings = json_pack("{ssss}", "token", token, "region", "deaf");
	r.provider = "mock";
	r.settings = settings;
	answer = ask(&r);
	json_decref(settings);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
	before = peak_kib();
	expect_ended(ask_kind(DISPATCH_CHECK),
		     "the process of module mock was ended: it does not read its channel, where "
		     "64 MiB wait for it during check");
	ck_assert_int_lt(peak_kib() - before, PEAK_KIB_MAX);
}
END_TEST

START_TEST(questions_for_no_call)
{
	open_false("stranger");
	expect_ended(ask_kind(DISPATCH_CHECK),
		     "the process of module mock was ended: it sent what it may not send (a "
		     "question for a call that is not under way) during check");
}
END_TEST

START_TEST(requests_for_no_call)
{
	open_false("strangerpage");
	expect_ended(ask_kind(DISPATCH_CHECK),
		     "the process of module mock was ended: it sent what it may not send (a "
		     "question for a call that is not under way) during check");
}
END_TEST

/* While an account opens, for the first time or again, a question is answered with a no. */
START_TEST(questions_while_it_opens)
{
	struct dispatch_answer *answer;

	open_false("opener");
	expect_ended(ask_kind(DISPATCH_CHECK),
		     "the process of module mock ended with status 3 during check");
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}
END_TEST

START_TEST(instances_that_nobody_asked_for)
{
	open_false("instances");
	expect_ended(ask_kind(DISPATCH_CREATE),
		     "the process of module mock was ended: it sent what it may not send "
		     "(instances that nobody asked for) during create");
}
END_TEST

/* The rules that an honest host keeps by itself, each broken; as is what no host says to an operation. */
static const struct {
	const char *behaviour;
	enum dispatch_kind kind;
	const char *sentence;
} lies[] = {
	{"noerror", DISPATCH_CHECK, "the error 19 without sound details"},
	{"othererror", DISPATCH_CHECK, "the error 19 without sound details"},
	{"lateerror", DISPATCH_CHECK, "the error 19 without sound details"},
	{"flagerror", DISPATCH_CHECK, "the error 19 without sound details"},
	{"classerror", DISPATCH_CHECK, "the error 77 without sound details"},
	{"again", DISPATCH_CHECK, "\"again\" with figures that it cannot have"},
	{"notokenagain", DISPATCH_CREATE, "\"again\" with figures that it cannot have"},
	{"lateagain", DISPATCH_CREATE, "\"again\" with figures that it cannot have"},
	{"percentagain", DISPATCH_CREATE, "\"again\" with figures that it cannot have"},
	{"checkid", DISPATCH_CHECK, "an instance id, which only steps report"},
	{"noid", DISPATCH_CREATE, "a created server without an instance id"},
	{"oneinstance", DISPATCH_CHECK, "instances that nobody asked for"},
	{"twoinstances", DISPATCH_STATUS, "more instances than were asked for"},
	{"foreigninstance", DISPATCH_STATUS, "an instance that was not asked for"},
	{"noidinstance", DISPATCH_LIST, "an instance that cannot be one"},
	{"addressinstance", DISPATCH_LIST, "an instance that cannot be one"},
	{"portinstance", DISPATCH_LIST, "an instance that cannot be one"},
	{"stateinstance", DISPATCH_LIST, "an instance that cannot be one"},
	{"noserverinstance", DISPATCH_LIST, "an instance of no server in a list"},
	{"complete", DISPATCH_STATUS, "\"complete\", which only lists are"},
	{"problems", DISPATCH_LIST, "problems, which only a check finds"},
	{"oddproblem", DISPATCH_CHECK, "a problem of no known class"},
	{"flood", DISPATCH_LIST, "more instances than there can be"},
	{"description", DISPATCH_CHECK, "a message that has no place here"},
	{"daemons", DISPATCH_CHECK, "a message of no known kind"},
};

/* Of the instance "i-1", where it is a status. */
static struct dispatch_answer *ask_of_one(enum dispatch_kind kind)
{
	static const char *const ids[] = {"i-1"};
	struct dispatch_request r = request(kind);

	if (kind == DISPATCH_STATUS) {
		r.instance_ids = ids;
		r.n_instance_ids = 1;
	}
	return ask(&r);
}

START_TEST(says_what_cannot_be)
{
	char message[256];

	snprintf(
		message, sizeof(message),
		"the process of module mock was ended: it sent what it may not send (%s) during %s",
		lies[_i].sentence, dispatch_kind_name(lies[_i].kind));
	open_false(lies[_i].behaviour);
	expect_ended(ask_of_one(lies[_i].kind), message);
}
END_TEST

/* The same answers with nothing wrong in them: they are refused for what is wrong. */
static const struct {
	const char *behaviour;
	enum dispatch_kind kind;
	int32_t result;
	size_t n_instances;
} truths[] = {
	{"oneinstance", DISPATCH_STATUS, HR_OK, 1}, {"oneinstance", DISPATCH_LIST, HR_OK, 1},
	{"fullerror", DISPATCH_CHECK, HR_QUOTA, 0}, {"again", DISPATCH_CREATE, HR_AGAIN, 0},
	{"problems", DISPATCH_CHECK, HR_OK, 0},
};

START_TEST(says_what_can_be)
{
	struct dispatch_answer *answer;

	open_false(truths[_i].behaviour);
	answer = ask_of_one(truths[_i].kind);
	ck_assert_msg(answer->result == truths[_i].result, "%s", answer->error.message);
	ck_assert_uint_eq(answer->n_instances, truths[_i].n_instances);
	dispatch_answer_free(answer);
}
END_TEST

/* What a host says of its module before that is loaded; only where it can be. */
static const struct {
	const char *behaviour;
	int32_t result;
	const char *message;
} refusals[] = {
	{"refusal", HR_INVALID, "it is no module"},
	{"emptyrefusal", HR_TRANSIENT,
	 "the process of module mock was ended: it sent what it may not send (a refusal without a "
	 "reason) during open"},
	{"unready", HR_TRANSIENT,
	 "the process of module mock was ended: it sent what it may not send (a message of a "
	 "module that is not loaded) during open"},
	{"oddrefusal", HR_TRANSIENT,
	 "the process of module mock was ended: it sent what it may not send (a refusal without a "
	 "reason) during open"},
	{"ready", HR_TRANSIENT,
	 "the process of module mock was ended: it sent what it may not send (a second beginning) "
	 "during open"},
	{"noworkers", HR_TRANSIENT,
	 "the process of module mock was ended: it sent what it may not send (that it can run no "
	 "calls) during open"},
};

START_TEST(refused_at_its_start)
{
	struct dispatch_answer *answer;
	char members[128];

	snprintf(members, sizeof(members), "\"region\":\"%s\"", refusals[_i].behaviour);
	answer = try_open("mock", members);
	ck_assert_int_eq(answer->result, refusals[_i].result);
	ck_assert_str_eq(answer->error.message, refusals[_i].message);
	dispatch_answer_free(answer);
}
END_TEST

/* Later it would hide what has become of the calls. */
START_TEST(refused_too_late)
{
	struct dispatch_answer *answer;

	open_false("late");
	answer = ask_kind(DISPATCH_CREATE);
	ck_assert_uint_eq(answer->error.flags, HR_FAULT_OUTCOME_UNKNOWN);
	expect_ended(answer, "the process of module mock was ended: it sent what it may not send "
			     "(a refusal of a module that is loaded) during create");
}
END_TEST

/* Linked in its place: from the n-th copy on there is no memory; 0: there is. */
static int copies_left;
struct dispatch_request *__real_dispatch_request_copy(const struct dispatch_request *from);
struct dispatch_request *__wrap_dispatch_request_copy(const struct dispatch_request *from);

struct dispatch_request *__wrap_dispatch_request_copy(const struct dispatch_request *from)
{
	if (copies_left > 0 && --copies_left == 0) {
		copies_left = 1;
		return NULL;
	}
	return __real_dispatch_request_copy(from);
}

/* An account that cannot be opened again is not opened. */
START_TEST(no_memory_for_opening_again)
{
	struct dispatch_answer *answer;

	copies_left = 2; /* the first is the dispatcher's own, of what was submitted */
	answer = try_open("mock", "\"region\":\"opener\"");
	copies_left = 0;
	ck_assert_int_eq(answer->result, HR_INTERNAL);
	ck_assert_ptr_nonnull(strstr(answer->error.message, "memory"));
	dispatch_answer_free(answer);
	open_false("opener");
	dispatch_answer_free(ask_kind(DISPATCH_CHECK)); /* it ends */
	answer = ask_kind(DISPATCH_LIST);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}
END_TEST

/* How many lines on standard error hold the text. */
static unsigned count_lines(FILE *log, const char *text)
{
	char line[2000];
	unsigned n = 0;

	rewind(log);
	while (fgets(line, sizeof(line), log))
		n += strstr(line, text) != NULL;
	return n;
}

START_TEST(log_lines_have_a_limit)
{
	FILE *log = tmpfile();
	int before = dup(STDERR_FILENO);

	ck_assert_ptr_nonnull(log);
	ck_assert_int_ge(dup2(fileno(log), STDERR_FILENO), 0);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	open_false("chatty"); /* 2000 lines */
	dispatch_answer_free(ask_kind(DISPATCH_CHECK));
	pass_time(1100);
	dispatch_answer_free(ask_kind(DISPATCH_LIST));
	log_setup(LOG_LEVEL_NONE, LOG_FORMAT_TEXT);
	dup2(before, STDERR_FILENO);
	close(before);
	/* Should the machine be so slow that they took more than a second, it is one more lot. */
	ck_assert_uint_ge(count_lines(log, "mock: and so on"), 100);
	ck_assert_uint_le(count_lines(log, "mock: and so on"), 500);
	ck_assert_uint_ge(count_lines(log, " log lines of the module mock were dropped: it wrote "
					   "more than 100 in a second"),
			  1);
	fclose(log);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite;
	TCase *tests;
	SRunner *runner;
	int failed;

	if (argc > 1 && strcmp(argv[1], "--serve") == 0)
		false_host_run();
	suite = suite_create("process_channel");
	tests = tcase_create("channel");
	log_setup(LOG_LEVEL_NONE, LOG_FORMAT_TEXT);
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, bench_teardown);
	tcase_add_test(tests, does_not_read);
	tcase_add_test(tests, questions_for_no_call);
	tcase_add_test(tests, requests_for_no_call);
	tcase_add_test(tests, questions_while_it_opens);
	tcase_add_test(tests, instances_that_nobody_asked_for);
	tcase_add_loop_test(tests, says_what_cannot_be, 0, sizeof(lies) / sizeof(lies[0]));
	tcase_add_loop_test(tests, says_what_can_be, 0, sizeof(truths) / sizeof(truths[0]));
	tcase_add_loop_test(tests, refused_at_its_start, 0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tests, refused_too_late);
	tcase_add_test(tests, no_memory_for_opening_again);
	tcase_add_test(tests, log_lines_have_a_limit);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
