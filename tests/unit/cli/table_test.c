/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/table.h"
#include "../base/suite.h"

static char printed[4096];
static FILE *capture;
static int saved = -1;

/* Standard output into a file from here on. */
static void capture_begin(void)
{
	capture = tmpfile();
	ck_assert_ptr_nonnull(capture);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	ck_assert_int_ge(dup2(fileno(capture), STDOUT_FILENO), 0);
}

static void capture_end(void)
{
	fflush(stdout);
	ck_assert_int_ge(dup2(saved, STDOUT_FILENO), 0);
	close(saved);
	rewind(capture);
	printed[fread(printed, 1, sizeof(printed) - 1, capture)] = '\0';
	fclose(capture);
}

static json_t *json_of(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	ck_assert_ptr_nonnull(json);
	return json;
}

static const struct column columns[] = {
	{"NAME", "name"}, {"RUNNING", "status.running"}, {"NOTE", "note"}, {NULL, NULL}};

static void prints(enum output output, const char *items, const char *text)
{
	CLEANUP_JSON json_t *json = json_of(items);
	struct hr_error err = {0};
	int ret;

	capture_begin();
	ret = table_print(output, columns, json, &err);
	capture_end();
	ck_assert_int_eq(ret, 0);
	ck_assert_str_eq(printed, text);
}

static void prints_object(enum output output, const char *object, const char *text)
{
	CLEANUP_JSON json_t *json = json_of(object);
	struct hr_error err = {0};
	int ret;

	capture_begin();
	ret = table_print_object(output, json, &err);
	capture_end();
	ck_assert_int_eq(ret, 0);
	ck_assert_str_eq(printed, text);
}

START_TEST(columns_are_as_wide_as_their_widest)
{
	prints(OUTPUT_TABLE,
	       "[{\"name\": \"a\", \"status\": {\"running\": 2}, \"note\": true},"
	       " {\"name\": \"longer-name\", \"status\": {\"running\": 12345678}, \"note\": false}]",
	       "NAME         RUNNING   NOTE\n"
	       "a            2         yes\n"
	       "longer-name  12345678  no\n");
	prints(OUTPUT_TABLE, "[]", "NAME  RUNNING  NOTE\n");
}
END_TEST

START_TEST(width_counts_characters)
{
	prints(OUTPUT_TABLE,
	       "[{\"name\": \"K\xc3\xb6ln-\xe2\x82\xac\", \"status\": {\"running\": 1}},"
	       " {\"name\": \"abcdef\", \"status\": {\"running\": 1}}]",
	       "NAME    RUNNING  NOTE\n"
	       "K\xc3\xb6ln-\xe2\x82\xac  1        -\n"
	       "abcdef  1        -\n");
}
END_TEST

START_TEST(what_is_not_there_is_a_dash)
{
	prints(OUTPUT_TABLE,
	       "[{\"name\": \"\", \"status\": null, \"note\": [1, {\"b\": 2}]}, {\"status\": 5}]",
	       "NAME  RUNNING  NOTE\n"
	       "-     -        [1,{\"b\":2}]\n"
	       "-     -        -\n");
}
END_TEST

START_TEST(no_value_can_steer_a_terminal)
{
	prints(OUTPUT_TABLE,
	       "[{\"name\": \"a\\u001b[31m\\r\\n\\u007f\\u009bX\", \"note\": \"\\u00a0\"}]",
	       "NAME          RUNNING  NOTE\n"
	       "a?[31m?????X  -        \xc2\xa0\n");
	prints(OUTPUT_NAME, "[{\"name\": \"a\\u001bb\"}]", "a?b\n");
	prints_object(OUTPUT_TABLE, "{\"a\": \"x\\u001b]0;y\"}", "a: x?]0;y\n");
	prints_object(OUTPUT_TABLE, "{\"a\": \"x\\n\\u001b[2Jy\"}", "a:\n  x\n  ?[2Jy\n");
}
END_TEST

START_TEST(names_alone)
{
	prints(OUTPUT_NAME, "[{\"name\": \"a\", \"note\": \"x\"}, {\"name\": \"b\"}]", "a\nb\n");
	prints(OUTPUT_NAME, "[]", "");
	prints_object(OUTPUT_NAME, "{\"id\": \"1\", \"name\": \"n\"}", "n\n");
	prints_object(OUTPUT_NAME, "{\"id\": \"1\"}", "1\n");
}
END_TEST

START_TEST(json_is_whole_and_sorted)
{
	prints(OUTPUT_JSON, "[{\"name\": \"a\", \"extra\": null}]",
	       "[\n  {\n    \"extra\": null,\n    \"name\": \"a\"\n  }\n]\n");
	prints_object(OUTPUT_JSON, "{\"b\": 1, \"a\": \"\\u001b\"}",
		      "{\n  \"a\": \"\\u001B\",\n  \"b\": 1\n}\n");
}
END_TEST

START_TEST(objects_as_lines)
{
	prints_object(OUTPUT_TABLE,
		      "{\"name\": \"a\", \"status\": {\"running\": 2, \"more\": {\"x\": true}}, "
		      "\"none\": {}, \"script\": \"#!/bin/sh\\n\\n\\techo\\n\"}",
		      "name: a\n"
		      "status:\n"
		      "  running: 2\n"
		      "  more:\n"
		      "    x: yes\n"
		      "none: {}\n"
		      "script:\n"
		      "  #!/bin/sh\n"
		      "\n"
		      "  \techo\n");
}
END_TEST

START_TEST(lists_of_objects_as_blocks)
{
	prints_object(OUTPUT_TABLE,
		      "{\"a\": [{\"x\": 1, \"y\": {\"z\": 2}}, {\"x\": \"m\\nn\"}], \"b\": [1, 2], "
		      "\"c\": []}",
		      "a:\n"
		      "  - x: 1\n"
		      "    y:\n"
		      "      z: 2\n"
		      "  - x:\n"
		      "      m\n"
		      "      n\n"
		      "b: [1,2]\n"
		      "c: []\n");
}
END_TEST

SUITE_MAIN("table", columns_are_as_wide_as_their_widest, width_counts_characters,
	   what_is_not_there_is_a_dash, no_value_can_steer_a_terminal, names_alone,
	   json_is_whole_and_sorted, objects_as_lines, lists_of_objects_as_blocks)
