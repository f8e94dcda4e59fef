/* SPDX-License-Identifier: Apache-2.0 */
/* Event rows: added, listed, and the oldest removed; never changed. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/operation_rows.h"
#include "store/query.h"
#include "store/row.h"
#include "store/tx.h"

/* clang-format off */
#define EVENT_REST(X) \
	X(ROW_TEXT, kind, kind) \
	X(ROW_TEXT, pool_id, pool_id) \
	X(ROW_TEXT, config_id, config_id) \
	X(ROW_TEXT, server_id, server_id) \
	X(ROW_TEXT, session_id, session_id) \
	X(ROW_TEXT, operation_id, operation_id) \
	X(ROW_TEXT, request_id, request_id) \
	X(ROW_TEXT, message, message)
/* clang-format on */
#define EVENT_COLUMNS "at_ms" EVENT_REST(ROW_NAME)
#define ENTRY(type, column, member) ROW_COLUMN(struct event, type, column, member),

/* What is written (the database gives the number), and what is read. */
static const struct row_column new_columns[] = {ENTRY(ROW_INT64, at_ms, at_ms) EVENT_REST(ENTRY)};
static const struct row_shape new_shape = ROW_SHAPE(struct event, new_columns);
static const struct row_column columns[] = {ENTRY(ROW_INT64, at_ms, at_ms) EVENT_REST(ENTRY)
						    ENTRY(ROW_INT64, number, number)};
static const struct row_shape shape = ROW_SHAPE(struct event, columns);

void event_because_of_request(struct tx *tx, const char *request_id)
{
	text_copy(tx->request_id, sizeof(tx->request_id), request_id);
}

void event_because_of_operation(struct tx *tx, const char *operation_id, const char *server_id)
{
	text_copy(tx->operation_id, sizeof(tx->operation_id), operation_id);
	text_copy(tx->operation_server_id, sizeof(tx->operation_server_id), server_id);
}

int event_add(struct tx *tx, const struct event *event, struct hr_error *err)
{
	struct event caused = *event;
	struct sql_stmt *stmt;

	if (caused.request_id[0] == '\0')
		text_copy(caused.request_id, sizeof(caused.request_id), tx->request_id);
	if (caused.server_id[0] != '\0' && strcmp(caused.server_id, tx->operation_server_id) == 0)
		text_copy(caused.operation_id, sizeof(caused.operation_id), tx->operation_id);

	if (sql_prepare(tx->sql,
			"INSERT INTO events (" EVENT_COLUMNS ") VALUES (?" EVENT_REST(ROW_MARK) ")",
			&stmt, err) < 0)
		return -1;
	row_bind(stmt, &new_shape, &caused);
	tx->tells = true;
	return sql_run(stmt, NULL, err);
}

int event_bounds(struct tx *tx, int64_t *ret_oldest, int64_t *ret_newest, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	/* Each by itself is one look into the index. */
	if (sql_prepare(tx->sql,
			"SELECT (SELECT MIN(number) FROM events), (SELECT MAX(number) FROM events)",
			&stmt, err) < 0)
		return -1;
	rc = sql_step(stmt, err);
	*ret_oldest = rc > 0 ? sql_column_int64(stmt, 0) : 0;
	*ret_newest = rc > 0 ? sql_column_int64(stmt, 1) : 0;
	sql_done(stmt);
	return rc < 0 ? -1 : 0;
}

static void reverse(struct event *events, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct event swap = events[i];

		events[i] = events[n - 1 - i];
		events[n - 1 - i] = swap;
	}
}

int event_list(struct tx *tx, const struct event_query *query, struct event **ret_events,
	       size_t *ret_n, struct hr_error *err)
{
	struct sql_stmt *stmt;
	void *rows = NULL;
	size_t n = 0;
	struct query q;

	query_begin(&q, "SELECT " EVENT_COLUMNS ", number FROM events");
	query_add_int64(&q, " WHERE number > ?", query->newest ? 0 : query->after_number);
	if (query->pool_id)
		query_add_text(&q, " AND pool_id <> '' AND pool_id = ?", query->pool_id);
	if (query->server_id)
		query_add_text(&q, " AND server_id <> '' AND server_id = ?", query->server_id);
	if (query->session_id)
		query_add_text(&q, " AND session_id <> '' AND session_id = ?", query->session_id);
	query_add(&q, query->newest ? " ORDER BY number DESC" : " ORDER BY number");
	query_add_limit(&q, query->limit);
	if (query_prepare(&q, tx->sql, &stmt, err) < 0 ||
	    row_append_all(stmt, &shape, &rows, &n, err) < 0)
		return -1;
	if (query->newest)
		reverse(rows, n);
	*ret_events = rows;
	*ret_n = n;
	return 0;
}

int event_prune(struct tx *tx, int64_t keep, struct hr_error *err)
{
	struct sql_stmt *stmt;

	/* By number, which may have gaps: at most keep stay, and nothing is counted. */
	if (sql_prepare(tx->sql,
			"DELETE FROM events WHERE number <= (SELECT MAX(number) FROM events) - ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_int64(stmt, keep);
	return sql_run(stmt, NULL, err);
}
