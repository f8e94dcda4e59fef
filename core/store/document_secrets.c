/* SPDX-License-Identifier: Apache-2.0 */
/* The secrets of a document, kept apart from its body. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "store/document_parts.h"
#include "store/secret_rows.h"
#include "store/sql.h"
#include "store/tx.h"

#define HIDDEN "***"

/* The object that holds path's last part, and that part; NULL: not there. */
static json_t *find_parent(json_t *body, const char *path, const char **ret_key)
{
	const char *dot;

	while (body && (dot = strchr(path, '.')) != NULL) {
		char key[128];
		size_t len = (size_t)(dot - path);

		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = '\0';
		body = json_object_get(body, key);
		path = dot + 1;
	}
	*ret_key = path;
	return json_is_object(body) && json_object_get(body, path) ? body : NULL;
}

static bool is_hidden(const json_t *body, const char *path)
{
	const char *key;
	json_t *parent = find_parent(json_unconst(body), path, &key);
	const char *text = parent ? json_string_value(json_object_get(parent, key)) : NULL;

	return text && strcmp(text, HIDDEN) == 0;
}

json_t *document_hide_secrets(const json_t *body, const json_t *secrets)
{
	json_t *hidden = json_deep_copy(body);
	const char *path, *key;
	json_t *value;

	if (!hidden)
		return NULL;
	json_object_foreach (json_unconst(secrets), path, value) {
		json_t *parent = find_parent(hidden, path, &key);

		if (parent && json_object_set_new(parent, key, json_string(HIDDEN)) < 0) {
			json_decref(hidden);
			return NULL;
		}
	}
	return hidden;
}

/* Fields of a document's secrets as an array of texts. */
static int list_fields(struct tx *tx, const char *id, json_t **ret_fields, struct hr_error *err)
{
	json_t *fields = json_array();
	struct sql_stmt *stmt;
	int rc;

	if (!fields)
		return error_no_memory(err, "reading secrets");
	if (sql_prepare(tx->sql,
			"SELECT field FROM secrets WHERE owner_table = 'document' AND owner_id = ?",
			&stmt, err) < 0) {
		json_decref(fields);
		return -1;
	}
	sql_bind_text(stmt, id);
	while ((rc = sql_step(stmt, err)) == 1) {
		if (json_array_append_new(fields, json_string(sql_column_text(stmt, 0))) < 0) {
			rc = error_no_memory(err, "reading secrets");
			break;
		}
	}
	sql_done(stmt);
	if (rc < 0)
		json_decref(fields);
	else
		*ret_fields = fields;
	return rc;
}

static int remove_left_out(struct tx *tx, const struct document *document, const json_t *secrets,
			   struct hr_error *err)
{
	json_t *fields, *item;
	size_t i;
	int rc = 0;

	if (list_fields(tx, document->id, &fields, err) < 0)
		return -1;
	json_array_foreach (fields, i, item) {
		const char *field = json_string_value(item);

		if (json_object_get(secrets, field) || is_hidden(document->body, field))
			continue;
		rc = secret_delete(tx, "document", document->id, field, err);
		if (rc < 0)
			break;
	}
	json_decref(fields);
	return rc;
}

int document_secrets_put(struct tx *tx, const struct document *document, const json_t *secrets,
			 struct hr_error *err)
{
	const char *field;
	json_t *value;

	if (!secrets)
		return 0;
	if (remove_left_out(tx, document, secrets, err) < 0)
		return -1;
	json_object_foreach (json_unconst(secrets), field, value) {
		const char *text = json_string_value(value);

		if (!text)
			return error_set_field(err, HR_INVALID, field, NULL,
					       "the secret %s must be text", field);
		if (strcmp(text, HIDDEN) != 0 &&
		    secret_put(tx, "document", document->id, field, text, json_string_length(value),
			       err) < 0)
			return -1;
	}
	return 0;
}

static int add_secret(struct tx *tx, const char *id, const char *field, json_t *secrets,
		      struct hr_error *err)
{
	char *value;
	size_t len;
	int rc;

	if (secret_get(tx, "document", id, field, &value, &len, err) < 0)
		return -1;
	rc = json_object_set_new(secrets, field, json_stringn(value, len));
	OPENSSL_clear_free(value, len + 1);
	return rc < 0 ? error_no_memory(err, "reading secrets") : 0;
}

int document_secrets(struct tx *tx, enum document_kind kind, const char *id, json_t **ret_secrets,
		     struct hr_error *err)
{
	json_t *fields, *secrets, *item;
	size_t i;
	int rc = 0;

	(void)kind; /* ids are unique over all kinds */
	if (list_fields(tx, id, &fields, err) < 0)
		return -1;
	secrets = json_object();
	if (!secrets)
		rc = error_no_memory(err, "reading secrets");
	json_array_foreach (fields, i, item) {
		if (rc == 0)
			rc = add_secret(tx, id, json_string_value(item), secrets, err);
	}
	json_decref(fields);
	if (rc < 0)
		json_decref(secrets);
	else
		*ret_secrets = secrets;
	return rc;
}
