/* SPDX-License-Identifier: Apache-2.0 */
/* Credential sources: settings that apply with one source only, among them references to the daemon's
 * environment by default; what a module gets of them, and what policy follows from their roles. */
#include "provider/account_services.h"

#include <stdlib.h>
#include <string.h>

#include "../base/suite.h"
#include "../http/certificates.h"
#include "http/account.h"
#include "provider/settings.h"

static const char *const sources[] = {"settings", "environment", "machine", NULL};

static const struct hr_setting rows[] = {
	{.key = "source",
	 .type = HR_TYPE_ENUM,
	 .choices = sources,
	 .default_value = "settings",
	 .title = "Source",
	 .help = "Of the credentials."},
	{.key = "key",
	 .type = HR_TYPE_SECRET,
	 .shown_when = "source=settings",
	 .title = "Key",
	 .help = "Written here."},
	{.key = "env_key",
	 .type = HR_TYPE_SECRET,
	 .default_value = "env:HR_TEST_KEY",
	 .shown_when = "source=environment",
	 .pattern = "[A-Z0-9]+",
	 .minimum = 4,
	 .maximum = 8,
	 .title = "Key",
	 .help = "Of the environment."},
	{.key = "certificate",
	 .type = HR_TYPE_TEXT,
	 .role = HR_ROLE_TLS_CLIENT_CERT,
	 .shown_when = "source=environment",
	 .title = "Certificate",
	 .help = "Ours."},
	{.key = "certificate_key",
	 .type = HR_TYPE_SECRET,
	 .role = HR_ROLE_TLS_CLIENT_KEY,
	 .default_value = "env:HR_TEST_CERTIFICATE_KEY",
	 .shown_when = "source=environment",
	 .title = "Its key",
	 .help = "Of the environment."},
	{.key = "metadata",
	 .type = HR_TYPE_STRING,
	 .role = HR_ROLE_ENDPOINT,
	 .default_value = "http://169.254.169.254",
	 .shown_when = "source=machine",
	 .title = "Metadata",
	 .help = "Where the machine's are."},
};

static const struct registry_module module = {
	.id = "acme", .usable = true, .schema = SCHEMA_OF("settings of provider acme", rows)};

static const char *const listed[] = {"HR_TEST_KEY", "HR_TEST_CERTIFICATE_KEY", NULL};
static struct http_service *http;
static struct account_services services;
static struct certificate ca, client;

static void setup(void)
{
	struct hr_error err = {0};

	ck_assert_msg(http_service_new(&(struct http_service_options){0}, &http, &err) == 0, "%s",
		      err.message);
	certificate_make(&ca, "test CA", NULL, NULL);
	certificate_make(&client, "client", "DNS:client.test", &ca);
	unsetenv("HR_TEST_KEY");
	setenv("HR_TEST_CERTIFICATE_KEY", client.key_pem, 1);
}

static void teardown(void)
{
	account_services_close(&services);
	http_service_free(http);
	certificate_free(&client);
	certificate_free(&ca);
}

/* As a person's config goes: normalised, stored with its secrets apart, opened. */
static int open_with(json_t *given, const char *const *names, struct hr_error *err)
{
	const struct account_services_options options = {
		.module = &module, .id = "account", .http = http, .secrets = {.env_names = names}};
	json_t *settings, *secrets, *plain;
	int rc;

	memset(err, 0, sizeof(*err));
	if (provider_settings_normalize(&module, given, 0, &settings, &secrets, err) != 0) {
		json_decref(given);
		return -1;
	}
	ck_assert_int_eq(provider_settings_merge(&module, settings, secrets, &plain, err), 0);
	account_services_close(&services);
	rc = account_services_open(&options, plain, &services, err);
	provider_settings_free(plain);
	provider_settings_free(secrets);
	json_decref(settings);
	json_decref(given);
	return rc;
}

static const char *got(const char *key)
{
	return json_string_value(json_object_get(services.settings, key));
}

START_TEST(environment_is_read_with_its_source)
{
	struct hr_error err;
	char *now = NULL;

	setenv("HR_TEST_KEY", "FIRST", 1);
	ck_assert_msg(open_with(json_pack("{ss}", "source", "environment"), listed, &err) != 0,
		      "a key without its certificate");
	ck_assert_str_eq(err.field, "settings.certificate");
	ck_assert_msg(open_with(json_pack("{ssss}", "source", "environment", "certificate",
					  client.cert_pem),
				listed, &err) == 0,
		      "%s", err.message);
	ck_assert_str_eq(got("env_key"), "FIRST");
	ck_assert_str_eq(json_string_value(json_object_get(services.stored, "env_key")),
			 "env:HR_TEST_KEY");
	/* The role's setting is what it leads to. */
	ck_assert_str_eq(services.http->policy.client_key, client.key_pem);
	/* Each time anew. */
	setenv("HR_TEST_KEY", "SECOND", 1);
	ck_assert_int_eq(account_services_secret(&services,
						 &(struct secret_rules){.env_names = listed},
						 "env_key", &now, &err),
			 0);
	ck_assert_str_eq(now, "SECOND");
	secret_free(now);
}
END_TEST

START_TEST(environment_is_not_read_with_another)
{
	struct hr_error err;
	char *now = NULL;

	setenv("HR_TEST_KEY", "FIRST", 1);
	ck_assert_msg(open_with(json_pack("{ss}", "key", "mine"), listed, &err) == 0, "%s",
		      err.message);
	ck_assert_str_eq(got("key"), "mine");
	ck_assert_ptr_null(got("env_key"));
	ck_assert_ptr_null(got("certificate_key"));
	ck_assert_ptr_null(services.http->policy.client_key);
	ck_assert_int_eq(account_services_secret(&services,
						 &(struct secret_rules){.env_names = listed},
						 "env_key", &now, &err),
			 0);
	ck_assert_ptr_null(now);
	/* So nothing is missed either. */
	unsetenv("HR_TEST_KEY");
	ck_assert_int_eq(open_with(json_pack("{ss}", "source", "machine"), NULL, &err), 0);
	ck_assert_int_eq(open_with(json_pack("{ssss}", "source", "machine", "env_key", "env:X"),
				   listed, &err),
			 -1);
	ck_assert_str_eq(err.field, "settings.env_key");
}
END_TEST

static bool reaches(const char *text)
{
	struct hr_error err = {0};
	struct http_url url;
	enum reach_kind kind;
	bool may;

	ck_assert_int_eq(http_url_parse(text, &url, &err), 0);
	may = http_policy_check(&services.http->policy, &url, &kind, &err) == 0;
	http_url_clear(&url);
	return may;
}

START_TEST(roles_count_with_their_source_only)
{
	struct hr_error err;

	ck_assert_int_eq(open_with(json_pack("{ss}", "source", "machine"), listed, &err), 0);
	ck_assert(reaches("http://169.254.169.254/latest/api/token"));
	ck_assert_int_eq(open_with(json_pack("{ss}", "source", "settings"), listed, &err), 0);
	ck_assert(!reaches("http://169.254.169.254/latest/api/token"));
}
END_TEST

static void check_refused(const char *const *names, const char *message)
{
	struct hr_error err;

	ck_assert_int_eq(open_with(json_pack("{ss}", "source", "environment"), names, &err), -1);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_str_eq(err.field, "settings.env_key");
	ck_assert_str_eq(err.message, message);
}

START_TEST(what_is_not_there_is_named)
{
	check_refused(listed, "env:HR_TEST_KEY is not set in the daemon's environment");
	setenv("HR_TEST_KEY", "FIRST", 1);
	check_refused(NULL, "env:HR_TEST_KEY cannot be resolved: the daemon's configuration does "
			    "not list that name");
	setenv("HR_TEST_KEY", "LONGERTHANTHAT", 1);
	check_refused(listed, "env:HR_TEST_KEY: the text has 14 bytes; at most 8 are possible");
	setenv("HR_TEST_KEY", "low er", 1);
	check_refused(listed, "env:HR_TEST_KEY: the secret does not have the form [A-Z0-9]+");
}
END_TEST

/* What a person sees of it is the mask, and an edit may bring that back. */
START_TEST(source_can_be_changed)
{
	json_t *given = json_pack("{ss}", "source", "environment");
	json_t *shown, *secrets, *edited;
	struct hr_error err = {0};

	ck_assert_int_eq(provider_settings_normalize(&module, given, 0, &shown, &secrets, &err), 0);
	ck_assert_str_eq(json_string_value(json_object_get(shown, "env_key")), "***");
	ck_assert_str_eq(json_string_value(json_object_get(secrets, "settings.env_key")),
			 "env:HR_TEST_KEY");
	provider_settings_free(secrets);
	json_object_set_new(shown, "source", json_string("settings"));
	ck_assert_msg(provider_settings_normalize(&module, shown, SCHEMA_ALLOW_MASKED, &edited,
						  &secrets, &err) == 0,
		      "%s", err.message);
	ck_assert_ptr_null(json_object_get(edited, "env_key"));
	ck_assert_uint_eq(json_object_size(secrets), 0);
	provider_settings_free(secrets);
	json_decref(edited);
	json_decref(shown);
	json_decref(given);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("account_services");
	TCase *t = tcase_create("account_services");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, environment_is_read_with_its_source);
	tcase_add_test(t, environment_is_not_read_with_another);
	tcase_add_test(t, roles_count_with_their_source_only);
	tcase_add_test(t, what_is_not_there_is_named);
	tcase_add_test(t, source_can_be_changed);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
