/* SPDX-License-Identifier: Apache-2.0 */
/* What an edit may not do to a stored document: lose its secrets, change what cannot change. */
#include <string.h>

#include "base/json.h"
#include "schema/value.h"

int schema_keep_secrets(const struct schema *schema, json_t *document, const json_t *stored,
			struct hr_error *err)
{
	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);
		const char *text = json_string_value(json_object_get(document, row->key));
		json_t *kept;

		if (row->type != HR_TYPE_SECRET || !text || strcmp(text, SCHEMA_MASK) != 0)
			continue;
		kept = json_object_get(stored, row->key);
		if (!kept)
			return error_set_field(
				err, HR_INVALID, row->key, NULL,
				"field \"%s\" in %s: \"%s\" stands for a secret that "
				"is kept, and there is none yet; give the secret "
				"itself",
				row->key, schema->subject, SCHEMA_MASK);
		if (json_object_set(document, row->key, kept) != 0)
			return error_no_memory(err, "keeping secrets");
	}
	return 0;
}

/* Quoted as a person would write it; NULL is shown as "nothing". */
static const char *shown(const struct hr_setting *row, const json_t *value,
			 char buf[VALUE_SHOWN_SIZE])
{
	return value ? value_shown(row, value, buf) : "nothing";
}

int schema_check_edit(const struct schema *schema, const json_t *before, const json_t *after,
		      struct hr_error *err)
{
	char old[VALUE_SHOWN_SIZE], new[VALUE_SHOWN_SIZE];

	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);
		const json_t *was = json_object_get(before, row->key);
		const json_t *is = json_object_get(after, row->key);

		if (!(row->flags & HR_SETTING_IMMUTABLE) || was == is || json_equal(was, is))
			continue;
		return error_set_field(err, HR_INVALID, row->key, NULL,
				       "field \"%s\" in %s cannot be changed, here from %s to %s; "
				       "leave it as it is, or create a new %s",
				       row->key, schema->subject, shown(row, was, old),
				       shown(row, is, new), schema->subject);
	}
	return 0;
}
