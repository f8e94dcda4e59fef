/* SPDX-License-Identifier: Apache-2.0 */
/* How many servers are added, and which config makes them: each rule and its reason in words. */
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
	ck_assert_str_eq(decision_of(&made, PLAN_CREATE, 0)->session_id, model.queue[1].session_id);
	assert_says(decision_of(&made, PLAN_CREATE, 0),
		    "no server running or on the way has a seat for the desktop of bob, so a makes "
		    "one; aws-east has no limit");
	ck_assert_str_eq(made.promises[0].server_id, model.servers[0].row.id);
	ck_assert_str_eq(made.promises[1].server_id, "");
	ck_assert_uint_eq(made.promises[1].config, 0);
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

START_TEST(one_for_another_kind_makes_several_needless)
{
	struct plan made;

	model_add_config(&model, "a", "z1", account)->priority = 0;
	model_add_config(&model, "b", "z1", account)->connection_type = CONNECTION_RDP;
	model.configs[1].max_sessions = model.configs[1].max_users = 4;
	model_add_waiting(&model, "ana", DESKTOP, "");
	model_add_waiting(&model, "bob", DESKTOP, "");
	model_add_waiting(&model, "cleo", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 0), 3);
	plan_clear(&made);
	model_add_waiting(&model, "dan", SESSION_REMOTEAPP, "");
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 0), 0);
	ck_assert_int_eq(count_creates(&made, 1), 1);
	ck_assert_int_eq(made.n_promises, 4);
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
		    "needs 8 servers more: 0 sessions without a seat, 2 available for a target of "
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

/* All numbers are of one moment: the plan's new servers are in them, those it lacks are not. */
START_TEST(what_is_short_counts_what_was_just_planned)
{
	struct plan made;
	size_t paused = model_add_account(&model, "azure-1", 10);

	model.accounts[0].max_instances = 1;
	model_add_config(&model, "a", "z1", account)->minimum_available = 20;
	model_add_config(&model, "b", "z1", paused)->stand_in = false;
	model_add_config(&model, "c", "z2", paused)->minimum_available = 12;
	model.configs[2].paused_until_ms = model.now_ms + 4 * MINUTE;
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 1);
	ck_assert_str_eq(decision_of(&made, PLAN_SHORT, 0)->reason,
			 "needs 31 servers more: 0 sessions without a seat, 1 available for a "
			 "target of 32; aws-east is at its limit of 1, c is paused for 4 min");
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

int main(void)
{
	Suite *suite = suite_create("scaling up");
	TCase *cases = tcase_create("rules");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(cases, open_model, close_model);
	tcase_add_test(cases, one_more_for_whoever_asks_while_one_boots_for_another);
	tcase_add_test(cases, taking_a_server_orders_its_replacement);
	tcase_add_test(cases, servers_of_several_sessions_count_by_new_users);
	tcase_add_test(cases, a_used_server_for_single_use_is_no_spare);
	tcase_add_test(cases, the_larger_server_makes_the_smaller_needless);
	tcase_add_test(cases, one_for_another_kind_makes_several_needless);
	tcase_add_test(cases, standby_seats_whoever_may_not_order_in_its_turn);
	tcase_add_test(cases, each_fills_up_to_its_own_minimum);
	tcase_add_test(cases, a_minimum_of_0_is_overflow);
	tcase_add_test(cases, it_stands_in_for_a_paused_one);
	tcase_add_test(cases, it_stands_in_for_a_full_one);
	tcase_add_test(cases, equals_take_turns);
	tcase_add_test(cases, sessions_use_the_best_priority_up_to_its_limit);
	tcase_add_test(cases, the_limit_is_never_passed);
	tcase_add_test(cases, what_is_short_names_everybody_who_cannot);
	tcase_add_test(cases, what_is_short_counts_what_was_just_planned);
	tcase_add_test(cases, a_pause_without_end_says_so);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
