/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of each type as a module gets them. */
#include "host/values.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

static const char *const choices[] = {"small", "large", NULL};

#define ROW(name, kind) .key = name, .type = kind, .title = "T", .help = "H."

static const struct hr_setting rows[] = {
	{ROW("text", HR_TYPE_STRING)},
	{ROW("number", HR_TYPE_INTEGER), .default_value = "-3", .minimum = -10, .maximum = 10},
	{ROW("yes", HR_TYPE_BOOLEAN)},
	{ROW("no", HR_TYPE_BOOLEAN), .default_value = "false"},
	{ROW("size", HR_TYPE_ENUM), .choices = choices},
	{ROW("wait", HR_TYPE_DURATION)},
	{ROW("room", HR_TYPE_BYTES)},
	{ROW("token", HR_TYPE_SECRET)},
	{ROW("script", HR_TYPE_TEXT)},
	{ROW("zones", HR_TYPE_LIST)},
	{ROW("labels", HR_TYPE_MAP)},
	{ROW("extra", HR_TYPE_JSON)},
	{ROW("unset", HR_TYPE_STRING)},
};
static const struct schema schema = SCHEMA_OF("test", rows);

static const struct hr_value *find(const struct values *values, const char *key)
{
	for (size_t i = 0; i < values->n; i++)
		if (values->list[i].key.len == strlen(key) &&
		    memcmp(values->list[i].key.ptr, key, strlen(key)) == 0)
			return &values->list[i];
	return NULL;
}

static void expect_span(struct hr_span span, const char *text)
{
	ck_assert_uint_eq(span.len, strlen(text));
	ck_assert_mem_eq(span.ptr, text, span.len);
}

START_TEST(every_type)
{
	json_t *input = json_pack("{ss sb ss ss ss ss ss s[sss] s{ssss} s{si}}", "text", "héllo",
				  "yes", 1, "size", "large", "wait", "5m", "room", "2KiB", "token",
				  "hunter2", "script", "a\nb", "zones", "a", "b", "c", "labels",
				  "k1", "v1", "k2", "v2", "extra", "n", 1);
	json_t *settings;
	struct values values;
	struct hr_error err = {0};
	const struct hr_value *v;

	ck_assert_msg(schema_normalize(&schema, input, 0, &settings, &err) == 0, "%s", err.message);
	ck_assert_int_eq(values_from_json(&schema, settings, &values, &err), 0);
	ck_assert_uint_eq(values.n, 12);
	expect_span(find(&values, "text")->text, "héllo");
	ck_assert_int_eq(find(&values, "number")->integer, -3);
	ck_assert_int_eq(find(&values, "yes")->integer, 1);
	ck_assert_int_eq(find(&values, "no")->integer, 0);
	ck_assert_uint_eq(find(&values, "no")->type, HR_TYPE_BOOLEAN);
	expect_span(find(&values, "size")->text, "large");
	ck_assert_int_eq(find(&values, "wait")->integer, 300);
	ck_assert_int_eq(find(&values, "room")->integer, 2048);
	expect_span(find(&values, "token")->text, "hunter2");
	expect_span(find(&values, "script")->text, "a\nb");
	v = find(&values, "zones");
	ck_assert_uint_eq(v->n_items, 3);
	expect_span(v->items[2], "c");
	v = find(&values, "labels");
	ck_assert_uint_eq(v->n_items, 4);
	expect_span(v->items[2], "k2");
	expect_span(v->items[3], "v2");
	expect_span(find(&values, "extra")->text, "{\"n\":1}");
	ck_assert_ptr_null(find(&values, "unset"));
	values_clear(&values);
	json_decref(settings);
	json_decref(input);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("values");
	TCase *tests = tcase_create("values");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, every_type);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
