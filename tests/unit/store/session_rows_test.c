/* SPDX-License-Identifier: Apache-2.0 */
/* Session rows: order of arrival, positions, expiries, pruning. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define POOL id_of(900001)

static void insert(struct tx *tx, struct session *session)
{
	struct hr_error err = {0};

	must(session_insert(tx, session, &err));
}

/* The users, in the list's order. */
static const char *users(struct tx *tx, struct session_query query)
{
	static char text[4096];
	struct session *sessions = NULL;
	struct hr_error err = {0};
	size_t n = 0, len = 0;

	text[0] = '\0';
	must(session_list(tx, &query, &sessions, &n, &err));
	for (size_t i = 0; i < n; i++) {
		text_format(text + len, sizeof(text) - len, "%s%s", i ? " " : "", sessions[i].user);
		len = strlen(text);
	}
	free(sessions);
	return text;
}

#define expect(wanted, ...) ck_assert_str_eq(users(tx, (struct session_query){__VA_ARGS__}), wanted)
#define IS(state) SESSION_STATE_BIT(SESSION_##state)

TRANSACTION_TEST(every_member_survives)
{
	struct session session = new_session(1, "ana"), got;
	struct hr_error err = {0};

	text_copy(session.zone_id, sizeof(session.zone_id), "zone");
	session.kind = SESSION_REMOTEAPP;
	insert(tx, &session);
	session.state = SESSION_ENDED;
	text_copy(session.server_id, sizeof(session.server_id), "server");
	session.queued_ms = 2;
	session.expires_ms = 3;
	session.assigned_ms = 4;
	session.ended_ms = 5;
	text_copy(session.reason, sizeof(session.reason), "by request");
	must(session_update(tx, &session, &err));
	must(session_get(tx, session.id, &got, &err));
	ck_assert_str_eq(got.id, session.id);
	ck_assert_str_eq(got.pool_id, POOL);
	ck_assert_str_eq(got.zone_id, "zone");
	ck_assert_str_eq(got.user, "ana");
	ck_assert_int_eq(got.kind, SESSION_REMOTEAPP);
	ck_assert_int_eq(got.state, SESSION_ENDED);
	ck_assert_str_eq(got.server_id, "server");
	ck_assert_int_eq(got.queued_ms, 2);
	ck_assert_int_eq(got.sequence, session.sequence);
	ck_assert_int_eq(got.expires_ms, 3);
	ck_assert_int_eq(got.assigned_ms, 4);
	ck_assert_int_eq(got.ended_ms, 5);
	ck_assert_str_eq(got.reason, "by request");
	must_fail(session_get(tx, "x", &got, &err), HR_NOT_FOUND, "there is no session x");
	session.id[0] = 'x';
	must_fail(session_update(tx, &session, &err), HR_NOT_FOUND, "there is no session %s",
		  session.id);
}

TRANSACTION_TEST(arrive_in_order)
{
	static const char *const names[] = {"ana", "ben", "cho", "dee", "eve"};
	struct session sessions[5];
	struct hr_error err = {0};
	int64_t position;

	for (int i = 0; i < 5; i++) {
		sessions[i] = new_session(10 - i, names[i]); /* ids fall, arrivals rise */
		if (i == 3)
			text_copy(sessions[i].pool_id, sizeof(sessions[i].pool_id), "other");
		insert(tx, &sessions[i]);
		if (i > 0)
			ck_assert_int_gt(sessions[i].sequence, sessions[i - 1].sequence);
	}
	expect("ana ben cho dee eve", 0);
	expect("ana ben cho eve", .pool_id = POOL, .states = IS(QUEUED));
	expect("cho eve", .pool_id = POOL, .after_sequence = sessions[1].sequence);
	expect("ana ben", .pool_id = POOL, .limit = 2);
	expect("dee", .user = "dee");
	must(session_position(tx, &sessions[4], &position, &err));
	ck_assert_int_eq(position, 3);
	sessions[1].state = SESSION_ACTIVE;
	text_copy(sessions[1].server_id, sizeof(sessions[1].server_id), "s");
	must(session_update(tx, &sessions[1], &err));
	must(session_position(tx, &sessions[4], &position, &err));
	ck_assert_int_eq(position, 2);
	must(session_position(tx, &sessions[0], &position, &err));
	ck_assert_int_eq(position, 0);
	must(session_position(tx, &sessions[3], &position, &err));
	ck_assert_int_eq(position, 0);
	expect("ben", .server_id = "s");
	expect("ana cho eve", .pool_id = POOL, .states = IS(QUEUED));
	expect("ana ben cho dee eve", .states = IS(QUEUED) | IS(ACTIVE));
	expect("", .user = "ana", .states = IS(ACTIVE));
}

TRANSACTION_TEST(expire)
{
	static const int64_t expiries[] = {500, 300, MS_NEVER, 400, 100};
	static const char *const names[] = {"ana", "ben", "cho", "dee", "eve"};
	struct hr_error err = {0};
	int64_t next;

	must(session_next_expiry(tx, &next, &err));
	ck_assert_int_eq(next, MS_NEVER);
	for (int i = 0; i < 5; i++) {
		struct session session = new_session(i + 1, names[i]);

		session.expires_ms = expiries[i];
		if (i == 3)
			session.state = SESSION_ACTIVE;
		if (i == 4)
			session.state = SESSION_ENDED;
		insert(tx, &session);
	}
	must(session_next_expiry(tx, &next, &err));
	ck_assert_int_eq(next, 300);
	expect("ben dee", .states = IS(QUEUED) | IS(ACTIVE), .expires_before_ms = 400);
	expect("dee", .states = IS(ACTIVE), .expires_before_ms = 400);
	expect("ben dee eve", .expires_before_ms = 499);
	expect("ana ben dee", .states = IS(QUEUED) | IS(ACTIVE), .expires_before_ms = 500);
}

TRANSACTION_TEST(are_pruned_when_over)
{
	struct session session;
	struct hr_error err = {0};
	bool more;
	int64_t highest = 0;

	for (int i = 1; i <= 6; i++) {
		char user[8];

		text_format(user, sizeof(user), "u%d", i);
		session = new_session(i, user);
		session.state = i == 1 ? SESSION_QUEUED : i == 2 ? SESSION_REFUSED : SESSION_ENDED;
		session.queued_ms = 100;
		session.ended_ms = i > 2 ? i * 100 : 0;
		insert(tx, &session);
		highest = session.sequence;
	}
	must(session_prune(tx, 100, 100, &more, &err)); /* nothing is that old */
	expect("u1 u2 u3 u4 u5 u6", 0);
	must(session_prune(tx, 1000, 2, &more, &err)); /* the two oldest */
	ck_assert(more);
	expect("u1 u4 u5 u6", 0);
	must(session_prune(tx, 500, 100, &more, &err));
	expect("u1 u5 u6", 0);
	must(session_prune(tx, 1000, 100, &more, &err));
	ck_assert(!more);
	expect("u1", 0);
	/* Numbers do not come back. */
	session = new_session(7, "u7");
	insert(tx, &session);
	ck_assert_int_gt(session.sequence, highest);
}

int main(void)
{
	const TTest *const tests[] = {
		every_member_survives,
		arrive_in_order,
		expire,
		are_pruned_when_over,
	};

	return run_tests("session_rows", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
