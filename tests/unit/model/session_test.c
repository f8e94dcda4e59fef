/* SPDX-License-Identifier: Apache-2.0 */
#include "model/session.h"

#include "../base/suite.h"

START_TEST(names_both_ways)
{
	static const struct {
		enum session_state state;
		const char *name;
	} states[] = {{SESSION_QUEUED, "queued"},
		      {SESSION_ACTIVE, "active"},
		      {SESSION_ENDED, "ended"},
		      {SESSION_REFUSED, "refused"}};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		ck_assert_str_eq(session_state_name(states[i].state), states[i].name);
		ck_assert_int_eq(session_state_find(states[i].name), states[i].state);
	}
	ck_assert_str_eq(session_kind_name(SESSION_DESKTOP), "desktop");
	ck_assert_str_eq(session_kind_name(SESSION_REMOTEAPP), "remoteapp");
	ck_assert_int_eq(session_kind_find("desktop"), SESSION_DESKTOP);
	ck_assert_int_eq(session_kind_find("remoteapp"), SESSION_REMOTEAPP);
}
END_TEST

START_TEST(what_is_none)
{
	ck_assert_str_eq(session_state_name((enum session_state)1), "unknown");
	ck_assert_int_eq(session_state_find("asleep"), -1);
	ck_assert_int_eq(session_state_find(NULL), -1);
	ck_assert_str_eq(session_kind_name((enum session_kind)9), "unknown");
	ck_assert_int_eq(session_kind_find("tablet"), -1);
	ck_assert_int_eq(session_kind_find(NULL), -1);
}
END_TEST

SUITE_MAIN("session", names_both_ways, what_is_none)
