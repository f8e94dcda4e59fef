/* SPDX-License-Identifier: Apache-2.0 */
/* A table as JSON Schema (2020-12), for forms, documents and other programs. Beyond its vocabulary:
 * settingType, unit, group, shownWhen, alias, advanced, immutable, discoverable. */
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "schema/schema.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"
#define DURATION_PATTERN "^[0-9]+[smhd]?$"
#define BYTES_PATTERN "^[0-9]+(B|[KMGT]i?B)?$"

/* Sets key to value (stolen; NULL: no memory); 0 or -1. */
static int put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value);
}

static int put_text(json_t *object, const char *key, const char *text)
{
	return text ? put(object, key, json_string(text)) : 0;
}

static int put_limits(json_t *object, const struct hr_setting *row, const char *minimum,
		      const char *maximum)
{
	if (row->minimum == 0 && row->maximum == 0)
		return 0;
	if (put(object, minimum, json_integer(row->minimum)) != 0)
		return -1;
	return row->maximum == INT64_MAX ? 0 : put(object, maximum, json_integer(row->maximum));
}

static json_t *anchored(const char *pattern)
{
	char text[1024];

	text_format(text, sizeof(text), "^(%s)$", pattern);
	return json_string(text);
}

static int describe_text(json_t *object, const struct hr_setting *row)
{
	int rc = put_text(object, "type", "string");

	/* A secret may be a reference, whose length and form are another's. */
	if (row->type == HR_TYPE_SECRET)
		return rc != 0 ? rc : put(object, "writeOnly", json_true());
	if (rc == 0)
		rc = put_limits(object, row, "minLength", "maxLength");
	if (rc == 0 && row->pattern)
		rc = put(object, "pattern", anchored(row->pattern));
	return rc;
}

static int describe_enum(json_t *object, const struct hr_setting *row)
{
	json_t *choices = json_array();
	int rc = choices ? 0 : -1;

	for (size_t i = 0; rc == 0 && row->choices && row->choices[i]; i++)
		rc = json_array_append_new(choices, json_string(row->choices[i]));
	if (rc != 0) {
		json_decref(choices);
		return -1;
	}
	return put(object, "enum", choices) ? -1 : put_text(object, "type", "string");
}

/* A number, or text with a unit. */
static int describe_quantity(json_t *object, const struct hr_setting *row, const char *pattern)
{
	json_t *number = json_pack("{ss}", "type", "integer");

	if (!number || put_limits(number, row, "minimum", "maximum") != 0) {
		json_decref(number);
		return -1;
	}
	return put(object, "anyOf",
		   json_pack("[o{ssss}]", number, "type", "string", "pattern", pattern));
}

static int describe_list(json_t *object, const struct hr_setting *row)
{
	json_t *item = json_pack("{ss}", "type", "string");

	if (!item || (row->pattern && put(item, "pattern", anchored(row->pattern)) != 0)) {
		json_decref(item);
		return -1;
	}
	if (put(object, "items", item) != 0 || put_text(object, "type", "array") != 0)
		return -1;
	return put_limits(object, row, "minItems", "maxItems");
}

static int describe_type(json_t *object, const struct hr_setting *row)
{
	switch (row->type) {
	case HR_TYPE_STRING:
	case HR_TYPE_SECRET:
	case HR_TYPE_TEXT: return describe_text(object, row);
	case HR_TYPE_ENUM: return describe_enum(object, row);
	case HR_TYPE_INTEGER:
		return put_text(object, "type", "integer")
			       ? -1
			       : put_limits(object, row, "minimum", "maximum");
	case HR_TYPE_BOOLEAN: return put_text(object, "type", "boolean");
	case HR_TYPE_DURATION: return describe_quantity(object, row, DURATION_PATTERN);
	case HR_TYPE_BYTES: return describe_quantity(object, row, BYTES_PATTERN);
	case HR_TYPE_LIST: return describe_list(object, row);
	case HR_TYPE_MAP:
		return put(object, "additionalProperties", json_pack("{ss}", "type", "string"))
			       ? -1
			       : put_text(object, "type", "object");
	default: return put_text(object, "type", "object");
	}
}

static const char *type_name(uint32_t type)
{
	static const char *const names[] = {
		"",      "string", "integer", "boolean", "enum", "duration",
		"bytes", "secret", "text",    "list",    "map",  "json",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "";
}

static int describe_flags(json_t *object, const struct hr_setting *row)
{
	static const struct {
		uint32_t flag;
		const char *key;
	} names[] = {
		{HR_SETTING_ADVANCED, "advanced"},
		{HR_SETTING_IMMUTABLE, "immutable"},
		{HR_SETTING_DEPRECATED, "deprecated"},
		{HR_SETTING_DISCOVERABLE, "discoverable"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((row->flags & names[i].flag) && put(object, names[i].key, json_true()) != 0)
			return -1;
	return 0;
}

static int describe_values(json_t *object, const struct hr_setting *row)
{
	const char *equals = row->shown_when ? strchr(row->shown_when, '=') : NULL;
	struct hr_error error = {0};
	json_t *value = NULL;

	/* A default that is none is left out: schema_check names it. */
	if (row->default_value &&
	    (schema_value_from_text(row, row->default_value, &value, &error) == 0
		     ? put(object, "default", value) != 0
		     : error.class != HR_INVALID))
		return -1;
	/* As a person writes it: "30m" and not 1800. */
	if (row->example && put(object, "examples", json_pack("[s]", row->example)) != 0)
		return -1;
	if (!equals)
		return 0;
	return put(object, "shownWhen",
		   json_pack("{ss%ss}", "key", row->shown_when, (size_t)(equals - row->shown_when),
			     "value", equals + 1));
}

static json_t *describe_row(const struct hr_setting *row)
{
	CLEANUP_JSON json_t *object = json_object();

	if (!object || put_text(object, "title", row->title) != 0 ||
	    put_text(object, "description", row->help) != 0 ||
	    put_text(object, "settingType", type_name(row->type)) != 0 ||
	    put_text(object, "unit", row->unit) != 0 ||
	    put_text(object, "group", row->group) != 0 ||
	    put_text(object, "alias", row->alias) != 0 || describe_type(object, row) != 0 ||
	    describe_values(object, row) != 0 || describe_flags(object, row) != 0)
		return NULL;
	return json_incref(object);
}

json_t *schema_describe(const struct schema *schema)
{
	CLEANUP_JSON json_t *properties = json_object();
	CLEANUP_JSON json_t *required = json_array();

	if (!properties || !required)
		return NULL;
	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);

		if (put(properties, row->key, describe_row(row)) != 0)
			return NULL;
		/* One that applies under a condition only is not required of everyone. */
		if ((row->flags & HR_SETTING_REQUIRED) && !row->shown_when &&
		    json_array_append_new(required, json_string(row->key)) != 0)
			return NULL;
	}
	return json_pack("{ssssss sO sO sb}", "$schema", DIALECT, "title", schema->subject, "type",
			 "object", "properties", properties, "required", required,
			 "additionalProperties", 0);
}
