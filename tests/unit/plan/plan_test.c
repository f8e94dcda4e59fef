/* SPDX-License-Identifier: Apache-2.0 */
/* Seats, and which servers are added by whom: each rule and its reason in words. */
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
	model.configs[0].max_sessions = model.configs[0].max_users = 2;
	model_add_server(&model, 0, SERVER_BOOTING);
	model_add_server(&model, 0, SERVER_CREATING);
	model_add_waiting(&model, "ana", DESKTOP, "");
	model_add_waiting(&model, "ana", DESKTOP, "");
	model_add_waiting(&model, "ana", SESSION_REMOTEAPP, "");
	made = must_plan(&model);
	ck_assert_str_eq(made.promises[0].server_id, model.servers[0].row.id);
	ck_assert_str_eq(made.promises[1].server_id, model.servers[1].row.id);
	ck_assert_str_eq(made.promises[2].server_id, model.servers[0].row.id);
	plan_clear(&made);
}
END_TEST

/* ---- How many ---- */

START_TEST(one_more_for_whoever_asks_while_one_boots_for_another)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account);
	model_add_server(&model, 0, SERVER_BOOTING);
	model_add_waiting(&model, "ana", DESKTOP, "");
	model_add_waiting(&model, "bob", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(made.n_decisions, 1);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 1);
	ck_assert_str_eq(decision_of(&made, PLAN_CREATE, 0)->session_id,
			 model.queue[1].session_id);
	assert_says(decision_of(&made, PLAN_CREATE, 0),
		    "no server running or on the way has a seat for the desktop of bob, so a makes "
		    "one; aws-east has no limit");
	ck_assert_str_eq(made.promises[0].server_id, model.servers[0].row.id);
	ck_assert_str_eq(made.promises[1].server_id, "");
	plan_clear(&made);
}
END_TEST

START_TEST(taking_a_server_orders_its_replacement)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account)->minimum_available = 2;
	assert_step(&model, 0, 2, 0, 0);
	model_make_ready(&model, &model.servers[0]);
	model_make_ready(&model, &model.servers[1]);
	assert_step(&model, 0, 0, 0, 0);
	model_add_waiting(&model, "ana", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_SEAT), 1);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 1);
	ck_assert_str_eq(decision_of(&made, PLAN_CREATE, 0)->session_id, "");
	assert_says(decision_of(&made, PLAN_CREATE, 0),
		    "1 available for a target of 2: a makes one up to its own minimum of 2");
	plan_clear(&made);
}
END_TEST

START_TEST(servers_of_several_sessions_count_by_new_users)
{
	model_add_config(&model, "a", "z1", account)->minimum_available = 7;
	model.configs[0].max_sessions = 4;
	model.configs[0].max_users = 3;
	assert_step(&model, 0, 3, 0, 0);
	assert_step(&model, 0, 0, 0, 0);
}
END_TEST

START_TEST(a_used_server_for_single_use_is_no_spare)
{
	struct model_server *server;

	model_add_config(&model, "a", "z1", account)->minimum_available = 2;
	model.configs[0].max_sessions = model.configs[0].max_users = 3;
	model.configs[0].reusable = false;
	server = model_add_server(&model, 0, SERVER_RUNNING);
	model_add_session(&model, server, "ana", DESKTOP);
	model_add_session(&model, server, "bob", DESKTOP);
	model_end_session(&model, server);
	assert_step(&model, 0, 1, 0, 0);
}
END_TEST

START_TEST(the_larger_server_makes_the_smaller_needless)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account);
	model_add_config(&model, "b", "z1", account)->max_sessions = 10;
	model.configs[1].max_users = 10;
	model_add_waiting(&model, "ana", DESKTOP, "");
	model_add_waiting(&model, "bob", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 0), 0);
	ck_assert_int_eq(count_creates(&made, 1), 1);
	plan_clear(&made);
}
END_TEST

START_TEST(standby_seats_whoever_may_not_order_in_its_turn)
{
	struct plan made;

	/* Neither ana nor bob may order; each takes what is made for standby, until all have it. */
	model_add_config(&model, "a", "z1", account)->minimum_available = 2;
	model.configs[0].aggressive_scaling = false;
	model.accounts[0].max_instances = 3;
	for (int i = 0; i < 4; i++)
		model_add_waiting(&model, i % 2 ? "bob" : "ana", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 0), 3);
	ck_assert_int_eq(made.n_promises, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(made.promises[i].session_id, model.queue[i].session_id);
	ck_assert_int_eq(made.unseated, 1);
	assert_says(decision_of(&made, PLAN_SHORT, 0), "needs 3 servers more: 1 session without");
	plan_clear(&made);
}
END_TEST

/* ---- Who makes them ---- */

static void add_a_and_b(int64_t minimum_b)
{
	model_add_config(&model, "a", "z1", account)->priority = 0;
	model.configs[0].minimum_available = 2;
	model_add_config(&model, "b", "z1", account)->priority = 1;
	model.configs[1].minimum_available = minimum_b;
}

START_TEST(each_fills_up_to_its_own_minimum)
{
	struct plan made;

	add_a_and_b(10);
	made = must_plan(&model);
	ck_assert_int_eq(made.target, 10);
	ck_assert_int_eq(made.spare, 0);
	ck_assert_int_eq(count_creates(&made, 0), 2);
	ck_assert_int_eq(count_creates(&made, 1), 8);
	assert_says(decision_of(&made, PLAN_CREATE, 0),
		    "0 available for a target of 10: a makes one up to its own minimum of 2");
	assert_says(decision_of(&made, PLAN_CREATE, 2),
		    "2 available for a target of 10: b makes one up to its own minimum of 10");
	plan_clear(&made);
}
END_TEST

START_TEST(a_minimum_of_0_is_overflow)
{
	struct plan made;

	add_a_and_b(0);
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 0), 2);
	ck_assert_int_eq(count_creates(&made, 1), 0);
	plan_clear(&made);
}
END_TEST

START_TEST(it_stands_in_for_a_paused_one)
{
	struct plan made;

	add_a_and_b(0);
	model.configs[0].paused_until_ms = model.now_ms + 4 * MINUTE;
	text_copy(model.configs[0].pause_reason, sizeof(model.configs[0].pause_reason),
		  "SkuNotAvailable");
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 1), 2);
	assert_says(decision_of(&made, PLAN_CREATE, 0),
		    "b makes one beyond its own minimum of 0, standing in for a (a is paused for "
		    "4 min after SkuNotAvailable)");
	ck_assert_int_eq(made.next_ms, model.configs[0].paused_until_ms);
	plan_clear(&made);
	model.configs[1].stand_in = false;
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 0);
	assert_says(decision_of(&made, PLAN_SHORT, 0),
		    "needs 2 servers more: 0 sessions without a seat, 0 available for a target of "
		    "2; a is paused for 4 min after SkuNotAvailable");
	plan_clear(&made);
}
END_TEST

START_TEST(it_stands_in_for_a_full_one)
{
	struct plan made;

	add_a_and_b(0);
	model.configs[0].account = model_add_account(&model, "azure-1", 1);
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 0), 1);
	ck_assert_int_eq(count_creates(&made, 1), 1);
	assert_says(decision_of(&made, PLAN_CREATE, 1),
		    "standing in for a (azure-1 is at its limit of 1)");
	plan_clear(&made);
}
END_TEST

START_TEST(equals_take_turns)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account)->minimum_available = 4;
	model_add_config(&model, "b", "z1", account)->minimum_available = 4;
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 0), 2);
	ck_assert_int_eq(count_creates(&made, 1), 2);
	plan_clear(&made);
	/* Fewest servers first, whatever their state; then who planned longest ago. */
	model.configs[0].servers = 3;
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 0), 1);
	ck_assert_int_eq(count_creates(&made, 1), 3);
	plan_clear(&made);
	model.configs[0].servers = 0;
	model.configs[0].minimum_available = model.configs[1].minimum_available = 1;
	model.configs[0].last_planned_ms = model.now_ms - 1;
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 1), 1);
	plan_clear(&made);
}
END_TEST

START_TEST(sessions_use_the_best_priority_up_to_its_limit)
{
	struct plan made;

	add_a_and_b(0);
	model.configs[0].minimum_available = 0;
	model.configs[0].account = model_add_account(&model, "azure-1", 1);
	for (int i = 0; i < 3; i++)
		model_add_waiting(&model, "ana", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 0), 1);
	ck_assert_int_eq(count_creates(&made, 1), 2);
	assert_says(decision_of(&made, PLAN_CREATE, 0), "azure-1 then has 1 of at most 1");
	plan_clear(&made);
}
END_TEST

/* ---- Limits, and what is short ---- */

START_TEST(the_limit_is_never_passed)
{
	struct plan made;

	model.accounts[0].max_instances = 3;
	model_add_config(&model, "a", "z1", account)->minimum_available = 5;
	model_add_config(&model, "b", "z2", account)->minimum_available = 5;
	model_add_waiting(&model, "ana", DESKTOP, "z2");
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 3);
	assert_says(decision_of(&made, PLAN_SHORT, 0),
		    "needs 8 servers more: 0 sessions without a seat, 0 available for a target of "
		    "10; aws-east is at its limit of 3");
	plan_clear(&made);
	/* Whatever the rows of this pool say: the account may be another pool's too. */
	model.accounts[0].instances = 4;
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 0);
	ck_assert_int_eq(made.unseated, 1);
	plan_clear(&made);
}
END_TEST

START_TEST(what_is_short_names_everybody_who_cannot)
{
	struct plan made;
	size_t other = model_add_account(&model, "azure-1", -1);

	model.accounts[0].max_instances = 0;
	model_add_config(&model, "a", "z1", account)->minimum_available = 3;
	model_add_config(&model, "b", "z1", other);
	model.accounts[other].paused_until_ms = model.now_ms + 4 * MINUTE;
	text_copy(model.accounts[other].pause_reason, sizeof(model.accounts[other].pause_reason),
		  "SkuNotAvailable");
	made = must_plan(&model);
	assert_says(decision_of(&made, PLAN_SHORT, 0), "needs 3 servers more");
	assert_says(decision_of(&made, PLAN_SHORT, 0),
		    "; aws-east is at its limit of 0, azure-1 is paused for 4 min after "
		    "SkuNotAvailable");
	ck_assert_int_eq(made.next_ms, model.accounts[other].paused_until_ms);
	plan_clear(&made);
}
END_TEST

START_TEST(a_pause_without_end_says_so)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account)->minimum_available = 1;
	model.accounts[0].paused_until_ms = MS_NEVER;
	text_copy(model.accounts[0].pause_reason, sizeof(model.accounts[0].pause_reason),
		  "the key is wrong");
	made = must_plan(&model);
	assert_says(decision_of(&made, PLAN_SHORT, 0),
		    "aws-east is paused until it is edited or checked well: the key is wrong");
	ck_assert_int_eq(made.next_ms, MS_NEVER);
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
	ck_assert_str_eq(decision_of(&made, PLAN_REFUSE, 0)->session_id,
			 model.queue[0].session_id);
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
	TCase *cases = tcase_create("scaling up");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(cases, open_model, close_model);
	tcase_add_test(cases, an_empty_pool_decides_nothing);
	tcase_add_test(cases, the_queue_is_seated_in_order_of_arrival);
	tcase_add_test(cases, a_session_on_its_way_uses_up_both_slots);
	tcase_add_test(cases, promises_go_to_the_nearest_to_ready);
	tcase_add_test(cases, pooling_shares_a_server_on_its_way);
	tcase_add_test(cases, a_remoteapp_is_promised_where_its_user_is);
	tcase_add_test(cases, one_more_for_whoever_asks_while_one_boots_for_another);
	tcase_add_test(cases, taking_a_server_orders_its_replacement);
	tcase_add_test(cases, servers_of_several_sessions_count_by_new_users);
	tcase_add_test(cases, a_used_server_for_single_use_is_no_spare);
	tcase_add_test(cases, the_larger_server_makes_the_smaller_needless);
	tcase_add_test(cases, standby_seats_whoever_may_not_order_in_its_turn);
	tcase_add_test(cases, each_fills_up_to_its_own_minimum);
	tcase_add_test(cases, a_minimum_of_0_is_overflow);
	tcase_add_test(cases, it_stands_in_for_a_paused_one);
	tcase_add_test(cases, it_stands_in_for_a_full_one);
	tcase_add_test(cases, equals_take_turns);
	tcase_add_test(cases, sessions_use_the_best_priority_up_to_its_limit);
	tcase_add_test(cases, the_limit_is_never_passed);
	tcase_add_test(cases, what_is_short_names_everybody_who_cannot);
	tcase_add_test(cases, a_pause_without_end_says_so);
	tcase_add_test(cases, without_aggressive_scaling_a_session_is_refused);
	tcase_add_test(cases, without_it_a_session_waits_for_standby);
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
