/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json.h"
#include "suite.h"

static void refused(const char *text, size_t len, const char *message)
{
	struct hr_error err;
	json_t *json = NULL;

	ck_assert_int_eq(json_parse(text, len, "request body", &json, &err), -1);
	ck_assert_ptr_null(json);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_str_eq(err.message, message);
}

static json_t *parsed(const char *text)
{
	json_t *json = NULL;
	struct hr_error err;

	ck_assert_msg(json_parse(text, strlen(text), "text", &json, &err) == 0, "%s: %s", text,
		      err.message);
	return json;
}

START_TEST(parses_any_value)
{
	json_t *json = parsed(" {\"a\": [1, -2.5, true, null, \"\xc3\xa4\"]}\n");

	ck_assert_uint_eq(json_array_size(json_object_get(json, "a")), 5);
	json_decref(json);
	json = parsed("3");
	ck_assert_int_eq(json_integer_value(json), 3);
	json_decref(json);
}
END_TEST

START_TEST(refuses_with_the_place)
{
	refused("", 0, "request body is empty; JSON is expected");
	refused(" \n", 2, "request body is empty; JSON is expected");
	refused(NULL, 0, "request body is empty; JSON is expected");
	refused("{\n \"a\": 1,\n \"a\": 2}", 19,
		"request body is not valid JSON: line 3, column 4: duplicate object key near "
		"'\"a\"'");
	refused("\xef\xbb\xbf{}", 5,
		"request body begins with a byte order mark; send UTF-8 without one");
	refused("{} x", 4,
		"request body is not valid JSON: line 1, column 4: end of file expected");
	refused("{\"a\": }", 7,
		"request body is not valid JSON: line 1, column 7: unexpected token");
	refused("\"\xff\"", 3,
		"request body is not valid JSON: line 1, column 1: unable to decode byte 0xff");
	refused("\"\\u0000\"", 8,
		"request body is not valid JSON: line 1, column 8: the NUL character is not allowed "
		"in text");
	refused("{\"\\u0000\": 1}", 13,
		"request body is not valid JSON: line 1, column 9: the NUL character is not allowed "
		"in text");
}
END_TEST

START_TEST(never_quotes_what_it_was_given)
{
	static const char text[] = "{\"password\": \"hunter2\" \"x\"}";
	struct hr_error err;
	json_t *json;

	ck_assert_int_eq(json_parse(text, strlen(text), "request body", &json, &err), -1);
	ck_assert_ptr_null(strstr(err.message, "hunter2"));
	ck_assert_ptr_null(strstr(err.message, "\"x\""));
}
END_TEST

/* n opening brackets, then n closing ones. */
static size_t nest(char *buf, size_t n)
{
	memset(buf, '[', n);
	memset(buf + n, ']', n);
	return 2 * n;
}

START_TEST(limits_depth)
{
	char text[200];
	size_t len = nest(text, JSON_DEPTH_MAX);
	struct hr_error err;
	json_t *json;

	ck_assert_int_eq(json_parse(text, len, "x", &json, &err), 0);
	json_decref(json);
	len = nest(text, JSON_DEPTH_MAX + 1);
	refused(text, len,
		"request body is not accepted: line 1, column 33: nested deeper than 32 levels");
	/* Brackets in text are no depth. */
	json = parsed("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"");
	json_decref(json);
}
END_TEST

START_TEST(equal_values_have_equal_text)
{
	json_t *a = parsed("{\"b\": 1, \"a\": {\"y\": 2, \"x\": []}}");
	json_t *b = parsed("{\"a\": {\"x\": [], \"y\": 2}, \"b\": 1}");
	char *text_a = json_text(a), *text_b = json_text(b);

	ck_assert_str_eq(text_a, "{\"a\":{\"x\":[],\"y\":2},\"b\":1}");
	ck_assert_str_eq(text_a, text_b);
	free(text_a);
	free(text_b);
	json_decref(a);
	json_decref(b);
}
END_TEST

START_TEST(members_or_fallback)
{
	json_t *json = parsed("{\"s\": \"text\", \"i\": 5}");

	ck_assert_str_eq(json_string_or(json, "s", "x"), "text");
	ck_assert_str_eq(json_string_or(json, "i", "x"), "x");
	ck_assert_ptr_null(json_string_or(json, "none", NULL));
	ck_assert_int_eq(json_integer_or(json, "i", 9), 5);
	ck_assert_int_eq(json_integer_or(json, "s", 9), 9);
	ck_assert_int_eq(json_integer_or(NULL, "s", 9), 9);
	json_decref(json);
}
END_TEST

START_TEST(merges_patches)
{
	/* From RFC 7396, appendix A. */
	static const char *const cases[][3] = {
		{"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
		{"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
		{"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
		 "{\"a\":{\"b\":\"d\"}}"},
		{"{\"a\":[1,2]}", "{\"a\":[3]}", "{\"a\":[3]}"},
		{"{\"e\":null}", "{\"a\":1}", "{\"a\":1,\"e\":null}"},
		{"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
		{"{\"a\":\"b\"}", "{\"a\":{\"x\":1}}", "{\"a\":{\"x\":1}}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *target = parsed(cases[i][0]), *patch = parsed(cases[i][1]);
		char *text;

		ck_assert_int_eq(json_merge_patch(target, patch), 0);
		json_decref(patch);
		text = json_text(target);
		ck_assert_str_eq(text, cases[i][2]);
		free(text);
		json_decref(target);
	}
}
END_TEST

SUITE_MAIN("json", parses_any_value, refuses_with_the_place, never_quotes_what_it_was_given,
	   limits_depth, equal_values_have_equal_text, members_or_fallback, merges_patches)
