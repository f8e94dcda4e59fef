/* SPDX-License-Identifier: Apache-2.0 */
/* Session rows. What server rows say of their sessions: server_rows.c. */
#include "store/session_rows.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/query.h"
#include "store/row.h"
#include "store/tx.h"

/* clang-format off */
#define SESSION_REST(X) \
	X(ROW_TEXT, pool_id, pool_id) \
	X(ROW_TEXT, zone_id, zone_id) \
	X(ROW_TEXT, user_name, user) \
	X(ROW_INT32, kind, kind) \
	X(ROW_INT32, state, state) \
	X(ROW_TEXT, server_id, server_id) \
	X(ROW_INT64, queued_ms, queued_ms) \
	X(ROW_INT64, expires_ms, expires_ms) \
	X(ROW_INT64, assigned_ms, assigned_ms) \
	X(ROW_INT64, ended_ms, ended_ms) \
	X(ROW_TEXT, reason, reason) \
	X(ROW_TEXT, cause, cause)
/* clang-format on */
#define NEW_COLUMNS "id" SESSION_REST(ROW_NAME)
#define SESSION_COLUMNS NEW_COLUMNS ", sequence"
#define ENTRY(type, column, member) ROW_COLUMN(struct session, type, column, member),

/* What is written (the database gives the sequence), and what is read. */
static const struct row_column new_columns[] = {ENTRY(ROW_TEXT, id, id) SESSION_REST(ENTRY)};
static const struct row_shape new_shape = ROW_SHAPE(struct session, new_columns);
static const struct row_column columns[] = {ENTRY(ROW_TEXT, id, id) SESSION_REST(ENTRY)
						    ENTRY(ROW_INT64, sequence, sequence)};
static const struct row_shape shape = ROW_SHAPE(struct session, columns);

int session_insert(struct tx *tx, struct session *session, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (session->cause[0] == '\0')
		text_copy(session->cause, sizeof(session->cause), tx->request_id);
	if (sql_prepare(tx->sql,
			"INSERT INTO sessions (" NEW_COLUMNS
			") VALUES (?" SESSION_REST(ROW_MARK) ") RETURNING sequence",
			&stmt, err) < 0)
		return -1;
	row_bind(stmt, &new_shape, session);
	return sql_get_int64(stmt, &session->sequence, err);
}

int session_get(struct tx *tx, const char *id, struct session *ret, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql, "SELECT " SESSION_COLUMNS " FROM sessions WHERE id = ?", &stmt,
			err) < 0)
		return -1;
	sql_bind_text(stmt, id);
	rc = row_get(stmt, &shape, ret, err);
	if (rc == 0)
		return error_set(err, HR_NOT_FOUND, "there is no session %s", id);
	return rc < 0 ? -1 : 0;
}

int session_update(struct tx *tx, const struct session *session, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int64_t changed;

	/* A session that moves counts anew, for its new server. */
	if (sql_prepare(tx->sql,
			"UPDATE sessions SET counted = CASE WHEN server_id = ? THEN counted ELSE 0 "
			"END, id = ?" SESSION_REST(ROW_SET) " WHERE id = ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, session->server_id);
	row_bind(stmt, &new_shape, session);
	sql_bind_text(stmt, session->id);
	if (sql_run(stmt, &changed, err) < 0)
		return -1;
	if (changed == 0)
		return error_set(err, HR_NOT_FOUND, "there is no session %s", session->id);
	return 0;
}

#define LIVE_STATES (SESSION_STATE_BIT(SESSION_QUEUED) | SESSION_STATE_BIT(SESSION_ACTIVE))

int session_list(struct tx *tx, const struct session_query *query, struct session **ret_sessions,
		 size_t *ret_n, struct hr_error *err)
{
	bool by_expiry = query->expires_before_ms != 0 && query->states != 0 &&
			 (query->states & ~LIVE_STATES) == 0;
	struct sql_stmt *stmt;
	void *rows = NULL;
	size_t n = 0;
	struct query q;

	query_begin(&q, "SELECT " SESSION_COLUMNS " FROM sessions");
	query_add_int64(&q, " WHERE sequence > ?", query->after_sequence);
	if (query->pool_id)
		query_add_text(&q, " AND pool_id = ?", query->pool_id);
	if (query->server_id)
		query_add_text(&q, " AND server_id <> '' AND server_id = ?", query->server_id);
	if (query->user)
		query_add_text(&q, " AND user_name = ?", query->user);
	query_add_states(&q, query->states);
	/* The conditions of the index of expiries, word for word. */
	if (by_expiry)
		query_add(&q, " AND state < 30 AND expires_ms < 9223372036854775807");
	if (query->expires_before_ms)
		query_add_int64(&q, " AND expires_ms <= ?", query->expires_before_ms);
	/* The "+" keeps the order from being had by reading the whole table in it. */
	query_add(&q, by_expiry ? " ORDER BY +sequence" : " ORDER BY sequence");
	query_add_limit(&q, query->limit);
	if (query_prepare(&q, tx->sql, &stmt, err) < 0 ||
	    row_append_all(stmt, &shape, &rows, &n, err) < 0)
		return -1;
	*ret_sessions = rows;
	*ret_n = n;
	return 0;
}

int session_position(struct tx *tx, const struct session *session, int64_t *ret_position,
		     struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql,
			"SELECT COUNT(*) FROM sessions WHERE pool_id = ? AND state = 10 AND "
			"sequence < ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, session->pool_id);
	sql_bind_int64(stmt, session->sequence);
	return sql_get_int64(stmt, ret_position, err);
}

int session_excuse(struct tx *tx, const char *pool_id, int64_t until_ms, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql,
			"UPDATE sessions SET expires_ms = ? WHERE pool_id = ? AND state = 20 AND "
			"expires_ms < ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_int64(stmt, until_ms);
	sql_bind_text(stmt, pool_id);
	sql_bind_int64(stmt, until_ms);
	return sql_run(stmt, NULL, err);
}

int session_next_expiry(struct tx *tx, int64_t *ret_ms, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql,
			"SELECT expires_ms FROM sessions WHERE state < 30 AND "
			"expires_ms < 9223372036854775807 ORDER BY expires_ms LIMIT 1",
			&stmt, err) < 0)
		return -1;
	rc = sql_step(stmt, err);
	*ret_ms = rc == 1 ? sql_column_int64(stmt, 0) : MS_NEVER;
	sql_done(stmt);
	return rc < 0 ? -1 : 0;
}

int session_prune(struct tx *tx, int64_t before_ms, int limit, bool *ret_more, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int64_t removed;

	/* One that was refused has no end, only its arrival. */
	if (sql_prepare(tx->sql,
			"DELETE FROM sessions WHERE sequence IN (SELECT sequence FROM sessions "
			"WHERE state >= 30 AND ended_ms < ? AND queued_ms < ? "
			"ORDER BY ended_ms LIMIT ?)",
			&stmt, err) < 0)
		return -1;
	sql_bind_int64(stmt, before_ms);
	sql_bind_int64(stmt, before_ms);
	sql_bind_int64(stmt, limit);
	if (sql_run(stmt, &removed, err) < 0)
		return -1;
	*ret_more = removed == limit;
	return 0;
}
