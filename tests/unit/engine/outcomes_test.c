/* SPDX-License-Identifier: Apache-2.0 */
/* What answers do to creates and destroys: one test for each row of the table of errors. */
#include "engine_fixture.h"

#define ONE_SERVER                                                          \
	"{\"minimum_available_sessions\": 1, \"provision_timeout\": 3600, " \
	"\"create_timeout\": 600, \"startup_script\": \"{checkin_url} {zone_name} {checkin_jwt}\\n\"}"

static void setup(void)
{
	engine_setup("{}", ONE_SERVER, "{\"max_instances\": 3}");
}

START_TEST(a_create_boots_and_runs)
{
	struct server server = only_server(SERVER_STATE_BIT(SERVER_CREATING));

	ck_assert_int_eq(unfinished(server.id, OPERATION_CREATE).attempt, 1);
	ck_assert_uint_eq(asked(DISPATCH_CREATE)->request.step.attempt, 1);
	ck_assert_str_eq(asked(DISPATCH_CREATE)->request.request_id, ""); /* nobody asked for it */
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	ck_assert_str_eq(only_server(SERVER_STATE_BIT(SERVER_BOOTING)).instance_id, "i-1");
	ck_assert_str_eq(asked(DISPATCH_STATUS)->instance_ids[0], "i-1");
	answer_state(asked(DISPATCH_STATUS), HR_STATE_PENDING, "");
	ck_assert_int_eq(count_asked(DISPATCH_STATUS), 0);
	pass(1000);
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	server = only_server(SERVER_STATE_BIT(SERVER_RUNNING));
	ck_assert_str_eq(server.address, "10.0.0.1");
	ck_assert_int_eq(server.provider_port, 2022);
	ck_assert_int_eq(account_now().instances, 1);
}
END_TEST

START_TEST(a_long_create_goes_on_with_its_token)
{
	struct server server;

	answer_again(asked(DISPATCH_CREATE), "step-2", 5000, "i-1");
	server = only_server(SERVER_STATE_BIT(SERVER_CREATING));
	ck_assert_str_eq(server.instance_id, "i-1");
	ck_assert_str_eq(server.stage, "cloning");
	ck_assert_int_eq(server.percent, 40);
	pass(4999);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	pass(1);
	ck_assert_str_eq(asked(DISPATCH_CREATE)->resume_token, "step-2");
	ck_assert_str_eq(asked(DISPATCH_CREATE)->request.step.instance_id, "i-1");
	ck_assert_uint_eq(asked(DISPATCH_CREATE)->request.step.attempt, 1);
}
END_TEST

START_TEST(a_pick_that_overtakes_the_end_of_a_flight_costs_no_lease)
{
	/* Picked after the answer is stored, but with a list of flights from before. */
	engine_operations_due(engine);
	answer_again(asked(DISPATCH_CREATE), "step-2", 0, "");
	pass(1000);
	ck_assert_str_eq(asked(DISPATCH_CREATE)->resume_token, "step-2");
}
END_TEST

START_TEST(after_a_crash_the_step_is_delivered_again)
{
	char *script;

	answer_again(asked(DISPATCH_CREATE), "step-2", 1000, "");
	pass(1000);
	script = strdup(asked(DISPATCH_CREATE)->script);
	/* What a zone says now is for servers to come: every attempt sends the same bytes. */
	change_document(DOCUMENT_ZONE, "here", "upstream_auth_address", json_string("elsewhere:1"));
	engine_restart();
	ck_assert_str_eq(asked(DISPATCH_CREATE)->resume_token, "step-2");
	ck_assert_uint_eq(asked(DISPATCH_CREATE)->request.step.attempt, 2);
	ck_assert_str_eq(asked(DISPATCH_CREATE)->script, script);
	free(script);
	ck_assert_int_eq(count_servers(0), 1);
}
END_TEST

static const int32_t retried[] = {HR_TRANSIENT, HR_TIMEOUT, HR_CONFLICT};

START_TEST(passing_errors_are_retried_with_backoff)
{
	struct server server = only_server(0);

	answer_error(asked(DISPATCH_CREATE), retried[_i], 0, 0);
	ck_assert_int_eq(only_server(0).state, SERVER_CREATING);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	pass(1250); /* a second and its jitter */
	ck_assert_uint_eq(asked(DISPATCH_CREATE)->request.step.attempt, 2);
	answer_error(asked(DISPATCH_CREATE), retried[_i], 0, 0);
	pass(1999);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	pass(501);
	ck_assert_uint_eq(asked(DISPATCH_CREATE)->request.step.attempt, 3);
	ck_assert_str_eq(only_server(0).id, server.id);
	ck_assert_int_eq(account_now().paused_until_ms, 0);
	/* The same words are one event. */
	ck_assert_int_eq(events_of("operation.failed", NULL), 1);
}
END_TEST

static const int32_t hopeless[] = {HR_CAPACITY, HR_QUOTA, HR_INVALID, HR_UNSUPPORTED, HR_NOT_FOUND};

START_TEST(hopeless_errors_fail_the_server_and_pause_the_config)
{
	char id[ID_SIZE];

	text_copy(id, sizeof(id), only_server(0).id);
	answer_error(asked(DISPATCH_CREATE), hopeless[_i], 0, 0);
	ck_assert_int_eq(only_server(0).state, SERVER_DESTROYING);
	ck_assert_int_eq(config_now().paused_until_ms, now_ms + 30000);
	ck_assert_int_eq(account_now().paused_until_ms, 0);
	/* A refusal of the only attempt made nothing: no need to wait for stragglers. */
	answer_ok(asked(DISPATCH_DESTROY), "");
	ck_assert_int_eq(count_servers(0), 0);
	ck_assert_int_eq(events_of("pool.short", NULL), 1);
	pass(29999);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	pass(1);
	ck_assert_str_ne(asked(DISPATCH_CREATE)->request.step.server_id, id);
}
END_TEST

START_TEST(an_unknown_outcome_is_looked_for)
{
	answer_error(asked(DISPATCH_CREATE), HR_CAPACITY, HR_FAULT_OUTCOME_UNKNOWN, 0);
	ck_assert_int_eq(only_server(0).state, SERVER_CREATING);
	pass(1250);
	ck_assert_uint_eq(asked(DISPATCH_CREATE)->request.step.attempt, 2);
}
END_TEST

static const struct {
	int32_t class;
	int64_t retry_after_ms, waits_ms;
} told[] = {
	{HR_TRANSIENT, 150000, 150000}, /* longer than our own longest pause */
	{HR_TRANSIENT, 300, 1000},      /* shorter than our own */
	{HR_CONFLICT, 90000, 90000},
	{HR_THROTTLED, 150000, 150000},
};

START_TEST(what_retry_after_says_is_waited_for)
{
	answer_error(asked(DISPATCH_CREATE), told[_i].class, 0, told[_i].retry_after_ms);
	pass(told[_i].waits_ms - 1);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	pass(251); /* jitter of our own pauses */
	ck_assert_uint_eq(asked(DISPATCH_CREATE)->request.step.attempt, 2);
}
END_TEST

START_TEST(nobody_is_waited_for_longer_than_an_hour)
{
	struct server server = only_server(0);

	answer_error(asked(DISPATCH_CREATE), HR_THROTTLED, 0, INT64_MAX);
	ck_assert_int_eq(unfinished(server.id, OPERATION_CREATE).due_ms, now_ms + 3600000);
	pass(0);
}
END_TEST

START_TEST(requests_say_how_urgent_they_are)
{
	ck_assert_int_eq(asked(DISPATCH_CREATE)->request.urgency, DISPATCH_STANDBY);
	answer_error(asked(DISPATCH_CREATE), HR_TRANSIENT, 0, 0);
	ask_session("ann");
	ck_assert_int_eq(asked(DISPATCH_CREATE)->request.urgency, DISPATCH_FOR_USERS);
	answer_ok(asked(DISPATCH_CREATE), "i-2");
	/* This one was ordered for standby; but somebody waits now, and may be given it. */
	pass(1250);
	ck_assert_uint_eq(asked(DISPATCH_CREATE)->request.step.attempt, 2);
	ck_assert_int_eq(asked(DISPATCH_CREATE)->request.urgency, DISPATCH_FOR_USERS);
	answer_error(asked(DISPATCH_CREATE), HR_INVALID, 0, 0);
	ck_assert_int_eq(asked(DISPATCH_DESTROY)->request.urgency, DISPATCH_REMOVAL);
}
END_TEST

START_TEST(looks_are_the_least_urgent)
{
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	ck_assert_int_eq(asked(DISPATCH_STATUS)->request.urgency, DISPATCH_LOOK);
}
END_TEST

/* The dispatcher's governor slows the account down; the engine waits with what was throttled alone. */
START_TEST(throttling_does_not_pause_the_account)
{
	answer_error(asked(DISPATCH_CREATE), HR_THROTTLED, 0, 20000);
	ck_assert_int_eq(account_now().paused_until_ms, 0);
	ck_assert_int_eq(config_now().paused_until_ms, 0);
	ck_assert_int_eq(events_of("account.paused", NULL), 0);
	ask_session("ann");
	answer_ok(asked(DISPATCH_CREATE), "i-2"); /* another server's */
	pass(19999);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	pass(1);
	ck_assert_uint_eq(asked(DISPATCH_CREATE)->request.step.attempt, 2);
}
END_TEST

START_TEST(a_throttled_look_does_not_pause_the_account)
{
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	answer_error(asked(DISPATCH_STATUS), HR_THROTTLED, 0, 20000);
	ck_assert_int_eq(account_now().paused_until_ms, 0);
}
END_TEST

START_TEST(refused_rights_pause_the_account_until_a_check)
{
	answer_error(asked(DISPATCH_CREATE), HR_AUTH, 0, 0);
	ck_assert_int_eq(account_now().paused_until_ms, MS_NEVER);
	pass(299000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	ck_assert_int_eq(count_asked(DISPATCH_CHECK), 0);
	pass(1000);
	answer_error(asked(DISPATCH_CHECK), HR_AUTH, 0, 0);
	ck_assert_int_eq(account_now().paused_until_ms, MS_NEVER);
	pass(300000 - 1);
	ck_assert_int_eq(count_asked(DISPATCH_CHECK), 0);
	pass(1);
	answer_ok(asked(DISPATCH_CHECK), "");
	ck_assert_int_eq(account_now().paused_until_ms, 0);
	ck_assert_int_eq(events_of("account.resumed", NULL), 1);
}
END_TEST

START_TEST(an_edit_lifts_pauses)
{
	answer_error(asked(DISPATCH_CREATE), HR_AUTH, 0, 0);
	change_document(DOCUMENT_PROVIDER_CONFIG, "acct", "list_interval", json_integer(50));
	ck_assert_int_eq(account_now().paused_until_ms, 0);
	ck_assert_uint_eq(opens, 2);
	pass(40000);
	answer_error(asked(DISPATCH_CREATE), HR_INVALID, 0, 0);
	answer_ok(asked(DISPATCH_DESTROY), "");
	ck_assert_int_gt(config_now().paused_until_ms, now_ms);
	change_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a", "priority", json_integer(5));
	ck_assert_int_eq(config_now().paused_until_ms, 0);
}
END_TEST

START_TEST(a_defect_pauses_the_account_and_is_retried)
{
	answer_error(asked(DISPATCH_CREATE), HR_INTERNAL, 0, 0);
	ck_assert_int_eq(account_now().paused_until_ms, now_ms + 5000);
	pass(4000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	pass(4000);
	ck_assert_uint_eq(asked(DISPATCH_CREATE)->request.step.attempt, 2);
}
END_TEST

START_TEST(done_without_an_instance_is_a_defect)
{
	char message[768];

	answer_ok(asked(DISPATCH_CREATE), "");
	ck_assert_int_eq(only_server(0).state, SERVER_CREATING);
	events_of("operation.failed", message);
	ck_assert_ptr_nonnull(strstr(message, "internal: the module says that demo-a-"));
	ck_assert_ptr_nonnull(strstr(message, " is created, but not as which instance"));
}
END_TEST

/* A second instance id would take the first out of sight. */
START_TEST(the_first_instance_counts)
{
	char message[768];

	answer_again(asked(DISPATCH_CREATE), "step-2", 1000, "i-1");
	pass(1000);
	answer_ok(asked(DISPATCH_CREATE), "i-2");
	ck_assert_int_eq(only_server(0).state, SERVER_CREATING);
	ck_assert_str_eq(only_server(0).instance_id, "i-1");
	events_of("operation.failed", message);
	ck_assert_ptr_nonnull(
		strstr(message, "internal: the module reports instance i-2 for demo-a-"));
	ck_assert_ptr_nonnull(
		strstr(message, ", which is instance i-1; report this to its vendor"));
}
END_TEST

/* ---- Destroy ---- */

static struct server destroy_running(void)
{
	struct server server = make_running();

	change_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a", "downscale_backoff", json_integer(0));
	change_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a", "minimum_available_sessions",
			json_integer(0));
	ck_assert_str_eq(asked(DISPATCH_DESTROY)->request.step.server_id, server.id);
	ck_assert_str_eq(asked(DISPATCH_DESTROY)->request.step.instance_id, "i-1");
	return server;
}

START_TEST(a_destroy_ends_in_gone)
{
	destroy_running();
	if (_i)
		answer_error(asked(DISPATCH_DESTROY), HR_NOT_FOUND, 0, 0);
	else
		answer_ok(asked(DISPATCH_DESTROY), "");
	ck_assert_int_eq(count_servers(0), 0);
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_GONE)), 1);
	ck_assert_int_eq(account_now().instances, 0);
}
END_TEST

START_TEST(a_destroy_is_retried_for_ever)
{
	int attempts = 0;

	destroy_running();
	for (int minutes = 0; minutes < 8 * 60; minutes++) {
		if (count_asked(DISPATCH_DESTROY) > 0) {
			attempts++;
			answer_error(asked(DISPATCH_DESTROY), HR_TRANSIENT, 0, 0);
		}
		pass(60000);
	}
	/* Once in an hour and a quarter at the least, now. */
	ck_assert_int_ge(attempts, 6);
	ck_assert_int_eq(only_server(0).state, SERVER_DESTROYING);
	ck_assert_int_eq(account_now().instances, 1);
	ck_assert_int_eq(events_of("server.stuck", NULL), 1);
}
END_TEST

START_TEST(protection_undoes_the_drain)
{
	destroy_running();
	answer_error(asked(DISPATCH_DESTROY), HR_CONFLICT, HR_FAULT_PROTECTED, 0);
	ck_assert_int_eq(events_of("server.protected", NULL), 1);
}
END_TEST

/* Its room is no newcomer's: it is given in the transaction that gives the server back. */
START_TEST(a_protected_server_seats_who_waits)
{
	char message[768];

	destroy_running();
	ask_session("ana");
	ck_assert_int_eq(events_of("session.assigned", NULL), 0);
	answer_error(asked(DISPATCH_DESTROY), HR_CONFLICT, HR_FAULT_PROTECTED, 0);
	ck_assert_int_eq(events_of("session.assigned", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "waited and was next"));
}
END_TEST

START_TEST(nothing_is_gone_while_its_create_may_land)
{
	char id[ID_SIZE];

	/* The create is never answered, and its time is over. */
	text_copy(id, sizeof(id), only_server(0).id);
	answer_error(asked(DISPATCH_CREATE), HR_TIMEOUT, HR_FAULT_OUTCOME_UNKNOWN, 0);
	change_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a", "minimum_available_sessions",
			json_integer(0));
	for (int i = 0; i < 40 && only_server(0).state == SERVER_CREATING; i++) {
		pass(60000);
		if (count_asked(DISPATCH_CREATE) > 0)
			answer_error(asked(DISPATCH_CREATE), HR_TIMEOUT, HR_FAULT_OUTCOME_UNKNOWN,
				     0);
	}
	ck_assert_int_eq(only_server(0).state, SERVER_DESTROYING);
	pass(1000);
	answer_ok(asked(DISPATCH_DESTROY), "");
	ck_assert_int_eq(only_server(0).state, SERVER_DESTROYING);
	ck_assert_str_eq(only_server(0).stage,
			 "absent; looking again, since its create was never answered");
	pass(301000);
	answer_ok(asked(DISPATCH_DESTROY), "");
	ck_assert_int_eq(count_servers(0), 0);
}
END_TEST

/* As a module whose "absent" is final says it when it opens. */
static void promise_one_look(void)
{
	open_capabilities = HR_CAP_ABSENT_ONE_LOOK;
	change_document(DOCUMENT_PROVIDER_CONFIG, "acct", "list_interval", json_integer(50));
}

static const int32_t last_errors[] = {HR_TRANSIENT, HR_TIMEOUT};

START_TEST(a_hung_create_may_land_whatever_the_module_promises)
{
	promise_one_look();
	for (int i = 0; i < 40 && only_server(0).state == SERVER_CREATING; i++) {
		if (count_asked(DISPATCH_CREATE) > 0)
			answer_error(asked(DISPATCH_CREATE), last_errors[_i],
				     HR_FAULT_OUTCOME_UNKNOWN, 0);
		pass(60000);
	}
	pass(1000);
	if (count_asked(DISPATCH_CREATE) > 0) {
		answer_error(asked(DISPATCH_CREATE), last_errors[_i], HR_FAULT_OUTCOME_UNKNOWN, 0);
		pass(1000);
	}
	answer_ok(asked(DISPATCH_DESTROY), "");
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_DESTROYING)), _i);
	pass(301000);
	if (_i)
		answer_ok(asked(DISPATCH_DESTROY), "");
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_GONE)), 1);
}
END_TEST

START_TEST(a_create_that_hangs_beyond_its_order_may_land)
{
	struct asked *create = asked(DISPATCH_CREATE);

	promise_one_look();
	pass(600000);
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_DESTROYING)), 1);
	answer_error(create, HR_TIMEOUT, HR_FAULT_OUTCOME_UNKNOWN, 0);
	pass(1000);
	answer_ok(asked(DISPATCH_DESTROY), "");
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_DESTROYING)), 1);
	pass(301000);
	answer_ok(asked(DISPATCH_DESTROY), "");
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_GONE)), 1);
}
END_TEST

/* The provider has taken the order and named no instance yet: that the next part of the create was never begun
 * says nothing of the first. */
START_TEST(a_create_that_goes_on_may_land)
{
	answer_again(asked(DISPATCH_CREATE), "queued", 3600000, "");
	pass(600000);
	for (int i = 0; i < 40 && only_server(0).state == SERVER_CREATING; i++)
		pass(60000);
	ck_assert_int_eq(only_server(0).state, SERVER_DESTROYING);
	pass(1000);
	answer_ok(asked(DISPATCH_DESTROY), "");
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_GONE)), 0);
	pass(301000);
	answer_ok(asked(DISPATCH_DESTROY), "");
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_GONE)), 1);
}
END_TEST

START_TEST(a_destroy_waits_for_the_create_under_way)
{
	struct asked *create = asked(DISPATCH_CREATE);

	/* create_timeout is reached with the call still out. */
	pass(600000);
	ck_assert_int_eq(only_server(0).state, SERVER_DESTROYING);
	pass(20000);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
	answer_ok(create, "i-late");
	pass(1000);
	ck_assert_str_eq(asked(DISPATCH_DESTROY)->request.step.instance_id, "i-late");
	answer_ok(asked(DISPATCH_DESTROY), "");
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_GONE)), 1);
}
END_TEST

static void add(TCase *tcase, const TTest *test)
{
	tcase_add_test(tcase, test);
}

int main(void)
{
	Suite *suite = suite_create("outcomes");
	TCase *tcase = tcase_create("outcomes");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, engine_teardown);
	add(tcase, a_create_boots_and_runs);
	add(tcase, a_long_create_goes_on_with_its_token);
	add(tcase, a_pick_that_overtakes_the_end_of_a_flight_costs_no_lease);
	add(tcase, after_a_crash_the_step_is_delivered_again);
	tcase_add_loop_test(tcase, passing_errors_are_retried_with_backoff, 0, 3);
	tcase_add_loop_test(tcase, hopeless_errors_fail_the_server_and_pause_the_config, 0, 5);
	add(tcase, an_unknown_outcome_is_looked_for);
	tcase_add_loop_test(tcase, what_retry_after_says_is_waited_for, 0, 4);
	add(tcase, nobody_is_waited_for_longer_than_an_hour);
	add(tcase, requests_say_how_urgent_they_are);
	add(tcase, looks_are_the_least_urgent);
	add(tcase, throttling_does_not_pause_the_account);
	add(tcase, a_throttled_look_does_not_pause_the_account);
	add(tcase, refused_rights_pause_the_account_until_a_check);
	add(tcase, an_edit_lifts_pauses);
	add(tcase, a_defect_pauses_the_account_and_is_retried);
	add(tcase, done_without_an_instance_is_a_defect);
	add(tcase, the_first_instance_counts);
	tcase_add_loop_test(tcase, a_destroy_ends_in_gone, 0, 2);
	add(tcase, a_destroy_is_retried_for_ever);
	add(tcase, protection_undoes_the_drain);
	add(tcase, a_protected_server_seats_who_waits);
	add(tcase, nothing_is_gone_while_its_create_may_land);
	tcase_add_loop_test(tcase, a_hung_create_may_land_whatever_the_module_promises, 0, 2);
	add(tcase, a_create_that_hangs_beyond_its_order_may_land);
	add(tcase, a_create_that_goes_on_may_land);
	add(tcase, a_destroy_waits_for_the_create_under_way);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
