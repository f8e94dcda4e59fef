/* SPDX-License-Identifier: Apache-2.0 */
/* Places in an hour for instances that are ordered away. */
#include "fixture.h"

#include "base/clock.h"
#include "store/reaping_rows.h"
#include "store/time_rows.h"

#define HOUR (3600 * MS_PER_S)
#define NOW (1000 * HOUR)

/* When the next place falls free, or 0: it got one. */
static int64_t take(struct tx *tx, const char *key, const char *instance, int64_t at_ms,
		    int64_t most)
{
	struct reaping_row row = {.account_key = key, .instance_id = instance, .at_ms = at_ms};
	struct hr_error err = {0};
	int64_t free_ms = -1;

	must(reaping_take(tx, &row, most, &free_ms, &err));
	return free_ms;
}

TRANSACTION_TEST(an_hour_has_so_many_places)
{
	ck_assert_int_eq(take(tx, "k", "a", NOW, 2), 0);
	ck_assert_int_eq(take(tx, "k", "b", NOW + 1000, 2), 0);
	ck_assert_int_eq(take(tx, "k", "c", NOW + 2000, 2), NOW + HOUR);
	/* More places: room for one more; and then its turn is after the first of three. */
	ck_assert_int_eq(take(tx, "k", "c", NOW + 2000, 3), 0);
	ck_assert_int_eq(take(tx, "k", "d", NOW + 3000, 3), NOW + HOUR);
	ck_assert_int_eq(take(tx, "k", "d", NOW + HOUR - 1, 3), NOW + HOUR);
	ck_assert_int_eq(take(tx, "k", "d", NOW + HOUR, 3), 0);
	ck_assert_int_eq(take(tx, "k", "e", NOW + HOUR, 3), NOW + HOUR + 1000);
}

TRANSACTION_TEST(each_key_has_its_own)
{
	ck_assert_int_eq(take(tx, "k", "a", NOW, 1), 0);
	ck_assert_int_eq(take(tx, "l", "b", NOW, 1), 0);
	ck_assert_int_eq(take(tx, "l", "a", NOW, 1), NOW + HOUR);
}

TRANSACTION_TEST(who_has_a_place_needs_no_other)
{
	ck_assert_int_eq(take(tx, "k", "a", NOW, 1), 0);
	ck_assert_int_eq(take(tx, "k", "a", NOW + 1, 1), 0);
	ck_assert_int_eq(take(tx, "k", "a", NOW + 24 * HOUR, 1), 0);
	/* And has not taken one by it. */
	ck_assert_int_eq(take(tx, "k", "b", NOW + 24 * HOUR, 1), 0);
	ck_assert_int_eq(take(tx, "k", "a", NOW + 25 * HOUR, 1), 0);
}

TRANSACTION_TEST(it_is_forgotten_after_a_month)
{
	ck_assert_int_eq(take(tx, "k", "a", NOW, 1), 0);
	ck_assert_int_eq(take(tx, "k", "b", NOW + 720 * HOUR, 1), 0);
	ck_assert_int_eq(take(tx, "k", "a", NOW + 720 * HOUR, 1), NOW + 721 * HOUR);
}

TRANSACTION_TEST(it_moves_with_the_clock)
{
	struct hr_error err = {0};

	ck_assert_int_eq(take(tx, "k", "a", NOW, 1), 0);
	must(time_rows_move(tx, 5 * HOUR, &err));
	ck_assert_int_eq(take(tx, "k", "b", NOW + 5 * HOUR, 1), NOW + 6 * HOUR);
	/* What a clock that was wrong has left in the future does not count. */
	ck_assert_int_eq(take(tx, "k", "b", NOW, 1), 0);
}

int main(void)
{
	const TTest *const tests[] = {
		an_hour_has_so_many_places,     each_key_has_its_own,
		who_has_a_place_needs_no_other, it_is_forgotten_after_a_month,
		it_moves_with_the_clock,
	};

	return run_tests("reaping_rows", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
