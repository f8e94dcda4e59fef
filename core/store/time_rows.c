/* SPDX-License-Identifier: Apache-2.0 */
/* Moves times with a clock that was set. One statement for a column, as rows of all tables are
 * concerned and it happens seldom. */
#include "store/time_rows.h"

#include "store/tx.h"

/* Twice the same "?", for lack of a least value that every database knows. */
#define MOVE(table, column, which)                                                    \
	"UPDATE " table " SET " column " = CASE WHEN " column " + ? > 0 THEN " column \
	" + ? ELSE 1 END WHERE " column " > 0 AND " column " < 9223372036854775807" which

/* What is over moves too: how long it is kept is counted from its end. */
static const char *const moves[] = {
	MOVE("servers", "state_since_ms", ""),
	MOVE("servers", "created_ms", ""),
	MOVE("servers", "deadline_ms", ""),
	MOVE("servers", "provision_deadline_ms", ""),
	MOVE("servers", "ready_ms", ""),
	MOVE("servers", "checked_in_ms", ""),
	MOVE("servers", "idle_since_ms", ""),
	MOVE("servers", "listen_ms", ""),
	MOVE("sessions", "queued_ms", ""),
	MOVE("sessions", "expires_ms", ""),
	MOVE("sessions", "assigned_ms", ""),
	MOVE("sessions", "ended_ms", ""),
	MOVE("operations", "due_ms", " AND state = 10"),
	MOVE("operations", "created_ms", ""),
	/* What the hourly limits count. */
	MOVE("operations", "started_ms", ""),
	MOVE("operations", "finished_ms", ""),
	MOVE("reapings", "at_ms", ""),
	MOVE("config_states", "surplus_since_ms", ""),
	MOVE("config_states", "last_planned_ms", ""),
	MOVE("config_states", "paused_until_ms", ""),
	MOVE("account_states", "paused_until_ms", ""),
};

int time_rows_move(struct tx *tx, int64_t by_ms, struct hr_error *err)
{
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		struct sql_stmt *stmt;

		if (sql_prepare(tx->sql, moves[i], &stmt, err) < 0)
			return -1;
		sql_bind_int64(stmt, by_ms);
		sql_bind_int64(stmt, by_ms);
		if (sql_run(stmt, NULL, err) < 0)
			return -1;
	}
	return 0;
}
