/* SPDX-License-Identifier: Apache-2.0 */
/* API tokens: known by the SHA-256 of their text only. Who may do what with a role: the API. */
#include <inttypes.h>
#include <string.h>

#include "store/row.h"
#include "store/secret_rows.h"
#include "store/tx.h"

/* clang-format off */
#define TOKEN_REST(X) \
	X(ROW_TEXT, name, name) \
	X(ROW_INT32, role, role) \
	X(ROW_INT64, created_ms, created_ms) \
	X(ROW_INT64, expires_ms, expires_ms) \
	X(ROW_INT64, revoked_ms, revoked_ms)
/* clang-format on */
#define TOKEN_COLUMNS "id" TOKEN_REST(ROW_NAME)
#define ENTRY(type, column, member) ROW_COLUMN(struct api_token, type, column, member),

static const struct row_column columns[] = {ENTRY(ROW_TEXT, id, id) TOKEN_REST(ENTRY)};
static const struct row_shape shape = ROW_SHAPE(struct api_token, columns);

static const struct {
	enum token_role role;
	const char *name;
} role_names[] = {
	{ROLE_VIEWER, "viewer"},
	{ROLE_BROKER, "broker"},
	{ROLE_OPERATOR, "operator"},
	{ROLE_ADMIN, "admin"},
};

#define N_ROLES (sizeof(role_names) / sizeof(role_names[0]))

const char *token_role_name(enum token_role role)
{
	for (size_t i = 0; i < N_ROLES; i++)
		if (role_names[i].role == role)
			return role_names[i].name;
	return "unknown";
}

int token_role_find(const char *name)
{
	for (size_t i = 0; name && i < N_ROLES; i++)
		if (strcmp(role_names[i].name, name) == 0)
			return (int)role_names[i].role;
	return -1;
}

int token_insert(struct tx *tx, const struct api_token *token, const uint8_t hash[32],
		 struct hr_error *err)
{
	struct hr_error why = {0};
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql,
			"INSERT INTO api_tokens (" TOKEN_COLUMNS
			", hash) VALUES (?" TOKEN_REST(ROW_MARK) ", ?)",
			&stmt, err) < 0)
		return -1;
	row_bind(stmt, &shape, token);
	sql_bind_blob(stmt, hash, 32);
	if (sql_run(stmt, NULL, &why) == 0)
		return 0;
	if (why.class == HR_CONFLICT)
		return error_set_field(err, HR_CONFLICT, "name", NULL,
				       "there is a token named \"%s\" already; revoke it first, or "
				       "choose another name",
				       token->name);
	if (err)
		*err = why;
	return -1;
}

int token_get_by_hash(struct tx *tx, const uint8_t hash[32], struct api_token *ret,
		      struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql, "SELECT " TOKEN_COLUMNS " FROM api_tokens WHERE hash = ?", &stmt,
			err) < 0)
		return -1;
	sql_bind_blob(stmt, hash, 32);
	rc = row_get(stmt, &shape, ret, err);
	if (rc == 0)
		return error_set(err, HR_NOT_FOUND, "this token is not known");
	return rc < 0 ? -1 : 0;
}

int token_revoke(struct tx *tx, const char *name_or_id, int64_t now_ms, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int64_t changed;

	if (sql_prepare(tx->sql,
			"UPDATE api_tokens SET revoked_ms = ? WHERE (id = ? OR name = ?) AND "
			"revoked_ms = 0",
			&stmt, err) < 0)
		return -1;
	sql_bind_int64(stmt, now_ms);
	sql_bind_text(stmt, name_or_id);
	sql_bind_text(stmt, name_or_id);
	if (sql_run(stmt, &changed, err) < 0)
		return -1;
	if (changed == 0)
		return error_set(err, HR_NOT_FOUND,
				 "there is no token \"%s\" that could be revoked; see: headroom "
				 "token list",
				 name_or_id);
	return 0;
}

int token_list(struct tx *tx, struct api_token **ret_tokens, size_t *ret_n, struct hr_error *err)
{
	struct sql_stmt *stmt;
	void *rows = NULL;
	size_t n = 0;

	if (sql_prepare(tx->sql,
			"SELECT " TOKEN_COLUMNS " FROM api_tokens ORDER BY name, created_ms, id",
			&stmt, err) < 0 ||
	    row_append_all(stmt, &shape, &rows, &n, err) < 0)
		return -1;
	*ret_tokens = rows;
	*ret_n = n;
	return 0;
}
