/* SPDX-License-Identifier: Apache-2.0 */
/* A whole object against a table: unknown keys, aliases, defaults, what is required, and rows that
 * apply only where another has a certain value. */
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "schema/value.h"

/* A chain of shown_when longer than this is not followed; schema_check refuses such tables. */
#define CHAIN_MAX 8

/* Puts where the value stood before the reason. */
static int at_field(const struct schema *schema, const char *key, struct hr_error *err)
{
	return error_prefix(err, "field \"%s\" in %s", key, schema->subject);
}

static int check_keys(const struct schema *schema, const json_t *input, struct hr_error *err)
{
	const char *key;
	json_t *value;

	json_object_foreach (json_unconst(input), key, value) {
		const struct hr_setting *row = schema_find(schema, key);

		if (!row)
			return schema_unknown_key(schema, key, err);
		if (strcmp(row->key, key) != 0 && json_object_get(input, row->key))
			return error_set_field(err, HR_INVALID, row->key, NULL,
					       "fields \"%s\" and \"%s\" in %s mean the same; keep "
					       "only one of them",
					       row->key, key, schema->subject);
	}
	return 0;
}

/* The value given under key or alias; ret_key says under which. */
static const json_t *given_value(const struct hr_setting *row, const json_t *input,
				 const char **ret_key)
{
	const json_t *value = json_object_get(input, row->key);

	*ret_key = row->key;
	if (!value && row->alias) {
		value = json_object_get(input, row->alias);
		*ret_key = row->alias;
	}
	return value;
}

/* Typed values and defaults of all rows, whether they apply or not. */
static int fill(const struct schema *schema, const json_t *input, unsigned flags, json_t *document,
		struct hr_error *err)
{
	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);
		const char *key;
		const json_t *given = given_value(row, input, &key);
		json_t *value = NULL;
		int rc = 0;

		if (given)
			rc = value_from_json(row, given, flags, &value, err);
		else if (row->default_value)
			rc = schema_value_from_text(row, row->default_value, &value, err);
		if (rc != 0)
			return at_field(schema, key, err);
		if (value && json_object_set_new(document, row->key, value) != 0)
			return error_no_memory(err, "reading a document");
	}
	return 0;
}

/* Splits "key=value"; gives the row of key and the value's text, or NULL: no such condition. */
static const struct hr_setting *condition_row(const struct schema *schema,
					      const struct hr_setting *row, const char **ret_text)
{
	const char *equals = row->shown_when ? strchr(row->shown_when, '=') : NULL;
	char key[64];

	if (!equals || !text_format(key, sizeof(key), "%.*s", (int)(equals - row->shown_when),
				    row->shown_when))
		return NULL;
	*ret_text = equals + 1;
	return schema_find(schema, key);
}

/* Whether the row's condition, and those of the rows it hangs on, hold. Where one does not,
 * ret_failed is the row that has another value than ret_wanted. */
static bool applies(const struct schema *schema, const struct hr_setting *row,
		    const json_t *document, const struct hr_setting **ret_failed,
		    const char **ret_wanted)
{
	for (int i = 0; i < CHAIN_MAX; i++) {
		const char *wanted = NULL;
		const struct hr_setting *on = condition_row(schema, row, &wanted);

		if (!on)
			return true;
		if (!value_equals_text(json_object_get(document, on->key), wanted)) {
			*ret_failed = on;
			*ret_wanted = wanted;
			return false;
		}
		row = on;
	}
	return true;
}

static bool equals_default(const struct hr_setting *row, const json_t *value)
{
	CLEANUP_JSON json_t *fallback = NULL;

	/* What an edit brings back of a secret that came by default. */
	if (row->default_value && row->type == HR_TYPE_SECRET && json_is_string(value) &&
	    strcmp(json_string_value(value), SCHEMA_MASK) == 0)
		return true;
	return row->default_value &&
	       schema_value_from_text(row, row->default_value, &fallback, NULL) == 0 &&
	       json_equal(fallback, value);
}

static int check_row(const struct schema *schema, const struct hr_setting *row, const json_t *input,
		     const json_t *document, bool *ret_keep, struct hr_error *err)
{
	const struct hr_setting *failed = NULL;
	const char *wanted = NULL, *key;
	const json_t *value = json_object_get(document, row->key);

	*ret_keep = applies(schema, row, document, &failed, &wanted);
	if (*ret_keep) {
		if (value || !(row->flags & HR_SETTING_REQUIRED))
			return 0;
		value_refuse(row, err, "is required and missing");
		return at_field(schema, row->key, err);
	}
	if (!given_value(row, input, &key) || equals_default(row, value))
		return 0;
	error_set_field(err, HR_INVALID, row->key, NULL,
			"applies only where \"%s\" is %s; leave it out, or set \"%s\" to %s",
			failed->key, wanted, failed->key, wanted);
	return at_field(schema, key, err);
}

int schema_normalize(const struct schema *schema, const json_t *input, unsigned flags,
		     json_t **ret_document, struct hr_error *err)
{
	CLEANUP_JSON json_t *all = json_object();
	CLEANUP_JSON json_t *document = json_object();

	if (!all || !document)
		return error_no_memory(err, "reading a document");
	if (!json_is_object(input))
		return error_set(err, HR_INVALID,
				 "%s must be an object (fields and values), not %s",
				 schema->subject,
				 json_is_array(input)    ? "a list"
				 : json_is_string(input) ? "text"
				 : json_is_number(input) ? "a number"
							 : "true, false or null");
	if (check_keys(schema, input, err) != 0 || fill(schema, input, flags, all, err) != 0)
		return -1;
	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);
		json_t *value = json_object_get(all, row->key);
		bool keep;

		if (check_row(schema, row, input, all, &keep, err) != 0)
			return -1;
		if (keep && value && json_object_set(document, row->key, value) != 0)
			return error_no_memory(err, "reading a document");
	}
	*ret_document = json_incref(document);
	return 0;
}
