/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets do not get through, whatever surrounds them. */
#include "host/mask.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

static const struct hr_setting rows[] = {
	{.key = "name", .type = HR_TYPE_STRING, .title = "Name", .help = "Who."},
	{.key = "token", .type = HR_TYPE_SECRET, .title = "Token", .help = "What."},
	{.key = "longer", .type = HR_TYPE_SECRET, .title = "Longer", .help = "What else."},
	{.key = "key", .type = HR_TYPE_SECRET, .title = "Key", .help = "In lines."},
};
static const struct schema schema = SCHEMA_OF("test", rows);
static struct mask *mask;

static void setup(void)
{
	json_t *settings = json_pack(
		"{ss ss ss ss}", "name", "ana", "token", "hunter2", "longer", "hunter2000", "key",
		"-----BEGIN KEY-----\nMIIEvQIBADANBg\r\nabc\n-----END KEY-----\n");
	struct hr_error err;

	ck_assert_int_eq(mask_new(&schema, settings, &mask, &err), 0);
	json_decref(settings);
}

static void teardown(void)
{
	mask_free(mask);
}

static void expect(const char *text, const char *expected)
{
	char buf[128];

	mask_text(mask, text, strlen(text), buf, sizeof(buf));
	ck_assert_str_eq(buf, expected);
}

START_TEST(values)
{
	expect("", "");
	expect("ana logs in", "ana logs in");
	expect("hunter2", "***");
	expect("a hunter2, twice: hunter2hunter2.", "a ***, twice: ******.");
	expect("the longest counts: hunter2000", "the longest counts: ***");
	expect("hunter", "hunter");
}
END_TEST

START_TEST(lines)
{
	expect("-----BEGIN KEY-----\nMIIEvQIBADANBg\r\nabc\n-----END KEY-----\n", "***");
	expect("bad line MIIEvQIBADANBg in key", "bad line *** in key");
	expect("abc is too common a word", "abc is too common a word");
}
END_TEST

/* Whatever writes a secret down may have to write it otherwise. */
START_TEST(forms)
{
	ck_assert_int_eq(mask_add(mask, "pass/w\xc3\xb6rd \"+\"\n?"), 0);
	/* in a URL */
	expect("/a?k=pass%2Fw%C3%B6rd%20%22%2B%22%0A%3F&b", "/a?k=***&b");
	expect("/a?k=pass%2fw%c3%b6rd%20%22%2b%22%0a%3f&b", "/a?k=***&b");
	expect("k=pass%2Fw%C3%B6rd+%22%2B%22%0A%3F", "k=***");
	/* in JSON */
	expect("{\"k\":\"pass/w\xc3\xb6rd \\\"+\\\"\\n?\"}", "{\"k\":\"***\"}");
	expect("{\"k\":\"pass/w\\u00F6rd \\\"+\\\"\\n?\"}", "{\"k\":\"***\"}");
	expect("{\"k\":\"pass\\/w\xc3\xb6rd \\\"+\\\"\\n?\"}", "{\"k\":\"***\"}");
	/* in Base64: alone, and behind one to three bytes more, of which some digits tell too */
	expect("Basic aHVudGVyMjAwMA==", "Basic ***");
	expect("Basic aHVudGVyMjAwMA", "Basic ***");
	expect("Basic Omh1bnRlcjIwMDA=", "Basic Om***A=");
	expect("Basic YTpodW50ZXIyMDAw", "Basic YTp***");
	expect("Basic YWI6aHVudGVyMjAwMDp4", "Basic YWI6***Dp4");
	/* what they are made of goes through */
	expect("pass%2F and aHVudGVy", "pass%2F and aHVudGVy");
}
END_TEST

START_TEST(bytes)
{
	const char text[] = "a\xff"
			    "b\0c\xe2\x82\xac";
	char buf[32], small[6];

	mask_text(mask, text, sizeof(text) - 1, buf, sizeof(buf));
	ck_assert_str_eq(buf, "a?b?c\xe2\x82\xac");
	mask_text(mask, "ab\xe2\x82\xac\xe2\x82\xac", 8, small, sizeof(small));
	ck_assert_str_eq(small, "ab\xe2\x82\xac");
	mask_text(NULL, "hunter2", 7, buf, sizeof(buf));
	ck_assert_str_eq(buf, "hunter2");
}
END_TEST

/* What secret/1 gives later is masked like what was there at first. */
START_TEST(added_later)
{
	expect("rotated-9", "rotated-9");
	ck_assert_int_eq(mask_add(mask, "rotated-9"), 0);
	ck_assert_int_eq(mask_add(mask, "rotated-9"), 0);
	expect("now rotated-9 and hunter2000", "now *** and ***");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mask");
	TCase *tests = tcase_create("mask");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, values);
	tcase_add_test(tests, lines);
	tcase_add_test(tests, forms);
	tcase_add_test(tests, bytes);
	tcase_add_test(tests, added_later);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
