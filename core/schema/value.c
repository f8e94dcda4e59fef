/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to a typed value: the type itself, and what to say when it is another. Limits, patterns and
 * choices are in value_check.c, text from files in value_text.c. */
#include "schema/value.h"

#include <stdarg.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

const char *value_choices(const struct hr_setting *row, char buf[VALUE_CHOICES_SIZE])
{
	size_t used = 0;

	buf[0] = '\0';
	for (const char *const *choice = row->choices; choice && *choice; choice++) {
		text_format(buf + used, VALUE_CHOICES_SIZE - used, "%s%s", used > 0 ? ", " : "",
			    *choice);
		used += strlen(buf + used);
	}
	return buf;
}

int value_refuse(const struct hr_setting *row, struct hr_error *err, const char *format, ...)
{
	const char *example = row->example ? row->example : row->default_value;
	char reason[400], shown[64], choices[VALUE_CHOICES_SIZE];
	va_list args;

	va_start(args, format);
	text_formatv(reason, sizeof(reason), format, args);
	va_end(args);
	if (row->type == HR_TYPE_ENUM)
		return error_set_field(err, HR_INVALID, row->key, example, "%s; the choices are %s",
				       reason, value_choices(row, choices));
	if (!example || row->type == HR_TYPE_SECRET || example[0] == '\0' || strchr(example, '\n'))
		return error_set_field(err, HR_INVALID, row->key, example, "%s", reason);
	if (!text_copy(shown, sizeof(shown), example))
		text_copy(shown + sizeof(shown) - 4, 4, "...");
	return error_set_field(err, HR_INVALID, row->key, example, "%s; for example %s", reason,
			       shown);
}

const char *value_shown(const struct hr_setting *row, const json_t *value,
			char buf[VALUE_SHOWN_SIZE])
{
	char text[48];

	switch (json_typeof(value)) {
	case JSON_OBJECT: return text_copy(buf, VALUE_SHOWN_SIZE, "an object"), buf;
	case JSON_ARRAY: return text_copy(buf, VALUE_SHOWN_SIZE, "a list"), buf;
	case JSON_TRUE: return text_copy(buf, VALUE_SHOWN_SIZE, "true"), buf;
	case JSON_FALSE: return text_copy(buf, VALUE_SHOWN_SIZE, "false"), buf;
	case JSON_NULL: return text_copy(buf, VALUE_SHOWN_SIZE, "null"), buf;
	case JSON_INTEGER:
	case JSON_REAL:
	case JSON_STRING: break;
	}
	if (row->type == HR_TYPE_SECRET)
		return text_copy(buf, VALUE_SHOWN_SIZE,
				 json_is_string(value) ? "text" : "a number"),
		       buf;
	if (json_is_integer(value)) {
		text_format(buf, VALUE_SHOWN_SIZE, "%lld", (long long)json_integer_value(value));
	} else if (json_is_real(value)) {
		text_format(buf, VALUE_SHOWN_SIZE, "%g", json_real_value(value));
	} else {
		bool whole = text_copy(text, sizeof(text), json_string_value(value));

		text_format(buf, VALUE_SHOWN_SIZE, "the text \"%s%s\"", text, whole ? "" : "...");
		for (char *p = buf; *p; p++)
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				*p = ' ';
	}
	return buf;
}

bool value_equals_text(const json_t *value, const char *text)
{
	int64_t number;

	if (json_is_string(value))
		return strcmp(json_string_value(value), text) == 0;
	if (json_is_boolean(value))
		return strcmp(json_is_true(value) ? "true" : "false", text) == 0;
	return json_is_integer(value) && text_to_int64(text, INT64_MIN, INT64_MAX, &number) == 0 &&
	       json_integer_value(value) == number;
}

static json_t *same(const json_t *input)
{
	return json_incref(json_unconst(input));
}

static int integer_from_json(const struct hr_setting *row, const json_t *input, json_t **ret_value,
			     struct hr_error *err)
{
	char shown[VALUE_SHOWN_SIZE];
	int64_t number;

	if (json_is_integer(input)) {
		*ret_value = same(input);
		return 0;
	}
	value_shown(row, input, shown);
	if (json_is_string(input) &&
	    text_to_int64(json_string_value(input), INT64_MIN, INT64_MAX, &number) == 0)
		return error_set_field(err, HR_INVALID, row->key, json_string_value(input),
				       "expected an integer, not %s; write %lld without quotes",
				       shown, (long long)number);
	return value_refuse(row, err, "expected an integer, not %s", shown);
}

static int boolean_from_json(const struct hr_setting *row, const json_t *input, json_t **ret_value,
			     struct hr_error *err)
{
	char shown[VALUE_SHOWN_SIZE];

	if (json_is_boolean(input)) {
		*ret_value = same(input);
		return 0;
	}
	return error_set_field(
		err, HR_INVALID, row->key, "true", "expected true or false%s, not %s",
		json_is_string(input) ? " without quotes" : "", value_shown(row, input, shown));
}

static int quantity_from_json(const struct hr_setting *row, const json_t *input, json_t **ret_value,
			      struct hr_error *err)
{
	bool is_time = row->type == HR_TYPE_DURATION;
	char shown[VALUE_SHOWN_SIZE];
	int64_t number = 0;
	int rc = -1;

	if (json_is_integer(input)) {
		number = json_integer_value(input);
		rc = 0;
	} else if (json_is_string(input)) {
		const char *text = json_string_value(input);

		rc = is_time ? schema_parse_duration(text, &number)
			     : schema_parse_bytes(text, &number);
	}
	if (rc != 0)
		return value_refuse(
			row, err,
			is_time ? "expected a duration (seconds, or a number with s, "
				  "m, h or d such as \"90s\"), not %s"
				: "expected an amount of bytes (bytes, or a number with "
				  "KiB, MiB, GiB or TiB such as \"20GiB\"), not %s",
			value_shown(row, input, shown));
	*ret_value = json_integer(number);
	return *ret_value ? 0 : error_no_memory(err, "reading a setting");
}

static int text_from_json(const struct hr_setting *row, const json_t *input, unsigned flags,
			  json_t **ret_value, struct hr_error *err)
{
	char shown[VALUE_SHOWN_SIZE];

	if (!json_is_string(input)) {
		value_shown(row, input, shown);
		if (json_is_number(input) && row->type != HR_TYPE_SECRET &&
		    row->type != HR_TYPE_ENUM)
			return value_refuse(row, err,
					    "expected text, not %s; put it in quotes: \"%s\"",
					    shown, shown);
		return value_refuse(row, err, "expected text, not %s", shown);
	}
	if (row->type == HR_TYPE_SECRET && !(flags & SCHEMA_ALLOW_MASKED) &&
	    strcmp(json_string_value(input), SCHEMA_MASK) == 0)
		return error_set_field(err, HR_INVALID, row->key, NULL,
				       "\"%s\" stands for a secret that is kept, and there is none "
				       "yet; give the secret itself",
				       SCHEMA_MASK);
	*ret_value = same(input);
	return 0;
}

static int list_from_json(const struct hr_setting *row, const json_t *input, json_t **ret_value,
			  struct hr_error *err)
{
	char shown[VALUE_SHOWN_SIZE];

	if (!json_is_array(input))
		return value_refuse(row, err, "expected a list of texts, not %s",
				    value_shown(row, input, shown));
	for (size_t i = 0; i < json_array_size(input); i++) {
		const json_t *item = json_array_get(input, i);

		if (!json_is_string(item))
			return value_refuse(row, err,
					    "expected a list of texts, but item %zu is %s", i + 1,
					    value_shown(row, item, shown));
	}
	*ret_value = json_deep_copy(input);
	return *ret_value ? 0 : error_no_memory(err, "reading a setting");
}

static int object_from_json(const struct hr_setting *row, const json_t *input, json_t **ret_value,
			    struct hr_error *err)
{
	char shown[VALUE_SHOWN_SIZE];
	const char *key;
	json_t *item;

	if (!json_is_object(input))
		return value_refuse(row, err, "expected an object (names and values), not %s",
				    value_shown(row, input, shown));
	if (row->type == HR_TYPE_MAP) {
		json_object_foreach (json_unconst(input), key, item) {
			if (!json_is_string(item))
				return value_refuse(row, err,
						    "expected text for each name, but \"%.64s\" is "
						    "%s",
						    key, value_shown(row, item, shown));
		}
	}
	*ret_value = json_deep_copy(input);
	return *ret_value ? 0 : error_no_memory(err, "reading a setting");
}

static int typed_from_json(const struct hr_setting *row, const json_t *input, unsigned flags,
			   json_t **ret_value, struct hr_error *err)
{
	switch (row->type) {
	case HR_TYPE_STRING:
	case HR_TYPE_ENUM:
	case HR_TYPE_SECRET:
	case HR_TYPE_TEXT: return text_from_json(row, input, flags, ret_value, err);
	case HR_TYPE_INTEGER: return integer_from_json(row, input, ret_value, err);
	case HR_TYPE_BOOLEAN: return boolean_from_json(row, input, ret_value, err);
	case HR_TYPE_DURATION:
	case HR_TYPE_BYTES: return quantity_from_json(row, input, ret_value, err);
	case HR_TYPE_LIST: return list_from_json(row, input, ret_value, err);
	case HR_TYPE_MAP:
	case HR_TYPE_JSON: return object_from_json(row, input, ret_value, err);
	default:
		return error_set_field(err, HR_INTERNAL, row->key, NULL,
				       "the settings table has an unknown type %u", row->type);
	}
}

int value_from_json(const struct hr_setting *row, const json_t *input, unsigned flags,
		    json_t **ret_value, struct hr_error *err)
{
	json_t *value = NULL;

	if (json_is_null(input))
		return value_refuse(row, err, "null is no value; leave the field out instead");
	if (typed_from_json(row, input, flags, &value, err) != 0)
		return -1;
	if (value_check(row, value, err) != 0) {
		json_decref(value);
		return -1;
	}
	*ret_value = value;
	return 0;
}
