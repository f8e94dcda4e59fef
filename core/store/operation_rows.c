/* SPDX-License-Identifier: Apache-2.0 */
/* Operation rows. What is done with them: the engine. */
#include "store/operation_rows.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/query.h"
#include "store/row.h"
#include "store/tx.h"

/* clang-format off */
#define OPERATION_REST(X) \
	X(ROW_INT32, kind, kind) \
	X(ROW_INT32, state, state) \
	X(ROW_TEXT, server_id, server_id) \
	X(ROW_TEXT, provider_config_id, provider_config_id) \
	X(ROW_INT64, attempt, attempt) \
	X(ROW_INT64, failures, failures) \
	X(ROW_INT64, due_ms, due_ms) \
	X(ROW_INT64, created_ms, created_ms) \
	X(ROW_INT64, finished_ms, finished_ms) \
	X(ROW_BOOL, urgent, urgent) \
	X(ROW_TEXT, config_id, config_id) \
	X(ROW_INT64, started_ms, started_ms) \
	X(ROW_BOOL, by_person, by_person) \
	X(ROW_TEXT, resume_token, resume_token) \
	X(ROW_INT64, percent, percent) \
	X(ROW_TEXT, text, text) \
	X(ROW_INT32, error_class, error_class) \
	X(ROW_TEXT, error, error) \
	X(ROW_TEXT, request_id, request_id) \
	X(ROW_TEXT, cause, cause)
/* clang-format on */
#define OPERATION_COLUMNS "id" OPERATION_REST(ROW_NAME)
#define ENTRY(type, column, member) ROW_COLUMN(struct operation, type, column, member),

static const struct row_column columns[] = {ENTRY(ROW_TEXT, id, id) OPERATION_REST(ENTRY)};
static const struct row_shape shape = ROW_SHAPE(struct operation, columns);

/* The database's own words for a broken rule, in ours. */
static int explain_conflict(const struct operation *operation, const struct hr_error *why,
			    struct hr_error *err)
{
	if (why->class == HR_CONFLICT)
		return error_set(err, HR_CONFLICT,
				 "operation %s (%s) cannot be written: server %s is not there, or "
				 "has an unfinished operation of this kind already",
				 operation->id, operation_kind_name(operation->kind),
				 operation->server_id);
	if (err)
		*err = *why;
	return -1;
}

int operation_insert(struct tx *tx, const struct operation *operation, struct hr_error *err)
{
	struct operation caused = *operation;
	struct hr_error why = {0};
	struct sql_stmt *stmt;

	if (caused.cause[0] == '\0')
		text_copy(caused.cause, sizeof(caused.cause), tx->request_id);
	if (sql_prepare(tx->sql,
			"INSERT INTO operations (" OPERATION_COLUMNS
			") VALUES (?" OPERATION_REST(ROW_MARK) ")",
			&stmt, err) < 0)
		return -1;
	row_bind(stmt, &shape, &caused);
	return sql_run(stmt, NULL, &why) < 0 ? explain_conflict(operation, &why, err) : 0;
}

int operation_get(struct tx *tx, const char *id, struct operation *ret, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql, "SELECT " OPERATION_COLUMNS " FROM operations WHERE id = ?", &stmt,
			err) < 0)
		return -1;
	sql_bind_text(stmt, id);
	rc = row_get(stmt, &shape, ret, err);
	if (rc == 0)
		return error_set(err, HR_NOT_FOUND, "there is no operation %s", id);
	return rc < 0 ? -1 : 0;
}

int operation_update(struct tx *tx, const struct operation *operation, struct hr_error *err)
{
	struct operation old;
	struct hr_error why = {0};

	if (operation_get(tx, operation->id, &old, err) < 0)
		return -1;
	return row_update(tx->sql, "operations", &shape, &old, operation, &why) < 0
		       ? explain_conflict(operation, &why, err)
		       : 0;
}

static void pass_over(struct query *q, const struct operation_full *full, size_t n_full)
{
	for (size_t i = 0; i < n_full && i < OPERATION_FULL_MAX; i++)
		query_add_text(q,
			       full[i].destroys_only
				       ? " AND NOT (kind = 2 AND provider_config_id = ?)"
				       : " AND provider_config_id <> ?",
			       full[i].provider_config_id);
}

/* Those due of one urgency, by time: a range of the index. */
static int append_due(struct tx *tx, bool urgent, int64_t before_ms,
		      const struct operation_full *full, size_t n_full, int limit, void **rows,
		      size_t *n, struct hr_error *err)
{
	struct sql_stmt *stmt;
	struct query q;

	query_begin(&q, "SELECT " OPERATION_COLUMNS " FROM operations WHERE state = 10");
	query_add_int64(&q, " AND urgent = ?", urgent);
	query_add_int64(&q, " AND due_ms <= ?", before_ms);
	pass_over(&q, full, n_full);
	query_add(&q, " ORDER BY due_ms, id");
	query_add_limit(&q, limit);
	if (query_prepare(&q, tx->sql, &stmt, err) < 0) {
		free(*rows);
		*rows = NULL;
		return -1;
	}
	return row_append_all(stmt, &shape, rows, n, err);
}

int operation_list_due(struct tx *tx, int64_t before_ms, const struct operation_full *full,
		       size_t n_full, int limit, struct operation **ret_operations, size_t *ret_n,
		       struct hr_error *err)
{
	int most = limit > 0 && limit < QUERY_ROWS_MAX ? limit : QUERY_ROWS_MAX;
	void *rows = NULL;
	size_t n = 0;

	if (append_due(tx, true, before_ms, full, n_full, most, &rows, &n, err) < 0)
		return -1;
	if ((int)n < most &&
	    append_due(tx, false, before_ms, full, n_full, most - (int)n, &rows, &n, err) < 0)
		return -1;
	*ret_operations = rows;
	*ret_n = n;
	return 0;
}

int operation_next_due(struct tx *tx, const struct operation_full *full, size_t n_full,
		       int64_t *ret_ms, struct hr_error *err)
{
	struct sql_stmt *stmt;
	struct query q;
	int rc;

	*ret_ms = MS_NEVER;
	for (int urgent = 0; urgent <= 1; urgent++) {
		query_begin(&q, "SELECT due_ms FROM operations WHERE state = 10");
		query_add_int64(&q, " AND urgent = ?", urgent);
		pass_over(&q, full, n_full);
		query_add(&q, " ORDER BY due_ms");
		query_add_limit(&q, 1);
		if (query_prepare(&q, tx->sql, &stmt, err) < 0)
			return -1;
		rc = sql_step(stmt, err);
		if (rc == 1 && sql_column_int64(stmt, 0) < *ret_ms)
			*ret_ms = sql_column_int64(stmt, 0);
		sql_done(stmt);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int operation_list_server(struct tx *tx, const char *server_id, struct operation **ret_operations,
			  size_t *ret_n, struct hr_error *err)
{
	struct sql_stmt *stmt;
	void *rows = NULL;
	size_t n = 0;

	if (sql_prepare(tx->sql,
			"SELECT " OPERATION_COLUMNS " FROM operations WHERE server_id = ? "
			"ORDER BY created_ms DESC, id DESC",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, server_id);
	if (row_append_all(stmt, &shape, &rows, &n, err) < 0)
		return -1;
	*ret_operations = rows;
	*ret_n = n;
	return 0;
}

int operation_get_unfinished(struct tx *tx, const char *server_id, enum operation_kind kind,
			     struct operation *ret, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql,
			"SELECT " OPERATION_COLUMNS " FROM operations WHERE state = 10 AND "
			"server_id = ? AND kind = ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, server_id);
	sql_bind_int64(stmt, (int64_t)kind);
	rc = row_get(stmt, &shape, ret, err);
	if (rc == 0)
		return error_set(err, HR_NOT_FOUND, "server %s has no unfinished %s operation",
				 server_id, operation_kind_name(kind));
	return rc < 0 ? -1 : 0;
}

int operation_nth_started(struct tx *tx, const char *config_id, enum operation_kind kind,
			  int64_t after_ms, int64_t until_ms, int64_t most, int64_t *ret_ms,
			  struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	*ret_ms = 0;
	if (sql_prepare(tx->sql,
			"SELECT started_ms FROM operations WHERE config_id = ? AND kind = ? AND "
			"started_ms > 0 AND by_person = 0 AND started_ms > ? AND started_ms <= ? "
			"ORDER BY started_ms DESC LIMIT 1 OFFSET ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, config_id);
	sql_bind_int64(stmt, (int64_t)kind);
	sql_bind_int64(stmt, after_ms);
	sql_bind_int64(stmt, until_ms);
	sql_bind_int64(stmt, most - 1);
	rc = sql_step(stmt, err);
	if (rc == 1)
		*ret_ms = sql_column_int64(stmt, 0);
	sql_done(stmt);
	return rc < 0 ? -1 : 0;
}

int operation_hurry(struct tx *tx, const char *config_id, int64_t now_ms, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql,
			config_id ? "UPDATE operations SET due_ms = ? WHERE state = 10 AND "
				    "started_ms = 0 AND due_ms > ? AND config_id = ?"
				  : "UPDATE operations SET due_ms = ? WHERE state = 10 AND "
				    "started_ms = 0 AND due_ms > ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_int64(stmt, now_ms);
	sql_bind_int64(stmt, now_ms);
	if (config_id)
		sql_bind_text(stmt, config_id);
	return sql_run(stmt, NULL, err);
}

int operation_recover(struct tx *tx, int64_t now_ms, int64_t until_ms, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(
		    tx->sql,
		    "UPDATE operations SET due_ms = ? WHERE state = 10 AND urgent IN (0, 1) AND "
		    "due_ms > ? AND due_ms <= ? AND error_class = 0",
		    &stmt, err) < 0)
		return -1;
	sql_bind_int64(stmt, now_ms);
	sql_bind_int64(stmt, now_ms);
	sql_bind_int64(stmt, until_ms);
	return sql_run(stmt, NULL, err);
}
