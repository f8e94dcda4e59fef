/* SPDX-License-Identifier: Apache-2.0 */
/* Module sim against its cloud, inline and by process: how it goes on, finds, proves absence, and maps errors. */
#include <string.h>

#include "../unit/base/suite.h"
#include "../unit/provider/dispatch_bench.h"
#include "../unit/provider/transcript.h"
#include "base/log.h"
#include "base/text.h"
#include "cloud_server.h"
#include "cloud_settings.h"

static struct cloud_shared shared = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static struct cloud_server *server;
static struct hr_error err;

static void set(const char *assignment)
{
	pthread_mutex_lock(&shared.mutex);
	ck_assert_int_eq(cloud_set(shared.cloud, assignment, &err), 0);
	pthread_mutex_unlock(&shared.mutex);
}

static struct dispatch_request request_of(enum dispatch_kind kind, const char *server_id)
{
	struct dispatch_request r = request(kind);

	text_copy(r.step.server_id, sizeof(r.step.server_id), server_id);
	text_copy(r.step.idempotency_token, sizeof(r.step.idempotency_token), server_id);
	r.step.script = "#!/bin/sh\n";
	return r;
}

/* The result of a step; its instance's id to ret_id (may be NULL). */
static int32_t step(enum dispatch_kind kind, const char *server_id, const char *instance_id,
		    char ret_id[256])
{
	struct dispatch_request r = request_of(kind, server_id);
	struct dispatch_answer *answer;
	int32_t result;

	text_copy(r.step.instance_id, sizeof(r.step.instance_id), instance_id);
	answer = ask(&r);
	result = answer->result;
	if (ret_id)
		text_copy(ret_id, 256, answer->instance_id);
	dispatch_answer_free(answer);
	return result;
}

static uint32_t status(const char *instance_id)
{
	struct dispatch_request r = request_of(DISPATCH_STATUS, "");
	struct dispatch_answer *answer;
	uint32_t result;

	r.instance_ids = &instance_id;
	r.n_instance_ids = 1;
	answer = ask(&r);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	ck_assert_uint_eq(answer->n_instances, 1);
	result = answer->instances[0].state;
	dispatch_answer_free(answer);
	return result;
}

static void setup(void)
{
	struct dispatch_request r;
	struct dispatch_answer *answer;
	json_t *settings;
	char url[64];

	bench_folder = "plugins/sim/.libs";
	bench_setup();
	transcript_hide_places();
	ck_assert_int_eq(cloud_open(":memory:", 1, clock_now().wall_ms, &shared.cloud, &err), 0);
	set("red.key=secret");
	ck_assert_int_eq(cloud_server_start(&shared, "127.0.0.1", &server, url, &err), 0);
	settings = json_pack("{ssss}", "url", url, "key", "secret");
	r = request_of(DISPATCH_OPEN, "");
	r.provider = "sim";
	r.settings = settings;
	answer = ask(&r);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
	json_decref(settings);
}

static void teardown(void)
{
	bench_teardown();
	cloud_server_stop(server);
	cloud_close(shared.cloud);
}

#define OTHER_SERVER "66666666-6666-4666-8666-666666666666"

START_TEST(ids_that_come_again_are_told_apart)
{
	char first[256], second[256];

	set("recycle=1000");
	ck_assert_int_eq(step(DISPATCH_CREATE, SERVER, "", first), HR_OK);
	ck_assert_str_eq(first, "m-000001/" SERVER);
	ck_assert_uint_eq(status(first), HR_STATE_RUNNING);
	ck_assert_int_eq(step(DISPATCH_DESTROY, SERVER, first, NULL), HR_OK);
	ck_assert_int_eq(step(DISPATCH_CREATE, OTHER_SERVER, "", second), HR_OK);
	ck_assert_str_eq(second, "m-000001/" OTHER_SERVER);
	ck_assert_uint_eq(status(first), HR_STATE_GONE);
	ck_assert_int_eq(step(DISPATCH_DESTROY, SERVER, first, NULL), HR_NOT_FOUND);
	ck_assert_uint_eq(status(second), HR_STATE_RUNNING);
}
END_TEST

START_TEST(a_machine_needs_no_script)
{
	struct dispatch_request r = request_of(DISPATCH_CREATE, SERVER);
	struct dispatch_answer *answer;

	r.step.script = NULL;
	answer = ask(&r);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}
END_TEST

START_TEST(a_destroy_without_id_finds_by_marks_or_says_that_it_cannot)
{
	ck_assert_int_eq(step(DISPATCH_DESTROY, SERVER, "", NULL), HR_OK);
	ck_assert_int_eq(step(DISPATCH_CREATE, SERVER, "", NULL), HR_OK);
	set("partial=1000");
	/* Of another server: none is shown, but a zone is missing. */
	ck_assert_int_eq(step(DISPATCH_DESTROY, OTHER_SERVER, "", NULL), HR_TRANSIENT);
	set("partial=0");
	set("deleting=100000");
	ck_assert_int_eq(step(DISPATCH_DESTROY, SERVER, "", NULL), HR_AGAIN);
	ck_assert_uint_eq(status("m-000001/" SERVER), HR_STATE_STOPPING);
}
END_TEST

START_TEST(a_create_goes_on_before_its_instance_is_known)
{
	char id[256];

	set("queued=100000");
	ck_assert_int_eq(step(DISPATCH_CREATE, SERVER, "", id), HR_AGAIN);
	ck_assert_str_eq(id, "");
	set("queued=0");
	ck_assert_int_eq(step(DISPATCH_CREATE, SERVER, "", id), HR_OK);
	ck_assert_str_eq(id, "m-000001/" SERVER);
}
END_TEST

START_TEST(a_create_goes_on_and_tells_its_instance_first)
{
	char id[256];

	set("pending=100000");
	ck_assert_int_eq(step(DISPATCH_CREATE, SERVER, "", id), HR_AGAIN);
	ck_assert_str_eq(id, "m-000001/" SERVER);
	set("fail_late=1000");
	set("pending=0");
	ck_assert_int_eq(step(DISPATCH_CREATE, OTHER_SERVER, "", id), HR_CAPACITY);
	ck_assert_str_eq(id, "m-000002/" OTHER_SERVER);
	ck_assert_uint_eq(status(id), HR_STATE_ERROR);
}
END_TEST

START_TEST(lists_say_what_they_lack)
{
	struct dispatch_request r = request_of(DISPATCH_LIST, "");
	struct dispatch_answer *answer;

	ck_assert_int_eq(step(DISPATCH_CREATE, SERVER, "", NULL), HR_OK);
	answer = ask(&r);
	ck_assert(answer->complete);
	ck_assert_uint_eq(answer->n_instances, 1);
	ck_assert_str_eq(answer->instances[0].server_id, SERVER);
	ck_assert_str_eq(answer->instances[0].config_id, CONFIG);
	dispatch_answer_free(answer);
	set("partial=1000");
	answer = ask(&r);
	ck_assert_int_eq(answer->result, HR_OK);
	ck_assert(!answer->complete);
	ck_assert_str_ne(answer->unread, "");
	dispatch_answer_free(answer);
}
END_TEST

static const struct {
	const char *setting;
	int32_t class;
} errors[] = {{"fail_auth=1000", HR_AUTH},          {"fail_quota=1000", HR_QUOTA},
	      {"fail_invalid=1000", HR_INVALID},    {"fail_not_found=1000", HR_NOT_FOUND},
	      {"fail_capacity=1000", HR_CAPACITY},  {"fail_throttled=1000", HR_THROTTLED},
	      {"fail_conflict=1000", HR_CONFLICT},  {"fail_transient=1000", HR_TRANSIENT},
	      {"fail_internal=1000", HR_TRANSIENT}, {"fail_timeout=1000", HR_TIMEOUT},
	      {"unanswered=1000", HR_TRANSIENT},    {"garbage=1000", HR_TRANSIENT}};

START_TEST(errors_have_their_class)
{
	struct dispatch_request r = request_of(DISPATCH_CREATE, SERVER);
	struct dispatch_answer *answer;

	set(errors[_i].setting);
	answer = ask(&r);
	ck_assert_int_eq(answer->result, errors[_i].class);
	ck_assert_str_ne(answer->error.message, "");
	/* From internal on it may have taken effect. */
	ck_assert_int_eq((answer->error.flags & HR_FAULT_OUTCOME_UNKNOWN) != 0, _i >= 8);
	dispatch_answer_free(answer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(by_process ? "process_sim" : "inline_sim");
	TCase *tests = tcase_create("module");
	SRunner *runner;
	int failed;

	log_setup(LOG_LEVEL_NONE, LOG_FORMAT_TEXT);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, ids_that_come_again_are_told_apart);
	tcase_add_test(tests, a_machine_needs_no_script);
	tcase_add_test(tests, a_destroy_without_id_finds_by_marks_or_says_that_it_cannot);
	tcase_add_test(tests, a_create_goes_on_before_its_instance_is_known);
	tcase_add_test(tests, a_create_goes_on_and_tells_its_instance_first);
	tcase_add_test(tests, lists_say_what_they_lack);
	tcase_add_loop_test(tests, errors_have_their_class, 0, sizeof(errors) / sizeof(errors[0]));
	transcript_open(by_process ? "process_sim" : "inline_sim");
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
