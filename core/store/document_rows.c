/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: put, get, list, delete. Their secrets, references and old revisions: the files named
 * so. What is in a document: model. */
#include "store/document_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "store/document_parts.h"
#include "store/query.h"
#include "store/row.h"
#include "store/secret_rows.h"
#include "store/tx.h"

/* clang-format off */
#define DOCUMENT_REST(X) \
	X(ROW_TEXT, name, name) \
	X(ROW_INT64, revision, revision) \
	X(ROW_INT64, created_ms, created_ms) \
	X(ROW_INT64, changed_ms, changed_ms)
/* clang-format on */
#define DOCUMENT_COLUMNS "id" DOCUMENT_REST(ROW_NAME)
#define SELECT_DOCUMENT "SELECT " DOCUMENT_COLUMNS ", body FROM documents "
#define ENTRY(type, column, member) ROW_COLUMN(struct document, type, column, member),

static const struct row_column columns[] = {ENTRY(ROW_TEXT, id, id) DOCUMENT_REST(ENTRY)};
static const struct row_shape shape = ROW_SHAPE(struct document, columns);
#define BODY_COLUMN ((int)(sizeof(columns) / sizeof(columns[0])))

static int read_document(struct sql_stmt *stmt, enum document_kind kind, struct document *ret,
			 struct hr_error *err)
{
	const char *text;

	row_read(stmt, &shape, ret);
	ret->kind = kind;
	text = sql_column_text(stmt, BODY_COLUMN);
	if (json_parse(text, strlen(text), "stored document", &ret->body, err) < 0)
		return error_prefix(err, "%s %s", document_kind_name(kind), ret->name);
	return 0;
}

/* One row, and gives the statement back: 1, 0, -1. */
static int get_one(struct sql_stmt *stmt, enum document_kind kind, struct document *ret,
		   struct hr_error *err)
{
	int rc = sql_step(stmt, err);

	if (rc == 1 && read_document(stmt, kind, ret, err) < 0)
		rc = -1;
	sql_done(stmt);
	return rc;
}

/* where: one constant text with a "?" for kind and key. */
static int find_by(struct tx *tx, const char *text, enum document_kind kind, const char *key,
		   struct document *ret, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql, text, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, document_kind_name(kind));
	sql_bind_text(stmt, key);
	return get_one(stmt, kind, ret, err);
}

static int find_by_id(struct tx *tx, enum document_kind kind, const char *id, struct document *ret,
		      struct hr_error *err)
{
	return find_by(tx, SELECT_DOCUMENT "WHERE kind = ? AND id = ?", kind, id, ret, err);
}

static int find_by_name(struct tx *tx, enum document_kind kind, const char *name,
			struct document *ret, struct hr_error *err)
{
	return find_by(tx, SELECT_DOCUMENT "WHERE kind = ? AND name = ?", kind, name, ret, err);
}

static int found(int rc, enum document_kind kind, const char *key, struct hr_error *err)
{
	if (rc == 0)
		return error_set(err, HR_NOT_FOUND, "there is no %s \"%s\"",
				 document_kind_name(kind), key);
	return rc < 0 ? -1 : 0;
}

int document_get(struct tx *tx, enum document_kind kind, const char *id, struct document *ret,
		 struct hr_error *err)
{
	return found(find_by_id(tx, kind, id, ret, err), kind, id, err);
}

int document_get_by_name(struct tx *tx, enum document_kind kind, const char *name,
			 struct document *ret, struct hr_error *err)
{
	return found(find_by_name(tx, kind, name, ret, err), kind, name, err);
}

int document_find(struct tx *tx, enum document_kind kind, const char *name_or_id,
		  struct document *ret, struct hr_error *err)
{
	int rc = 0;

	/* A name may look like an id; ids are nobody's choice and come first. */
	if (id_valid(name_or_id))
		rc = find_by_id(tx, kind, name_or_id, ret, err);
	if (rc == 0)
		rc = find_by_name(tx, kind, name_or_id, ret, err);
	return found(rc, kind, name_or_id, err);
}

int document_get_revision(struct tx *tx, enum document_kind kind, const char *id, int64_t revision,
			  struct document *ret, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql,
			SELECT_DOCUMENT "WHERE kind = ? AND id = ? AND revision = ? UNION ALL "
					"SELECT d.id, r.name, r.revision, d.created_ms, "
					"r.changed_ms, r.body FROM document_revisions r "
					"JOIN documents d ON d.id = r.document_id "
					"WHERE d.kind = ? AND r.document_id = ? AND r.revision = ?",
			&stmt, err) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		sql_bind_text(stmt, document_kind_name(kind));
		sql_bind_text(stmt, id);
		sql_bind_int64(stmt, revision);
	}
	rc = get_one(stmt, kind, ret, err);
	if (rc == 0)
		return error_set(err, HR_NOT_FOUND, "there is no revision %" PRId64 " of %s \"%s\"",
				 revision, document_kind_name(kind), id);
	return rc < 0 ? -1 : 0;
}

void document_list_free(struct document *documents, size_t n)
{
	for (size_t i = 0; i < n; i++)
		document_clear(&documents[i]);
	free(documents);
}

/* Every document that the query finds. */
static int read_documents(struct tx *tx, const struct query *q, enum document_kind kind,
			  struct document **ret_documents, size_t *ret_n, struct hr_error *err)
{
	struct document *documents = NULL, *more;
	struct sql_stmt *stmt;
	size_t n = 0, room = 0;
	int rc;

	if (query_prepare(q, tx->sql, &stmt, err) < 0)
		return -1;
	while ((rc = sql_step(stmt, err)) == 1) {
		if (n == room) {
			room = room ? 2 * room : 16;
			more = reallocarray(documents, room, sizeof(*documents));
			if (!more) {
				rc = error_no_memory(err, "reading documents");
				break;
			}
			documents = more;
		}
		rc = read_document(stmt, kind, &documents[n], err);
		if (rc < 0)
			break;
		n++;
	}
	sql_done(stmt);
	if (rc < 0) {
		document_list_free(documents, n);
		return -1;
	}
	*ret_documents = documents;
	*ret_n = n;
	return 0;
}

int document_list_naming(struct tx *tx, enum document_kind kind, const char *names,
			 const char *after, int limit, struct document **ret_documents,
			 size_t *ret_n, struct hr_error *err)
{
	struct query q;

	query_begin(&q, SELECT_DOCUMENT);
	query_add_text(&q, "WHERE kind = ?", document_kind_name(kind));
	query_add_text(&q, " AND name > ?", after ? after : "");
	if (names)
		query_add_text(&q,
			       " AND EXISTS (SELECT 1 FROM document_references WHERE "
			       "from_id = documents.id AND to_id = ?)",
			       names);
	query_add(&q, " ORDER BY name");
	query_add_limit(&q, limit);
	return read_documents(tx, &q, kind, ret_documents, ret_n, err);
}

int document_list(struct tx *tx, enum document_kind kind, const char *after, int limit,
		  struct document **ret_documents, size_t *ret_n, struct hr_error *err)
{
	return document_list_naming(tx, kind, NULL, after, limit, ret_documents, ret_n, err);
}

/* The stored one's revision (0: none) and time of making. */
static int present_revision(struct tx *tx, const struct document *document, int64_t *ret_revision,
			    int64_t *ret_created_ms, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql, "SELECT revision, created_ms FROM documents WHERE id = ?", &stmt,
			err) < 0)
		return -1;
	sql_bind_text(stmt, document->id);
	rc = sql_step(stmt, err);
	*ret_revision = rc == 1 ? sql_column_int64(stmt, 0) : 0;
	*ret_created_ms = rc == 1 ? sql_column_int64(stmt, 1) : document->created_ms;
	sql_done(stmt);
	return rc < 0 ? -1 : 0;
}

static int check_revision(const struct document *document, int64_t present, struct hr_error *err)
{
	const char *kind = document_kind_name(document->kind);

	if (document->revision == present)
		return 0;
	if (document->revision == 0)
		return error_set(err, HR_CONFLICT, "%s \"%s\" exists already", kind,
				 document->name);
	if (present == 0)
		return error_set(err, HR_CONFLICT, "%s \"%s\" was deleted meanwhile", kind,
				 document->name);
	return error_set(err, HR_CONFLICT,
			 "%s \"%s\" was changed meanwhile: it is at revision %" PRId64
			 ", the change was made to revision %" PRId64
			 "; read it again and repeat the change",
			 kind, document->name, present, document->revision);
}

static int check_name(struct tx *tx, const struct document *document, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int64_t taken;

	if (sql_prepare(tx->sql,
			"SELECT COUNT(*) FROM documents WHERE kind = ? AND name = ? AND id <> ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, document_kind_name(document->kind));
	sql_bind_text(stmt, document->name);
	sql_bind_text(stmt, document->id);
	if (sql_get_int64(stmt, &taken, err) < 0)
		return -1;
	if (taken > 0)
		return error_set_field(err, HR_CONFLICT, "name", NULL,
				       "there is another %s named \"%s\"; choose another name",
				       document_kind_name(document->kind), document->name);
	return 0;
}

static int write_row(struct tx *tx, const struct document *document, const char *body,
		     struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql,
			document->revision == 1
				? "INSERT INTO documents (" DOCUMENT_COLUMNS
				  ", body, kind) VALUES (?" DOCUMENT_REST(ROW_MARK) ", ?, ?)"
				: "UPDATE documents SET id = ?" DOCUMENT_REST(
					  ROW_SET) ", body = ?, kind = ? WHERE id = ?",
			&stmt, err) < 0)
		return -1;
	row_bind(stmt, &shape, document);
	sql_bind_text(stmt, body);
	sql_bind_text(stmt, document_kind_name(document->kind));
	if (document->revision > 1)
		sql_bind_text(stmt, document->id);
	return sql_run(stmt, NULL, err);
}

/* Its servers are those that scaling removes first. */
static int mark_outdated(struct tx *tx, const struct document *document, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (document->kind != DOCUMENT_AUTOSCALE_CONFIG)
		return 0;
	if (sql_prepare(tx->sql,
			"UPDATE servers SET outdated = 1 WHERE config_id = ? AND "
			"config_revision < ? AND live = 1 AND outdated = 0",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, document->id);
	sql_bind_int64(stmt, document->revision);
	return sql_run(stmt, NULL, err);
}

/* new: with its new revision. */
static int write_all(struct tx *tx, const struct document *new, const json_t *secrets,
		     struct hr_error *err)
{
	json_t *hidden = document_hide_secrets(new->body, secrets);
	char *body = hidden ? json_text(hidden) : NULL;
	int rc;

	json_decref(hidden);
	if (!body)
		return error_no_memory(err, "writing a document");
	rc = write_row(tx, new, body, err);
	free(body);
	if (rc < 0 || document_references_put(tx, new, err) < 0 ||
	    document_secrets_put(tx, new, secrets, err) < 0)
		return -1;
	return mark_outdated(tx, new, err);
}

int document_put(struct tx *tx, struct document *document, const json_t *secrets,
		 struct hr_error *err)
{
	struct document new = *document;
	int64_t present;

	if (present_revision(tx, document, &present, &new.created_ms, err) < 0 ||
	    check_revision(document, present, err) < 0 || check_name(tx, document, err) < 0)
		return -1;
	new.revision = present + 1;
	if (present > 0 && document_revision_keep(tx, new.id, err) < 0)
		return -1;
	if (write_all(tx, &new, secrets, err) < 0 || document_revisions_prune(tx, new.id, err) < 0)
		return -1;
	document->revision = new.revision;
	document->created_ms = new.created_ms;
	return 0;
}

int document_delete(struct tx *tx, enum document_kind kind, const char *id, struct hr_error *err)
{
	static const char *const texts[] = {
		"DELETE FROM config_states WHERE config_id = ?",
		"DELETE FROM account_states WHERE provider_config_id = ?",
		"DELETE FROM documents WHERE id = ?",
	};
	struct document document = {0};
	struct sql_stmt *stmt;
	int rc;

	if (document_get(tx, kind, id, &document, err) < 0)
		return -1;
	rc = document_references_check(tx, &document, err);
	if (rc == 0)
		rc = secret_delete_all(tx, "document", document.id, err);
	for (size_t i = 0; rc == 0 && i < sizeof(texts) / sizeof(texts[0]); i++) {
		rc = sql_prepare(tx->sql, texts[i], &stmt, err);
		if (rc == 0) {
			sql_bind_text(stmt, document.id);
			rc = sql_run(stmt, NULL, err);
		}
	}
	document_clear(&document);
	return rc;
}
