/* SPDX-License-Identifier: Apache-2.0 */
/* Who is seated, promised or refused, and in which zone servers are added; each with its reason in
 * words. How many, and by which config, is scale_up_test.c. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "plan_check.h"

#define MINUTE (60 * MS_PER_S)
#define DESKTOP SESSION_DESKTOP

static struct model model;
static size_t account;

static void open_model(void)
{
	model_open(&model, 2500);
	account = model_add_account(&model, "aws-east", -1);
}

static void close_model(void)
{
	model_close(&model);
}

START_TEST(an_empty_pool_decides_nothing)
{
	struct plan made = must_plan(&model);

	ck_assert_int_eq(made.n_decisions, 0);
	ck_assert_int_eq(made.next_ms, MS_NEVER);
	plan_clear(&made);
	plan_clear(&made);
}
END_TEST

/* ---- Seats ---- */

START_TEST(the_queue_is_seated_in_order_of_arrival)
{
	struct plan made;
	struct model_server *server;

	model_add_config(&model, "a", "z1", account)->aggressive_scaling = false;
	model.configs[0].minimum_available = 1;
	server = model_add_server(&model, 0, SERVER_RUNNING);
	model_add_waiting(&model, "ana", DESKTOP, "");
	model_add_waiting(&model, "bob", DESKTOP, "");
	model.now_ms += 12 * MS_PER_S;
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_SEAT), 1);
	ck_assert_str_eq(decision_of(&made, PLAN_SEAT, 0)->session_id, model.queue[0].session_id);
	ck_assert_str_eq(decision_of(&made, PLAN_SEAT, 0)->server_id, server->row.id);
	assert_says(decision_of(&made, PLAN_SEAT, 0),
		    "ana waited 12 s and gets s1, now with 1 of 1 session");
	plan_clear(&made);
}
END_TEST

START_TEST(a_session_on_its_way_uses_up_both_slots)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account)->max_sessions = 4;
	model.configs[0].max_users = 2;
	model.configs[0].minimum_available = 1;
	model_add_server(&model, 0, SERVER_BOOTING);
	model_add_waiting(&model, "ana", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(made.n_decisions, 0);
	ck_assert_int_eq(made.spare, 1);
	ck_assert_int_eq(made.target, 1);
	ck_assert_int_eq(made.on_the_way, 1);
	ck_assert_int_eq(made.n_promises, 1);
	ck_assert_str_eq(made.promises[0].server_id, model.servers[0].row.id);
	plan_clear(&made);
	/* ana's second takes a session's slot, no user's; bob's takes the last of those. */
	model_add_waiting(&model, "ana", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(made.spare, 1);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 0);
	plan_clear(&made);
	model_add_waiting(&model, "bob", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(made.spare, 0);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 1);
	plan_clear(&made);
}
END_TEST

START_TEST(promises_go_to_the_nearest_to_ready)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account);
	model_add_server(&model, 0, SERVER_PLANNED);
	model_add_server(&model, 0, SERVER_CHECKING_IN);
	model_add_server(&model, 0, SERVER_BOOTING);
	model_add_waiting(&model, "ana", DESKTOP, "");
	model_add_waiting(&model, "bob", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_str_eq(made.promises[0].server_id, model.servers[1].row.id);
	ck_assert_str_eq(made.promises[1].server_id, model.servers[2].row.id);
	ck_assert_int_eq(count_of(&made, PLAN_CANCEL), 1);
	plan_clear(&made);
}
END_TEST

START_TEST(pooling_shares_a_server_on_its_way)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account)->max_sessions = 3;
	model.configs[0].max_users = 3;
	for (int i = 0; i < 3; i++)
		model_add_waiting(&model, i == 0 ? "ana" : i == 1 ? "bob" : "ana", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 1);
	plan_clear(&made);
	/* Without it one for each user; sessions of one user share. */
	model.configs[0].aggressive_pooling = false;
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 2);
	ck_assert_int_eq(made.n_promises, 3);
	plan_clear(&made);
}
END_TEST

START_TEST(a_remoteapp_is_promised_where_its_user_is)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account)->connection_type = CONNECTION_RDP;
	model_add_config(&model, "b", "z2", account)->connection_type = CONNECTION_RDP;
	model.configs[1].max_sessions = model.configs[1].max_users = 2;
	model_add_server(&model, 0, SERVER_CHECKING_IN);
	model_add_server(&model, 1, SERVER_BOOTING);
	model_add_waiting(&model, "ana", DESKTOP, "z2");
	model_add_waiting(&model, "ana", SESSION_REMOTEAPP, "");
	model_add_waiting(&model, "bob", SESSION_REMOTEAPP, "");
	made = must_plan(&model);
	ck_assert_int_eq(made.n_promises, 3);
	ck_assert_str_eq(made.promises[0].server_id, model.servers[1].row.id);
	ck_assert_str_eq(made.promises[1].server_id, model.servers[1].row.id);
	ck_assert_str_eq(made.promises[2].server_id, model.servers[0].row.id);
	plan_clear(&made);
}
END_TEST

/* ---- No room ---- */

START_TEST(without_aggressive_scaling_a_session_is_refused)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account)->aggressive_scaling = false;
	model_add_waiting(&model, "ana", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(made.n_decisions, 1);
	ck_assert_str_eq(decision_of(&made, PLAN_REFUSE, 0)->session_id, model.queue[0].session_id);
	assert_says(decision_of(&made, PLAN_REFUSE, 0),
		    "no server has a seat for the desktop of ana, and none will be made for it: "
		    "aggressive_scaling is off in a, and the standby of 0 is there");
	plan_clear(&made);
}
END_TEST

START_TEST(without_it_a_session_waits_for_standby)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account)->aggressive_scaling = false;
	model.configs[0].minimum_available = 1;
	model_add_waiting(&model, "ana", DESKTOP, "");
	made = must_plan(&model);
	/* One that ana is promised, and one in its place. */
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 2);
	ck_assert_int_eq(count_of(&made, PLAN_REFUSE), 0);
	ck_assert_int_eq(made.n_promises, 1);
	ck_assert_str_eq(decision_of(&made, PLAN_CREATE, 0)->session_id, "");
	plan_clear(&made);
	/* It waits too where only a limit keeps the standby away. */
	model.accounts[0].max_instances = 0;
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_REFUSE), 0);
	ck_assert_int_eq(made.unseated, 1);
	plan_clear(&made);
}
END_TEST

START_TEST(who_may_not_share_what_is_coming_waits_for_it)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account)->aggressive_scaling = false;
	model.configs[0].aggressive_pooling = false;
	model.configs[0].max_sessions = model.configs[0].max_users = 3;
	model_add_server(&model, 0, SERVER_BOOTING);
	model_add_waiting(&model, "ana", DESKTOP, "");
	model_add_waiting(&model, "bob", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(made.n_decisions, 0);
	ck_assert_int_eq(made.n_promises, 1);
	ck_assert_int_eq(made.unseated, 1);
	plan_clear(&made);
	model_make_ready(&model, &model.servers[0]);
	assert_step(&model, 2, 0, 0, 0);
}
END_TEST

START_TEST(with_it_a_session_waits_whatever_the_limit)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account);
	model.accounts[0].max_instances = 0;
	model_add_waiting(&model, "ana", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(made.n_decisions, 1);
	ck_assert_int_eq(made.unseated, 1);
	assert_says(decision_of(&made, PLAN_SHORT, 0), "needs 1 server more: 1 session without");
	plan_clear(&made);
	model.configs[0].paused_until_ms = model.now_ms + MINUTE;
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_REFUSE), 0);
	ck_assert_int_eq(made.unseated, 1);
	plan_clear(&made);
}
END_TEST

START_TEST(a_kind_that_nobody_serves_is_refused)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account);
	model_add_waiting(&model, "ana", SESSION_REMOTEAPP, "");
	made = must_plan(&model);
	assert_says(decision_of(&made, PLAN_REFUSE, 0),
		    "no server has a seat for the remoteapp of ana, and no enabled config of pool "
		    "demo can make one: none serves this kind in the zone asked for");
	plan_clear(&made);
	model.configs[0].connection_type = CONNECTION_RDP;
	assert_step(&model, 0, 1, 0, 0);
}
END_TEST

START_TEST(a_pool_that_refuses_orders_nothing_for_sessions)
{
	struct plan made;

	model.on_no_room = NO_ROOM_REFUSE;
	model_add_config(&model, "a", "z1", account)->minimum_available = 1;
	model_add_server(&model, 0, SERVER_RUNNING);
	model_add_server(&model, 0, SERVER_BOOTING);
	model_add_waiting(&model, "ana", DESKTOP, "");
	model_add_waiting(&model, "bob", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_SEAT), 1);
	ck_assert_int_eq(count_of(&made, PLAN_REFUSE), 1);
	ck_assert_int_eq(made.n_decisions, 2);
	assert_says(decision_of(&made, PLAN_REFUSE, 0),
		    "no running server has a seat for the desktop of bob, and pool demo refuses "
		    "instead of queueing (on_no_room: refuse)");
	plan_clear(&made);
}
END_TEST

/* ---- Zones ---- */

START_TEST(each_zone_has_its_own_target)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account)->minimum_available = 2;
	model_add_config(&model, "b", "z2", account)->minimum_available = 1;
	for (int i = 0; i < 5; i++)
		model_add_server(&model, 0, SERVER_BOOTING);
	made = must_plan(&model);
	ck_assert_int_eq(made.target, 3);
	ck_assert_int_eq(made.spare, 5);
	ck_assert_int_eq(count_creates(&made, 1), 1);
	plan_clear(&made);
}
END_TEST

START_TEST(a_session_orders_in_its_zone)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account)->priority = 0;
	model_add_config(&model, "b", "z2", account);
	model_add_waiting(&model, "ana", DESKTOP, "z2");
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 1), 1);
	ck_assert_int_eq(made.n_decisions, 1);
	plan_clear(&made);
	/* In the next only if nobody there can make one now, */
	model.configs[1].paused_until_ms = model.now_ms + MINUTE;
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 0), 1);
	assert_says(decision_of(&made, PLAN_CREATE, 0),
		    "so a makes one in another zone than asked");
	plan_clear(&made);
	/* and if it may go there. */
	model.queue[0].search_alternate = false;
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 0);
	ck_assert_int_eq(made.unseated, 1);
	plan_clear(&made);
}
END_TEST

/* ---- Size ---- */

START_TEST(a_thousand_sessions_and_a_large_target)
{
	struct plan made;
	char user[32];

	model_add_config(&model, "a", "z1", account)->minimum_available = 1000;
	model_add_config(&model, "b", "z2", account)->connection_type = CONNECTION_RDP;
	model.configs[1].max_sessions = model.configs[1].max_users = 8;
	for (int i = 0; i < 500; i++)
		model_add_server(&model, 0, i < 250 ? SERVER_RUNNING : SERVER_BOOTING);
	for (int i = 0; i < 1000; i++) {
		text_format(user, sizeof(user), "user%d", i);
		model_add_waiting(&model, user, DESKTOP, i % 2 ? "z1" : "z2");
	}
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_SEAT), 250);
	ck_assert_int_eq(made.unseated, 0);
	ck_assert_int_eq(made.n_promises, 750);
	model_apply(&model, &made, -1);
	plan_clear(&made);
	assert_step(&model, 0, 0, 0, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan");
	TCase *cases = tcase_create("rules");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(cases, open_model, close_model);
	tcase_add_test(cases, an_empty_pool_decides_nothing);
	tcase_add_test(cases, the_queue_is_seated_in_order_of_arrival);
	tcase_add_test(cases, a_session_on_its_way_uses_up_both_slots);
	tcase_add_test(cases, promises_go_to_the_nearest_to_ready);
	tcase_add_test(cases, pooling_shares_a_server_on_its_way);
	tcase_add_test(cases, a_remoteapp_is_promised_where_its_user_is);
	tcase_add_test(cases, without_aggressive_scaling_a_session_is_refused);
	tcase_add_test(cases, without_it_a_session_waits_for_standby);
	tcase_add_test(cases, who_may_not_share_what_is_coming_waits_for_it);
	tcase_add_test(cases, with_it_a_session_waits_whatever_the_limit);
	tcase_add_test(cases, a_kind_that_nobody_serves_is_refused);
	tcase_add_test(cases, a_pool_that_refuses_orders_nothing_for_sessions);
	tcase_add_test(cases, each_zone_has_its_own_target);
	tcase_add_test(cases, a_session_orders_in_its_zone);
	tcase_add_test(cases, a_thousand_sessions_and_a_large_target);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
