/* SPDX-License-Identifier: Apache-2.0 */
/* Which accounts share a rate budget. */
#include "provider/account_key.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

static const struct hr_setting rows[] = {
	{.key = "access_key",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_ACCOUNT_KEY,
	 .title = "Access key",
	 .help = "Who asks."},
	{.key = "secret",
	 .type = HR_TYPE_SECRET,
	 .flags = HR_SETTING_ACCOUNT_KEY,
	 .title = "Secret",
	 .help = "Proves it."},
	{.key = "image", .type = HR_TYPE_STRING, .title = "Image", .help = "What is started."},
};

static struct registry_module aws = {.id = "aws", .schema = SCHEMA_OF("settings", rows)};

static const char *key_of(const struct registry_module *module, const char *settings,
			  const char *account)
{
	static char keys[4][ACCOUNT_KEY_SIZE];
	static unsigned turn;
	char *key = keys[turn++ % 4];
	struct hr_error err = {0};
	json_t *json = json_loads(settings, 0, NULL);

	ck_assert_ptr_nonnull(json);
	ck_assert_msg(account_key(module, json, account, key, &err) == 0, "%s", err.message);
	json_decref(json);
	return key;
}

START_TEST(equal_marked_settings_share)
{
	const char *key =
		key_of(&aws, "{\"access_key\": \"AK1\", \"secret\": \"s3cr3t\", \"image\": \"a\"}",
		       "id-1");

	ck_assert_uint_eq(strlen(key), 64);
	ck_assert_uint_eq(strspn(key, "0123456789abcdef"), 64);
	ck_assert_str_eq(
		key,
		key_of(&aws, "{\"image\": \"b\", \"secret\": \"s3cr3t\", \"access_key\": \"AK1\"}",
		       "id-2"));
}
END_TEST

START_TEST(others_do_not)
{
	struct registry_module other = aws;
	const char *key = key_of(&aws, "{\"access_key\": \"a\", \"secret\": \"b\"}", "id");

	other.id = "other";
	ck_assert_str_ne(key, key_of(&other, "{\"access_key\": \"a\", \"secret\": \"b\"}", "id"));
	ck_assert_str_ne(key, key_of(&aws, "{\"access_key\": \"b\", \"secret\": \"a\"}", "id"));
	ck_assert_str_ne(key, key_of(&aws, "{\"access_key\": \"a\"}", "id"));
	ck_assert_str_ne(key_of(&aws, "{\"secret\": \"a\"}", "id"),
			 key_of(&aws, "{\"access_key\": \"a\"}", "id"));
	/* Values do not run into their neighbours. */
	ck_assert_str_ne(key_of(&aws, "{\"access_key\": \"ab\", \"secret\": \"c\"}", "id"),
			 key_of(&aws, "{\"access_key\": \"a\", \"secret\": \"bc\"}", "id"));
}
END_TEST

START_TEST(it_stays_the_same_over_versions)
{
	/* sha256 of: aws NUL access_key NUL "a" NUL secret NUL NUL */
	ck_assert_str_eq(key_of(&aws, "{\"access_key\": \"a\"}", "id"),
			 "93c8dfab456673a2105214cb874d1d4a65c50122f449ca8840905d9d365fd993");
}
END_TEST

START_TEST(without_marks_each_has_its_own)
{
	struct registry_module plain = aws;

	plain.schema.rows = rows + 2;
	plain.schema.n_rows = 1;
	ck_assert_str_eq(key_of(&plain, "{\"image\": \"a\"}", "id-1"), "id-1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("account_key");
	TCase *tcase = tcase_create("account_key");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, equal_marked_settings_share);
	tcase_add_test(tcase, others_do_not);
	tcase_add_test(tcase, it_stays_the_same_over_versions);
	tcase_add_test(tcase, without_marks_each_has_its_own);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
