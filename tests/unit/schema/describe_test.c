/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

static json_t *schema_json;

static void property_is(const char *key, const char *expected)
{
	const json_t *property = json_object_get(json_object_get(schema_json, "properties"), key);
	char *text = json_dumps(property, JSON_COMPACT);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(describes_the_whole)
{
	schema_json = schema_describe(&table);
	ck_assert_ptr_nonnull(schema_json);
	ck_assert_str_eq(json_string_value(json_object_get(schema_json, "$schema")),
			 "https://json-schema.org/draft/2020-12/schema");
	ck_assert_str_eq(json_string_value(json_object_get(schema_json, "title")), "thing");
	ck_assert(json_is_false(json_object_get(schema_json, "additionalProperties")));
	/* "certificate" is required under a condition only. */
	ck_assert_uint_eq(json_array_size(json_object_get(schema_json, "required")), 1);
	ck_assert_uint_eq(json_object_size(json_object_get(schema_json, "properties")),
			  table.n_rows);
	json_decref(schema_json);
}
END_TEST

START_TEST(describes_each_type)
{
	schema_json = schema_describe(&table);
	property_is("name",
		    "{\"title\":\"Name\",\"description\":\"A name.\",\"settingType\":"
		    "\"string\",\"alias\":\"thing_name\",\"type\":\"string\",\"minLength\":1,"
		    "\"maxLength\":8,\"pattern\":\"^([a-z]+)$\",\"examples\":[\"demo\"]}");
	property_is("count", "{\"title\":\"Count\",\"description\":\"How many.\",\"settingType\":"
			     "\"integer\",\"unit\":\"things\",\"group\":\"Numbers\",\"type\":"
			     "\"integer\",\"minimum\":1,\"maximum\":10,\"default\":3}");
	property_is("on", "{\"title\":\"On\",\"description\":\"Whether.\",\"settingType\":"
			  "\"boolean\",\"type\":\"boolean\",\"default\":true}");
	property_is("mode",
		    "{\"title\":\"Mode\",\"description\":\"How.\",\"settingType\":\"enum\","
		    "\"enum\":[\"plain\",\"tls\"],\"type\":\"string\",\"default\":\"plain\","
		    "\"immutable\":true}");
	property_is("wait", "{\"title\":\"Wait\",\"description\":\"How long.\",\"settingType\":"
			    "\"duration\",\"unit\":\"s\",\"anyOf\":[{\"type\":\"integer\","
			    "\"minimum\":10,\"maximum\":3600},{\"type\":\"string\",\"pattern\":"
			    "\"^[0-9]+[smhd]?$\"}],\"default\":300,\"examples\":[\"90s\"]}");
	property_is("disk",
		    "{\"title\":\"Disk\",\"description\":\"How large.\",\"settingType\":"
		    "\"bytes\",\"anyOf\":[{\"type\":\"integer\",\"minimum\":1024},{\"type\":"
		    "\"string\",\"pattern\":\"^[0-9]+(B|[KMGT]i?B)?$\"}],\"examples\":"
		    "[\"20GiB\"]}");
	property_is("password",
		    "{\"title\":\"Password\",\"description\":\"Secret.\","
		    "\"settingType\":\"secret\",\"type\":\"string\",\"writeOnly\":true}");
	property_is("tags", "{\"title\":\"Tags\",\"description\":\"Words.\",\"settingType\":"
			    "\"list\",\"items\":{\"type\":\"string\",\"pattern\":\"^([a-z]+)$\"},"
			    "\"type\":\"array\",\"minItems\":1,\"maxItems\":2,\"examples\":[\"a, "
			    "b\"]}");
	property_is("labels", "{\"title\":\"Labels\",\"description\":\"Pairs.\",\"settingType\":"
			      "\"map\",\"additionalProperties\":{\"type\":\"string\"},\"type\":"
			      "\"object\"}");
	property_is("extra", "{\"title\":\"Extra\",\"description\":\"More.\",\"settingType\":"
			     "\"json\",\"type\":\"object\"}");
	property_is("reason", "{\"title\":\"Reason\",\"description\":\"Why not.\",\"settingType\":"
			      "\"string\",\"type\":\"string\",\"shownWhen\":{\"key\":\"verify\","
			      "\"value\":\"false\"},\"advanced\":true}");
	json_decref(schema_json);
}
END_TEST

SUITE_MAIN("describe", describes_the_whole, describes_each_type)
