/* SPDX-License-Identifier: Apache-2.0 */
/* What goes again: planned servers, idle ones after their backoff, and what is leaving. */
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
	model_open(&model, 100);
	account = model_add_account(&model, "aws-east", -1);
}

static void close_model(void)
{
	model_close(&model);
}

static struct plan_config *add_config(const char *name, int64_t priority, int64_t minimum)
{
	struct plan_config *config = model_add_config(&model, name, "z1", account);

	config->priority = priority;
	config->minimum_available = minimum;
	config->downscale_backoff_ms = 30 * MINUTE;
	return config;
}

static void add_idle(size_t config, int n)
{
	while (n-- > 0)
		model_add_server(&model, config, SERVER_RUNNING)->row.idle_since_ms =
			model.now_ms - n * MINUTE;
}

/* Whose removal is decided, in order. */
static const char *removed(const struct plan *made, int nth)
{
	const char *id = decision_of(made, PLAN_REMOVE, nth)->server_id;

	return model_find_server(&model, id)->row.name;
}

/* ---- Planned ones ---- */

START_TEST(planned_ones_are_cancelled_at_once)
{
	struct plan made;

	add_config("a", 0, 2);
	for (int i = 0; i < 4; i++)
		model_add_server(&model, 0, i < 2 ? SERVER_BOOTING : SERVER_PLANNED);
	made = must_plan(&model);
	ck_assert_int_eq(made.n_decisions, 2);
	ck_assert_int_eq(count_of(&made, PLAN_CANCEL), 2);
	assert_says(decision_of(&made, PLAN_CANCEL, 1),
		    "is only planned, and not needed: without it 2 available, running and on the "
		    "way, for a target of 2");
	plan_clear(&made);
}
END_TEST

START_TEST(planned_ones_stay_for_a_seat_or_the_target)
{
	add_config("a", 0, 1);
	model_add_server(&model, 0, SERVER_PLANNED);
	model_add_server(&model, 0, SERVER_PLANNED);
	model_add_waiting(&model, "ana", DESKTOP, "");
	assert_step(&model, 0, 0, 0, 0);
	model_remove_waiting(&model, 0);
	assert_step(&model, 0, 0, 1, 0);
}
END_TEST

START_TEST(the_worst_priority_is_cancelled_first)
{
	struct plan made;

	add_config("a", 0, 2);
	add_config("b", 1, 0);
	model_add_server(&model, 1, SERVER_PLANNED);
	for (int i = 0; i < 3; i++) {
		model.now_ms++;
		model_add_server(&model, 0, SERVER_PLANNED);
	}
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_CANCEL), 2);
	/* Then the newest. */
	ck_assert_str_eq(decision_of(&made, PLAN_CANCEL, 0)->server_id, model.servers[0].row.id);
	ck_assert_str_eq(decision_of(&made, PLAN_CANCEL, 1)->server_id, model.servers[3].row.id);
	plan_clear(&made);
}
END_TEST

/* ---- Backoff, floor, step ---- */

START_TEST(the_clock_runs_for_the_backoff)
{
	struct plan made;

	add_config("a", 0, 2);
	add_idle(0, 4);
	made = must_plan(&model);
	ck_assert_int_eq(made.n_decisions, 1);
	ck_assert_int_eq(decision_of(&made, PLAN_SURPLUS, 0)->surplus_since_ms, model.now_ms);
	ck_assert_int_eq(decision_of(&made, PLAN_SURPLUS, 0)->surplus_floor, 2);
	assert_says(decision_of(&made, PLAN_SURPLUS, 0),
		    "a has 2 idle servers too many, at least 2 since its clock started; they go in "
		    "30 min");
	ck_assert_int_eq(made.next_ms, model.now_ms + 30 * MINUTE);
	model_apply(&model, &made, -1);
	plan_clear(&made);
	model.now_ms += 30 * MINUTE - 1;
	assert_step(&model, 0, 0, 0, 0);
	model.now_ms++;
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_REMOVE), 2);
	ck_assert_str_eq(removed(&made, 0), "s1");
	ck_assert_str_eq(removed(&made, 1), "s2");
	assert_says(
		decision_of(&made, PLAN_REMOVE, 0),
		"s1 is idle for 33 min; 4 available on running servers for a target of 2: a has "
		"had at least 2 servers too many for 30 min, of which 2 go now");
	ck_assert_int_eq(decision_of(&made, PLAN_SURPLUS, 0)->surplus_since_ms, 0);
	ck_assert_int_eq(decision_of(&made, PLAN_SURPLUS, 0)->surplus_floor, 0);
	assert_says(decision_of(&made, PLAN_SURPLUS, 0), "its clock stops");
	ck_assert_int_eq(made.next_ms, MS_NEVER);
	model_apply(&model, &made, -1);
	plan_clear(&made);
	assert_step(&model, 0, 0, 0, 0);
}
END_TEST

START_TEST(only_the_fewest_since_then_go)
{
	struct plan made;

	add_config("a", 0, 0);
	add_idle(0, 4);
	assert_step(&model, 0, 0, 0, 0);
	model.now_ms += 10 * MINUTE;
	for (int i = 0; i < 3; i++)
		model_add_session(&model, &model.servers[i], "ana", DESKTOP);
	assert_step(&model, 0, 0, 0, 0);
	ck_assert_int_eq(model.configs[0].surplus_floor, 1);
	model.now_ms += 20 * MINUTE;
	for (int i = 0; i < 3; i++)
		model_end_session(&model, &model.servers[i]);
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_REMOVE), 1);
	/* The clock starts again for the rest. */
	ck_assert_int_eq(decision_of(&made, PLAN_SURPLUS, 0)->surplus_since_ms, model.now_ms);
	ck_assert_int_eq(decision_of(&made, PLAN_SURPLUS, 0)->surplus_floor, 3);
	plan_clear(&made);
}
END_TEST

START_TEST(at_most_a_step_goes_at_a_time)
{
	add_config("a", 0, 1)->downscale_step = 2;
	add_idle(0, 6);
	assert_step(&model, 0, 0, 0, 0);
	for (int left = 5; left > 0; left -= 2) {
		model.now_ms += 30 * MINUTE;
		assert_step(&model, 0, 0, 0, left > 2 ? 2 : left);
		assert_step(&model, 0, 0, 0, 0);
	}
	ck_assert_int_eq(model.configs[0].surplus_since_ms, 0);
}
END_TEST

START_TEST(the_clock_resets_when_nothing_is_too_many)
{
	struct plan made;

	add_config("a", 0, 0);
	add_idle(0, 1);
	assert_step(&model, 0, 0, 0, 0);
	model_add_session(&model, &model.servers[0], "ana", DESKTOP);
	made = must_plan(&model);
	ck_assert_int_eq(made.n_decisions, 1);
	ck_assert_int_eq(decision_of(&made, PLAN_SURPLUS, 0)->surplus_since_ms, 0);
	plan_clear(&made);
}
END_TEST

START_TEST(the_clock_resets_when_one_is_planned)
{
	struct plan made;

	/* The config's present servers are of the type that it had before. */
	add_config("a", 0, 0);
	add_idle(0, 2);
	assert_step(&model, 0, 0, 0, 0);
	ck_assert_int_gt(model.configs[0].surplus_since_ms, 0);
	model.now_ms += 30 * MINUTE;
	model.configs[0].connection_type = CONNECTION_RDP;
	model_add_waiting(&model, "ana", SESSION_REMOTEAPP, "");
	made = must_plan(&model);
	ck_assert_int_eq(made.n_decisions, 2);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 1);
	ck_assert_int_eq(decision_of(&made, PLAN_SURPLUS, 0)->surplus_since_ms, 0);
	assert_says(decision_of(&made, PLAN_SURPLUS, 0), "its clock stops");
	plan_clear(&made);
}
END_TEST

START_TEST(no_backoff_removes_at_once)
{
	add_config("a", 0, 1)->downscale_backoff_ms = 0;
	model.configs[0].downscale_step = 1;
	add_idle(0, 4);
	assert_step(&model, 0, 0, 0, 3);
	assert_step(&model, 0, 0, 0, 0);
}
END_TEST

/* ---- Which, and which not ---- */

START_TEST(what_is_on_its_way_removes_nothing)
{
	add_config("a", 0, 2)->downscale_backoff_ms = 0;
	add_idle(0, 2);
	model_add_server(&model, 0, SERVER_BOOTING);
	model_add_server(&model, 0, SERVER_CHECKING_IN);
	assert_step(&model, 0, 0, 0, 0);
	model_make_ready(&model, &model.servers[2]);
	assert_step(&model, 0, 0, 0, 1);
}
END_TEST

START_TEST(outdated_first_then_the_worst_priority_then_the_longest_idle)
{
	struct plan made;

	add_config("a", 0, 0)->downscale_backoff_ms = 0;
	add_config("b", 1, 3)->downscale_backoff_ms = 0;
	add_idle(0, 3);
	add_idle(1, 3);
	model.servers[1].row.outdated = true;
	model.servers[4].row.idle_since_ms = model.now_ms - 60 * MINUTE;
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_REMOVE), 3);
	/* By config; b's longest idle and the next, a's outdated one. */
	ck_assert_str_eq(removed(&made, 0), "s2");
	ck_assert_str_eq(removed(&made, 1), "s5");
	ck_assert_str_eq(removed(&made, 2), "s4");
	assert_says(decision_of(&made, PLAN_REMOVE, 0), "and outdated");
	plan_clear(&made);
}
END_TEST

START_TEST(one_too_large_to_go_is_passed_over)
{
	struct plan made;

	add_config("a", 0, 3)->downscale_backoff_ms = 0;
	model.configs[0].max_sessions = model.configs[0].max_users = 3;
	add_idle(0, 1);
	model.configs[0].max_sessions = model.configs[0].max_users = 1;
	add_idle(0, 2);
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_REMOVE), 2);
	ck_assert_str_eq(removed(&made, 0), "s2");
	ck_assert_str_eq(removed(&made, 1), "s3");
	plan_clear(&made);
}
END_TEST

START_TEST(one_just_seated_stays)
{
	struct plan made;

	add_config("a", 0, 0)->downscale_backoff_ms = 0;
	add_idle(0, 2);
	model_add_waiting(&model, "ana", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_SEAT), 1);
	ck_assert_int_eq(count_of(&made, PLAN_REMOVE), 1);
	ck_assert_str_ne(decision_of(&made, PLAN_SEAT, 0)->server_id,
			 decision_of(&made, PLAN_REMOVE, 0)->server_id);
	plan_clear(&made);
}
END_TEST

START_TEST(a_disabled_server_is_left_to_whoever_disabled_it)
{
	struct plan made;

	add_config("a", 0, 1)->downscale_backoff_ms = 0;
	add_idle(0, 1);
	model.servers[0].row.enabled = false;
	made = must_plan(&model);
	/* It is no spare either. */
	ck_assert_int_eq(made.n_decisions, 1);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 1);
	plan_clear(&made);
}
END_TEST

START_TEST(other_zones_do_not_count)
{
	add_config("a", 0, 2)->downscale_backoff_ms = 0;
	add_config("b", 0, 0)->downscale_backoff_ms = 0;
	text_copy(model.configs[1].zone_id, sizeof(model.configs[1].zone_id), "z2");
	add_idle(0, 2);
	add_idle(1, 3);
	assert_step(&model, 0, 0, 0, 3);
}
END_TEST

START_TEST(unused_ones_for_single_use_wait_for_the_backoff_too)
{
	add_config("a", 0, 1)->reusable = false;
	add_idle(0, 2);
	assert_step(&model, 0, 0, 0, 0);
	model.now_ms += 30 * MINUTE;
	assert_step(&model, 0, 0, 0, 1);
}
END_TEST

/* ---- Leaving ---- */

START_TEST(a_disabled_config_is_replaced_and_then_drained)
{
	struct plan made;

	add_config("a", 0, 2);
	add_config("b", 1, 2);
	add_idle(0, 2);
	assert_step(&model, 0, 0, 0, 0);
	model.configs[0].enabled = false;
	assert_step(&model, 0, 2, 0, 0);
	model_make_ready(&model, &model.servers[2]);
	assert_step(&model, 0, 0, 0, 0);
	model_make_ready(&model, &model.servers[3]);
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_REMOVE), 2);
	assert_says(decision_of(&made, PLAN_REMOVE, 0),
		    "its config a is disabled; without it 2 available on running servers for a "
		    "target of 2");
	plan_clear(&made);
}
END_TEST

START_TEST(a_deleted_configs_idle_servers_drain)
{
	struct plan made;

	add_config("a", 0, 0);
	add_idle(0, 1);
	model.servers[0].row.config = PLAN_NO_CONFIG;
	made = must_plan(&model);
	ck_assert_int_eq(made.n_decisions, 1);
	assert_says(decision_of(&made, PLAN_REMOVE, 0), "its config (deleted) is gone");
	ck_assert_uint_eq(decision_of(&made, PLAN_REMOVE, 0)->config, PLAN_NO_CONFIG);
	plan_clear(&made);
}
END_TEST

START_TEST(what_is_leaving_seats_who_finds_nothing_else)
{
	struct plan made;

	add_config("a", 0, 0);
	add_config("b", 0, 0);
	add_idle(0, 1);
	add_idle(1, 1);
	model.configs[0].enabled = false;
	model_add_waiting(&model, "ana", DESKTOP, "");
	model_add_waiting(&model, "bob", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_SEAT), 2);
	ck_assert_int_eq(count_of(&made, PLAN_REMOVE), 0);
	ck_assert_str_eq(decision_of(&made, PLAN_SEAT, 0)->server_id, model.servers[1].row.id);
	assert_says(decision_of(&made, PLAN_SEAT, 1), "it is leaving, but nothing else is free");
	plan_clear(&made);
}
END_TEST

START_TEST(a_planned_one_of_a_paused_config_goes_where_another_makes_it)
{
	struct plan made;

	add_config("a", 0, 1);
	add_config("b", 1, 0);
	model_add_server(&model, 0, SERVER_PLANNED);
	model.configs[0].paused_until_ms = model.now_ms + 4 * MINUTE;
	made = must_plan(&model);
	ck_assert_int_eq(count_creates(&made, 1), 1);
	assert_says(decision_of(&made, PLAN_CANCEL, 0),
		    "s1 is only planned, and a is paused for 4 min");
	plan_clear(&made);
	/* Nobody else can: it stays. */
	model.configs[1].stand_in = false;
	assert_step(&model, 0, 0, 0, 0);
	/* Also for who waits for it. */
	model.configs[1].aggressive_scaling = false;
	model.configs[0].minimum_available = 0;
	model_add_waiting(&model, "ana", DESKTOP, "");
	assert_step(&model, 0, 0, 0, 0);
	model.configs[1].aggressive_scaling = true;
	assert_step(&model, 0, 1, 1, 0);
}
END_TEST

START_TEST(its_place_under_the_limit_is_free_for_the_other)
{
	struct plan made;

	model.accounts[0].max_instances = 1;
	add_config("a", 0, 1);
	add_config("b", 1, 0);
	model_add_server(&model, 0, SERVER_PLANNED);
	model.configs[0].paused_until_ms = model.now_ms + 4 * MINUTE;
	made = must_plan(&model);
	ck_assert_int_eq(made.n_decisions, 2);
	/* In this order the limit holds at every moment. */
	ck_assert_int_eq(made.decisions[0].action, PLAN_CANCEL);
	ck_assert_int_eq(made.decisions[1].action, PLAN_CREATE);
	ck_assert_uint_eq(made.decisions[1].config, 1);
	plan_clear(&made);
}
END_TEST

START_TEST(above_the_limit_no_place_is_free_for_another)
{
	struct plan made;

	/* Two of three instances are planned ones that RemoteApps need; the limit was lowered. */
	model.accounts[0].max_instances = 2;
	add_config("a", 0, 0)->connection_type = CONNECTION_RDP;
	add_config("b", 1, 0);
	model_add_server(&model, 0, SERVER_PLANNED);
	model_add_server(&model, 0, SERVER_PLANNED);
	model.configs[0].enabled = false;
	model.accounts[0].instances = 3;
	model_add_waiting(&model, "ana", SESSION_REMOTEAPP, "");
	model_add_waiting(&model, "bob", SESSION_REMOTEAPP, "");
	model_add_waiting(&model, "cleo", SESSION_REMOTEAPP, "");
	model.queue[0].kind = DESKTOP;
	made = must_plan(&model);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), 0);
	ck_assert_int_eq(count_of(&made, PLAN_CANCEL), 0);
	ck_assert_int_eq(made.n_promises, 2);
	plan_clear(&made);
}
END_TEST

START_TEST(a_planned_one_of_a_disabled_config_stays_only_for_a_seat)
{
	struct plan made;

	add_config("a", 0, 0)->enabled = false;
	model_add_server(&model, 0, SERVER_PLANNED);
	model_add_server(&model, 0, SERVER_PLANNED);
	model_add_waiting(&model, "ana", DESKTOP, "");
	made = must_plan(&model);
	ck_assert_int_eq(made.n_decisions, 1);
	assert_says(decision_of(&made, PLAN_CANCEL, 0), "config a is disabled");
	ck_assert_int_eq(made.n_promises, 1);
	plan_clear(&made);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scaling down");
	TCase *cases = tcase_create("rules");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(cases, open_model, close_model);
	tcase_add_test(cases, planned_ones_are_cancelled_at_once);
	tcase_add_test(cases, planned_ones_stay_for_a_seat_or_the_target);
	tcase_add_test(cases, the_worst_priority_is_cancelled_first);
	tcase_add_test(cases, the_clock_runs_for_the_backoff);
	tcase_add_test(cases, only_the_fewest_since_then_go);
	tcase_add_test(cases, at_most_a_step_goes_at_a_time);
	tcase_add_test(cases, the_clock_resets_when_nothing_is_too_many);
	tcase_add_test(cases, the_clock_resets_when_one_is_planned);
	tcase_add_test(cases, no_backoff_removes_at_once);
	tcase_add_test(cases, what_is_on_its_way_removes_nothing);
	tcase_add_test(cases, outdated_first_then_the_worst_priority_then_the_longest_idle);
	tcase_add_test(cases, one_too_large_to_go_is_passed_over);
	tcase_add_test(cases, one_just_seated_stays);
	tcase_add_test(cases, a_disabled_server_is_left_to_whoever_disabled_it);
	tcase_add_test(cases, other_zones_do_not_count);
	tcase_add_test(cases, unused_ones_for_single_use_wait_for_the_backoff_too);
	tcase_add_test(cases, a_disabled_config_is_replaced_and_then_drained);
	tcase_add_test(cases, a_deleted_configs_idle_servers_drain);
	tcase_add_test(cases, what_is_leaving_seats_who_finds_nothing_else);
	tcase_add_test(cases, a_planned_one_of_a_paused_config_goes_where_another_makes_it);
	tcase_add_test(cases, its_place_under_the_limit_is_free_for_the_other);
	tcase_add_test(cases, above_the_limit_no_place_is_free_for_another);
	tcase_add_test(cases, a_planned_one_of_a_disabled_config_stays_only_for_a_seat);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
