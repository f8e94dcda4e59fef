/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "suite.h"

static const char *const names[] = {
	"minimum_available_sessions", "priority", "reusable", "pool", "zone", "", NULL};

START_TEST(finds_slips)
{
	ck_assert_str_eq(text_nearest("minimun_available_sessions", names),
			 "minimum_available_sessions");
	ck_assert_str_eq(text_nearest("min_available_sessions", names),
			 "minimum_available_sessions");
	ck_assert_str_eq(text_nearest("prioirty", names), "priority");
	ck_assert_str_eq(text_nearest("POOL", names), "pool");
	ck_assert_str_eq(text_nearest("reuseable", names), "reusable");
	ck_assert_str_eq(text_nearest("zones", names), "zone");
}
END_TEST

START_TEST(leaves_strangers_alone)
{
	char longer[200];

	ck_assert_ptr_null(text_nearest("colour", names));
	ck_assert_ptr_null(text_nearest("", names));
	ck_assert_ptr_null(text_nearest("x", names));
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_ptr_null(text_nearest(longer, names));
	ck_assert_ptr_null(text_nearest("pool", (const char *const[]){NULL}));
}
END_TEST

START_TEST(takes_the_nearer_one)
{
	static const char *const close[] = {"list", "last", NULL};

	ck_assert_str_eq(text_nearest("lasts", close), "last");
	ck_assert_str_eq(text_nearest("last", close), "last");
}
END_TEST

SUITE_MAIN("nearest", finds_slips, leaves_strangers_alone, takes_the_nearer_one)
