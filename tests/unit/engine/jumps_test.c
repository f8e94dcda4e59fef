/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that is set a day forward or back changes nothing but what the time is called. */
#include "engine_fixture.h"

#include <stdlib.h>

#include "base/log.h"
#include "engine/checkin.h"
#include "store/session_rows.h"

#define DAY_MS (86400 * MS_PER_S)

static const char booting_soon[] =
	"{\"provision_timeout\": 900, \"create_timeout\": 300, \"boot_timeout\": 200, "
	"\"checkin_timeout\": 100, \"require_checkin\": true, \"startup_script\": \"x\", "
	"\"checkin_token_life\": 900}";

static const int64_t by_ms[] = {DAY_MS, -DAY_MS};
#define N_DIRECTIONS 2

/* While set, the store takes nothing: as without memory. */
static bool refusing;

int __real_store_submit(struct store *to, store_fn fn, void *arg, store_done done);
int __wrap_store_submit(struct store *to, store_fn fn, void *arg, store_done done);

int __wrap_store_submit(struct store *to, store_fn fn, void *arg, store_done done)
{
	return refusing ? -1 : __real_store_submit(to, fn, arg, done);
}

static void setup(void)
{
	engine_setup("{\"queue_timeout\": 600, \"keepalive_expiration\": 120}", booting_soon,
		     "{\"max_instances\": 2}");
}

/* By hand, so that it is no server's way in. */
static int read_token(struct tx *tx, void *arg, struct hr_error *err)
{
	struct server server = only_server(0);

	return checkin_token_make(tx, &server, arg, err);
}

struct call {
	const char *token;
	struct hr_error err;
};

static int check_in(struct tx *tx, void *arg, struct hr_error *err)
{
	struct call *call = arg;
	struct life_context context = {.now_ms = now_ms};
	const struct checkin checkin = {.token = call->token, .status = "running", .percent = -1};
	struct server server;

	(void)err;
	call->err = (struct hr_error){0};
	checkin_apply(tx, &context, &checkin, &server, &call->err);
	return 0;
}

START_TEST(a_booting_server_keeps_its_time)
{
	char message[768];

	list_complete = false;
	ask_session("ana");
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	pass(100000);
	set_clock(by_ms[_i]);
	ck_assert_int_eq(events_of("clock.jumped", message), 1);
	ck_assert_ptr_nonnull(strstr(message, _i == 0 ? "forward by 86400 s" : "back by 86400 s"));
	pass(99999);
	ck_assert_int_eq(events_of("server.failed", NULL), 0);
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_BOOTING)), 1);
	pass(1);
	ck_assert_int_eq(events_of("server.failed", NULL), 1);
}
END_TEST

START_TEST(a_waiting_session_keeps_its_time)
{
	ask_session("ana");
	pass(300000);
	set_clock(by_ms[_i]);
	pass(299999);
	ck_assert_int_eq(events_of("session.refused", NULL), 0);
	pass(1);
	ck_assert_int_eq(events_of("session.refused", NULL), 1);
}
END_TEST

START_TEST(an_operation_is_tried_again_in_time)
{
	ask_session("ana");
	answer_again(asked(DISPATCH_CREATE), "half-way", 60000, "");
	pass(30000);
	set_clock(by_ms[_i]);
	pass(29999);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	pass(1);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
}
END_TEST

START_TEST(a_check_in_token_holds_as_long)
{
	struct call call = {0};
	struct hr_error err = {0};
	char *token = NULL;

	list_complete = false;
	ask_session("ana");
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	must(store_read(store, read_token, &token, &err));
	set_clock(by_ms[_i]);
	pass(50000);
	call.token = token;
	commit(check_in, &call);
	ck_assert_msg(call.err.class == 0, "%s", call.err.message);
	ck_assert_int_eq(only_server(0).state, SERVER_RUNNING);
	free(token);
}
END_TEST

START_TEST(hourly_limits_go_on_counting)
{
	ask_session("ana");
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
	set_clock(by_ms[_i]);
	ck_assert_int_eq(unfinished(only_server(0).id, OPERATION_CREATE).started_ms, now_ms);
}
END_TEST

START_TEST(nothing_is_done_before_the_rows_have_moved)
{
	list_complete = false;
	ask_session("ana");
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	log_setup(LOG_LEVEL_NONE, LOG_FORMAT_AUTO);
	refusing = true;
	set_clock(DAY_MS);
	pass(10000);
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_BOOTING)), 1);
	refusing = false;
	pass(10000);
	ck_assert_int_eq(events_of("clock.jumped", NULL), 1);
	ck_assert_int_eq(events_of("server.failed", NULL), 0);
	pass(179999);
	ck_assert_int_eq(events_of("server.failed", NULL), 0);
	pass(1);
	ck_assert_int_eq(events_of("server.failed", NULL), 1);
}
END_TEST

static int count_sessions(struct tx *tx, void *arg, struct hr_error *err)
{
	struct session_query query = {.limit = 100};
	struct session *sessions;
	size_t n;

	if (session_list(tx, &query, &sessions, &n, err) < 0)
		return -1;
	free(sessions);
	*(size_t *)arg = n;
	return 0;
}

static size_t sessions_now(void)
{
	struct hr_error err = {0};
	size_t n;

	must(store_read(store, count_sessions, &n, &err));
	return n;
}

/* How long what is over is shown does not depend on what the time is called. */
START_TEST(what_is_over_is_kept_as_long)
{
	engine_teardown();
	keep_ms = 3600 * MS_PER_S;
	setup();
	keep_ms = 0;
	open_error = (struct hr_error){.class = HR_TRANSIENT};
	ask_session("ana");
	pass(601000);
	ck_assert_int_eq(events_of("session.refused", NULL), 1);
	set_clock(by_ms[_i]);
	pass(3500000);
	ck_assert_uint_eq(sessions_now(), 1);
	pass(800000);
	ck_assert_uint_eq(sessions_now(), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("clock jump");
	Suite *suite = suite_create("clock jump");
	SRunner *runner;
	int n_failed;

	tcase_add_checked_fixture(tcase, setup, engine_teardown);
	tcase_add_loop_test(tcase, a_booting_server_keeps_its_time, 0, N_DIRECTIONS);
	tcase_add_loop_test(tcase, a_waiting_session_keeps_its_time, 0, N_DIRECTIONS);
	tcase_add_loop_test(tcase, an_operation_is_tried_again_in_time, 0, N_DIRECTIONS);
	tcase_add_loop_test(tcase, a_check_in_token_holds_as_long, 0, N_DIRECTIONS);
	tcase_add_loop_test(tcase, hourly_limits_go_on_counting, 0, N_DIRECTIONS);
	tcase_add_loop_test(tcase, what_is_over_is_kept_as_long, 0, N_DIRECTIONS);
	tcase_add_test(tcase, nothing_is_done_before_the_rows_have_moved);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed ? 1 : 0;
}
