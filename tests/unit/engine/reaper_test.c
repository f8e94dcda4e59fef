/* SPDX-License-Identifier: Apache-2.0 */
/* What lists say: vanished and stopped instances, new addresses, and instances that nobody claims. */
#include "engine_fixture.h"

#include <unistd.h>

#define GRACE_MS INT64_C(600000)
#define LIST_MS INT64_C(30000)

static void setup(void)
{
	engine_setup("{}",
		     "{\"minimum_available_sessions\": 1, \"create_timeout\": 3600, "
		     "\"provision_timeout\": 7200}",
		     "{\"list_interval\": 30, \"reaper_grace\": 600}");
}

START_TEST(one_bad_look_proves_nothing)
{
	struct server server = make_running();

	pass(LIST_MS); /* absent */
	ck_assert_int_eq(only_server(0).state, SERVER_RUNNING);
	list_instance("i-1", server.id, HR_STATE_RUNNING, 0);
	pass(LIST_MS);
	n_listed = 0;
	pass(LIST_MS); /* absent, for the first time again */
	ck_assert_int_eq(only_server(0).state, SERVER_RUNNING);
}
END_TEST

START_TEST(lists_may_lag_and_a_direct_read_decides)
{
	make_running();
	pass(2 * LIST_MS);
	ck_assert_str_eq(asked(DISPATCH_STATUS)->instance_ids[0], "i-1");
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	ck_assert_int_eq(only_server(0).state, SERVER_RUNNING);
	pass(2 * LIST_MS);
	answer_error(asked(DISPATCH_STATUS), HR_TRANSIENT, 0, 0);
	ck_assert_int_eq(only_server(0).state, SERVER_RUNNING);
}
END_TEST

START_TEST(two_lists_and_a_direct_read_fail_the_server)
{
	struct server server = make_running();
	char message[768];

	pass(2 * LIST_MS);
	answer_state(asked(DISPATCH_STATUS), HR_STATE_GONE, "");
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_RUNNING)), 0);
	ck_assert_str_eq(asked(DISPATCH_DESTROY)->request.step.server_id, server.id);
	events_of("server.failed", message);
	ck_assert_ptr_nonnull(
		strstr(message, " failed: its instance i-1 is no longer at the provider"));
}
END_TEST

START_TEST(a_stopped_instance_fails_its_server)
{
	struct server server = make_running();
	char message[768];

	list_instance("i-1", server.id, HR_STATE_STOPPED, 0);
	text_copy(listed[0].status_text, sizeof(listed[0].status_text), "out of credit");
	pass(2 * LIST_MS);
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_RUNNING)), 0);
	events_of("server.failed", message);
	ck_assert_ptr_nonnull(strstr(
		message, "the provider says that its instance i-1 is stopped: out of credit"));
}
END_TEST

START_TEST(a_list_that_is_never_stale_needs_no_second)
{
	struct server server;

	open_capabilities = HR_CAP_ABSENT_ONE_LOOK;
	change_document(DOCUMENT_PROVIDER_CONFIG, "acct", "reaper_grace", json_integer(3600));
	server = make_running();
	list_instance("i-1", server.id, HR_STATE_STOPPED, 0);
	list_complete = false;
	pass(2 * LIST_MS);
	ck_assert_int_eq(events_of("server.failed", NULL), 0);
	list_complete = true;
	pass(LIST_MS);
	ck_assert_int_eq(events_of("server.failed", NULL), 1);
}
END_TEST

START_TEST(an_incomplete_list_proves_no_absence)
{
	make_running();
	list_complete = false;
	list_instance("i-lost", id_of(42), HR_STATE_RUNNING, 2 * GRACE_MS);
	pass(20 * LIST_MS);
	ck_assert_int_eq(only_server(0).state, SERVER_RUNNING);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
}
END_TEST

START_TEST(a_new_address_is_taken)
{
	struct server server = make_running();

	list_instance("i-1", server.id, HR_STATE_RUNNING, 0);
	text_copy(listed[0].address, sizeof(listed[0].address), "10.0.0.99");
	listed[0].connection_port = 2222;
	pass(LIST_MS);
	ck_assert_str_eq(only_server(0).address, "10.0.0.99");
	ck_assert_int_eq(only_server(0).provider_port, 2222);
	ck_assert_int_eq(events_of("server.address", NULL), 1);
}
END_TEST

START_TEST(an_instance_of_a_waiting_row_is_adopted)
{
	struct server server = only_server(SERVER_STATE_BIT(SERVER_CREATING));

	list_instance("i-7", server.id, HR_STATE_RUNNING, 0);
	pass(LIST_MS);
	ck_assert_str_eq(only_server(0).instance_id, "i-7");
	ck_assert_int_eq(events_of("server.adopted", NULL), 1);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
}
END_TEST

START_TEST(an_unclaimed_instance_goes_after_the_grace)
{
	make_running();
	list_instance("i-1", only_server(0).id, HR_STATE_RUNNING, 0);
	list_instance("i-lost", id_of(42), HR_STATE_RUNNING, 0);
	pass(GRACE_MS - LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
	ck_assert_int_eq(events_of("instance.unclaimed", NULL), 0);
	pass(2 * LIST_MS);
	ck_assert_str_eq(asked(DISPATCH_DESTROY)->request.step.instance_id, "i-lost");
	ck_assert_str_eq(asked(DISPATCH_DESTROY)->request.step.server_id, id_of(42));
	ck_assert_int_eq(events_of("instance.unclaimed", NULL), 1);
	/* Once only, however often it is listed. */
	pass(5 * LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 1);
	answer_again(asked(DISPATCH_DESTROY), "going", 1000, "");
	pass(1000);
	ck_assert_str_eq(asked(DISPATCH_DESTROY)->resume_token, "going");
	n_listed = 1;
	answer_ok(asked(DISPATCH_DESTROY), "");
	pass(5 * LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
}
END_TEST

/* Our own first pause is 2 s; what the provider says counts where it is longer, up to an hour. */
static const struct {
	int64_t retry_after_ms, waits_ms;
} told[] = {{0, 2000}, {500, 2000}, {90000, 90000}, {INT64_C(86400000), 3600000}};

START_TEST(what_retry_after_says_is_waited_for)
{
	list_instance("i-old", id_of(42), HR_STATE_RUNNING, 2 * GRACE_MS);
	pass(2 * LIST_MS);
	answer_error(asked(DISPATCH_DESTROY), HR_THROTTLED, 0, told[_i].retry_after_ms);
	pass(told[_i].waits_ms - 10);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
	pass(20);
	ck_assert_uint_eq(asked(DISPATCH_DESTROY)->request.step.attempt, 2);
}
END_TEST

START_TEST(an_old_instance_goes_when_seen_twice)
{
	list_instance("i-old", "", HR_STATE_STOPPED, 2 * GRACE_MS);
	pass(LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
	pass(LIST_MS);
	ck_assert_str_eq(asked(DISPATCH_DESTROY)->request.step.instance_id, "i-old");
}
END_TEST

START_TEST(a_second_instance_of_a_server_goes)
{
	struct server server = make_running();

	list_instance("i-1", server.id, HR_STATE_RUNNING, 0);
	list_instance("i-2", server.id, HR_STATE_RUNNING, 2 * GRACE_MS);
	pass(2 * LIST_MS);
	ck_assert_str_eq(asked(DISPATCH_DESTROY)->request.step.instance_id, "i-2");
	ck_assert_int_eq(only_server(0).state, SERVER_RUNNING);
}
END_TEST

/* Two provider configs with the keys of one account at the provider. */
static void add_twin(void)
{
	add_document(DOCUMENT_PROVIDER_CONFIG, "twin",
		     "{\"list_interval\": 30, \"reaper_grace\": 600}");
}

START_TEST(two_that_see_an_unclaimed_instance_remove_it_once)
{
	add_twin();
	list_instance("i-lost", id_of(42), HR_STATE_RUNNING, 2 * GRACE_MS);
	pass(5 * LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 1);
}
END_TEST

START_TEST(what_another_account_is_creating_is_not_unclaimed)
{
	/* Whose server it is looks seldom, and would adopt it. */
	change_document(DOCUMENT_PROVIDER_CONFIG, "acct", "list_interval", json_integer(3600));
	pass(LIST_MS);
	add_twin();
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
	list_instance("i-1", only_server(0).id, HR_STATE_RUNNING, 2 * GRACE_MS);
	pass(5 * LIST_MS);
	ck_assert_str_eq(only_server(0).instance_id, "");
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
	ck_assert_int_eq(events_of("instance.unclaimed", NULL), 0);
}
END_TEST

static void list_old(int n)
{
	char id[16];

	for (int i = 0; i < n; i++) {
		text_format(id, sizeof(id), "i-old-%d", i);
		list_instance(id, id_of(50 + i), HR_STATE_RUNNING, 2 * GRACE_MS);
	}
}

START_TEST(at_most_three_in_an_hour)
{
	list_old(6);
	pass(10 * LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 3);
	pass(3600000);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 6);
}
END_TEST

/* Destroyed, and not listed any more. */
static void let_go(struct asked *destroy)
{
	for (size_t i = 0; i < n_listed; i++)
		if (strcmp(listed[i].instance_id, destroy->request.step.instance_id) == 0)
			listed[i] = listed[--n_listed];
	answer_ok(destroy, "");
}

START_TEST(a_restart_gives_no_fresh_hour)
{
	list_old(6);
	pass(10 * LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 3);
	/* Those that are on their way go on; no other begins. */
	for (int i = 0; i < 3; i++) {
		engine_restart();
		pass(10 * LIST_MS);
		ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 3);
	}
	ck_assert_int_eq(events_of("instance.unclaimed", NULL), 12);
	pass(3600000);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 6);
}
END_TEST

START_TEST(a_clock_that_is_set_gives_no_fresh_hour)
{
	list_old(6);
	pass(10 * LIST_MS);
	set_clock(7200000);
	engine_restart();
	pass(20 * LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 3);
	set_clock(-7200000);
	pass(3600000);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 6);
}
END_TEST

/* With the key of one account at the provider the hour is one; each by itself has its own. */
START_TEST(accounts_of_one_key_share_the_hour)
{
	engine_teardown();
	one_key = _i == 1;
	setup();
	one_key = false;
	list_old(12);
	pass(5 * LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 3);
	one_key = _i == 1;
	add_twin();
	one_key = false;
	pass(20 * LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), _i == 1 ? 3 : 6);
}
END_TEST

/* What cannot be destroyed is tried ever less often, and takes nobody's place. */
START_TEST(one_that_cannot_be_destroyed_takes_one_place)
{
	static const int64_t pauses_s[] = {2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600};
	char message[768];
	int64_t waited_ms = 0;

	list_old(4);
	pass(10 * LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 3);
	let_go(any_asked(DISPATCH_DESTROY));
	let_go(any_asked(DISPATCH_DESTROY));
	for (size_t i = 0; i < sizeof(pauses_s) / sizeof(pauses_s[0]); i++) {
		answer_error(asked(DISPATCH_DESTROY), HR_TRANSIENT, 0, 0);
		pass(pauses_s[i] * 1000 - 10);
		ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
		pass(20);
		waited_ms += pauses_s[i] * 1000 + 10;
		ck_assert_uint_eq(asked(DISPATCH_DESTROY)->request.step.attempt, i + 2);
		ck_assert_int_eq(events_of("instance.stuck", message), waited_ms >= 900000);
	}
	ck_assert_ptr_nonnull(strstr(message, "which no server claims, is still not destroyed "
					      "after 15 min (the provider says no)"));
	/* Its turn comes when the hour is over, whatever becomes of the first. */
	pass(3600000 - waited_ms);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 4 - 2);
	ck_assert_int_eq(events_of("instance.stuck", NULL), 1);
}
END_TEST

START_TEST(again_for_ever_is_asked_every_ten_minutes)
{
	char message[768];

	list_old(1);
	pass(2 * LIST_MS);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(events_of("instance.stuck", NULL), i >= 2);
		answer_again(asked(DISPATCH_DESTROY), "going", INT64_C(86400000), "");
		pass(600000 - 10);
		ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
		pass(20);
		ck_assert_str_eq(asked(DISPATCH_DESTROY)->resume_token, "going");
	}
	events_of("instance.stuck", message);
	ck_assert_ptr_nonnull(strstr(message, "(its module is to be called again: cloning)"));
}
END_TEST

START_TEST(one_that_is_said_to_be_destroyed_is_looked_for)
{
	static const int64_t pauses_s[] = {120, 240, 480, 600, 600};
	char message[768];

	list_old(1);
	pass(2 * LIST_MS);
	for (size_t i = 0; i < sizeof(pauses_s) / sizeof(pauses_s[0]); i++) {
		answer_ok(asked(DISPATCH_DESTROY), "");
		pass(pauses_s[i] * 1000 - 10);
		ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
		pass(20);
	}
	ck_assert_int_eq(events_of("instance.unclaimed", NULL), 1);
	ck_assert_int_eq(events_of("instance.stuck", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "(the provider said that it is, and has it still)"));
	let_go(asked(DISPATCH_DESTROY));
	pass(600000);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
}
END_TEST

/* Its mark is another's, or the lists are late: no loop, and no event at each list. */
START_TEST(one_that_is_unknown_but_listed_is_asked_ever_less)
{
	static const int64_t pauses_s[] = {120, 240, 480, 600, 600};
	char message[768];

	list_old(1);
	pass(2 * LIST_MS);
	for (size_t i = 0; i < sizeof(pauses_s) / sizeof(pauses_s[0]); i++) {
		answer_error(asked(DISPATCH_DESTROY), HR_NOT_FOUND, 0, 0);
		pass(pauses_s[i] * 1000 - 10);
		ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
		pass(20);
	}
	ck_assert_int_eq(events_of("instance.unclaimed", NULL), 1);
	ck_assert_int_eq(events_of("instance.stuck", message), 1);
	ck_assert_ptr_nonnull(
		strstr(message, "(the provider said that it knows none, and has it still)"));
}
END_TEST

/* A provider gives the id to the next one, and no list is complete that would tell: that is somebody's now, and
 * is not destroyed. */
START_TEST(an_id_that_comes_again_is_let_be)
{
	list_instance("i-9", id_of(42), HR_STATE_RUNNING, 2 * GRACE_MS);
	pass(2 * LIST_MS);
	list_complete = false;
	answer_ok(asked(DISPATCH_DESTROY), "");
	answer_ok(asked(DISPATCH_CREATE), "i-9");
	ck_assert_str_eq(only_server(0).instance_id, "i-9");
	pass(1000000);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
}
END_TEST

START_TEST(one_that_is_gone_is_not_tried_again)
{
	list_old(1);
	pass(2 * LIST_MS);
	answer_error(asked(DISPATCH_DESTROY), HR_TRANSIENT, 0, 900000);
	n_listed = 0;
	pass(1000000);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
	/* It was only not listed: it is seen, judged and removed as before. */
	list_old(1);
	pass(2 * LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 1);
}
END_TEST

START_TEST(a_copy_destroys_nothing)
{
	char moved[PATH_SIZE], message[768];

	/* The same store in another folder. */
	store_close(store);
	store = NULL;
	ck_assert_int_eq(rename(state_folder, below(moved, "elsewhere")), 0);
	text_copy(state_folder, sizeof(state_folder), moved);
	engine_restart();
	ck_assert(store_moved(store));
	list_instance("i-old", id_of(42), HR_STATE_RUNNING, 2 * GRACE_MS);
	pass(20 * LIST_MS);
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
	ck_assert_int_eq(events_of("instance.unclaimed", message), 1);
	ck_assert_str_eq(message, "instance i-old bears our mark and no server claims it; this "
				  "installation was moved or copied, so it is left alone");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reaper");
	TCase *tcase = tcase_create("reaper");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, engine_teardown);
	tcase_add_test(tcase, one_bad_look_proves_nothing);
	tcase_add_test(tcase, lists_may_lag_and_a_direct_read_decides);
	tcase_add_test(tcase, two_lists_and_a_direct_read_fail_the_server);
	tcase_add_test(tcase, a_stopped_instance_fails_its_server);
	tcase_add_test(tcase, a_list_that_is_never_stale_needs_no_second);
	tcase_add_test(tcase, an_incomplete_list_proves_no_absence);
	tcase_add_test(tcase, a_new_address_is_taken);
	tcase_add_test(tcase, an_instance_of_a_waiting_row_is_adopted);
	tcase_add_test(tcase, an_unclaimed_instance_goes_after_the_grace);
	tcase_add_test(tcase, an_old_instance_goes_when_seen_twice);
	tcase_add_test(tcase, a_second_instance_of_a_server_goes);
	tcase_add_test(tcase, two_that_see_an_unclaimed_instance_remove_it_once);
	tcase_add_test(tcase, what_another_account_is_creating_is_not_unclaimed);
	tcase_add_test(tcase, at_most_three_in_an_hour);
	tcase_add_test(tcase, a_restart_gives_no_fresh_hour);
	tcase_add_test(tcase, a_clock_that_is_set_gives_no_fresh_hour);
	tcase_add_loop_test(tcase, accounts_of_one_key_share_the_hour, 0, 2);
	tcase_add_test(tcase, one_that_cannot_be_destroyed_takes_one_place);
	tcase_add_test(tcase, again_for_ever_is_asked_every_ten_minutes);
	tcase_add_test(tcase, one_that_is_said_to_be_destroyed_is_looked_for);
	tcase_add_test(tcase, one_that_is_unknown_but_listed_is_asked_ever_less);
	tcase_add_test(tcase, an_id_that_comes_again_is_let_be);
	tcase_add_test(tcase, one_that_is_gone_is_not_tried_again);
	tcase_add_test(tcase, a_copy_destroys_nothing);
	tcase_add_loop_test(tcase, what_retry_after_says_is_waited_for, 0,
			    sizeof(told) / sizeof(told[0]));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
