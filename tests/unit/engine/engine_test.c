/* SPDX-License-Identifier: Apache-2.0 */
/* The engine as a whole: starts, notices, deadlines, accounts. */
#include "engine_fixture.h"

#include <unistd.h>

#include "base/log.h"

static const char no_standby[] =
	"{\"provision_timeout\": 900, \"create_timeout\": 300, \"boot_timeout\": 200, "
	"\"checkin_timeout\": 100, \"require_checkin\": true, \"startup_script\": \"x\"}";

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
	engine_setup("{\"queue_timeout\": 600, \"keepalive_expiration\": 120}", no_standby,
		     "{\"max_instances\": 2}");
}

START_TEST(a_request_orders_its_server_at_once)
{
	struct server server;

	ck_assert_int_eq(count_servers(0), 0);
	ask_session("ana");
	server = only_server(SERVER_STATE_BIT(SERVER_CREATING));
	ck_assert(server.for_session);
	ck_assert(unfinished(server.id, OPERATION_CREATE).urgent);
	ck_assert_str_eq(asked(DISPATCH_CREATE)->request.step.server_id, server.id);
	ck_assert_str_eq(asked(DISPATCH_CREATE)->request.step.host_name, server.name);
}
END_TEST

START_TEST(a_shortage_is_told_once)
{
	char message[768];

	ask_session("ana");
	ask_session("bob");
	ck_assert_int_eq(events_of("pool.short", NULL), 0);
	ask_session("cem");
	ck_assert_int_eq(events_of("pool.short", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "acct is at its limit of 2"));
	pass(1000);
	engine_pool_changed(engine, id_now(DOCUMENT_POOL, "demo"));
	pass(100000);
	ck_assert_int_eq(events_of("pool.short", NULL), 1);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 2);
}
END_TEST

/* For the log. */
START_TEST(a_request_goes_with_its_create)
{
	ask_session("ana");
	ck_assert_str_eq(asked(DISPATCH_CREATE)->request.request_id, ASKED_BY);
}
END_TEST

START_TEST(each_deadline_names_its_value)
{
	static const char *const names[] = {
		"it was still creating after its config's create_timeout of 300 s (being created); "
		"no server of the config was ready in the last week",
		"it was still booting after its config's boot_timeout of 200 s (booting); no",
		"checking_in after its config's checkin_timeout of 100 s (waiting for its check-in); "
		"no"};
	static const int64_t ms[] = {300000, 200000, 100000};
	char message[768];

	list_complete = false;
	ask_session("ana");
	if (_i > 0)
		answer_ok(asked(DISPATCH_CREATE), "i-1");
	if (_i > 1)
		answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	pass(ms[_i] - 1);
	ck_assert_int_eq(events_of("server.failed", NULL), 0);
	pass(1);
	ck_assert_int_eq(events_of("server.failed", message), 1);
	ck_assert_ptr_nonnull(strstr(message, names[_i]));
}
END_TEST

static void setup_unchecked(void)
{
	engine_setup("{}", "{\"boot_timeout\": 200, \"require_checkin\": false, \"probe\": false}",
		     "{\"max_instances\": 2}");
}

START_TEST(a_deadline_tells_what_others_needed)
{
	char message[768];

	list_complete = false;
	ask_session("ana");
	pass(12000);
	make_running();
	ask_session("bob");
	answer_ok(asked(DISPATCH_CREATE), "i-2");
	pass(200000);
	ck_assert_int_eq(events_of("server.failed", message), 1);
	ck_assert_msg(strstr(message, "boot_timeout of 200 s (booting); the last 1 servers of the "
				      "config were ready after 12 s (median) and 12 s"),
		      "%s", message);
}
END_TEST

START_TEST(sessions_expire_in_time)
{
	ask_session("ana");
	pass(599999);
	ck_assert_int_eq(events_of("session.refused", NULL), 0);
	pass(1);
	ck_assert_int_eq(events_of("session.refused", NULL), 1);
}
END_TEST

START_TEST(polls_grow_rare_and_notices_hurry_them)
{
	int64_t before;

	ask_session("ana");
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	for (before = now_ms; now_ms < before + 100000;) {
		while (count_asked(DISPATCH_STATUS) == 0)
			pass(100);
		answer_state(asked(DISPATCH_STATUS), HR_STATE_PENDING, "");
	}
	pass(5000);
	ck_assert_int_eq(count_asked(DISPATCH_STATUS), 0);
	/* A check-in, perhaps. */
	engine_pool_changed(engine, id_now(DOCUMENT_POOL, "demo"));
	pass(300);
	ck_assert_int_eq(count_asked(DISPATCH_STATUS), 1);
}
END_TEST

START_TEST(an_account_that_does_not_open_is_tried_again)
{
	open_error = (struct hr_error){.class = HR_INVALID};
	text_copy(open_error.message, sizeof(open_error.message), "no such region");
	engine_restart();
	ask_session("ana");
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	ck_assert_int_eq(only_server(0).state, SERVER_PLANNED);
	open_error = (struct hr_error){0};
	pass(10000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
}
END_TEST

/* How many accounts cannot be asked; of the first: why, and whether another try is worth it. */
static size_t count_unopened(const char *why, bool hopeless)
{
	struct engine_unopened *unopened;
	struct hr_error err;
	size_t n;

	ck_assert_int_eq(engine_list_unopened(engine, &unopened, &n, &err), 0);
	if (n > 0) {
		ck_assert_str_eq(unopened[0].name, "acct");
		ck_assert_str_eq(unopened[0].id, id_now(DOCUMENT_PROVIDER_CONFIG, "acct"));
		ck_assert_str_eq(unopened[0].why, why);
		ck_assert_int_eq(unopened[0].is_hopeless, hopeless);
	}
	free(unopened);
	return n;
}

/* One that is refused at once, one that crashes at the second time; after it has opened neither. */
START_TEST(who_cannot_be_asked_is_listed)
{
	ck_assert_uint_eq(count_unopened("", false), 0);
	open_error = (struct hr_error){.class = HR_INVALID};
	text_copy(open_error.message, sizeof(open_error.message), "no such region");
	engine_restart();
	ck_assert_uint_eq(count_unopened("no such region", true), 1);
	open_error = (struct hr_error){.class = HR_TRANSIENT};
	text_copy(open_error.message, sizeof(open_error.message), "it crashed");
	engine_restart();
	ck_assert_uint_eq(count_unopened("it crashed", false), 1);
	pass(5000);
	ck_assert_uint_eq(count_unopened("it crashed", true), 1);
	open_error = (struct hr_error){0};
	pass(10000);
	ck_assert_uint_eq(count_unopened("", false), 0);
}
END_TEST

/* In the log an account is its id, which everybody knows; people read its name in the text. */
START_TEST(the_log_names_an_account)
{
	char text[4096], expected[400];
	int saved = dup(STDERR_FILENO);
	FILE *log = tmpfile();
	size_t n;

	ck_assert_ptr_nonnull(log);
	open_error = (struct hr_error){.class = HR_INVALID};
	text_copy(open_error.message, sizeof(open_error.message), "no such region");
	ck_assert_int_ge(dup2(fileno(log), STDERR_FILENO), 0);
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	engine_restart();
	log_setup(LOG_LEVEL_NONE, LOG_FORMAT_TEXT);
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	close(saved);
	rewind(log);
	n = fread(text, 1, sizeof(text) - 1, log);
	text[n] = '\0';
	fclose(log);
	snprintf(expected, sizeof(expected),
		 " error account=%s provider config acct cannot be opened: no such region\n",
		 id_now(DOCUMENT_PROVIDER_CONFIG, "acct"));
	ck_assert_msg(strstr(text, expected) != NULL, "%s", text);
}
END_TEST

START_TEST(a_planned_server_that_is_never_sent_is_cancelled)
{
	open_error = (struct hr_error){.class = HR_INVALID};
	engine_restart();
	ask_session("ana");
	pass(599000);
	ck_assert_int_eq(only_server(0).state, SERVER_PLANNED);
	/* Who waited gives up, so nobody needs it. */
	pass(2000);
	ck_assert_int_eq(count_servers(0), 0);
	ck_assert_int_eq(events_of("server.cancelled", NULL), 1);
}
END_TEST

/* ---- Checks ---- */

static struct {
	int n;
	bool good;
	struct hr_error err;
} checked;

static void check_done(void *context, const struct dispatch_answer *answer,
		       const struct hr_error *err)
{
	ck_assert_ptr_eq(context, &checked);
	checked.n++;
	checked.good = answer != NULL && err == NULL;
	if (err)
		checked.err = *err;
}

START_TEST(a_check_is_answered)
{
	const char *id = id_now(DOCUMENT_PROVIDER_CONFIG, "acct");

	checked.n = 0;
	engine_check_account(engine, id, check_done, &checked);
	settle();
	answer_ok(asked(DISPATCH_CHECK), "");
	ck_assert(checked.n == 1 && checked.good);
	engine_check_account(engine, id, check_done, &checked);
	settle();
	answer_error(asked(DISPATCH_CHECK), HR_AUTH, 0, 0);
	ck_assert(checked.n == 2 && !checked.good);
	ck_assert_str_eq(checked.err.message, "the provider says no");
	engine_check_account(engine, id_of(99), check_done, &checked);
	settle();
	ck_assert_int_eq(checked.n, 3);
	ck_assert_int_eq(checked.err.class, HR_NOT_FOUND);
}
END_TEST

START_TEST(a_check_says_why_the_account_is_not_open)
{
	open_error = (struct hr_error){.class = HR_INVALID};
	text_copy(open_error.message, sizeof(open_error.message), "no such region");
	change_document(DOCUMENT_PROVIDER_CONFIG, "acct", "list_interval", json_integer(50));
	checked.n = 0;
	engine_check_account(engine, id_now(DOCUMENT_PROVIDER_CONFIG, "acct"), check_done,
			     &checked);
	settle();
	ck_assert_int_eq(checked.n, 1);
	ck_assert_str_eq(checked.err.message, "no such region");
}
END_TEST

START_TEST(a_check_tries_again_what_did_not_open)
{
	open_error = (struct hr_error){.class = HR_INVALID};
	text_copy(open_error.message, sizeof(open_error.message), "no such file");
	change_document(DOCUMENT_PROVIDER_CONFIG, "acct", "list_interval", json_integer(50));
	/* The administrator mends it, and asks. */
	open_error = (struct hr_error){0};
	checked.n = 0;
	engine_check_account(engine, id_now(DOCUMENT_PROVIDER_CONFIG, "acct"), check_done,
			     &checked);
	settle();
	answer_ok(asked(DISPATCH_CHECK), "");
	ck_assert(checked.n == 1 && checked.good);
}
END_TEST

START_TEST(an_account_deleted_while_it_opens_is_closed)
{
	hold_opens = true;
	change_document(DOCUMENT_PROVIDER_CONFIG, "acct", "list_interval", json_integer(50));
	ck_assert_int_eq(count_asked(DISPATCH_OPEN), 1);
	delete_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a");
	delete_document(DOCUMENT_PROVIDER_CONFIG, "acct");
	ck_assert_uint_eq(closes, 0);
	answer_ok(asked(DISPATCH_OPEN), "");
	ck_assert_uint_eq(closes, 1);
}
END_TEST

START_TEST(a_check_under_way_ends_with_the_daemon)
{
	checked.n = 0;
	engine_check_account(engine, id_now(DOCUMENT_PROVIDER_CONFIG, "acct"), check_done,
			     &checked);
	settle();
	engine_check_account(engine, id_now(DOCUMENT_PROVIDER_CONFIG, "acct"), check_done,
			     &checked);
	engine_restart();
	ck_assert_int_eq(checked.n, 2);
	ck_assert_int_eq(checked.err.class, HR_CANCELLED);
}
END_TEST

START_TEST(what_the_store_does_not_take_is_kept)
{
	struct engine_figures figures;

	/* An answer, a plan and the accounts. */
	ask_session("ana");
	refusing = true;
	engine_document_changed(engine, DOCUMENT_PROVIDER_CONFIG,
				id_now(DOCUMENT_PROVIDER_CONFIG, "acct"));
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	pass(5000);
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_CREATING)), 1);
	engine_figures(engine, &figures);
	ck_assert_uint_eq(figures.in_flight, 1);
	refusing = false;
	pass(1000);
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_BOOTING)), 1);
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	engine_figures(engine, &figures);
	ck_assert_uint_eq(figures.in_flight, 0);
	change_document(DOCUMENT_PROVIDER_CONFIG, "acct", "list_interval", json_integer(50));
	ck_assert_uint_eq(opens, 2);
	ask_session("bob");
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
}
END_TEST

START_TEST(a_start_waits_for_the_store)
{
	refusing = true;
	engine_restart();
	pass(5000);
	ck_assert_uint_eq(opens, 1);
	refusing = false;
	pass(1000);
	ck_assert_uint_eq(opens, 2);
	ask_session("ana");
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
}
END_TEST

START_TEST(figures_count)
{
	struct engine_figures figures;

	ask_session("ana");
	engine_figures(engine, &figures);
	ck_assert_uint_ge(figures.plans, 1);
	ck_assert_uint_eq(figures.creates_sent, 1);
	ck_assert_uint_eq(figures.in_flight, 1);
	answer_error(asked(DISPATCH_CREATE), HR_CAPACITY, 0, 0);
	engine_figures(engine, &figures);
	ck_assert_uint_eq(figures.operation_failures, 1);
	ck_assert_uint_eq(figures.destroys_sent, 1);
}
END_TEST

/* ---- More than an account takes ---- */

static void setup_many(void)
{
	engine_setup("{}", "{\"minimum_available_sessions\": 70}", "{\"max_instances\": 90}");
}

static int list_waiting(struct tx *tx, void *arg, struct hr_error *err)
{
	struct operation *operations;
	int64_t *sum = arg;
	size_t n;

	if (operation_list_due(tx, now_ms, NULL, 0, 0, &operations, &n, err) < 0)
		return -1;
	*sum = (int64_t)n * 1000000000;
	for (size_t i = 0; i < n; i++)
		*sum += operations[i].due_ms - NOW;
	free(operations);
	return 0;
}

/* How many wait, and since when: a number that a write of any of them would change. */
static int64_t waiting(void)
{
	struct hr_error err = {0};
	int64_t sum;

	must(store_read(store, list_waiting, &sum, &err));
	return sum;
}

START_TEST(who_finds_no_place_is_left_alone)
{
	int64_t before = waiting();

	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 64);
	ck_assert_int_eq(before / 1000000000, 6);
	pass(20000);
	ck_assert_int_eq(waiting(), before);
	answer_ok(any_asked(DISPATCH_CREATE), "i-1");
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 64);
	ck_assert_int_eq(waiting() / 1000000000, 5);
	/* A removal leaves places to whoever waits. */
	order_destroy(any_server(SERVER_STATE_BIT(SERVER_BOOTING)).id);
	pass(20000);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
	for (int i = 2; i < 70; i++) {
		char id[8];

		snprintf(id, sizeof(id), "i-%d", i);
		answer_ok(any_asked(DISPATCH_CREATE), id);
	}
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 1);
}
END_TEST

/* What waits for an account that is not open goes as soon as it is. */
START_TEST(who_waits_for_an_account_is_left_alone)
{
	int64_t before;

	hold_opens = true;
	engine_restart();
	pass(3000);
	before = waiting();
	ck_assert_int_eq(before / 1000000000, 70);
	pass(20000);
	ck_assert_int_eq(waiting(), before);
	answer_ok(asked(DISPATCH_OPEN), "");
	hold_opens = false;
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 64);
}
END_TEST

/* So many that they cannot all be passed over: nobody's operations come round and round for it. */
START_TEST(more_full_accounts_than_are_passed_over)
{
	for (int i = 0; i < 40; i++) {
		char name[16];

		snprintf(name, sizeof(name), "more-%02d", i);
		add_document(DOCUMENT_PROVIDER_CONFIG, name,
			     "{\"provider\": \"mock\", \"settings\": {}}");
	}
	hold_opens = true;
	engine_restart();
	pass(3000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	while (count_asked(DISPATCH_OPEN) > 0)
		answer_ok(any_asked(DISPATCH_OPEN), "");
	hold_opens = false;
	pass(1000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 64);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine");
	TCase *tcase = tcase_create("engine");
	SRunner *runner;
	int failed;
	const TTest *const tests[] = {a_request_orders_its_server_at_once,
				      a_shortage_is_told_once,
				      sessions_expire_in_time,
				      polls_grow_rare_and_notices_hurry_them,
				      an_account_that_does_not_open_is_tried_again,
				      who_cannot_be_asked_is_listed,
				      the_log_names_an_account,
				      a_planned_server_that_is_never_sent_is_cancelled,
				      a_check_is_answered,
				      a_check_says_why_the_account_is_not_open,
				      a_check_tries_again_what_did_not_open,
				      an_account_deleted_while_it_opens_is_closed,
				      a_check_under_way_ends_with_the_daemon,
				      what_the_store_does_not_take_is_kept,
				      a_start_waits_for_the_store,
				      figures_count};

	tcase_add_checked_fixture(tcase, setup, engine_teardown);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	tcase_add_test(tcase, a_request_goes_with_its_create);
	tcase_add_loop_test(tcase, each_deadline_names_its_value, 0, 3);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("unchecked");
	tcase_add_checked_fixture(tcase, setup_unchecked, engine_teardown);
	tcase_add_test(tcase, a_deadline_tells_what_others_needed);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("many");
	tcase_add_checked_fixture(tcase, setup_many, engine_teardown);
	tcase_add_test(tcase, who_finds_no_place_is_left_alone);
	tcase_add_test(tcase, who_waits_for_an_account_is_left_alone);
	tcase_add_test(tcase, more_full_accounts_than_are_passed_over);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
