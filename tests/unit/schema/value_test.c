/* SPDX-License-Identifier: Apache-2.0 */
/* Each type: what it takes, and the message for each thing that it does not. */
#include "schema/value.h"
#include "table.h"

static void takes(const char *key, const char *value, const char *expected)
{
	CLEANUP_JSON json_t *input = table_json(value);
	CLEANUP_JSON json_t *typed = NULL;
	CLEANUP_JSON json_t *wanted = table_json(expected);
	struct hr_error err;

	ck_assert_msg(value_from_json(schema_find(&table, key), input, 0, &typed, &err) == 0, "%s",
		      err.message);
	ck_assert(json_equal(typed, wanted));
}

static void refuses(const char *key, const char *value, const char *message)
{
	CLEANUP_JSON json_t *input = table_json(value);
	json_t *typed = NULL;
	struct hr_error err;

	ck_assert_int_eq(value_from_json(schema_find(&table, key), input, 0, &typed, &err), -1);
	ck_assert_str_eq(err.message, message);
	ck_assert_str_eq(err.field, key);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_ptr_null(typed);
}

START_TEST(strings)
{
	takes("name", "\"demo\"", "\"demo\"");
	refuses("name", "7", "expected text, not 7; put it in quotes: \"7\"; for example demo");
	refuses("name", "true", "expected text, not true; for example demo");
	refuses("name", "[]", "expected text, not a list; for example demo");
	refuses("name", "{}", "expected text, not an object; for example demo");
	refuses("name", "null", "null is no value; leave the field out instead; for example demo");
	refuses("name", "\"\"", "the text is empty; for example demo");
	refuses("name", "\"abcdefghi\"",
		"the text has 9 bytes; at most 8 are possible; for example demo");
	refuses("name", "\"Demo\"", "\"Demo\" does not have the form [a-z]+; for example demo");
	refuses("certificate", "\"a\\nb\"", "must be one line, without line breaks");
	refuses("certificate", "\"a\\u0007b\"", "has the control character 0x07; remove it");
}
END_TEST

START_TEST(long_values_are_cut_in_messages)
{
	char value[6001] = "\"";
	char message[600];
	CLEANUP_JSON json_t *input = NULL;
	json_t *typed = NULL;
	struct hr_error err;

	memset(value + 1, 'x', 5000);
	value[5001] = '"';
	value[5002] = '\0';
	refuses("certificate", value, "the text has 5000 bytes; at most 4096 are possible");
	input = table_json(value);
	ck_assert_int_eq(value_from_json(schema_find(&table, "wait"), input, 0, &typed, &err), -1);
	snprintf(
		message, sizeof(message),
		"expected a duration (seconds, or a number with s, m, h or d such as \"90s\"), not "
		"the text \"%.47s...\"; for example 90s",
		value + 1);
	ck_assert_str_eq(err.message, message);
}
END_TEST

START_TEST(integers)
{
	takes("count", "10", "10");
	takes("any_number", "-9223372036854775808", "-9223372036854775808");
	refuses("count", "\"4\"",
		"expected an integer, not the text \"4\"; write 4 without quotes");
	refuses("count", "\"many\"", "expected an integer, not the text \"many\"; for example 3");
	refuses("count", "2.5", "expected an integer, not 2.5; for example 3");
	refuses("count", "2.0", "expected an integer, not 2; for example 3");
	refuses("count", "true", "expected an integer, not true; for example 3");
	refuses("count", "0", "0 is too small; it must be from 1 to 10; for example 3");
	refuses("count", "11", "11 is too large; it must be from 1 to 10; for example 3");
}
END_TEST

START_TEST(booleans)
{
	takes("on", "false", "false");
	refuses("on", "\"true\"", "expected true or false without quotes, not the text \"true\"");
	refuses("on", "1", "expected true or false, not 1");
}
END_TEST

START_TEST(enums)
{
	takes("mode", "\"tls\"", "\"tls\"");
	refuses("mode", "\"TLS\"", "\"TLS\" is none of plain, tls; did you mean \"tls\"?");
	refuses("mode", "\"carrier pigeon\"", "\"carrier pigeon\" is none of plain, tls");
	refuses("mode", "1", "expected text, not 1; the choices are plain, tls");
}
END_TEST

START_TEST(durations)
{
	takes("wait", "90", "90");
	takes("wait", "\"90\"", "90");
	takes("wait", "\"1h\"", "3600");
	refuses("wait", "\"1 hour\"",
		"expected a duration (seconds, or a number with s, m, h or d such as \"90s\"), not "
		"the text \"1 hour\"; for example 90s");
	refuses("wait", "1.5",
		"expected a duration (seconds, or a number with s, m, h or d such as \"90s\"), not "
		"1.5; for example 90s");
	refuses("wait", "\"2h\"", "2h is too large; it must be from 10s to 1h; for example 90s");
	refuses("wait", "-5", "-5s is too small; it must be from 10s to 1h; for example 90s");
}
END_TEST

START_TEST(bytes)
{
	takes("disk", "2048", "2048");
	takes("disk", "\"1MiB\"", "1048576");
	refuses("disk", "\"big\"",
		"expected an amount of bytes (bytes, or a number with KiB, MiB, GiB or TiB such as "
		"\"20GiB\"), not the text \"big\"; for example 20GiB");
	refuses("disk", "1", "1B is too small; the least is 1KiB; for example 20GiB");
}
END_TEST

START_TEST(secrets_do_not_show)
{
	takes("password", "\"hunter2\"", "\"hunter2\"");
	refuses("password", "12345", "expected text, not a number");
	refuses("password", "\"hun ter\"", "the secret does not have the form [^ ]*");
	refuses("password", "\"abc\"", "the text has 3 bytes; at least 4 are needed");
	refuses("password", "\"***\"",
		"\"***\" stands for a secret that is kept, and there is none yet; give the secret "
		"itself");
}
END_TEST

/* Form and length are those of what a reference leads to. */
START_TEST(references_stand_for_secrets)
{
	static const char *const good[] = {"file:a b", "env:A B", "credential:hr-a b"};
	struct hr_error err;
	json_t *value;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_msg(schema_value_from_text(schema_find(&table, "password"), good[i],
						     &value, &err) == 0,
			      "%s", err.message);
		ck_assert_str_eq(json_string_value(value), good[i]);
		json_decref(value);
	}
	refuses("password", "\"http:a b\"", "the secret does not have the form [^ ]*");
	refuses("password", "\"env:a\\u0001\"", "has the control character 0x01; remove it");
}
END_TEST

START_TEST(masked_secrets_pass_in_edits)
{
	CLEANUP_JSON json_t *input = table_json("\"***\"");
	CLEANUP_JSON json_t *typed = NULL;

	ck_assert_int_eq(value_from_json(schema_find(&table, "password"), input,
					 SCHEMA_ALLOW_MASKED, &typed, NULL),
			 0);
	ck_assert_str_eq(json_string_value(typed), "***");
}
END_TEST

START_TEST(texts_have_lines)
{
	takes("script", "\"#!/bin/sh\\n\\techo\\r\\n\"", "\"#!/bin/sh\\n\\techo\\r\\n\"");
	refuses("script", "\"a\\u0001\"", "has the control character 0x01; remove it");
}
END_TEST

START_TEST(lists)
{
	takes("tags", "[\"a\", \"b\"]", "[\"a\", \"b\"]");
	refuses("tags", "\"a\"", "expected a list of texts, not the text \"a\"; for example a, b");
	refuses("tags", "[\"a\", 5]",
		"expected a list of texts, but item 2 is 5; for example a, b");
	refuses("tags", "[]", "the list is empty; for example a, b");
	refuses("tags", "[\"a\", \"b\", \"c\"]",
		"the list has 3 items; at most 2 are possible; for example a, b");
	refuses("tags", "[\"A\"]", "\"A\" does not have the form [a-z]+; for example a, b");
}
END_TEST

START_TEST(maps)
{
	takes("labels", "{\"a\": \"b\"}", "{\"a\": \"b\"}");
	refuses("labels", "[]", "expected an object (names and values), not a list");
	refuses("labels", "{\"a\": 1}", "expected text for each name, but \"a\" is 1");
	refuses("labels", "{\"\": \"x\"}", "a name in the object is empty");
}
END_TEST

START_TEST(objects)
{
	CLEANUP_JSON json_t *deep = json_object();
	json_t *typed = NULL;
	struct hr_error err;

	takes("extra", "{\"a\": {\"b\": [1, null]}}", "{\"a\": {\"b\": [1, null]}}");
	refuses("extra", "\"x\"", "expected an object (names and values), not the text \"x\"");
	refuses("extra", "{\"a\": \"0123456789012345678901234567890123456789\"}",
		"the object has 48 bytes; at most 40 are possible");
	for (int i = 0; i < 40; i++) {
		json_t *outer = json_object();

		json_object_set_new(outer, "a", deep);
		deep = outer;
	}
	ck_assert_int_eq(value_from_json(schema_find(&table, "extra"), deep, 0, &typed, &err), -1);
	ck_assert_str_eq(err.message, "the object is nested deeper than 32 levels");
}
END_TEST

SUITE_MAIN("value", strings, long_values_are_cut_in_messages, integers, booleans, enums, durations,
	   bytes, secrets_do_not_show, references_stand_for_secrets, masked_secrets_pass_in_edits,
	   texts_have_lines, lists, maps, objects)
