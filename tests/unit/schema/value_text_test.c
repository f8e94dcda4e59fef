/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

static void takes(const char *key, const char *text, const char *expected)
{
	CLEANUP_JSON json_t *typed = NULL;
	CLEANUP_JSON json_t *wanted = table_json(expected);
	struct hr_error err;

	ck_assert_msg(schema_value_from_text(schema_find(&table, key), text, &typed, &err) == 0,
		      "%s", err.message);
	ck_assert(json_equal(typed, wanted));
}

static void refuses(const char *key, const char *text, const char *message)
{
	json_t *typed = NULL;
	struct hr_error err;

	ck_assert_int_eq(schema_value_from_text(schema_find(&table, key), text, &typed, &err), -1);
	ck_assert_str_eq(err.message, message);
	ck_assert_str_eq(err.field, key);
	ck_assert_int_eq(err.class, HR_INVALID);
}

START_TEST(each_type)
{
	takes("name", "demo", "\"demo\"");
	takes("count", "5", "5");
	takes("on", "false", "false");
	takes("mode", "tls", "\"tls\"");
	takes("wait", "2m", "120");
	takes("disk", "1GiB", "1073741824");
	takes("password", "hunter2", "\"hunter2\"");
	takes("script", "a\nb", "\"a\\nb\"");
	takes("tags", " a ,b,", "[\"a\", \"b\"]");
	takes("tags", "[\"a\"]", "[\"a\"]");
	takes("labels", "{\"a\": \"b\"}", "{\"a\": \"b\"}");
	takes("extra", "{}", "{}");
}
END_TEST

START_TEST(refusals)
{
	refuses("count", "many", "\"many\" is no integer; for example 3");
	refuses("count", "", "\"\" is no integer; for example 3");
	refuses("count", "99", "99 is too large; it must be from 1 to 10; for example 3");
	refuses("on", "yes", "\"yes\" is neither true nor false");
	refuses("wait", "soon",
		"expected a duration (seconds, or a number with s, m, h or d such as \"90s\"), not "
		"the text \"soon\"; for example 90s");
	refuses("tags", "", "the list is empty; for example a, b");
	refuses("tags", "[1", "the list is not valid JSON: line 1, column 2: ']' expected");
	refuses("labels", "a=b", "the object is not valid JSON: line 1, column 1: invalid token");
	refuses("extra", "[]", "expected an object (names and values), not a list");
	refuses("name", "\xff\xfe", "the value is not valid UTF-8; for example demo");
}
END_TEST

SUITE_MAIN("value_text", each_type, refusals)
