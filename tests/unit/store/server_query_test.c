/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of servers: orders, conditions, limits. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define POOL id_of(900001)
#define CONFIG id_of(900003)

/* "3 1 2": the numbers of the servers' names, in the list's order. */
static const char *numbers(struct tx *tx, struct server_query query)
{
	static char text[4096];
	struct server *servers = NULL;
	struct hr_error err = {0};
	size_t n = 0, len = 0;

	text[0] = '\0';
	must(server_list(tx, &query, &servers, &n, &err));
	for (size_t i = 0; i < n; i++) {
		text_format(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
			    strchr(servers[i].name, '-') + 1);
		len = strlen(text);
	}
	free(servers);
	return text;
}

#define expect(wanted, ...) \
	ck_assert_str_eq(numbers(tx, (struct server_query){__VA_ARGS__}), wanted)

static void insert(struct tx *tx, const struct server *server)
{
	struct hr_error err = {0};

	must(server_insert(tx, server, -1, &err));
}

static struct server running(int number, int64_t sessions, int64_t idle_since_ms)
{
	struct server server = new_server(number);

	server.state = SERVER_RUNNING;
	server.ready_ms = 2000;
	server.settings.max_sessions = 4;
	server.settings.max_users = 4;
	server.sessions = sessions;
	server.idle_since_ms = idle_since_ms;
	return server;
}

TRANSACTION_TEST(by_id_with_a_cursor)
{
	struct server gone = new_server(4), elsewhere = new_server(5);

	for (int i = 3; i >= 1; i--) {
		struct server server = new_server(i);

		insert(tx, &server);
	}
	gone.state = SERVER_GONE;
	insert(tx, &gone);
	text_copy(elsewhere.pool_id, sizeof(elsewhere.pool_id), "other");
	text_copy(elsewhere.zone_id, sizeof(elsewhere.zone_id), "other");
	text_copy(elsewhere.config_id, sizeof(elsewhere.config_id), "other");
	text_copy(elsewhere.provider_config_id, sizeof(elsewhere.provider_config_id), "other");
	insert(tx, &elsewhere);
	expect("1 2 3 5", 0);
	expect("1 2 3", .pool_id = POOL);
	expect("5", .pool_id = "other");
	expect("5", .zone_id = "other");
	expect("5", .config_id = "other");
	expect("5", .provider_config_id = "other");
	expect("", .pool_id = POOL, .zone_id = "other");
	expect("1 2", .pool_id = POOL, .limit = 2);
	expect("3", .pool_id = POOL, .limit = 2, .after_id = id_of(2));
	expect("4", .states = SERVER_STATE_BIT(SERVER_GONE));
	expect("1 2 3 4 5",
	       .states = SERVER_STATE_BIT(SERVER_GONE) | SERVER_STATE_BIT(SERVER_PLANNED));
	expect("", .states = SERVER_STATE_BIT(SERVER_RUNNING));
}

TRANSACTION_TEST(by_spread_and_pack)
{
	struct server servers[] = {
		running(1, 2, 0),   running(2, 0, 500), running(3, 0, 300),
		running(4, 1, 0),   running(5, 1, 0),   running(6, 4, 0),
		running(7, 0, 100), new_server(8),      running(9, 0, 200),
	};
	const unsigned is_running = SERVER_STATE_BIT(SERVER_RUNNING);

	servers[6].enabled = false;
	servers[8].state = SERVER_DRAINING;
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		insert(tx, &servers[i]);
	expect("3 2 4 5 1", .pool_id = POOL, .states = is_running, .with_free = true,
	       .order = SERVER_BY_SPREAD);
	expect("1 4 5 3 2", .pool_id = POOL, .states = is_running, .with_free = true,
	       .order = SERVER_BY_PACK);
	expect("3 2 4 5 1 8", .pool_id = POOL,
	       .states = is_running | SERVER_STATE_BIT(SERVER_PLANNED), .with_free = true,
	       .order = SERVER_BY_SPREAD);
	expect("1 4 5 3 2 8", .pool_id = POOL,
	       .states = is_running | SERVER_STATE_BIT(SERVER_PLANNED), .with_free = true,
	       .order = SERVER_BY_PACK);
	expect("3 2", .pool_id = POOL, .states = is_running, .with_free = true,
	       .order = SERVER_BY_SPREAD, .limit = 2);
	expect("7 3 2 4 5 1 6 8 9", .pool_id = POOL, .order = SERVER_BY_SPREAD);
}

TRANSACTION_TEST(of_a_user)
{
	struct server servers[] = {running(1, 1, 0), running(2, 1, 0), running(3, 0, 100)};
	struct session sessions[] = {new_session(10, "ana"), new_session(11, "ben"),
				     new_session(12, "ana")};
	struct hr_error err = {0};

	for (int i = 0; i < 3; i++) {
		insert(tx, &servers[i]);
		sessions[i].state = i < 2 ? SESSION_ACTIVE : SESSION_ENDED;
		text_copy(sessions[i].server_id, ID_SIZE, servers[i].id);
		must(session_insert(tx, &sessions[i], &err));
	}
	expect("1", .pool_id = POOL, .user = "ana", .order = SERVER_BY_SPREAD, .with_free = true);
	expect("2", .user = "ben");
	expect("", .user = "eve");
}

TRANSACTION_TEST(by_deadline)
{
	static const int64_t deadlines[] = {500, 300, MS_NEVER, 400, 100};
	struct hr_error err = {0};
	int64_t next;

	must(server_next_deadline(tx, &next, &err));
	ck_assert_int_eq(next, MS_NEVER);
	for (int i = 0; i < 5; i++) {
		struct server server = new_server(i + 1);

		server.deadline_ms = deadlines[i];
		if (i == 4)
			server.state = SERVER_GONE;
		insert(tx, &server);
	}
	expect("2 4 1", .order = SERVER_BY_DEADLINE);
	expect("2 4", .order = SERVER_BY_DEADLINE, .deadline_before_ms = 400);
	expect("2", .order = SERVER_BY_DEADLINE, .limit = 1);
	expect("2 4", .order = SERVER_BY_ID, .deadline_before_ms = 499);
	must(server_next_deadline(tx, &next, &err));
	ck_assert_int_eq(next, 300);
}

TRANSACTION_TEST(by_idle_outdated_first)
{
	struct document config = new_document(DOCUMENT_AUTOSCALE_CONFIG, 900003, "demo-a");
	struct server servers[] = {running(1, 0, 500), running(2, 0, 300), running(3, 1, 0),
				   running(4, 0, 400), running(5, 0, 300), running(6, 0, 300),
				   running(7, 0, 900)};
	const unsigned is_running = SERVER_STATE_BIT(SERVER_RUNNING);
	struct hr_error err = {0};

	must(document_put(tx, &config, NULL, &err));
	servers[4].created_ms = 900; /* as long idle, but older */
	servers[5].state = SERVER_DRAINING;
	servers[6].config_revision = 2; /* newer than any */
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		insert(tx, &servers[i]);
	expect("5 2 4 1 7", .config_id = CONFIG, .states = is_running, .order = SERVER_BY_IDLE);
	expect("5 2", .pool_id = POOL, .states = is_running, .order = SERVER_BY_IDLE, .limit = 2);
	expect("5 2 6 4 1 7", .pool_id = POOL, .order = SERVER_BY_IDLE);
	/* The config changes: what follows its new revision goes last. */
	must(document_put(tx, &config, NULL, &err));
	expect("5 2 4 1 7", .config_id = CONFIG, .states = is_running, .order = SERVER_BY_IDLE);
	servers[3].config_revision = 2;
	must(document_put(tx, &config, NULL, &err));
	expect("5 2 4 1 7", .config_id = CONFIG, .states = is_running, .order = SERVER_BY_IDLE);
	document_clear(&config);
}

TRANSACTION_TEST(a_new_server_may_be_outdated_already)
{
	struct document config = new_document(DOCUMENT_AUTOSCALE_CONFIG, 900003, "demo-a");
	struct server old = running(1, 0, 900), new = running(2, 0, 100);
	struct hr_error err = {0};

	must(document_put(tx, &config, NULL, &err));
	must(document_put(tx, &config, NULL, &err));
	new.config_revision = 2;
	insert(tx, &new);
	insert(tx, &old);
	expect("1 2", .config_id = CONFIG, .order = SERVER_BY_IDLE);
	document_clear(&config);
}

/* The column that stands for it follows server_free_sessions. */
TRANSACTION_TEST(with_free_is_what_the_model_says)
{
	struct server_query query = {.with_free = true}, all = {.with_free = false};
	struct server *servers;
	struct hr_error err = {0};
	size_t n, n_free = 0;

	for (int i = 0; i < 24; i++) {
		struct server server = running(i + 1, i % 4, 0);

		server.settings.max_sessions = i % 3 + 1;
		server.enabled = i % 5 != 0;
		insert(tx, &server);
	}
	must(server_list(tx, &all, &servers, &n, &err));
	ck_assert_uint_eq(n, 24);
	for (size_t i = 0; i < n; i++)
		n_free += servers[i].enabled && server_free_sessions(&servers[i]) > 0;
	free(servers);
	must(server_list(tx, &query, &servers, &n, &err));
	ck_assert_uint_eq(n, n_free);
	for (size_t i = 0; i < n; i++)
		ck_assert(servers[i].enabled && server_free_sessions(&servers[i]) > 0);
	free(servers);
}

TRANSACTION_TEST(ready_times_are_the_newest)
{
	int64_t times[50];
	struct hr_error err = {0};
	size_t n;

	must(server_ready_times(tx, CONFIG, times, &n, &err));
	ck_assert_uint_eq(n, 0);
	for (int i = 1; i <= 60; i++) {
		struct server server = new_server(i);

		server.created_ms = 1000;
		server.ready_ms = i == 60 ? 0 : 1000 + i;
		server.state = i % 2 ? SERVER_GONE : SERVER_RUNNING;
		insert(tx, &server);
	}
	must(server_ready_times(tx, CONFIG, times, &n, &err));
	ck_assert_uint_eq(n, 50);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(times[i], 59 - i);
}

int main(void)
{
	const TTest *const tests[] = {
		by_id_with_a_cursor,
		by_spread_and_pack,
		of_a_user,
		by_deadline,
		by_idle_outdated_first,
		a_new_server_may_be_outdated_already,
		with_free_is_what_the_model_says,
		ready_times_are_the_newest,
	};

	return run_tests("server_query", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
