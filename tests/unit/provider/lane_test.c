/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which waiting jobs may run. */
#include "provider/lane.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

static struct lanes lanes;
static struct job jobs[24];
static struct dispatch_request requests[24];
static struct seat seat;

static void setup(void)
{
	memset(&lanes, 0, sizeof(lanes));
	memset(jobs, 0, sizeof(jobs));
	memset(requests, 0, sizeof(requests));
	seat = (struct seat){.limit = 1};
}

static void teardown(void)
{
	while (lanes.first)
		lanes_remove(&lanes, lanes.first);
}

static struct lane *lane_of(const char *account)
{
	struct lane *lane = lanes_find(&lanes, account);

	return lane ? lane : lanes_add(&lanes, account);
}

static void queue(int i, const char *account, enum dispatch_kind kind)
{
	jobs[i].lane = lane_of(account);
	jobs[i].request = &requests[i];
	requests[i].kind = kind;
	lanes_queue(&lanes, &jobs[i]);
}

/* The number of the job picked, -1: none. */
static int pick(void)
{
	struct job *job = lanes_pick(&lanes);

	return job ? (int)(job - jobs) : -1;
}

START_TEST(serial_and_parallel)
{
	lane_of("a")->seat = &seat;
	queue(0, "a", DISPATCH_CREATE);
	queue(1, "a", DISPATCH_STATUS);
	queue(2, "a", DISPATCH_LIST);
	ck_assert_uint_eq(lanes.n_waiting, 3);
	ck_assert_int_eq(pick(), 0);
	ck_assert_int_eq(pick(), -1);
	ck_assert_ptr_null(lanes_finish(&lanes, &jobs[0]));
	ck_assert_int_eq(pick(), 1);
	seat.limit = 2;
	ck_assert_int_eq(pick(), 2);
	ck_assert_uint_eq(lanes.n_waiting, 0);
	lanes_finish(&lanes, &jobs[1]);
	lanes_finish(&lanes, &jobs[2]);
	ck_assert_uint_eq(seat.running, 0);
}
END_TEST

START_TEST(open_goes_before_what_follows)
{
	queue(0, "a", DISPATCH_OPEN);
	queue(1, "a", DISPATCH_CREATE);
	queue(2, "b", DISPATCH_OPEN);
	ck_assert_int_eq(pick(), 0);
	ck_assert_int_eq(pick(), 2); /* another account's */
	ck_assert_int_eq(pick(), -1);
	lanes_replace_seat(jobs[0].lane, &seat);
	lanes_finish(&lanes, &jobs[0]);
	ck_assert_int_eq(pick(), 1);
	ck_assert_ptr_eq(jobs[1].seat, &seat);
	lanes_finish(&lanes, &jobs[1]);
	lanes_finish(&lanes, &jobs[2]);
}
END_TEST

START_TEST(replaced_seat_ends_with_its_last_call)
{
	struct seat newer = {.limit = 1};

	lane_of("a")->seat = &seat;
	queue(0, "a", DISPATCH_CREATE);
	queue(1, "a", DISPATCH_OPEN);
	queue(2, "a", DISPATCH_CREATE);
	ck_assert_int_eq(pick(), 0);
	ck_assert_int_eq(pick(), 1); /* beside the call that is under way */
	ck_assert_ptr_null(lanes_replace_seat(jobs[1].lane, &newer));
	lanes_finish(&lanes, &jobs[1]);
	ck_assert_int_eq(pick(), 2);
	ck_assert_ptr_eq(jobs[2].seat, &newer);
	ck_assert_ptr_eq(lanes_finish(&lanes, &jobs[0]), &seat);
	ck_assert_ptr_null(lanes_finish(&lanes, &jobs[2]));
}
END_TEST

START_TEST(close_comes_last)
{
	struct lane *lane = lane_of("a");

	lane->seat = &seat;
	queue(0, "a", DISPATCH_CREATE);
	queue(1, "a", DISPATCH_STATUS);
	queue(2, "a", DISPATCH_CLOSE);
	ck_assert_ptr_null(lanes_find(&lanes, "a"));
	queue(3, "a", DISPATCH_OPEN); /* a new lane */
	ck_assert_ptr_ne(jobs[3].lane, lane);
	ck_assert_int_eq(pick(), 0);
	ck_assert_int_eq(pick(), 3);
	ck_assert_int_eq(pick(), -1);
	lanes_finish(&lanes, &jobs[0]);
	ck_assert_int_eq(pick(), 1);
	ck_assert_int_eq(pick(), -1);
	lanes_finish(&lanes, &jobs[1]);
	ck_assert_int_eq(pick(), 2);
	lanes_finish(&lanes, &jobs[2]);
	lanes_finish(&lanes, &jobs[3]);
}
END_TEST

/* A replaced seat's calls and the new one's count together; an OPEN does not wait for them. */
START_TEST(limit_of_all_seats)
{
	struct seat newer = {.limit = LANE_CALLS_MAX};
	struct lane *lane = lane_of("a");

	seat.limit = LANE_CALLS_MAX;
	lane->seat = &seat;
	queue(0, "a", DISPATCH_CREATE);
	ck_assert_int_eq(pick(), 0);
	lane->running += LANE_CALLS_MAX - 1; /* and others like it */
	seat.running += LANE_CALLS_MAX - 1;
	queue(1, "a", DISPATCH_OPEN);
	queue(2, "a", DISPATCH_CREATE);
	ck_assert_int_eq(pick(), 1);
	ck_assert_ptr_null(lanes_replace_seat(lane, &newer));
	lanes_finish(&lanes, &jobs[1]);
	ck_assert_int_eq(pick(), -1);
	ck_assert_ptr_null(lanes_finish(&lanes, &jobs[0]));
	ck_assert_int_eq(pick(), 2);
	lanes_finish(&lanes, &jobs[2]);
}
END_TEST

static void queue_urgent(int i, const char *account, enum dispatch_kind kind,
			 enum dispatch_urgency urgency)
{
	requests[i].urgency = urgency;
	queue(i, account, kind);
}

/* Users before removals, those before standby, all before looking; equals in order of arrival. */
START_TEST(the_most_urgent_first)
{
	lane_of("a")->seat = &seat;
	queue_urgent(0, "a", DISPATCH_LIST, DISPATCH_LOOK);
	queue_urgent(1, "a", DISPATCH_CREATE, DISPATCH_STANDBY);
	queue_urgent(2, "a", DISPATCH_DESTROY, DISPATCH_REMOVAL);
	queue_urgent(3, "a", DISPATCH_CREATE, DISPATCH_FOR_USERS);
	queue_urgent(4, "a", DISPATCH_DESTROY, DISPATCH_REMOVAL);
	for (int i = 0; i < 5; i++) {
		static const int order[] = {3, 2, 4, 1, 0};

		ck_assert_int_eq(pick(), order[i]);
		ck_assert_int_eq(pick(), -1);
		lanes_finish(&lanes, &jobs[order[i]]);
	}
}
END_TEST

/* An account that is busy holds up nobody else, however urgent its call is. */
START_TEST(urgency_is_within_what_may_run)
{
	struct seat other = {.limit = 1};

	lane_of("a")->seat = &seat;
	lane_of("b")->seat = &other;
	queue_urgent(0, "a", DISPATCH_CREATE, DISPATCH_FOR_USERS);
	queue_urgent(1, "a", DISPATCH_CREATE, DISPATCH_FOR_USERS);
	queue_urgent(2, "b", DISPATCH_LIST, DISPATCH_LOOK);
	ck_assert_int_eq(pick(), 0);
	ck_assert_int_eq(pick(), 2);
	ck_assert_int_eq(pick(), -1);
	lanes_finish(&lanes, &jobs[0]);
	ck_assert_int_eq(pick(), 1);
	lanes_finish(&lanes, &jobs[1]);
	lanes_finish(&lanes, &jobs[2]);
}
END_TEST

/* Two lists among twenty creates that users wait for: each eighth call is the oldest. */
START_TEST(nothing_waits_for_ever)
{
	int picked, list_at[2] = {-1, -1};

	lane_of("a")->seat = &seat;
	for (int i = 0; i < 22; i++)
		queue_urgent(i, "a", i < 2 ? DISPATCH_LIST : DISPATCH_CREATE,
			     i < 2 ? DISPATCH_LOOK : DISPATCH_FOR_USERS);
	for (int n = 0; n < 22; n++) {
		picked = pick();
		ck_assert_int_ge(picked, 0);
		if (picked < 2)
			list_at[picked] = n;
		lanes_finish(&lanes, &jobs[picked]);
	}
	ck_assert_int_eq(list_at[0], 7);
	ck_assert_int_eq(list_at[1], 15);
}
END_TEST

START_TEST(dropped_jobs)
{
	queue(0, "a", DISPATCH_OPEN);
	queue(1, "a", DISPATCH_OPEN);
	queue(2, "b", DISPATCH_OPEN);
	lanes_drop(&lanes, &jobs[2]);
	lanes_drop(&lanes, &jobs[0]);
	ck_assert_uint_eq(jobs[0].lane->pending_opens, 1);
	ck_assert_int_eq(pick(), 1);
	queue(3, "b", DISPATCH_OPEN);
	ck_assert_int_eq(pick(), 3);
	lanes_finish(&lanes, &jobs[1]);
	lanes_finish(&lanes, &jobs[3]);
	ck_assert_uint_eq(lanes.n_waiting, 0);
	ck_assert_ptr_null(lanes.running);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lane");
	TCase *tests = tcase_create("lane");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, serial_and_parallel);
	tcase_add_test(tests, open_goes_before_what_follows);
	tcase_add_test(tests, replaced_seat_ends_with_its_last_call);
	tcase_add_test(tests, close_comes_last);
	tcase_add_test(tests, limit_of_all_seats);
	tcase_add_test(tests, the_most_urgent_first);
	tcase_add_test(tests, urgency_is_within_what_may_run);
	tcase_add_test(tests, nothing_waits_for_ever);
	tcase_add_test(tests, dropped_jobs);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
