/* SPDX-License-Identifier: Apache-2.0 */
/* From a request's body to the document that would be stored: the same for a dry run. */
#include <stdarg.h>
#include <string.h>

#include "api/documents.h"
#include "api/routes.h"
#include "base/json.h"
#include "base/text.h"
#include "provider/settings.h"
#include "store/document_rows.h"

int edit_warn(struct edit *edit, const char *field, struct hr_error *err, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	text_formatv(message, sizeof(message), format, args);
	va_end(args);
	if (!edit->warnings)
		edit->warnings = json_array();
	if (json_array_append_new(edit->warnings,
				  json_pack("{ss ss}", "field", field, "message", message)) != 0)
		return error_no_memory(err, "checking a document");
	return 0;
}

void edit_clear(struct edit *edit)
{
	document_clear(&edit->present);
	document_clear(&edit->next);
	provider_settings_free(edit->secrets);
	json_decref(edit->warnings);
	memset(edit, 0, sizeof(*edit));
}

static int find_present(struct tx *tx, struct exchange *exchange, enum edit_mode mode,
			struct document *ret, struct hr_error *err)
{
	enum document_kind kind = (enum document_kind)exchange->route->kind;
	struct hr_error missing = {0};

	if (mode == EDIT_CREATE || document_find(tx, kind, exchange->params[0], ret, &missing) == 0)
		return 0;
	memset(ret, 0, sizeof(*ret));
	if (missing.class == HR_NOT_FOUND && mode == EDIT_PUT && !id_valid(exchange->params[0]))
		return 0;
	*err = missing;
	return -1;
}

/* "3", 3, W/"3" or *. */
int edit_check_match(struct exchange *exchange, const struct document *present,
		     struct hr_error *err)
{
	const char *match = exchange_header(exchange, MHD_HTTP_HEADER_IF_MATCH);
	char digits[24];
	int64_t revision;

	if (!match)
		return 0;
	if (strcmp(match, "*") == 0 && present->revision > 0)
		return 0;
	if (strncmp(match, "W/", 2) == 0)
		match += 2;
	match += strspn(match, "\"");
	text_format(digits, sizeof(digits), "%.*s", (int)strcspn(match, "\""), match);
	if (text_to_int64(digits, 0, INT64_MAX, &revision) == 0 && revision == present->revision)
		return 0;
	if (present->revision == 0)
		return error_set(
			err, HR_CONFLICT,
			"there is no %s \"%s\" (any more), but If-Match asks for revision %s",
			document_kind_name((enum document_kind)exchange->route->kind),
			exchange->params[0], digits);
	return error_set(
		err, HR_CONFLICT,
		"%s \"%s\" was changed meanwhile: it is at revision %lld, If-Match asks for %s; "
		"read it again and repeat the change",
		document_kind_name(present->kind), present->name, (long long)present->revision,
		digits);
}

/* The value under the field's name or its alias. */
static const json_t *given(const struct schema *schema, const json_t *input, const char *key)
{
	const char *each;
	json_t *value;

	json_object_foreach (json_unconst(input), each, value) {
		const struct hr_setting *row = schema_find(schema, each);

		if (row && strcmp(row->key, key) == 0)
			return value;
	}
	return NULL;
}

/* A PUT by name need not repeat the name, and must not name another. */
static int settle_name(struct exchange *exchange, const struct edit *edit, json_t *input,
		       struct hr_error *err)
{
	enum document_kind kind = (enum document_kind)exchange->route->kind;
	const json_t *name = given(document_schema(kind), input, "name");
	const char *key = exchange->params[0];

	if (!name)
		return json_object_set_new(input, "name",
					   json_string(edit->present.revision > 0
							       ? edit->present.name
							       : key)) == 0
			       ? 0
			       : error_no_memory(err, "reading a document");
	if (!json_is_string(name) || strcmp(json_string_value(name), key) == 0 ||
	    strcmp(key, edit->present.id) == 0)
		return 0;
	return error_set_field(
		err, HR_INVALID, "name", key,
		"the path names the %s \"%s\", the body \"%s\"; leave the name out of the "
		"body, or rename with PATCH",
		document_kind_name(kind), key, json_string_value(name));
}

/* In a merge patch a field goes by its own name, as the stored document has it. */
static int patch_canonical(const struct schema *schema, const json_t *input, json_t **ret,
			   struct hr_error *err)
{
	json_t *patch = json_object();
	const char *key;
	json_t *value;

	if (!patch)
		return error_no_memory(err, "reading a document");
	json_object_foreach (json_unconst(input), key, value) {
		const struct hr_setting *row = schema_find(schema, key);

		if (!row) {
			json_decref(patch);
			return schema_unknown_key(schema, key, err);
		}
		if (json_object_set(patch, row->key, value) != 0) {
			json_decref(patch);
			return error_no_memory(err, "reading a document");
		}
	}
	*ret = patch;
	return 0;
}

static int build_input(struct exchange *exchange, enum edit_mode mode, const struct edit *edit,
		       json_t **ret_input, struct hr_error *err)
{
	const struct schema *schema = document_schema((enum document_kind)exchange->route->kind);
	json_t *input, *patch = NULL;
	int rc = 0;

	input = json_deep_copy(mode == EDIT_PATCH ? edit->present.body : exchange->input);
	if (!input)
		return error_no_memory(err, "reading a document");
	if (mode == EDIT_PUT)
		rc = settle_name(exchange, edit, input, err);
	if (mode == EDIT_PATCH)
		rc = patch_canonical(schema, exchange->input, &patch, err);
	if (rc == 0 && patch && json_merge_patch(input, patch) != 0)
		rc = error_no_memory(err, "reading a document");
	json_decref(patch);
	if (rc != 0)
		json_decref(input);
	else
		*ret_input = input;
	return rc;
}

static int fill_next(struct exchange *exchange, struct edit *edit, json_t *input,
		     struct hr_error *err)
{
	struct document *next = &edit->next;

	next->kind = (enum document_kind)exchange->route->kind;
	if (document_normalize(next->kind, input, 0, &next->body, err) != 0)
		return -1;
	text_copy(next->name, sizeof(next->name), json_string_or(next->body, "name", ""));
	next->changed_ms = exchange->context.now_ms;
	next->created_ms = edit->present.revision > 0 ? edit->present.created_ms : next->changed_ms;
	next->revision = edit->present.revision;
	if (edit->present.revision > 0)
		text_copy(next->id, sizeof(next->id), edit->present.id);
	else
		id_new(&exchange->context.ids, next->id);
	return 0;
}

/* A name that another document has: said here, so that a dry run says it too. */
static int check_name_free(struct tx *tx, const struct edit *edit, struct hr_error *err)
{
	const struct document *next = &edit->next;
	struct document other = {0};
	bool taken;

	if (document_get_by_name(tx, next->kind, next->name, &other, NULL) != 0)
		return 0;
	taken = strcmp(other.id, next->id) != 0;
	document_clear(&other);
	if (!taken)
		return 0;
	return error_set_field(
		err, HR_CONFLICT, "name", NULL,
		"there is a %s named \"%s\" already; change that one, or choose another name",
		document_kind_name(next->kind), next->name);
}

static int check_kind(struct tx *tx, struct exchange *exchange, struct edit *edit,
		      struct hr_error *err)
{
	switch (edit->next.kind) {
	case DOCUMENT_PROVIDER_CONFIG: return check_provider_config(tx, exchange->api, edit, err);
	case DOCUMENT_AUTOSCALE_CONFIG: return check_autoscale_config(tx, exchange->api, edit, err);
	case DOCUMENT_POOL: return check_pool(tx, edit, err);
	default: return 0;
	}
}

/* Secrets are compared with those stored; that none is given counts as none. */
static int compare(struct tx *tx, struct edit *edit, struct hr_error *err)
{
	json_t *stored = NULL, *none;

	edit->unchanged = edit->present.revision > 0 &&
			  strcmp(edit->present.name, edit->next.name) == 0 &&
			  json_equal(edit->present.body, edit->next.body);
	if (!edit->unchanged || !edit->secrets)
		return 0;
	if (document_secrets(tx, edit->next.kind, edit->next.id, &stored, err) != 0)
		return -1;
	none = stored ? NULL : json_object();
	edit->unchanged = json_equal(stored ? stored : none, edit->secrets);
	json_decref(none);
	provider_settings_free(stored);
	return 0;
}

int edit_prepare(struct tx *tx, struct exchange *exchange, enum edit_mode mode, struct edit *ret,
		 struct hr_error *err)
{
	json_t *input = NULL;
	int rc;

	if (find_present(tx, exchange, mode, &ret->present, err) != 0 ||
	    edit_check_match(exchange, &ret->present, err) != 0 ||
	    build_input(exchange, mode, ret, &input, err) != 0)
		return -1;
	rc = fill_next(exchange, ret, input, err);
	provider_settings_free(input);
	if (rc != 0 || check_name_free(tx, ret, err) != 0 ||
	    check_references(tx, &ret->next, err) != 0 || check_immutable(ret, err) != 0 ||
	    check_kind(tx, exchange, ret, err) != 0)
		return -1;
	return compare(tx, ret, err);
}
