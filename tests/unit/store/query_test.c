/* SPDX-License-Identifier: Apache-2.0 */
/* The hot queries go by an index: whatever the size of a table, they read what they give. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/query.h"
#include "store/reaping_rows.h"
#include "store/sql.h"
#include "store/tx.h"

static void list_servers(struct tx *tx, struct server_query query)
{
	struct server *servers;
	struct hr_error err = {0};
	size_t n;

	must(server_list(tx, &query, &servers, &n, &err));
	free(servers);
}

static void list_sessions(struct tx *tx, struct session_query query)
{
	struct session *sessions;
	struct hr_error err = {0};
	size_t n;

	must(session_list(tx, &query, &sessions, &n, &err));
	free(sessions);
}

static void list_events(struct tx *tx, struct event_query query)
{
	struct event *events;
	struct hr_error err = {0};
	size_t n;

	must(event_list(tx, &query, &events, &n, &err));
	free(events);
}

static void run_server_queries(struct tx *tx)
{
	const unsigned running = SERVER_STATE_BIT(SERVER_RUNNING);
	const unsigned planned = SERVER_STATE_BIT(SERVER_PLANNED);
	const unsigned coming =
		running | SERVER_STATE_BIT(SERVER_PLANNED) | SERVER_STATE_BIT(SERVER_CREATING) |
		SERVER_STATE_BIT(SERVER_BOOTING) | SERVER_STATE_BIT(SERVER_INJECTING) |
		SERVER_STATE_BIT(SERVER_CHECKING_IN);

	for (int order = SERVER_BY_SPREAD; order <= SERVER_BY_PACK; order++) {
		list_servers(tx, (struct server_query){.pool_id = "p",
						       .states = running,
						       .with_free = true,
						       .order = (enum server_order)order});
		list_servers(tx, (struct server_query){.pool_id = "p",
						       .states = coming,
						       .with_free = true,
						       .order = (enum server_order)order});
		list_servers(tx, (struct server_query){.pool_id = "p",
						       .zone_id = "z",
						       .states = running,
						       .with_free = true,
						       .order = (enum server_order)order});
	}
	list_servers(tx, (struct server_query){
				 .pool_id = "p", .states = running, .order = SERVER_BY_IDLE});
	list_servers(tx, (struct server_query){
				 .config_id = "c", .states = running, .order = SERVER_BY_IDLE});
	list_servers(tx, (struct server_query){.pool_id = "p",
					       .config_id = "c",
					       .states = running,
					       .order = SERVER_BY_IDLE});
	list_servers(tx, (struct server_query){.order = SERVER_BY_DEADLINE});
	list_servers(tx,
		     (struct server_query){.order = SERVER_BY_DEADLINE, .deadline_before_ms = 5});
	list_servers(tx, (struct server_query){.states = running,
					       .order = SERVER_BY_LISTEN,
					       .listen_before_ms = 5});
	list_servers(tx, (struct server_query){
				 .states = running, .order = SERVER_TO_PROBE, .after_id = "i"});
	list_servers(tx, (struct server_query){.order = SERVER_BY_ID});
	list_servers(tx, (struct server_query){.pool_id = "p"});
	list_servers(tx, (struct server_query){.pool_id = "p", .states = coming});
	list_servers(tx, (struct server_query){.pool_id = "p", .states = planned});
	list_servers(tx, (struct server_query){.config_id = "c", .states = planned});
	list_servers(tx, (struct server_query){.provider_config_id = "a", .states = planned});
}

static void run_server_rows(struct tx *tx)
{
	struct operation operation, *operations;
	struct cohort *cohorts;
	struct server server = new_server(1);
	const struct reaping_row reaping = {.account_key = "k", .instance_id = "i", .at_ms = 1};
	struct hr_error err = {0};
	bool more;
	int64_t times[50], ms;
	size_t n;

	must(server_insert(tx, &server, -1, &err));
	must(server_update(tx, &server, &err));
	must(server_recount_sessions(tx, &server, 1, &err));
	must(cohort_list(tx, "p", &cohorts, &n, &err));
	free(cohorts);
	server_get_by_instance(tx, "p", "i", &server, NULL);
	must(server_next_deadline(tx, &ms, &err));
	must(server_ready_times(tx, "c", times, &n, &err));
	operation = new_operation(1, 1);
	must(operation_insert(tx, &operation, &err));
	must(reaping_take(tx, &reaping, 3, &ms, &err));
	must(operation_update(tx, &operation, &err));
	must(operation_get(tx, operation.id, &operation, &err));
	must(operation_list_due(tx, 1, NULL, 0, 0, &operations, &n, &err));
	free(operations);
	must(operation_next_due(tx, NULL, 0, &ms, &err));
	must(operation_list_server(tx, server.id, &operations, &n, &err));
	free(operations);
	operation_get_unfinished(tx, server.id, OPERATION_CREATE, &operation, NULL);
	must(operation_recover(tx, 1, 2, &err));
	must(server_get(tx, id_of(1), &server, &err));
	server.state = SERVER_GONE;
	must(server_update(tx, &server, &err));
	must(server_prune(tx, MS_NEVER, 0, 10, &more, &err));
}

static void run_sessions_and_events(struct tx *tx)
{
	const unsigned queued = SESSION_STATE_BIT(SESSION_QUEUED);
	const unsigned active = SESSION_STATE_BIT(SESSION_ACTIVE);
	struct session session = new_session(1, "ana");
	struct hr_error err = {0};
	bool more;
	int64_t value;

	must(session_insert(tx, &session, &err));
	must(session_update(tx, &session, &err));
	must(session_get(tx, session.id, &session, &err));
	must(session_position(tx, &session, &value, &err));
	must(session_next_expiry(tx, &value, &err));
	must(session_prune(tx, 1, 1, &more, &err));
	list_sessions(tx, (struct session_query){.pool_id = "p", .states = queued});
	list_sessions(tx, (struct session_query){.pool_id = "p", .states = active});
	list_sessions(tx, (struct session_query){.server_id = "s", .states = active});
	list_sessions(tx, (struct session_query){.user = "u", .states = active});
	list_sessions(tx,
		      (struct session_query){.states = queued | active, .expires_before_ms = 5});
	list_sessions(tx, (struct session_query){.states = queued, .expires_before_ms = 5});
	list_sessions(tx, (struct session_query){.after_sequence = 5});
	list_events(tx, (struct event_query){.after_number = 5});
	list_events(tx, (struct event_query){.newest = true});
	list_events(tx, (struct event_query){.pool_id = "p", .newest = true});
	list_events(tx, (struct event_query){.server_id = "s"});
	list_events(tx, (struct event_query){.session_id = "s", .after_number = 3});
	must(event_prune(tx, 1, &err));
}

static void run_documents_and_secrets(struct tx *tx)
{
	struct document pool = new_document(DOCUMENT_AUTOSCALE_CONFIG, 1, "demo"), got, *list;
	json_t *secrets = json_pack("{s:s}", "a", "b");
	struct hr_error err = {0};
	struct api_token token;
	uint8_t hash[32] = {0};
	size_t n;

	must(document_put(tx, &pool, secrets, &err));
	must(document_put(tx, &pool, secrets, &err));
	json_decref(secrets);
	must(document_find(tx, pool.kind, "demo", &got, &err));
	document_clear(&got);
	must(document_get_revision(tx, pool.kind, pool.id, 2, &got, &err));
	document_clear(&got);
	must(document_list(tx, pool.kind, "", 10, &list, &n, &err));
	document_list_free(list, n);
	must(document_list_naming(tx, pool.kind, pool.id, "", 10, &list, &n, &err));
	document_list_free(list, n);
	must(document_secrets(tx, pool.kind, pool.id, &secrets, &err));
	json_decref(secrets);
	token_get_by_hash(tx, hash, &token, NULL);
	must(document_delete(tx, pool.kind, pool.id, &err));
	document_clear(&pool);
}

/* Tables that grow; of the others (cohorts, tokens, states) all may be read. */
static bool grows(const char *detail)
{
	static const char *const tables[] = {"servers", "sessions",  "operations",
					     "events",  "documents", "document_revisions",
					     "secrets", "reapings"};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		size_t len = strlen(tables[i]);

		if (strncmp(detail, tables[i], len) == 0 &&
		    (detail[len] == '\0' || detail[len] == ' '))
			return true;
	}
	return false;
}

static int check_plan(struct tx *tx, const char *text)
{
	bool by_expiry = strstr(text, "ORDER BY +sequence") != NULL;
	bool names = strstr(text, "ORDER BY d.kind, d.name") != NULL;
	bool on_the_way = strstr(text, "AND rank = 1 ORDER BY id") != NULL;
	char explain[5000];
	struct sql_stmt *stmt;
	struct hr_error err = {0};
	int n = 0;

	text_format(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", text);
	must(sql_prepare(tx->sql, explain, &stmt, &err));
	while (sql_step(stmt, &err) == 1) {
		const char *detail = sql_column_text(stmt, 3);

		n++;
		ck_assert_msg(strncmp(detail, "SCAN ", 5) != 0 || !grows(detail + 5),
			      "%s\nreads a whole table: %s", text, detail);
		ck_assert_msg(!strstr(detail, "TEMP B-TREE FOR ORDER BY") || by_expiry || names,
			      "%s\nsorts: %s", text, detail);
		ck_assert_msg(!on_the_way || strstr(detail, "INDEX servers_on_the_way"),
			      "%s\nfinds the few on their way among all: %s", text, detail);
		ck_assert_msg(!strstr(detail, "AUTOMATIC"), "%s\nmakes an index: %s", text, detail);
	}
	sql_done(stmt);
	return n;
}

TRANSACTION_TEST(hot_queries_go_by_an_index)
{
	const char *texts[256];
	size_t n = 0;
	int n_plans = 0;

	run_server_queries(tx);
	run_server_rows(tx);
	run_sessions_and_events(tx);
	run_documents_and_secrets(tx);
	while (n < 256 && (texts[n] = sql_cached_text(tx->sql, n)) != NULL)
		n++;
	ck_assert_uint_gt(n, 70);
	ck_assert_uint_lt(n, 256);
	for (size_t i = 0; i < n; i++)
		n_plans += check_plan(tx, texts[i]) > 0;
	ck_assert_int_gt(n_plans, 55);
}

/* The check above can fail. */
TRANSACTION_TEST(a_whole_table_would_be_noticed)
{
	struct sql_stmt *stmt;
	struct hr_error err = {0};

	must(sql_prepare(tx->sql, "EXPLAIN QUERY PLAN SELECT id FROM servers WHERE percent = 5",
			 &stmt, &err));
	ck_assert_int_eq(sql_step(stmt, &err), 1);
	ck_assert_str_eq(sql_column_text(stmt, 3), "SCAN servers");
	ck_assert(grows(sql_column_text(stmt, 3) + 5));
	sql_done(stmt);
}

TRANSACTION_TEST(too_much_is_an_error)
{
	struct query query;
	struct sql_stmt *stmt;
	struct hr_error err;

	query_begin(&query, "SELECT id FROM servers WHERE 1 = 1");
	for (int i = 0; i < 32; i++)
		query_add_int64(&query, " AND percent <> ?", i);
	must(query_prepare(&query, tx->sql, &stmt, &err));
	ck_assert_int_eq(sql_step(stmt, &err), 0);
	sql_done(stmt);
	query_add_int64(&query, " AND percent <> ?", 33);
	must_fail(query_prepare(&query, tx->sql, &stmt, &err), HR_INTERNAL,
		  "a query has too many conditions");
	query_begin(&query, "SELECT 1");
	for (int i = 0; i < 500; i++)
		query_add(&query, " + 100000");
	must_fail(query_prepare(&query, tx->sql, &stmt, &err), HR_INTERNAL,
		  "a query has too many conditions");
}

int main(void)
{
	const TTest *const tests[] = {
		hot_queries_go_by_an_index,
		a_whole_table_would_be_noticed,
		too_much_is_an_error,
	};

	return run_tests("query", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
