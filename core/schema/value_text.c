/* SPDX-License-Identifier: Apache-2.0 */
/* Values as they stand in a config file, on a command line or as a default in a table: text that
 * has no type of its own. */
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "schema/value.h"

static int integer_from_text(const struct hr_setting *row, const char *text, json_t **ret_input,
			     struct hr_error *err)
{
	int64_t number;

	if (text_to_int64(text, INT64_MIN, INT64_MAX, &number) != 0)
		return value_refuse(row, err, "\"%.64s\" is no integer", text);
	*ret_input = json_integer(number);
	return 0;
}

static int boolean_from_text(const struct hr_setting *row, const char *text, json_t **ret_input,
			     struct hr_error *err)
{
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return error_set_field(err, HR_INVALID, row->key, "true",
				       "\"%.64s\" is neither true nor false", text);
	*ret_input = json_boolean(strcmp(text, "true") == 0);
	return 0;
}

static int add_trimmed(json_t *list, const char *start, const char *end)
{
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (start == end)
		return 0;
	return json_array_append_new(list, json_stringn(start, (size_t)(end - start)));
}

/* "a, b": items separated by commas, or a JSON list. */
static int list_from_text(const char *text, json_t **ret_input, struct hr_error *err)
{
	CLEANUP_JSON json_t *list = NULL;

	if (text[0] == '[')
		return json_parse(text, strlen(text), "the list", ret_input, err);
	list = json_array();
	if (!list)
		return error_no_memory(err, "reading a setting");
	for (;;) {
		const char *end = text + strcspn(text, ",");

		/* What was not UTF-8 was refused before; so this is for want of memory. */
		if (add_trimmed(list, text, end) != 0)
			return error_no_memory(err, "reading a setting");
		if (*end == '\0')
			break;
		text = end + 1;
	}
	*ret_input = json_incref(list);
	return 0;
}

static int read_text(const struct hr_setting *row, const char *text, json_t **ret_input,
		     struct hr_error *err)
{
	switch (row->type) {
	case HR_TYPE_INTEGER: return integer_from_text(row, text, ret_input, err);
	case HR_TYPE_BOOLEAN: return boolean_from_text(row, text, ret_input, err);
	case HR_TYPE_LIST: return list_from_text(text, ret_input, err);
	case HR_TYPE_MAP:
	case HR_TYPE_JSON: return json_parse(text, strlen(text), "the object", ret_input, err);
	default: *ret_input = json_string(text); return 0;
	}
}

int schema_value_from_text(const struct hr_setting *row, const char *text, json_t **ret_value,
			   struct hr_error *err)
{
	CLEANUP_JSON json_t *input = NULL;

	if (!text_valid_utf8(text, strlen(text)))
		return value_refuse(row, err, "the value is not valid UTF-8");
	if (read_text(row, text, &input, err) != 0) {
		if (err && err->field[0] == '\0')
			text_copy(err->field, sizeof(err->field), row->key);
		return -1;
	}
	if (!input)
		return error_no_memory(err, "reading a setting");
	return value_from_json(row, input, 0, ret_value, err);
}
