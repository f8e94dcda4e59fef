/* SPDX-License-Identifier: Apache-2.0 */
/* What planner and operations keep about an autoscale config and an account. The count of
 * instances is server_rows.c's. */
#include <inttypes.h>

#include "store/document_rows.h"
#include "store/row.h"
#include "store/tx.h"

/* clang-format off */
#define CONFIG_REST(X) \
	X(ROW_INT64, surplus_floor, surplus_floor) \
	X(ROW_INT64, last_planned_ms, last_planned_ms) \
	X(ROW_INT64, paused_until_ms, paused_until_ms) \
	X(ROW_INT64, pause_step, pause_step) \
	X(ROW_TEXT, pause_reason, pause_reason) \
	X(ROW_INT64, failures, failures)
#define ACCOUNT_REST(X) \
	X(ROW_INT64, paused_until_ms, paused_until_ms) \
	X(ROW_INT64, pause_step, pause_step) \
	X(ROW_TEXT, pause_reason, pause_reason)
/* clang-format on */
#define UPSERT(type, column, member) ", " #column " = excluded." #column

#define ENTRY(type, column, member) ROW_COLUMN(struct config_state, type, column, member),
static const struct row_column config_columns[] = {
	ENTRY(ROW_INT64, surplus_since_ms, surplus_since_ms) CONFIG_REST(ENTRY)};
static const struct row_shape config_shape = ROW_SHAPE(struct config_state, config_columns);
#undef ENTRY

#define ENTRY(type, column, member) ROW_COLUMN(struct account_state, type, column, member),
static const struct row_column account_columns[] = {ENTRY(ROW_INT64, instances, instances)
							    ACCOUNT_REST(ENTRY)};
static const struct row_shape account_shape = ROW_SHAPE(struct account_state, account_columns);

int config_state_get(struct tx *tx, const char *config_id, struct config_state *ret,
		     struct hr_error *err)
{
	static const struct config_state none;
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql,
			"SELECT surplus_since_ms" CONFIG_REST(ROW_NAME) " FROM config_states "
									"WHERE config_id = ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, config_id);
	rc = row_get(stmt, &config_shape, ret, err);
	if (rc == 0)
		*ret = none;
	return rc < 0 ? -1 : 0;
}

int config_state_put(struct tx *tx, const char *config_id, const struct config_state *state,
		     struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(
		    tx->sql,
		    "INSERT INTO config_states (config_id, surplus_since_ms" CONFIG_REST(ROW_NAME) ") VALUES (?, ?" CONFIG_REST(
			    ROW_MARK) ") "
				      "ON CONFLICT (config_id) DO UPDATE SET "
				      "surplus_since_ms = excluded.surplus_since_ms" CONFIG_REST(
					      UPSERT),
		    &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, config_id);
	row_bind(stmt, &config_shape, state);
	return sql_run(stmt, NULL, err);
}

int account_state_get(struct tx *tx, const char *provider_config_id, struct account_state *ret,
		      struct hr_error *err)
{
	static const struct account_state none;
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql,
			"SELECT instances" ACCOUNT_REST(ROW_NAME) " FROM account_states "
								  "WHERE provider_config_id = ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, provider_config_id);
	rc = row_get(stmt, &account_shape, ret, err);
	if (rc == 0)
		*ret = none;
	return rc < 0 ? -1 : 0;
}

int account_state_put(struct tx *tx, const char *provider_config_id,
		      const struct account_state *state, struct hr_error *err)
{
	struct account_state new = *state;
	struct sql_stmt *stmt;

	/* Where there is a row, its count stays: the conflict's part does not name it. */
	new.instances = 0;
	if (sql_prepare(
		    tx->sql,
		    "INSERT INTO account_states (provider_config_id, instances" ACCOUNT_REST(ROW_NAME) ") VALUES (?, ?" ACCOUNT_REST(
			    ROW_MARK) ") "
				      "ON CONFLICT (provider_config_id) DO UPDATE SET "
				      "instances = account_states.instances" ACCOUNT_REST(UPSERT),
		    &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, provider_config_id);
	row_bind(stmt, &account_shape, &new);
	return sql_run(stmt, NULL, err);
}
