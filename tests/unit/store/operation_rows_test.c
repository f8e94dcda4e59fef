/* SPDX-License-Identifier: Apache-2.0 */
/* Operation rows and event rows. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static void insert_servers(struct tx *tx, int n)
{
	struct hr_error err = {0};

	for (int i = 1; i <= n; i++) {
		struct server server = new_server(i);

		must(server_insert(tx, &server, -1, &err));
	}
}

TRANSACTION_TEST(every_member_survives)
{
	struct operation operation = new_operation(40, 1), got;
	struct hr_error err = {0};

	insert_servers(tx, 1);
	must(operation_insert(tx, &operation, &err));
	operation.kind = OPERATION_DESTROY;
	operation.state = OPERATION_FAILED;
	operation.attempt = 1;
	operation.failures = 2;
	operation.due_ms = 3;
	operation.created_ms = 4;
	operation.finished_ms = 5;
	operation.urgent = true;
	memset(operation.resume_token, 'r', sizeof(operation.resume_token) - 1);
	operation.percent = 6;
	text_copy(operation.text, sizeof(operation.text), "waiting");
	operation.error_class = HR_CAPACITY;
	text_copy(operation.error, sizeof(operation.error), "none left");
	text_copy(operation.request_id, sizeof(operation.request_id), "req-7");
	must(operation_update(tx, &operation, &err));
	must(operation_get(tx, operation.id, &got, &err));
	ck_assert_str_eq(got.id, operation.id);
	ck_assert_int_eq(got.kind, OPERATION_DESTROY);
	ck_assert_int_eq(got.state, OPERATION_FAILED);
	ck_assert_str_eq(got.server_id, operation.server_id);
	ck_assert_str_eq(got.provider_config_id, operation.provider_config_id);
	ck_assert_int_eq(got.attempt, 1);
	ck_assert_int_eq(got.failures, 2);
	ck_assert_int_eq(got.due_ms, 3);
	ck_assert_int_eq(got.created_ms, 4);
	ck_assert_int_eq(got.finished_ms, 5);
	ck_assert(got.urgent);
	ck_assert_str_eq(got.resume_token, operation.resume_token);
	ck_assert_int_eq(got.percent, 6);
	ck_assert_str_eq(got.text, "waiting");
	ck_assert_int_eq(got.error_class, HR_CAPACITY);
	ck_assert_str_eq(got.error, "none left");
	ck_assert_str_eq(got.request_id, "req-7");
	must_fail(operation_get(tx, "x", &got, &err), HR_NOT_FOUND, "there is no operation x");
	got.id[0] = 'x';
	must_fail(operation_update(tx, &got, &err), HR_NOT_FOUND, "there is no operation %s",
		  got.id);
}

TRANSACTION_TEST(one_unfinished_of_a_kind)
{
	struct operation first = new_operation(40, 1), second = new_operation(41, 1), got;
	struct operation orphan = new_operation(42, 9);
	struct hr_error err = {0};

	insert_servers(tx, 1);
	must_fail(operation_get_unfinished(tx, first.server_id, OPERATION_CREATE, &got, &err),
		  HR_NOT_FOUND, "server %s has no unfinished create operation", first.server_id);
	must(operation_insert(tx, &first, &err));
	must_fail(operation_insert(tx, &second, &err), HR_CONFLICT,
		  "operation %s (create) cannot be written: server %s is not there, or has an "
		  "unfinished operation of this kind already",
		  second.id, second.server_id);
	must_fail(operation_insert(tx, &orphan, &err), HR_CONFLICT,
		  "operation %s (create) cannot be written: server %s is not there, or has an "
		  "unfinished operation of this kind already",
		  orphan.id, orphan.server_id);
	second.kind = OPERATION_DESTROY;
	must(operation_insert(tx, &second, &err));
	must(operation_get_unfinished(tx, first.server_id, OPERATION_DESTROY, &got, &err));
	ck_assert_str_eq(got.id, second.id);
	first.state = OPERATION_DONE;
	must(operation_update(tx, &first, &err));
	second.kind = OPERATION_CREATE;
	must(operation_update(tx, &second, &err));
	first.state = OPERATION_DUE;
	must_fail(operation_update(tx, &first, &err), HR_CONFLICT,
		  "operation %s (create) cannot be written: server %s is not there, or has an "
		  "unfinished operation of this kind already",
		  first.id, first.server_id);
}

static struct operation_full full[2];
static size_t n_full;

static const char *due(struct tx *tx, int64_t before_ms, int limit)
{
	static char text[256];
	struct operation *operations;
	struct hr_error err = {0};
	size_t n, len = 0;

	text[0] = '\0';
	must(operation_list_due(tx, before_ms, full, n_full, limit, &operations, &n, &err));
	for (size_t i = 0; i < n; i++) {
		text_format(text + len, sizeof(text) - len, "%s%d", i ? " " : "",
			    (int)strtol(operations[i].id + 24, NULL, 10));
		len = strlen(text);
	}
	free(operations);
	return text;
}

TRANSACTION_TEST(due_by_urgency_and_time)
{
	static const int64_t times[] = {500, 300, 400, 100, 200, 50};
	struct hr_error err = {0};
	int64_t next;

	insert_servers(tx, 6);
	must(operation_next_due(tx, NULL, 0, &next, &err));
	ck_assert_int_eq(next, MS_NEVER);
	for (int i = 0; i < 6; i++) {
		struct operation operation = new_operation(i + 1, i + 1);

		operation.due_ms = times[i];
		operation.urgent = i < 3;
		operation.state = i == 5 ? OPERATION_DONE : OPERATION_DUE;
		must(operation_insert(tx, &operation, &err));
	}
	ck_assert_str_eq(due(tx, 1000, 0), "2 3 1 4 5");
	ck_assert_str_eq(due(tx, 400, 0), "2 3 4 5");
	ck_assert_str_eq(due(tx, 400, 3), "2 3 4");
	ck_assert_str_eq(due(tx, 400, 2), "2 3");
	ck_assert_str_eq(due(tx, 100, 0), "4");
	ck_assert_str_eq(due(tx, 99, 0), "");
	must(operation_next_due(tx, NULL, 0, &next, &err));
	ck_assert_int_eq(next, 100);
}

/* 1 to 6: creates and destroys in turn, of account A (1, 2, 5, 6) and B (3, 4). */
TRANSACTION_TEST(full_accounts_are_passed_over)
{
	struct hr_error err = {0};
	int64_t next;

	insert_servers(tx, 6);
	for (int i = 0; i < 6; i++) {
		struct operation operation = new_operation(i + 1, i + 1);

		operation.kind = i % 2 ? OPERATION_DESTROY : OPERATION_CREATE;
		operation.due_ms = 100 + i;
		text_copy(operation.provider_config_id, sizeof(operation.provider_config_id),
			  i / 2 == 1 ? "B" : "A");
		must(operation_insert(tx, &operation, &err));
	}
	full[0] = (struct operation_full){.provider_config_id = "A"};
	full[1] = (struct operation_full){.provider_config_id = "B", .destroys_only = true};
	n_full = 1;
	ck_assert_str_eq(due(tx, 1000, 0), "3 4");
	must(operation_next_due(tx, full, 1, &next, &err));
	ck_assert_int_eq(next, 102);
	n_full = 2;
	ck_assert_str_eq(due(tx, 1000, 0), "3");
	full[0].destroys_only = true;
	ck_assert_str_eq(due(tx, 1000, 0), "1 3 5");
	full[0].destroys_only = full[1].destroys_only = false;
	ck_assert_str_eq(due(tx, 1000, 0), "");
	must(operation_next_due(tx, full, 2, &next, &err));
	ck_assert_int_eq(next, MS_NEVER);
	n_full = 0;
	ck_assert_str_eq(due(tx, 1000, 0), "1 2 3 4 5 6");
}

/* At 100, 200 ... 500 for one config, one of them by hand, and one long after. */
TRANSACTION_TEST(begun_within_a_time)
{
	struct hr_error err = {0};
	int64_t ms;

	insert_servers(tx, 6);
	for (int i = 1; i <= 6; i++) {
		struct operation operation = new_operation(40 + i, i);

		text_copy(operation.config_id, sizeof(operation.config_id), "c");
		operation.started_ms = i == 6 ? 99999 : i * 100;
		operation.by_person = i == 4;
		must(operation_insert(tx, &operation, &err));
	}
	must(operation_nth_started(tx, "c", OPERATION_CREATE, 0, 1000, 1, &ms, &err));
	ck_assert_int_eq(ms, 500);
	must(operation_nth_started(tx, "c", OPERATION_CREATE, 0, 1000, 4, &ms, &err));
	ck_assert_int_eq(ms, 100);
	must(operation_nth_started(tx, "c", OPERATION_CREATE, 100, 1000, 4, &ms, &err));
	ck_assert_int_eq(ms, 0);
	must(operation_nth_started(tx, "c", OPERATION_DESTROY, 0, 1000, 1, &ms, &err));
	ck_assert_int_eq(ms, 0);
	must(operation_nth_started(tx, "d", OPERATION_CREATE, 0, 1000, 1, &ms, &err));
	ck_assert_int_eq(ms, 0);
}

TRANSACTION_TEST(of_a_server_newest_first)
{
	struct operation operation, *operations;
	struct hr_error err = {0};
	size_t n;

	insert_servers(tx, 2);
	for (int i = 0; i < 4; i++) {
		operation = new_operation(40 + i, i == 3 ? 2 : 1);
		operation.created_ms = 100 + i;
		operation.state = OPERATION_DONE;
		must(operation_insert(tx, &operation, &err));
	}
	must(operation_list_server(tx, id_of(1), &operations, &n, &err));
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(operations[0].id, id_of(42));
	ck_assert_str_eq(operations[2].id, id_of(40));
	free(operations);
}

static void add(struct tx *tx, const char *pool, const char *server, const char *session,
		const char *message)
{
	struct event event = {.number = 12345, .at_ms = 7, .kind = "server.created"};
	struct hr_error err = {0};

	text_copy(event.pool_id, sizeof(event.pool_id), pool);
	text_copy(event.config_id, sizeof(event.config_id), "c");
	text_copy(event.server_id, sizeof(event.server_id), server);
	text_copy(event.session_id, sizeof(event.session_id), session);
	text_copy(event.message, sizeof(event.message), message);
	must(event_add(tx, &event, &err));
}

static const char *listed(struct tx *tx, struct event_query query)
{
	static char text[1024];
	struct event *events;
	struct hr_error err = {0};
	size_t n, len = 0;

	text[0] = '\0';
	must(event_list(tx, &query, &events, &n, &err));
	for (size_t i = 0; i < n; i++) {
		text_format(text + len, sizeof(text) - len, "%s%d:%s", i ? " " : "",
			    (int)events[i].number, events[i].message);
		len = strlen(text);
	}
	free(events);
	return text;
}

#define expect(wanted, ...) ck_assert_str_eq(listed(tx, (struct event_query){__VA_ARGS__}), wanted)

TRANSACTION_TEST(events_in_order)
{
	struct event_query query = {.limit = 1};
	struct event *events;
	struct hr_error err = {0};
	size_t n;

	add(tx, "p", "s1", "", "a");
	add(tx, "p", "s2", "u", "b");
	add(tx, "q", "s3", "", "c");
	add(tx, "", "", "", "d");
	expect("1:a 2:b 3:c 4:d", 0);
	expect("3:c 4:d", .after_number = 2);
	expect("1:a 2:b", .limit = 2);
	expect("3:c 4:d", .newest = true, .limit = 2);
	expect("1:a 2:b", .pool_id = "p");
	expect("2:b", .pool_id = "p", .newest = true, .limit = 1);
	expect("2:b", .server_id = "s2");
	expect("2:b", .session_id = "u");
	expect("", .pool_id = "q", .session_id = "u");
	must(event_list(tx, &query, &events, &n, &err));
	ck_assert_int_eq(events[0].at_ms, 7);
	ck_assert_str_eq(events[0].kind, "server.created");
	ck_assert_str_eq(events[0].config_id, "c");
	free(events);
}

TRANSACTION_TEST(events_are_pruned)
{
	struct hr_error err = {0};

	must(event_prune(tx, 2, &err));
	for (int i = 0; i < 5; i++)
		add(tx, "p", "", "", "x");
	must(event_prune(tx, 7, &err));
	expect("1:x 2:x 3:x 4:x 5:x", 0);
	must(event_prune(tx, 2, &err));
	expect("4:x 5:x", 0);
	must(event_prune(tx, 0, &err));
	expect("", 0);
	add(tx, "p", "", "", "y");
	expect("6:y", 0); /* numbers do not come back */
}

int main(void)
{
	const TTest *const tests[] = {
		every_member_survives,   one_unfinished_of_a_kind,
		due_by_urgency_and_time, full_accounts_are_passed_over,
		begun_within_a_time,     of_a_server_newest_first,
		events_in_order,         events_are_pruned,
	};

	return run_tests("operation_rows", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
