/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/yaml.h"
#include "../base/suite.h"

static void reads(const char *text, const char *json)
{
	CLEANUP_JSON json_t *documents = NULL;
	CLEANUP_FREE char *got = NULL;
	struct hr_error err = {0};

	ck_assert_msg(yaml_parse(text, strlen(text), "a.yaml", &documents, &err) == 0, "%s",
		      err.message);
	got = json_text(documents);
	ck_assert_str_eq(got, json);
}

static void refuses_bytes(const char *text, size_t len, const char *message)
{
	json_t *documents = NULL;
	struct hr_error err = {0};

	ck_assert_int_eq(yaml_parse(text, len, "a.yaml", &documents, &err), -1);
	ck_assert_ptr_null(documents);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_str_eq(err.message, message);
}

static void refuses(const char *text, const char *message)
{
	refuses_bytes(text, strlen(text), message);
}

START_TEST(scalars_are_typed_by_their_look)
{
	reads("a: 1\nb: -5\nc: 0\nd: true\ne: false\nf: ~\ng: null\nh:\n",
	      "[{\"a\":1,\"b\":-5,\"c\":0,\"d\":true,\"e\":false,\"f\":null,\"g\":null,\"h\":null}]");
	reads("a: \"1\"\nb: 'true'\nc: 1.5\nd: 5m\ne: yes\nf: 2026-01-01\ng: 007\nh: -01\ni: 0x10\n",
	      "[{\"a\":\"1\",\"b\":\"true\",\"c\":\"1.5\",\"d\":\"5m\",\"e\":\"yes\","
	      "\"f\":\"2026-01-01\",\"g\":\"007\",\"h\":\"-01\",\"i\":\"0x10\"}]");
	reads("a: 99999999999999999999\n", "[{\"a\":\"99999999999999999999\"}]");
	reads("a: |\n  one\n  two\n", "[{\"a\":\"one\\ntwo\\n\"}]");
	reads("a: \"\"\nb: K\xc3\xb6ln\n", "[{\"a\":\"\",\"b\":\"K\xc3\xb6ln\"}]");
}
END_TEST

START_TEST(documents_sequences_and_json)
{
	reads("a: 1\n---\nb: [1, x, {c: d}]\n", "[{\"a\":1},{\"b\":[1,\"x\",{\"c\":\"d\"}]}]");
	reads("{\"a\": {\"b\": [true, \"x\"]}}", "[{\"a\":{\"b\":[true,\"x\"]}}]");
	reads("- 1\n- a: b\n", "[[1,{\"a\":\"b\"}]]");
	reads("just text\n", "[\"just text\"]");
}
END_TEST

START_TEST(empty_documents_are_left_out)
{
	reads("", "[]");
	reads("# only a comment\n", "[]");
	reads("---\n# nothing\n---\na: 1\n---\n", "[{\"a\":1}]");
}
END_TEST

START_TEST(what_is_refused_is_refused_with_its_place)
{
	refuses("a: 1\nb: 2\na: 3\n",
		"a.yaml, line 3 column 1: the key \"a\" stands here a second time");
	refuses("x:\n  a: 1\n  a: 1\n",
		"a.yaml, line 3 column 3: the key \"a\" stands here a second time");
	refuses("a: &x 1\n", "a.yaml, line 1 column 4: anchors are not accepted");
	refuses("a: &x [1]\n", "a.yaml, line 1 column 4: anchors are not accepted");
	refuses("&x a: 1\n", "a.yaml, line 1 column 1: anchors are not accepted");
	refuses("a:\n  - *x\n", "a.yaml, line 2 column 5: aliases are not accepted");
	refuses("*x : 1\n", "a.yaml, line 1 column 1: aliases are not accepted");
	refuses("a: !!str 1\n", "a.yaml, line 1 column 4: tags are not accepted");
	refuses("a: !own {b: c}\n", "a.yaml, line 1 column 4: tags are not accepted");
	refuses("!!str a: 1\n", "a.yaml, line 1 column 1: tags are not accepted");
	refuses("[a]: 1\n", "a.yaml, line 1 column 1: a key must be text");
	refuses("? {a: b}\n: 1\n", "a.yaml, line 1 column 3: a key must be text");
	refuses("a: \"x\\0y\"\n", "a.yaml, line 1 column 4: the NUL character is not accepted");
	refuses("\"a\\0b\": 1\n", "a.yaml, line 1 column 1: the NUL character is not accepted");
}
END_TEST

START_TEST(broken_syntax_is_told_with_its_place)
{
	struct hr_error err = {0};
	json_t *documents = NULL;
	const char *text = "kind: pool\nname: [a\nb: c\n";

	ck_assert_int_eq(yaml_parse(text, strlen(text), "pools/a.yaml", &documents, &err), -1);
	ck_assert_msg(strncmp(err.message, "pools/a.yaml, line 3 column ", 28) == 0, "%s",
		      err.message);
	refuses("a: 1\n\tb: 2\n",
		"a.yaml, line 2 column 1: found a tab character that violates indentation");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_told_with_their_place)
{
	refuses("a: 1\nb: \xff\n", "a.yaml, line 2 column 4: not text in UTF-8");
	refuses("\xc3\xa4: \xff\n", "a.yaml, line 1 column 4: not text in UTF-8");
	refuses_bytes("a: b\0c\n", 7, "a.yaml, line 1 column 5: not text in UTF-8");
	refuses("a: \x01\n", "a.yaml, line 1 column 4: not text in UTF-8");
}
END_TEST

START_TEST(depth_has_a_limit)
{
	char text[2 * 40 + 1] = "";

	for (int i = 0; i < 33; i++)
		strncat(text, "[", 2);
	for (int i = 0; i < 33; i++)
		strncat(text, "]", 2);
	{
		json_t *documents = NULL;
		struct hr_error err = {0};

		ck_assert_int_eq(yaml_parse(text, strlen(text), "x", &documents, &err), 0);
		json_decref(documents);
	}
	memset(text, '[', 40);
	text[40] = '\0';
	refuses(text, "a.yaml, line 1 column 34: nested more than 32 deep");
	/* Many levels more must not go deeper on the stack than those. */
	{
		size_t len = 100000;
		char *deep = malloc(len);

		ck_assert_ptr_nonnull(deep);
		memset(deep, '[', len);
		refuses_bytes(deep, len, "a.yaml, line 1 column 34: nested more than 32 deep");
		free(deep);
	}
}
END_TEST

SUITE_MAIN("yaml", scalars_are_typed_by_their_look, documents_sequences_and_json,
	   empty_documents_are_left_out, what_is_refused_is_refused_with_its_place,
	   broken_syntax_is_told_with_its_place, bytes_that_are_no_text_are_told_with_their_place,
	   depth_has_a_limit)
