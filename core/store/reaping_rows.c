/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of what the reaper ordered away: few, as few are in an hour. */
#include "store/reaping_rows.h"

#include "base/clock.h"
#include "store/tx.h"

#define HOUR_MS (3600 * MS_PER_S)
/* An instance that cannot be destroyed keeps its place so long. */
#define KEPT_MS (INT64_C(30) * 24 * HOUR_MS)

static int get(struct sql_stmt *stmt, bool *ret_found, int64_t *ret_value, struct hr_error *err)
{
	int rc = sql_step(stmt, err);

	*ret_found = rc == 1;
	if (rc == 1)
		*ret_value = sql_column_int64(stmt, 0);
	sql_done(stmt);
	return rc < 0 ? -1 : 0;
}

static int find(struct tx *tx, const struct reaping_row *row, bool *ret_found, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int64_t at_ms;

	if (sql_prepare(tx->sql,
			"SELECT at_ms FROM reapings WHERE account_key = ? AND instance_id = ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, row->account_key);
	sql_bind_text(stmt, row->instance_id);
	return get(stmt, ret_found, &at_ms, err);
}

/* When the one was that fills the hour; none: there is room. */
static int find_last(struct tx *tx, const struct reaping_row *row, int64_t most, bool *ret_full,
		     int64_t *ret_ms, struct hr_error *err)
{
	struct sql_stmt *stmt;

	/* What a clock that was wrong has left in the future does not count. */
	if (sql_prepare(tx->sql,
			"SELECT at_ms FROM reapings WHERE account_key = ? AND at_ms > ? AND "
			"at_ms <= ? ORDER BY at_ms DESC LIMIT 1 OFFSET ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, row->account_key);
	sql_bind_int64(stmt, row->at_ms - HOUR_MS);
	sql_bind_int64(stmt, row->at_ms);
	sql_bind_int64(stmt, most - 1);
	return get(stmt, ret_full, ret_ms, err);
}

static int insert(struct tx *tx, const struct reaping_row *row, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql, "DELETE FROM reapings WHERE account_key = ? AND at_ms <= ?", &stmt,
			err) < 0)
		return -1;
	sql_bind_text(stmt, row->account_key);
	sql_bind_int64(stmt, row->at_ms - KEPT_MS);
	if (sql_run(stmt, NULL, err) < 0 ||
	    sql_prepare(tx->sql,
			"INSERT INTO reapings (account_key, instance_id, at_ms) VALUES (?, ?, ?)",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, row->account_key);
	sql_bind_text(stmt, row->instance_id);
	sql_bind_int64(stmt, row->at_ms);
	return sql_run(stmt, NULL, err);
}

int reaping_take(struct tx *tx, const struct reaping_row *row, int64_t most, int64_t *ret_free_ms,
		 struct hr_error *err)
{
	int64_t last_ms = 0;
	bool found, full;

	*ret_free_ms = 0;
	if (find(tx, row, &found, err) < 0)
		return -1;
	if (found)
		return 0;
	if (find_last(tx, row, most, &full, &last_ms, err) < 0)
		return -1;
	if (!full)
		return insert(tx, row, err);
	*ret_free_ms = last_ms + HOUR_MS;
	return 0;
}
