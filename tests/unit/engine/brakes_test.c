/* SPDX-License-Identifier: Apache-2.0 */
/* Brakes as the engine keeps them: hourly limits, failure budget, stop files, dry runs. */
#include "engine_fixture.h"

#include <stdio.h>

#define HOUR_MS (3600 * MS_PER_S)
#define PLANNED SERVER_STATE_BIT(SERVER_PLANNED)
#define DESTROYING SERVER_STATE_BIT(SERVER_DESTROYING)
#define UNTIL_TOMORROW "\"provision_timeout\": 86400, \"connection_type\": \"SSH\", "

static void setup_config(const char *config_fields)
{
	asks_stops = true;
	engine_setup("{}", config_fields, "{}");
}

static void setup(void)
{
	setup_config("{" UNTIL_TOMORROW
		     "\"minimum_available_sessions\": 3, \"creates_per_hour\": 2, "
		     "\"failure_budget\": 2}");
}

/* All creates that wait are made, and their servers run. */
static void make_all(void)
{
	char id[16], address[32];

	for (int i = 1; count_asked(DISPATCH_CREATE) > 0; i++) {
		snprintf(id, sizeof(id), "i-%d", i);
		answer_ok(any_asked(DISPATCH_CREATE), id);
	}
	for (int i = 1; count_asked(DISPATCH_STATUS) > 0; i++) {
		snprintf(address, sizeof(address), "10.0.0.%d", i);
		answer_state(any_asked(DISPATCH_STATUS), HR_STATE_RUNNING, address);
		pass(100);
	}
}

START_TEST(creates_wait_for_the_hour)
{
	struct server waits;

	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 2);
	waits = only_server(PLANNED);
	ck_assert_str_eq(waits.stage, "held back: its creates_per_hour of 2 is used up");
	/* A restart forgets nothing. */
	engine_restart();
	pass(10000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 2);
	now_ms += HOUR_MS - 20000;
	settle();
	ck_assert_int_eq(count_servers(PLANNED), 1);
	pass(60000);
	ck_assert_int_eq(count_servers(PLANNED), 0);
}
END_TEST

START_TEST(a_shortage_by_a_brake_is_explained)
{
	char message[768];

	change_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a", "minimum_available_sessions",
			json_integer(5));
	ck_assert_int_eq(count_servers(PLANNED), 1);
	ck_assert_int_ge(events_of("pool.short", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "demo-a is held back for 60 min: its "
					      "creates_per_hour of 2 is used up"));
}
END_TEST

START_TEST(after_failures_one_at_a_time_is_tried)
{
	change_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a", "creates_per_hour",
			json_integer(1000));
	pass(6000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 3);
	while (count_asked(DISPATCH_CREATE) > 0)
		answer_error(any_asked(DISPATCH_CREATE), HR_CAPACITY, 0, 0);
	while (count_asked(DISPATCH_DESTROY) > 0)
		answer_ok(any_asked(DISPATCH_DESTROY), NULL);
	ck_assert_int_eq(config_now().failures, 3);
	pass(40000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
	pass(60000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
	/* It works: all at once again. */
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	ck_assert_int_eq(config_now().failures, 0);
	pass(10000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 2);
}
END_TEST

START_TEST(an_edit_forgives_failures)
{
	while (count_asked(DISPATCH_CREATE) > 0)
		answer_error(any_asked(DISPATCH_CREATE), HR_CAPACITY, 0, 0);
	ck_assert_int_eq(config_now().failures, 2);
	change_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a", "creates_per_hour",
			json_integer(1000));
	ck_assert_int_eq(config_now().failures, 0);
	pass(10000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 3);
}
END_TEST

START_TEST(destroys_wait_for_the_hour_but_not_for_people)
{
	struct server waits;
	int64_t version;

	engine_teardown();
	setup_config("{" UNTIL_TOMORROW "\"minimum_available_sessions\": 2, \"reusable\": true, "
		     "\"downscale_backoff\": 0, \"destroys_per_hour\": 1}");
	make_all();
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_RUNNING)), 2);
	change_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a", "minimum_available_sessions",
			json_integer(0));
	ck_assert_int_eq(count_servers(DESTROYING), 2);
	answer_ok(asked(DISPATCH_DESTROY), NULL);
	pass(20000);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
	waits = only_server(DESTROYING);
	ck_assert_str_eq(waits.stage, "held back: its destroys_per_hour of 1 is used up");
	version = waits.version;
	pass(20000);
	/* The row is left alone while nothing changes. */
	ck_assert_int_eq(only_server(DESTROYING).version, version);
	order_destroy(waits.id);
	answer_ok(asked(DISPATCH_DESTROY), NULL);
	ck_assert_int_eq(count_servers(0), 0);
}
END_TEST

START_TEST(removals_leave_places_to_creates)
{
	engine_teardown();
	setup_config("{" UNTIL_TOMORROW "\"minimum_available_sessions\": 70, \"reusable\": true, "
		     "\"downscale_backoff\": 0}");
	for (int i = 0; i < 70; i++) {
		char id[16];

		text_format(id, sizeof(id), "i-%d", i);
		pass(count_asked(DISPATCH_CREATE) == 0 ? 1000 : 0);
		answer_ok(any_asked(DISPATCH_CREATE), id);
	}
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_BOOTING)), 70);
	/* All are due at one moment, before somebody comes. */
	change_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a", "minimum_available_sessions",
			json_integer(0));
	stopped = ENGINE_STOP_CHANGES;
	pass(3000);
	for (int i = 0; i < 70; i++)
		order_destroy(any_server(SERVER_STATE_BIT(SERVER_BOOTING)).id);
	stopped = 0;
	pass(60000);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 48);
	ask_session("ana");
	pass(1000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
}
END_TEST

START_TEST(a_file_stops_new_servers)
{
	char message[768];

	engine_teardown();
	setup_config("{" UNTIL_TOMORROW "\"minimum_available_sessions\": 0}");
	stopped = ENGINE_STOP_CREATES;
	pass(3000);
	ck_assert_int_eq(events_of("engine.stopped", message), 1);
	ck_assert_str_eq(message, "new servers are stopped while there is a file /stop-creates, or "
				  "while it cannot be looked for");
	ask_session("ana");
	pass(60000);
	ck_assert_int_eq(count_servers(0), 0);
	ck_assert_int_eq(events_of("pool.short", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "demo-a is held back: new servers are stopped while "
					      "there is a file /stop-creates"));
	stopped = 0;
	pass(3000);
	ck_assert_int_eq(events_of("engine.resumed", NULL), 1);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
	/* What is begun is finished, and what is to go goes. */
	stopped = ENGINE_STOP_CREATES;
	answer_again(asked(DISPATCH_CREATE), "step-2", 5000, NULL);
	pass(10000);
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	order_destroy(only_server(0).id);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 1);
}
END_TEST

START_TEST(a_file_stops_all_changes)
{
	answer_again(any_asked(DISPATCH_CREATE), "step-2", 5000, NULL);
	answer_ok(any_asked(DISPATCH_CREATE), "i-1");
	stopped = ENGINE_STOP_CHANGES;
	pass(10000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	order_destroy(only_server(SERVER_STATE_BIT(SERVER_BOOTING)).id);
	list_instance("i-old", id_of(42), HR_STATE_RUNNING, 48 * HOUR_MS);
	pass(600000);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
	stopped = 0;
	pass(150000);
	ck_assert_int_ge(count_asked(DISPATCH_CREATE), 1);
	/* The server's, and the one that nobody claims. */
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 2);
}
END_TEST

START_TEST(a_stop_is_no_failure)
{
	engine_teardown();
	setup_config("{\"minimum_available_sessions\": 1, \"provision_timeout\": 300}");
	answer_again(asked(DISPATCH_CREATE), "step-2", 5000, NULL);
	stopped = ENGINE_STOP_CHANGES;
	pass(900000);
	ck_assert_int_eq(only_server(0).state, SERVER_CREATING);
	ck_assert_int_eq(config_now().failures, 0);
	stopped = 0;
	pass(60000);
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	ck_assert_int_eq(only_server(0).state, SERVER_BOOTING);
}
END_TEST

/* What is being destroyed when all changes are stopped waits, and nobody spins. */
START_TEST(a_stop_holds_the_reaper)
{
	engine_teardown();
	setup_config("{}");
	list_instance("i-old", id_of(42), HR_STATE_RUNNING, 48 * HOUR_MS);
	pass(180000);
	stopped = ENGINE_STOP_CHANGES;
	answer_again(asked(DISPATCH_DESTROY), "going", 5000, NULL);
	pass(600000);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
	stopped = 0;
	pass(5000);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 1);
}
END_TEST

START_TEST(a_pool_can_run_dry)
{
	char message[768];

	engine_teardown();
	engine_setup("{\"dry_run\": true}", "{" UNTIL_TOMORROW "\"minimum_available_sessions\": 2}",
		     "{}");
	pass(60000);
	ck_assert_int_eq(count_servers(0), 0);
	ck_assert_int_eq(events_of("pool.dry_run", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "dry run: would make 2 and remove 0; the first: 0 "
					      "available for a target of 2"));
	change_document(DOCUMENT_POOL, "demo", "dry_run", json_false());
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 2);
}
END_TEST

/* What is over goes when it may; but not before the hour that counts its create is over. */
START_TEST(what_the_hour_counts_is_kept)
{
	struct server server;

	engine_teardown();
	keep_ms = 60000;
	engine_setup("{}", "{\"minimum_available_sessions\": 1, \"creates_per_hour\": 1}", "{}");
	keep_ms = 0;
	server = make_running();
	list_instance("i-1", server.id, HR_STATE_RUNNING, 0);
	pass(600000);
	order_destroy(server.id);
	n_listed = 0;
	answer_error(asked(DISPATCH_DESTROY), HR_NOT_FOUND, 0, 0);
	pass(600000);
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_GONE)), 1);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	pass(HOUR_MS);
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_GONE)), 0);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {creates_wait_for_the_hour,
				      a_shortage_by_a_brake_is_explained,
				      after_failures_one_at_a_time_is_tried,
				      an_edit_forgives_failures,
				      what_the_hour_counts_is_kept,
				      destroys_wait_for_the_hour_but_not_for_people,
				      removals_leave_places_to_creates,
				      a_file_stops_new_servers,
				      a_file_stops_all_changes,
				      a_stop_is_no_failure,
				      a_stop_holds_the_reaper,
				      a_pool_can_run_dry};

	return run_tests("brakes", tests, sizeof(tests) / sizeof(tests[0]), setup, engine_teardown);
}
