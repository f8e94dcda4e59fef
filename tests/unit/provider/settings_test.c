/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of provider configs: checked, secrets apart, kept and put back. */
#include "provider/settings.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/json.h"

static const struct hr_setting rows[] = {
	{.key = "region",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_REQUIRED,
	 .title = "Region",
	 .help = "Where.",
	 .example = "north"},
	{.key = "token",
	 .type = HR_TYPE_SECRET,
	 .flags = HR_SETTING_REQUIRED,
	 .title = "Token",
	 .help = "Who.",
	 .alias = "api_token"},
	{.key = "proxy_password", .type = HR_TYPE_SECRET, .title = "Proxy", .help = "By."},
	{.key = "timeout",
	 .type = HR_TYPE_DURATION,
	 .default_value = "30",
	 .title = "Timeout",
	 .help = "How long."},
};
static const struct registry_module module = {
	.id = "acme", .usable = true, .schema = SCHEMA_OF("settings of provider acme", rows)};

static json_t *json(const char *text)
{
	struct hr_error err = {0};
	json_t *value = NULL;

	ck_assert_msg(json_parse(text, strlen(text), "test", &value, &err) == 0, "%s", err.message);
	return value;
}

static void expect_json(const json_t *value, const char *text)
{
	char *got = json_text(value);

	ck_assert_str_eq(got, text);
	free(got);
}

START_TEST(secrets_apart_and_back)
{
	json_t *input = json("{\"region\":\"north\",\"api_token\":\"hunter2\",\"timeout\":\"5m\"}");
	json_t *settings, *secrets, *plain;
	struct hr_error err = {0};

	ck_assert_int_eq(provider_settings_normalize(&module, input, 0, &settings, &secrets, &err),
			 0);
	expect_json(settings, "{\"region\":\"north\",\"timeout\":300,\"token\":\"***\"}");
	expect_json(secrets, "{\"settings.token\":\"hunter2\"}");
	expect_json(input, "{\"api_token\":\"hunter2\",\"region\":\"north\",\"timeout\":\"5m\"}");
	ck_assert_int_eq(provider_settings_merge(&module, settings, secrets, &plain, &err), 0);
	expect_json(plain, "{\"region\":\"north\",\"timeout\":300,\"token\":\"hunter2\"}");
	expect_json(settings, "{\"region\":\"north\",\"timeout\":300,\"token\":\"***\"}");
	provider_settings_free(plain);
	expect_json(secrets, "{\"settings.token\":\"hunter2\"}");
	provider_settings_free(secrets);
	json_decref(settings);
	json_decref(input);
}
END_TEST

START_TEST(edits_keep_secrets)
{
	json_t *input = json("{\"region\":\"south\",\"token\":\"***\",\"proxy_password\":\"new\"}");
	json_t *stored =
		json("{\"settings.token\":\"hunter2\",\"settings.proxy_password\":\"old\"}");
	json_t *settings, *secrets;
	struct hr_error err = {0};

	ck_assert_int_ne(provider_settings_normalize(&module, input, 0, &settings, &secrets, &err),
			 0);
	ck_assert_str_eq(err.field, "settings.token");
	ck_assert_int_eq(provider_settings_normalize(&module, input, SCHEMA_ALLOW_MASKED, &settings,
						     &secrets, &err),
			 0);
	expect_json(secrets, "{\"settings.proxy_password\":\"new\"}");
	ck_assert_int_ne(provider_settings_keep(&module, settings, secrets, NULL, &err), 0);
	ck_assert_str_eq(err.message,
			 "field \"token\" in settings of provider acme: \"***\" stands "
			 "for a secret that is kept, and there is none yet; give the "
			 "secret itself");
	ck_assert_str_eq(err.field, "settings.token");
	ck_assert_int_eq(provider_settings_keep(&module, settings, secrets, stored, &err), 0);
	expect_json(secrets,
		    "{\"settings.proxy_password\":\"new\",\"settings.token\":\"hunter2\"}");
	provider_settings_free(secrets);
	provider_settings_free(stored);
	json_decref(settings);
	json_decref(input);
}
END_TEST

START_TEST(mistakes)
{
	const struct {
		const char *input, *field, *part;
	} cases[] = {
		{"{\"token\":\"t\"}", "settings.region", "region"},
		{"{\"region\":\"n\"}", "settings.token", "token"},
		{"{\"region\":\"n\",\"token\":\"t\",\"tiemout\":3}", "settings.tiemout",
		 "did you mean \"timeout\"?"},
		{"{\"region\":3,\"token\":\"t\"}", "settings.region", "settings of provider acme"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *input = json(cases[i].input), *settings, *secrets;
		struct hr_error err = {0};

		ck_assert_int_ne(
			provider_settings_normalize(&module, input, 0, &settings, &secrets, &err),
			0);
		ck_assert_int_eq(err.class, HR_INVALID);
		ck_assert_str_eq(err.field, cases[i].field);
		ck_assert_msg(strstr(err.message, cases[i].part) != NULL, "%s", err.message);
		json_decref(input);
	}
}
END_TEST

START_TEST(no_settings_at_all)
{
	const struct registry_module plain = {.id = "plain", .schema = {.subject = "settings"}};
	json_t *settings, *secrets;
	struct hr_error err = {0};

	ck_assert_int_eq(provider_settings_normalize(&plain, NULL, 0, &settings, &secrets, &err),
			 0);
	expect_json(settings, "{}");
	expect_json(secrets, "{}");
	json_decref(settings);
	provider_settings_free(secrets);
	ck_assert_int_ne(provider_settings_normalize(&module, NULL, 0, &settings, &secrets, &err),
			 0);
}
END_TEST

START_TEST(lost_secret)
{
	json_t *settings = json("{\"region\":\"n\",\"token\":\"***\"}"), *plain = NULL;
	struct hr_error err = {0};

	ck_assert_int_ne(provider_settings_merge(&module, settings, NULL, &plain, &err), 0);
	ck_assert_str_eq(err.field, "settings.token");
	json_decref(settings);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tests = tcase_create("settings");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, secrets_apart_and_back);
	tcase_add_test(tests, edits_keep_secrets);
	tcase_add_test(tests, mistakes);
	tcase_add_test(tests, no_settings_at_all);
	tcase_add_test(tests, lost_secret);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
