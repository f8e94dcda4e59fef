/* SPDX-License-Identifier: Apache-2.0 */
/* One life of a server of the module local through either dispatcher, with identical transcripts: made, looked
 * at, listed, removed, removed again. Not here: what the module does meanwhile (local_test, against a host of
 * its own that can crash anywhere). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "../../unit/provider/dispatch_bench.h"
#include "../../unit/provider/transcript.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "traces.h"

#define PATIENCE_ROUNDS 600

static const char *const isolations[] = {"namespaces", "supervisor"};
/* Of the server: one of this run's own, by which its processes are found. */
static char id[ID_SIZE];

/* Repeats a request, under its one ticket, until the answer is the last; of all the others only that their
 * number is time's is known, so that they are in no transcript. */
static struct dispatch_answer *ask_until(struct dispatch_request *r,
					 bool (*is_last)(const struct dispatch_answer *answer))
{
	char token[HR_RESUME_TOKEN_MAX + 1] = "";

	for (int i = 0; i < PATIENCE_ROUNDS; i++) {
		struct dispatch_answer *answer;

		r->step.resume_token = token[0] ? token : NULL;
		answer = ask(r);
		if (is_last(answer))
			return answer;
		transcript_drop();
		snprintf(token, sizeof(token), "%s",
			 answer->resume_token ? answer->resume_token : "");
		text_copy(r->step.instance_id, sizeof(r->step.instance_id), answer->instance_id);
		pass_time(answer->delay_ms > 0 ? answer->delay_ms : 100);
		dispatch_answer_free(answer);
	}
	ck_abort_msg("%s does not end", dispatch_kind_name(r->kind));
}

static bool is_done(const struct dispatch_answer *answer)
{
	return answer->result != HR_AGAIN;
}

/* Its script has run: until then what it tells is a matter of when it is asked. */
static bool has_run(const struct dispatch_answer *answer)
{
	return answer->result != HR_OK || strstr(answer->instances[0].status_text, "exit 0");
}

static struct dispatch_answer *step(enum dispatch_kind kind)
{
	struct dispatch_request r = request(kind);

	text_copy(r.step.server_id, sizeof(r.step.server_id), id);
	r.step.guest_os = HR_GUEST_LINUX;
	r.step.script = "#!/bin/sh\nexit 0\n";
	if (kind == DISPATCH_DESTROY)
		text_copy(r.step.instance_id, sizeof(r.step.instance_id), id);
	return ask_until(&r, is_done);
}

static void remove_server(void)
{
	struct dispatch_answer *answer = step(DISPATCH_DESTROY);

	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}

/* In the program's own process, around each test's. */
static void name_server(void)
{
	snprintf(id, sizeof(id), "4444%04x-4444-4444-8444-%012llx", (unsigned)getpid() & 0xffffu,
		 (unsigned long long)clock_now().wall_ms & 0xffffffffffffull);
}

/* A test that failed has ended at once: its server ends here. */
static void leave_nothing(void)
{
	for (int i = 0; i < 200 && traces_inits(id) > 0; i++) {
		kill(traces_init_pid(id), i < 100 ? SIGTERM : SIGKILL);
		usleep(50000);
	}
}

static void setup(void)
{
	char begin[9];

	bench_folder = "plugins/local/.libs";
	bench_setup();
	transcript_hide_places();
	snprintf(begin, sizeof(begin), "%.8s", id);
	transcript_mask(id);
	transcript_mask(begin); /* as much as a line begins with */
}

static void open_local(const char *isolation)
{
	struct dispatch_request r = request(DISPATCH_OPEN);
	json_t *settings = json_pack("{ss}", "isolation", isolation);
	struct dispatch_answer *answer;

	r.provider = "local";
	r.settings = settings;
	answer = ask(&r);
	json_decref(settings);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}

static struct dispatch_answer *status(bool (*is_last)(const struct dispatch_answer *answer))
{
	const char *const ids[] = {id};
	struct dispatch_request r = request(DISPATCH_STATUS);
	struct dispatch_answer *answer;

	r.instance_ids = ids;
	r.n_instance_ids = 1;
	answer = ask_until(&r, is_last);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	ck_assert_uint_eq(answer->n_instances, 1);
	return answer;
}

static void ck_listed(size_t n)
{
	struct dispatch_answer *answer = ask_kind(DISPATCH_LIST);

	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	ck_assert(answer->complete);
	ck_assert_uint_eq(answer->n_instances, n);
	if (n > 0) {
		ck_assert_str_eq(answer->instances[0].server_id, id);
		ck_assert_str_eq(answer->instances[0].config_id, CONFIG);
	}
	dispatch_answer_free(answer);
}

START_TEST(life)
{
	struct dispatch_answer *answer;
	unsigned port;

	open_local(isolations[_i]);
	ck_listed(0);
	answer = step(DISPATCH_CREATE);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	ck_assert_str_eq(answer->instance_id, id);
	dispatch_answer_free(answer);
	answer = status(has_run);
	ck_assert_uint_eq(answer->instances[0].state, HR_STATE_RUNNING);
	ck_assert_str_eq(answer->instances[0].address, "127.0.0.1");
	port = answer->instances[0].connection_port;
	ck_assert(port != 0 && traces_port(port));
	dispatch_answer_free(answer);
	ck_listed(1);
	remove_server();
	ck_assert(!traces_port(port));
	answer = status(is_done);
	ck_assert_uint_eq(answer->instances[0].state, HR_STATE_GONE);
	dispatch_answer_free(answer);
	ck_listed(0);
	remove_server();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(by_process ? "process_local" : "inline_local");
	TCase *tests = tcase_create("life");
	SRunner *runner;
	int failed;

	if (access("/usr/bin/bwrap", X_OK) != 0 || access("/usr/sbin/sshd", X_OK) != 0) {
		fprintf(stderr, "skipped: bwrap or sshd is not installed\n");
		return 77;
	}
	log_setup(LOG_LEVEL_NONE, LOG_FORMAT_TEXT);
	tcase_set_timeout(tests, 120);
	tcase_add_unchecked_fixture(tests, name_server, leave_nothing);
	tcase_add_checked_fixture(tests, setup, bench_teardown);
	tcase_add_loop_test(tests, life, 0, 2);
	transcript_open(by_process ? "process_local" : "inline_local");
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
