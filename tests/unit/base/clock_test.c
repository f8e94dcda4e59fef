/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "suite.h"

START_TEST(writes_utc)
{
	char buf[TIME_TEXT_SIZE];

	ck_assert_str_eq(time_text(INT64_C(1795462446123), buf), "2026-11-23T19:34:06.123Z");
	ck_assert_str_eq(time_text(1, buf), "1970-01-01T00:00:00.001Z");
	ck_assert_str_eq(time_text(0, buf), "-");
	ck_assert_str_eq(time_text(-5, buf), "-");
	ck_assert_str_eq(time_text(INT64_C(253402300799999), buf), "9999-12-31T23:59:59.999Z");
	ck_assert_str_eq(time_text(MS_NEVER, buf), "never");
}
END_TEST

START_TEST(reads_what_it_writes_and_offsets)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{"2026-11-23T19:34:06.123Z", INT64_C(1795462446123)},
		{"2026-11-23t19:34:06.123456z", INT64_C(1795462446123)},
		{"2026-11-23 19:34:06Z", INT64_C(1795462446000)},
		{"2026-11-23T20:34:06.5+01:00", INT64_C(1795462446500)},
		{"2026-11-23T14:04:06-05:30", INT64_C(1795462446000)},
		{"2024-02-29T00:00:00Z", INT64_C(1709164800000)},
		{"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
		{"1970-01-01T00:00:00Z", 0},
	};
	int64_t ms;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ms = -1;
		ck_assert_msg(time_parse(good[i].text, &ms) == 0, "%s", good[i].text);
		ck_assert_int_eq(ms, good[i].ms);
	}
}
END_TEST

START_TEST(refuses_what_is_no_time)
{
	static const char *const bad[] = {
		"",
		"now",
		"2026-11-23",
		"2026-11-23T19:34Z",
		"2026-11-23T19:34:06",
		"2026-11-23T19:34:06.Z",
		"2026-11-23T19:34:06Zx",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2026-11-31T00:00:00Z",
		"2026-11-23T24:00:00Z",
		"2026-11-23T19:60:00Z",
		"2026-11-23T19:34:61Z",
		"2026-11-23T19:34:06+24:00",
		"2026-11-23T19:34:06+01:60",
		"2026-11-23T19:34:06+0100",
		"2026/11/23T19:34:06Z",
		"-026-11-23T19:34:06Z",
	};
	int64_t ms;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(time_parse(bad[i], &ms) == -1, "%s", bad[i]);
	ck_assert_int_eq(time_parse(NULL, &ms), -1);
}
END_TEST

START_TEST(the_clock_goes_on)
{
	struct moment before = clock_now(), after;
	char buf[TIME_TEXT_SIZE];
	int64_t ms;

	do {
		after = clock_now();
		ck_assert_int_ge(after.mono_ms, before.mono_ms);
	} while (after.mono_ms == before.mono_ms);
	ck_assert_int_eq(time_parse(time_text(after.wall_ms, buf), &ms), 0);
	ck_assert_int_eq(ms, after.wall_ms);
}
END_TEST

START_TEST(a_jump_is_held_until_it_is_followed)
{
	struct moment before, after;

	clock_hold_jumps();
	before = clock_now();
	ck_assert_int_eq(before.jump_ms, 0);
	/* As if the system's clock had been set 20 s back since. */
	clock_follow(20 * MS_PER_S);
	after = clock_now();
	ck_assert_int_le(llabs(after.jump_ms + 20 * MS_PER_S), 1000);
	ck_assert_int_ge(after.wall_ms, before.wall_ms + 20 * MS_PER_S);
	clock_follow(after.jump_ms);
	ck_assert_int_eq(clock_now().jump_ms, 0);
	/* What is less is no jump, and is followed at once. */
	clock_follow(CLOCK_JUMP_MS - MS_PER_S);
	after = clock_now();
	ck_assert_int_eq(after.jump_ms, 0);
	ck_assert_int_lt(after.wall_ms, before.wall_ms + CLOCK_JUMP_MS / 2);
}
END_TEST

SUITE_MAIN("clock", writes_utc, reads_what_it_writes_and_offsets, refuses_what_is_no_time,
	   the_clock_goes_on, a_jump_is_held_until_it_is_followed)
