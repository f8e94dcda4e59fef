/* SPDX-License-Identifier: Apache-2.0 */
/* Access to a table's rows by number and by name. */
#include "schema/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const struct hr_setting *schema_row(const struct schema *schema, size_t i)
{
	const char *first = (const char *)schema->rows;

	return (const struct hr_setting *)(const void *)(first + i * schema->stride);
}

const struct hr_setting *schema_find(const struct schema *schema, const char *key)
{
	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);

		if (strcmp(row->key, key) == 0 || (row->alias && strcmp(row->alias, key) == 0))
			return row;
	}
	return NULL;
}

/* The nearest key, or else the nearest alias. NULL: none is near, or no memory to look. */
static const char *nearest_key(const struct schema *schema, const char *key)
{
	const char **names = calloc(schema->n_rows + 1, sizeof(*names));
	const char *nearest;
	size_t n = 0;

	if (!names)
		return NULL;
	for (size_t i = 0; i < schema->n_rows; i++)
		names[i] = schema_row(schema, i)->key;
	nearest = text_nearest(key, names);
	if (!nearest) {
		for (size_t i = 0; i < schema->n_rows; i++)
			if (schema_row(schema, i)->alias)
				names[n++] = schema_row(schema, i)->alias;
		names[n] = NULL;
		nearest = text_nearest(key, names);
	}
	free(names);
	return nearest;
}

/* "a, b, c": the keys that are there. */
static void list_keys(const struct schema *schema, char *buf, size_t size)
{
	size_t used = 0;

	text_copy(buf, size, schema->n_rows == 0 ? "none" : "");
	for (size_t i = 0; i < schema->n_rows; i++) {
		const char *key = schema_row(schema, i)->key;

		if (used + strlen(key) + 8 > size) {
			text_copy(buf + used, size - used, ", ...");
			return;
		}
		text_format(buf + used, size - used, "%s%s", i > 0 ? ", " : "", key);
		used += strlen(buf + used);
	}
}

int schema_unknown_key(const struct schema *schema, const char *key, struct hr_error *err)
{
	const char *nearest = nearest_key(schema, key);
	char shown[80], known[320];

	text_copy(shown, sizeof(shown), key);
	if (nearest)
		return error_set_field(err, HR_INVALID, key, nearest,
				       "unknown field \"%s\" in %s; did you mean \"%s\"?", shown,
				       schema->subject, nearest);
	list_keys(schema, known, sizeof(known));
	return error_set_field(err, HR_INVALID, key, NULL,
			       "unknown field \"%s\" in %s; known fields: %s", shown,
			       schema->subject, known);
}
