/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#define DEFAULTS "\"count\":3,\"on\":true,\"mode\":\"plain\",\"wait\":300"

START_TEST(fills_defaults_in_order)
{
	table_gives("{\"name\": \"demo\"}", "{\"name\":\"demo\"," DEFAULTS "}");
	table_gives("{\"wait\": \"2m\", \"disk\": \"2KiB\", \"name\": \"demo\"}",
		    "{\"name\":\"demo\",\"count\":3,\"on\":true,\"mode\":\"plain\",\"wait\":120,"
		    "\"disk\":2048}");
}
END_TEST

START_TEST(is_stable)
{
	table_gives("{\"name\":\"demo\"," DEFAULTS "}", "{\"name\":\"demo\"," DEFAULTS "}");
}
END_TEST

START_TEST(leaves_the_input_alone)
{
	CLEANUP_JSON json_t *input = table_json("{\"thing_name\": \"demo\", \"tags\": [\"a\"]}");
	CLEANUP_JSON json_t *before = json_deep_copy(input);
	CLEANUP_JSON json_t *document = NULL;

	ck_assert_int_eq(schema_normalize(&table, input, 0, &document, NULL), 0);
	json_array_append_new(json_object_get(document, "tags"), json_string("b"));
	ck_assert(json_equal(input, before));
}
END_TEST

START_TEST(takes_aliases)
{
	table_gives("{\"thing_name\": \"demo\"}", "{\"name\":\"demo\"," DEFAULTS "}");
	table_refuses("{\"thing_name\": \"demo\", \"name\": \"demo\"}", "name",
		      "fields \"name\" and \"thing_name\" in thing mean the same; keep only one of "
		      "them");
	table_refuses("{\"thing_name\": 5}", "name",
		      "field \"thing_name\" in thing: expected text, not 5; put it in quotes: "
		      "\"5\"; for example demo");
}
END_TEST

START_TEST(refuses_unknown_and_missing)
{
	table_refuses("{\"name\": \"demo\", \"coumt\": 1}", "coumt",
		      "unknown field \"coumt\" in thing; did you mean \"count\"?");
	table_refuses("{}", "name",
		      "field \"name\" in thing: is required and missing; for example demo");
}
END_TEST

START_TEST(wants_an_object)
{
	table_refuses("[]", "", "thing must be an object (fields and values), not a list");
	table_refuses("\"x\"", "", "thing must be an object (fields and values), not text");
	table_refuses("5", "", "thing must be an object (fields and values), not a number");
	table_refuses("null", "",
		      "thing must be an object (fields and values), not true, false or null");
}
END_TEST

START_TEST(conditions)
{
	/* A row that does not apply is neither required nor in the document. */
	table_gives("{\"name\": \"demo\", \"verify\": true}", "{\"name\":\"demo\"," DEFAULTS "}");
	table_gives("{\"name\": \"demo\", \"mode\": \"tls\", \"certificate\": \"c\"}",
		    "{\"name\":\"demo\",\"count\":3,\"on\":true,\"mode\":\"tls\",\"wait\":300,"
		    "\"certificate\":\"c\",\"verify\":true}");
	table_refuses("{\"name\": \"demo\", \"mode\": \"tls\"}", "certificate",
		      "field \"certificate\" in thing: is required and missing");
	table_refuses(
		"{\"name\": \"demo\", \"certificate\": \"c\"}", "certificate",
		"field \"certificate\" in thing: applies only where \"mode\" is tls; leave it "
		"out, or set \"mode\" to tls");
	table_refuses(
		"{\"name\": \"demo\", \"verify\": false}", "verify",
		"field \"verify\" in thing: applies only where \"mode\" is tls; leave it out, "
		"or set \"mode\" to tls");
}
END_TEST

START_TEST(conditions_in_a_chain)
{
	table_gives("{\"name\": \"demo\", \"mode\": \"tls\", \"certificate\": \"c\", \"verify\": "
		    "false, \"reason\": \"r\"}",
		    "{\"name\":\"demo\",\"count\":3,\"on\":true,\"mode\":\"tls\",\"wait\":300,"
		    "\"certificate\":\"c\",\"verify\":false,\"reason\":\"r\"}");
	/* "verify" is true by default, but does not apply itself. */
	table_refuses(
		"{\"name\": \"demo\", \"pin\": \"p\"}", "pin",
		"field \"pin\" in thing: applies only where \"mode\" is tls; leave it out, or "
		"set \"mode\" to tls");
	table_refuses("{\"name\": \"demo\", \"reason\": \"r\"}", "reason",
		      "field \"reason\" in thing: applies only where \"verify\" is false; leave it "
		      "out, or set \"verify\" to false");
}
END_TEST

SUITE_MAIN("normalize", fills_defaults_in_order, is_stable, leaves_the_input_alone, takes_aliases,
	   refuses_unknown_and_missing, wants_an_object, conditions, conditions_in_a_chain)
