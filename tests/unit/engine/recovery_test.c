/* SPDX-License-Identifier: Apache-2.0 */
/* Hours without a daemon: who could not be heard meanwhile is not taken for silent. */
#include "engine_fixture.h"

#include "engine/checkin.h"
#include "engine/life_parts.h"
#include "engine/task.h"

#define HOURS_MS (5 * 3600 * MS_PER_S)

static const char beats[] =
	"{\"minimum_available_sessions\": 1, \"reusable\": true, \"connection_type\": \"SSH\", "
	"\"downscale_backoff\": 86400, \"heartbeat\": \"expected\", \"missing_after\": 300, "
	"\"dead_after\": 900}";

#define MANY 1100

static struct server made;
static int tasks_to_fail; /* so many of those to come */

void *__real_task_new(struct engine *owner, size_t size,
		      int (*run)(struct tx *tx, struct task *task, struct hr_error *err),
		      void (*finish)(struct engine *engine, struct task *task,
				     const struct hr_error *err),
		      void (*clear)(struct task *task));
void *__wrap_task_new(struct engine *owner, size_t size,
		      int (*run)(struct tx *tx, struct task *task, struct hr_error *err),
		      void (*finish)(struct engine *engine, struct task *task,
				     const struct hr_error *err),
		      void (*clear)(struct task *task));

void *__wrap_task_new(struct engine *owner, size_t size,
		      int (*run)(struct tx *tx, struct task *task, struct hr_error *err),
		      void (*finish)(struct engine *engine, struct task *task,
				     const struct hr_error *err),
		      void (*clear)(struct task *task))
{
	if (tasks_to_fail == 0)
		return __real_task_new(owner, size, run, finish, clear);
	tasks_to_fail--;
	return NULL;
}

static void setup(void)
{
	engine_setup("{\"keepalive_expiration\": 120}", beats, "{\"max_instances\": 3}");
	made = make_running();
	list_instance("i-1", made.id, HR_STATE_RUNNING, 1000000);
}

static int get(struct tx *tx, void *arg, struct hr_error *err)
{
	return server_get(tx, made.id, arg, err);
}

static struct server now(void)
{
	struct hr_error err = {0};
	struct server server;

	must(store_read(store, get, &server, &err));
	return server;
}

static int check_in(struct tx *tx, void *arg, struct hr_error *err)
{
	struct checkin checkin = {.status = "running", .message = "", .percent = -1};
	struct life_context context = {.now_ms = now_ms};
	struct server server;
	char *token = NULL;
	int rc;

	(void)arg;
	if (server_get(tx, made.id, &server, err) < 0 ||
	    checkin_token_make(tx, &server, &token, err) < 0)
		return -1;
	checkin.token = token;
	rc = checkin_apply(tx, &context, &checkin, &server, err);
	free(token);
	return rc;
}

static void down(int64_t ms)
{
	now_ms += ms;
	engine_restart();
}

START_TEST(sessions_have_their_keepalive_anew)
{
	ask_session("ana");
	ck_assert_int_eq(now().sessions, 1);
	down(HOURS_MS);
	ck_assert_int_eq(now().sessions, 1);
	pass(119000);
	ck_assert_int_eq(now().sessions, 1);
	pass(2000);
	ck_assert_int_eq(now().sessions, 0);
	ck_assert_int_eq(events_of("session.ended", NULL), 1);
}
END_TEST

START_TEST(a_missing_server_is_listened_to)
{
	pass(301000);
	ck_assert_int_eq(now().silence, SILENCE_MISSING);
	down(HOURS_MS);
	pass(60000);
	ck_assert_int_eq(now().state, SERVER_RUNNING);
	commit(check_in, NULL);
	ck_assert_int_eq(now().silence, SILENCE_NONE);
	pass(299000);
	ck_assert_int_eq(now().silence, SILENCE_NONE);
}
END_TEST

/* Two minutes, no more. */
START_TEST(who_stays_silent_goes)
{
	pass(301000);
	down(HOURS_MS);
	pass(119000);
	ck_assert_int_eq(now().state, SERVER_RUNNING);
	pass(2000);
	ck_assert_int_ne(now().state, SERVER_RUNNING);
}
END_TEST

/* Time that remains is not lengthened. */
START_TEST(a_short_stop_changes_nothing)
{
	pass(100000);
	down(1000);
	pass(198000);
	ck_assert_int_eq(now().silence, SILENCE_NONE);
	pass(2000);
	ck_assert_int_eq(now().silence, SILENCE_MISSING);
}
END_TEST

/* Of a folder that was moved or copied it is not known who hears its servers and sessions. */
START_TEST(a_moved_installation_ends_nothing)
{
	ask_session("ana");
	engine_restart_moved();
	pass(HOURS_MS);
	ck_assert_int_eq(now().state, SERVER_RUNNING);
	ck_assert_int_eq(now().silence, SILENCE_NONE);
	ck_assert_int_eq(now().sessions, 1);
	ck_assert_int_eq(events_of("session.ended", NULL), 0);
}
END_TEST

/* As many as MANY, of servers like the one that is made. */
static int add_creates(struct tx *tx, void *arg, struct hr_error *err)
{
	struct server server = made;
	struct operation operation;
	int result = operation_get_unfinished(tx, server.id, OPERATION_CREATE, &operation, err);

	(void)arg;
	for (int i = 1; result == 0 && i < MANY; i++) {
		text_copy(server.id, sizeof(server.id), id_of(1000 + i));
		text_copy(server.name, sizeof(server.name), server.id);
		text_copy(server.idempotency_token, sizeof(server.idempotency_token), server.id);
		text_copy(operation.id, sizeof(operation.id), id_of(5000 + i));
		text_copy(operation.server_id, sizeof(operation.server_id), server.id);
		result = server_insert(tx, &server, -1, err);
		if (result == 0)
			result = operation_insert(tx, &operation, err);
	}
	return result;
}

static int count_due(struct tx *tx, void *arg, struct hr_error *err)
{
	struct operation operation;
	int *count = arg;

	*count = 0;
	for (int i = 1; i < MANY; i++) {
		if (operation_get(tx, id_of(5000 + i), &operation, err) < 0)
			return -1;
		*count += operation.due_ms <= now_ms;
	}
	return 0;
}

/* Creates that take long go on at once, however many there are. */
START_TEST(all_that_was_under_way_is_due)
{
	struct hr_error err = {0};
	int count;

	engine_teardown();
	engine_setup("{}", "{\"minimum_available_sessions\": 1}", "{\"max_instances\": 2000}");
	answer_again(asked(DISPATCH_CREATE), "later", 60000, "");
	made = only_server(0);
	commit(add_creates, NULL);
	must(store_read(store, count_due, &count, &err));
	ck_assert_int_eq(count, 0);
	hold_opens = true;
	down(1000);
	must(store_read(store, count_due, &count, &err));
	ck_assert_int_eq(count, MANY - 1);
}
END_TEST

/* Memory for it comes later than at the start. */
START_TEST(no_memory_at_the_start)
{
	ask_session("ana");
	tasks_to_fail = 1;
	down(HOURS_MS);
	ck_assert_int_eq(tasks_to_fail, 0);
	pass(10000);
	commit(check_in, NULL);
	ck_assert_int_eq(now().sessions, 1);
	pass(130000);
	ck_assert_int_eq(now().sessions, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recovery");
	TCase *tcase = tcase_create("recovery");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, engine_teardown);
	tcase_add_test(tcase, sessions_have_their_keepalive_anew);
	tcase_add_test(tcase, a_missing_server_is_listened_to);
	tcase_add_test(tcase, who_stays_silent_goes);
	tcase_add_test(tcase, a_short_stop_changes_nothing);
	tcase_add_test(tcase, a_moved_installation_ends_nothing);
	tcase_add_test(tcase, all_that_was_under_way_is_due);
	tcase_add_test(tcase, no_memory_at_the_start);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
