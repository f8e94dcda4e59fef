/* SPDX-License-Identifier: Apache-2.0 */
/* Which document names which, what else refers to one, and old revisions while servers do. */
#include <headroom/provider.h>

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "store/document_parts.h"
#include "store/tx.h"

static int count_by_text(struct tx *tx, const char *text, const char *key, int64_t *ret_count,
			 struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql, text, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, key);
	return sql_get_int64(stmt, ret_count, err);
}

static int run_with_id(struct tx *tx, const char *text, const char *id, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql, text, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, id);
	return sql_run(stmt, NULL, err);
}

static int add_reference(struct tx *tx, const struct document *document, const char *field,
			 enum document_kind kind, const char *to_id, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int64_t there;

	if (sql_prepare(tx->sql, "SELECT COUNT(*) FROM documents WHERE id = ? AND kind = ?", &stmt,
			err) < 0)
		return -1;
	sql_bind_text(stmt, to_id);
	sql_bind_text(stmt, document_kind_name(kind));
	if (sql_get_int64(stmt, &there, err) < 0)
		return -1;
	if (there == 0)
		return error_set_field(err, HR_INVALID, field, NULL,
				       "%s \"%s\" names the %s \"%s\", which is not there",
				       document_kind_name(document->kind), document->name,
				       document_kind_name(kind), to_id);
	if (sql_prepare(tx->sql,
			"INSERT INTO document_references (from_id, to_id) VALUES (?, ?) "
			"ON CONFLICT (from_id, to_id) DO NOTHING",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, document->id);
	sql_bind_text(stmt, to_id);
	return sql_run(stmt, NULL, err);
}

int document_references_put(struct tx *tx, const struct document *document, struct hr_error *err)
{
	const struct schema *schema = document_schema(document->kind);

	if (run_with_id(tx, "DELETE FROM document_references WHERE from_id = ?", document->id,
			err) < 0)
		return -1;
	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);
		int kind = document_reference_kind(row);
		const char *to_id = json_string_or(document->body, row->key, "");

		if (kind >= 0 && to_id[0] &&
		    add_reference(tx, document, row->key, (enum document_kind)kind, to_id, err) < 0)
			return -1;
	}
	return 0;
}

/* "autoscale-config "a", autoscale-config "b" and more", "" for none. */
static int name_documents(struct tx *tx, const char *id, char *buf, size_t size,
			  struct hr_error *err)
{
	struct sql_stmt *stmt;
	size_t len = 0;
	int rc, n = 0;

	if (sql_prepare(tx->sql,
			"SELECT d.kind, d.name FROM document_references r JOIN documents d "
			"ON d.id = r.from_id WHERE r.to_id = ? ORDER BY d.kind, d.name LIMIT 4",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, id);
	buf[0] = '\0';
	while ((rc = sql_step(stmt, err)) == 1) {
		if (++n == 4)
			text_format(buf + len, size - len, " and more");
		else
			text_format(buf + len, size - len, "%s%s \"%s\"", len ? ", " : "",
				    sql_column_text(stmt, 0), sql_column_text(stmt, 1));
		len = strlen(buf);
	}
	sql_done(stmt);
	return rc;
}

/* The counters know how many servers there are, without looking at one. */
static const char *const servers_of[DOCUMENT_KINDS] = {
	[DOCUMENT_ZONE] = "SELECT COALESCE(SUM(servers), 0) FROM cohorts WHERE zone_id = ?",
	[DOCUMENT_PROVIDER_CONFIG] =
		"SELECT instances FROM account_states WHERE provider_config_id = ?",
	[DOCUMENT_POOL] = "SELECT COALESCE(SUM(servers), 0) FROM cohorts WHERE pool_id = ?",
	[DOCUMENT_AUTOSCALE_CONFIG] =
		"SELECT COALESCE(SUM(servers), 0) FROM cohorts WHERE config_id = ?",
};
static const char *const sessions_of[DOCUMENT_KINDS] = {
	[DOCUMENT_ZONE] = "SELECT COUNT(*) FROM sessions WHERE zone_id = ? AND zone_id <> '' AND "
			  "state < 30",
	[DOCUMENT_POOL] = "SELECT COUNT(*) FROM sessions WHERE pool_id = ? AND state < 30",
};

static void add_count(char *buf, size_t size, int64_t count, const char *what)
{
	size_t len = strlen(buf);

	if (count > 0)
		text_format(buf + len, size - len, "%s%" PRId64 " %s%s", len ? ", " : "", count,
			    what, count == 1 ? "" : "s");
}

int document_references_check(struct tx *tx, const struct document *document, struct hr_error *err)
{
	int64_t servers = 0, sessions = 0;
	char users[400];

	if (name_documents(tx, document->id, users, sizeof(users), err) < 0 ||
	    count_by_text(tx, servers_of[document->kind], document->id, &servers, err) < 0)
		return -1;
	if (sessions_of[document->kind] &&
	    count_by_text(tx, sessions_of[document->kind], document->id, &sessions, err) < 0)
		return -1;
	add_count(users, sizeof(users), servers, "server");
	add_count(users, sizeof(users), sessions, "session");
	if (!users[0])
		return 0;
	return error_set(err, HR_CONFLICT, "%s \"%s\" is in use by %s; these must go first",
			 document_kind_name(document->kind), document->name, users);
}

#define IN_USE(id, revision)                                                                    \
	"(EXISTS (SELECT 1 FROM servers WHERE live = 1 AND config_id = " id                     \
	" AND config_revision = " revision ") OR EXISTS (SELECT 1 FROM servers WHERE live = 1 " \
	"AND provider_config_id = " id " AND provider_revision = " revision "))"

int document_revision_keep(struct tx *tx, const char *id, struct hr_error *err)
{
	return run_with_id(
		tx,
		"INSERT INTO document_revisions (document_id, revision, name, "
		"changed_ms, body) SELECT id, revision, name, changed_ms, body "
		"FROM documents WHERE id = ? AND " IN_USE("documents.id", "documents.revision"),
		id, err);
}

int document_revisions_prune(struct tx *tx, const char *id, struct hr_error *err)
{
	return run_with_id(tx,
			   "DELETE FROM document_revisions WHERE document_id = ? AND NOT " IN_USE(
				   "document_revisions.document_id", "document_revisions.revision"),
			   id, err);
}
