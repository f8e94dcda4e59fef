/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets: encrypted before they reach the database, decrypted after they leave it. */
#include "store/secret_rows.h"

#include <stdlib.h>

#include "store/tx.h"

int secret_put(struct tx *tx, const char *owner_table, const char *owner_id, const char *field,
	       const void *value, size_t len, struct hr_error *err)
{
	const char *const place[3] = {owner_table, owner_id, field};
	struct sql_stmt *stmt;
	uint8_t *sealed;
	size_t sealed_len;
	int rc = -1;

	if (seal_close(tx->data_key, place, value, len, &sealed, &sealed_len, err) < 0)
		return -1;
	if (sql_prepare(tx->sql,
			"INSERT INTO secrets (owner_table, owner_id, field, sealed) "
			"VALUES (?, ?, ?, ?) ON CONFLICT (owner_table, owner_id, field) "
			"DO UPDATE SET sealed = excluded.sealed",
			&stmt, err) == 0) {
		sql_bind_text(stmt, owner_table);
		sql_bind_text(stmt, owner_id);
		sql_bind_text(stmt, field);
		sql_bind_blob(stmt, sealed, sealed_len);
		rc = sql_run(stmt, NULL, err);
	}
	free(sealed);
	return rc;
}

int secret_get(struct tx *tx, const char *owner_table, const char *owner_id, const char *field,
	       char **ret_value, size_t *ret_len, struct hr_error *err)
{
	const char *const place[3] = {owner_table, owner_id, field};
	struct sql_stmt *stmt;
	const void *sealed;
	size_t len;
	int rc;

	if (sql_prepare(tx->sql,
			"SELECT sealed FROM secrets WHERE owner_table = ? AND owner_id = ? AND "
			"field = ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, owner_table);
	sql_bind_text(stmt, owner_id);
	sql_bind_text(stmt, field);
	rc = sql_step(stmt, err);
	if (rc == 0)
		rc = error_set(err, HR_NOT_FOUND, "%s %s has no secret %s", owner_table, owner_id,
			       field);
	if (rc < 0) {
		sql_done(stmt);
		return -1;
	}
	sealed = sql_column_blob(stmt, 0, &len);
	rc = seal_open(tx->data_key, place, sealed, len, ret_value, ret_len, err);
	sql_done(stmt);
	if (rc < 0)
		return error_prefix(err, "secret %s of %s %s was changed outside Headroom", field,
				    owner_table, owner_id);
	return 0;
}

int secret_delete(struct tx *tx, const char *owner_table, const char *owner_id, const char *field,
		  struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql,
			"DELETE FROM secrets WHERE owner_table = ? AND owner_id = ? AND field = ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, owner_table);
	sql_bind_text(stmt, owner_id);
	sql_bind_text(stmt, field);
	return sql_run(stmt, NULL, err);
}

int secret_delete_all(struct tx *tx, const char *owner_table, const char *owner_id,
		      struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql, "DELETE FROM secrets WHERE owner_table = ? AND owner_id = ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, owner_table);
	sql_bind_text(stmt, owner_id);
	return sql_run(stmt, NULL, err);
}
