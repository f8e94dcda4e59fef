/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of a typed value: ranges, lengths, patterns, choices. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "schema/secret_text.h"
#include "schema/value.h"

/* A type's own limits, where the row sets none: lengths in bytes, lists and maps in items. */
#define STRING_MAX 4096
#define SECRET_MAX 65536
#define TEXT_MAX 262144
#define ITEMS_MAX 1000
#define JSON_MAX 262144

struct limits {
	int64_t minimum;
	int64_t maximum;
};

static bool has_limits(const struct hr_setting *row)
{
	return row->minimum != 0 || row->maximum != 0;
}

static struct limits limits_of(const struct hr_setting *row, int64_t own_minimum,
			       int64_t own_maximum)
{
	struct limits own = {own_minimum, own_maximum};
	struct limits given = {row->minimum, row->maximum};

	return has_limits(row) ? given : own;
}

static const char *number_text(const struct hr_setting *row, int64_t number,
			       char buf[QUANTITY_SIZE])
{
	if (row->type == HR_TYPE_DURATION)
		return schema_duration_text(number, buf);
	if (row->type == HR_TYPE_BYTES)
		return schema_bytes_text(number, buf);
	text_format(buf, QUANTITY_SIZE, "%lld", (long long)number);
	return buf;
}

static int check_number(const struct hr_setting *row, int64_t number, struct hr_error *err)
{
	struct limits limits =
		limits_of(row, row->type == HR_TYPE_INTEGER ? INT64_MIN : 0, INT64_MAX);
	char given[QUANTITY_SIZE], low[QUANTITY_SIZE], high[QUANTITY_SIZE];

	if (number >= limits.minimum && number <= limits.maximum)
		return 0;
	number_text(row, number, given);
	number_text(row, limits.minimum, low);
	number_text(row, limits.maximum, high);
	if (limits.maximum == INT64_MAX)
		return value_refuse(row, err, "%s is too small; the least is %s", given, low);
	return value_refuse(row, err, "%s is too %s; it must be from %s to %s", given,
			    number < limits.minimum ? "small" : "large", low, high);
}

static int check_length(const struct hr_setting *row, const char *what, size_t length,
			const char *unit, struct limits limits, struct hr_error *err)
{
	if ((int64_t)length < limits.minimum && length == 0)
		return value_refuse(row, err, "%s is empty", what);
	if ((int64_t)length < limits.minimum)
		return value_refuse(row, err, "%s has %zu %s; at least %lld are needed", what,
				    length, unit, (long long)limits.minimum);
	if ((int64_t)length > limits.maximum)
		return value_refuse(row, err, "%s has %zu %s; at most %lld are possible", what,
				    length, unit, (long long)limits.maximum);
	return 0;
}

static int check_pattern(const struct hr_setting *row, const char *text, struct hr_error *err)
{
	char anchored[1024], shown[64];
	regex_t regex;
	int rc;

	if (!row->pattern)
		return 0;
	rc = text_format(anchored, sizeof(anchored), "^(%s)$", row->pattern)
		     ? regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB)
		     : REG_BADPAT;
	if (rc == REG_ESPACE)
		return error_no_memory(err, "looking at a setting's form");
	if (rc != 0)
		return error_set_field(err, HR_INTERNAL, row->key, NULL,
				       "the settings table has a bad pattern: %s", row->pattern);
	rc = regexec(&regex, text, 0, NULL, 0);
	regfree(&regex);
	if (rc == 0)
		return 0;
	if (rc == REG_ESPACE)
		return error_no_memory(err, "looking at a setting's form");
	if (row->type == HR_TYPE_SECRET)
		return value_refuse(row, err, "the secret does not have the form %s", row->pattern);
	if (!text_copy(shown, sizeof(shown), text))
		text_copy(shown + sizeof(shown) - 4, 4, "...");
	return value_refuse(row, err, "\"%s\" does not have the form %s", shown, row->pattern);
}

/* Control characters; several lines only where the type has several. */
static int check_characters(const struct hr_setting *row, const char *text, struct hr_error *err)
{
	bool several_lines = row->type == HR_TYPE_TEXT || row->type == HR_TYPE_SECRET;

	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if ((c >= 0x20 && c != 0x7f) || (several_lines && strchr("\n\r\t\x1b\f", c)))
			continue;
		if (c == '\n' || c == '\r')
			return value_refuse(row, err, "must be one line, without line breaks");
		return value_refuse(row, err, "has the control character 0x%02x; remove it", c);
	}
	return 0;
}

static int check_choice(const struct hr_setting *row, const char *text, struct hr_error *err)
{
	char list[VALUE_CHOICES_SIZE], shown[64];
	const char *nearest;

	for (const char *const *choice = row->choices; choice && *choice; choice++) {
		if (strcmp(*choice, text) == 0)
			return 0;
	}
	value_choices(row, list);
	text_copy(shown, sizeof(shown), text);
	nearest = row->choices ? text_nearest(text, row->choices) : NULL;
	if (nearest)
		return error_set_field(err, HR_INVALID, row->key, nearest,
				       "\"%s\" is none of %s; did you mean \"%s\"?", shown, list,
				       nearest);
	return error_set_field(err, HR_INVALID, row->key, row->example, "\"%s\" is none of %s",
			       shown, list);
}

/* The row's length and pattern are those of what it leads to, which core/provider looks at. */
static int check_reference(const struct hr_setting *row, const char *text, struct hr_error *err)
{
	const struct limits limits = {0, SECRET_MAX};

	if (check_length(row, "the text", strlen(text), "bytes", limits, err) != 0)
		return -1;
	return check_characters(row, text, err);
}

static int check_text(const struct hr_setting *row, const char *text, struct hr_error *err)
{
	int64_t own = row->type == HR_TYPE_TEXT     ? TEXT_MAX
		      : row->type == HR_TYPE_SECRET ? SECRET_MAX
						    : STRING_MAX;

	if (check_length(row, "the text", strlen(text), "bytes", limits_of(row, 0, own), err) !=
		    0 ||
	    check_characters(row, text, err) != 0)
		return -1;
	if (row->type == HR_TYPE_ENUM)
		return check_choice(row, text, err);
	return check_pattern(row, text, err);
}

static int check_item(const struct hr_setting *row, const char *text, struct hr_error *err)
{
	struct limits limits = {0, STRING_MAX};

	if (check_length(row, "an item", strlen(text), "bytes", limits, err) != 0)
		return -1;
	return check_pattern(row, text, err);
}

static int check_list(const struct hr_setting *row, const json_t *list, struct hr_error *err)
{
	if (check_length(row, "the list", json_array_size(list), "items",
			 limits_of(row, 0, ITEMS_MAX), err) != 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (check_item(row, json_string_value(json_array_get(list, i)), err) != 0)
			return -1;
	return 0;
}

static int check_map(const struct hr_setting *row, const json_t *map, struct hr_error *err)
{
	const char *key;
	json_t *item;

	if (check_length(row, "the object", json_object_size(map), "members",
			 limits_of(row, 0, ITEMS_MAX), err) != 0)
		return -1;
	json_object_foreach (json_unconst(map), key, item) {
		if (key[0] == '\0')
			return value_refuse(row, err, "a name in the object is empty");
		if (check_item(row, json_string_value(item), err) != 0)
			return -1;
	}
	return 0;
}

static int depth_of(const json_t *json, int room)
{
	const char *key;
	json_t *item;
	size_t i;

	if (room < 0 || !(json_is_object(json) || json_is_array(json)))
		return room;
	if (json_is_array(json)) {
		json_array_foreach (json, i, item)
			if (depth_of(item, room - 1) < 0)
				return -1;
	} else {
		json_object_foreach (json_unconst(json), key, item)
			if (depth_of(item, room - 1) < 0)
				return -1;
	}
	return room;
}

static int check_object(const struct hr_setting *row, const json_t *object, struct hr_error *err)
{
	/* The parser's limit holds for what comes as text; this one for what was built otherwise. */
	if (depth_of(object, JSON_DEPTH_MAX) < 0)
		return value_refuse(row, err, "the object is nested deeper than %d levels",
				    JSON_DEPTH_MAX);
	return check_length(row, "the object", json_dumpb(object, NULL, 0, JSON_COMPACT), "bytes",
			    limits_of(row, 0, JSON_MAX), err);
}

int value_check(const struct hr_setting *row, const json_t *value, struct hr_error *err)
{
	switch (row->type) {
	case HR_TYPE_INTEGER:
	case HR_TYPE_DURATION:
	case HR_TYPE_BYTES: return check_number(row, json_integer_value(value), err);
	case HR_TYPE_SECRET:
		if (strcmp(json_string_value(value), SCHEMA_MASK) == 0)
			return 0; /* passed by value_from_json only where it may stand */
		if (secret_text_is_reference(json_string_value(value)))
			return check_reference(row, json_string_value(value), err);
		return check_text(row, json_string_value(value), err);
	case HR_TYPE_STRING:
	case HR_TYPE_ENUM:
	case HR_TYPE_TEXT: return check_text(row, json_string_value(value), err);
	case HR_TYPE_LIST: return check_list(row, value, err);
	case HR_TYPE_MAP: return check_map(row, value, err);
	case HR_TYPE_JSON: return check_object(row, value, err);
	default: return 0;
	}
}
