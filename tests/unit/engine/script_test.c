/* SPDX-License-Identifier: Apache-2.0 */
/* Startup scripts: what is replaced, what is refused, and with which words. */
#include "engine/script.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct script_values values = {
	.server_id = "id-1",
	.server_hostname = "demo-1",
	.upstream_auth_address = "10.0.0.1:8460",
	.checkin_jwt = "aaa.bbb.ccc",
	.checkin_url = "http://10.0.0.1:8460/api/set_server_status?token=aaa.bbb.ccc",
	.provider_name = "local",
	.zone_name = "default",
	.pool_name = "demo",
	.connection_username = "ana",
	.connection_port = "22",
	.ssh_key = "ssh-ed25519 AAAA demo-1",
};

static void expect(const char *template_text, const char *expected)
{
	struct hr_error err = {0};
	char *text = NULL;
	size_t len = 0;

	ck_assert_msg(script_check(template_text, &err) == 0, "%s", err.message);
	ck_assert_msg(script_render(template_text, &values, &text, &len, &err) == 0, "%s",
		      err.message);
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(len, strlen(expected));
	free(text);
}

/* Check and rendering refuse the same, with the same words. */
static void expect_refused(const char *template_text, const char *message)
{
	struct hr_error err = {0}, again = {0};
	char *text = NULL;
	size_t len = 0;

	ck_assert_int_eq(script_check(template_text, &err), -1);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_str_eq(err.field, "startup_script");
	ck_assert_str_eq(err.message, message);
	ck_assert_int_eq(script_render(template_text, &values, &text, &len, &again), -1);
	ck_assert_ptr_null(text);
	ck_assert_str_eq(again.message, message);
}

START_TEST(tags_are_replaced)
{
	expect("", "");
	expect("no tag\n", "no tag\n");
	expect("{server_id} {server_hostname} {upstream_auth_address}",
	       "id-1 demo-1 10.0.0.1:8460");
	expect("{checkin_jwt}={registration_token}", "aaa.bbb.ccc=aaa.bbb.ccc");
	expect("{checkin_url}", "http://10.0.0.1:8460/api/set_server_status?token=aaa.bbb.ccc");
	expect("{provider_name}/{zone_name}/{pool_name}", "local/default/demo");
	expect("{connection_username}:{connection_port}", "ana:22");
	expect("echo '{ssh_key}' >>keys", "echo 'ssh-ed25519 AAAA demo-1' >>keys");
	expect("{server_id}{server_id}", "id-1id-1");
}
END_TEST

START_TEST(tags_without_a_value_are_empty)
{
	struct script_values none = {0};
	struct hr_error err = {0};
	char *text = NULL;
	size_t len = 9;

	expect("[{connection_password}{ad_join_credential}{domain}{ad_ou_dn}{checkin_pin}"
	       "{manager_token}{dns_servers}{nginx_cert_in}{nginx_key_in}{server_external_fqdn}]",
	       "[]");
	ck_assert_int_eq(script_render("{server_id}", &none, &text, &len, &err), 0);
	ck_assert_str_eq(text, "");
	ck_assert_uint_eq(len, 0);
	free(text);
}
END_TEST

START_TEST(doubled_braces_become_single)
{
	expect("f() {{ echo \"${{HOME}}\"; }}", "f() { echo \"${HOME}\"; }");
	expect("{{server_id}}", "{server_id}");
	expect("{{{server_id}}}", "{id-1}");
	expect("{{}}", "{}");
}
END_TEST

/* A value is inserted as it is, never looked at for tags. */
START_TEST(values_are_not_scanned)
{
	struct script_values odd = {.pool_name = "{server_id} }{"};
	struct hr_error err = {0};
	char *text = NULL;
	size_t len;

	ck_assert_int_eq(script_render("{pool_name}", &odd, &text, &len, &err), 0);
	ck_assert_str_eq(text, "{server_id} }{");
	free(text);
}
END_TEST

START_TEST(mistakes_are_named)
{
	expect_refused(
		"#!/bin/sh\nf() { echo x; }\n",
		"startup script, line 2, column 5: a single \"{\" that belongs to no tag; write "
		"\"{{\" where the script needs a brace");
	expect_refused("}",
		       "startup script, line 1, column 1: a single \"}\" that belongs to no tag; "
		       "write \"}}\" where the script needs a brace");
	expect_refused("é{server_di}",
		       "startup script, line 1, column 2: {server_di} is no tag; did you mean "
		       "{server_id}? If braces are meant, double them: {{server_di}}");
	expect_refused("${HOME}",
		       "startup script, line 1, column 2: {HOME} is no tag; if braces are "
		       "meant, double them: {{HOME}}");
	expect_refused(
		"a\nb\n  {server_id\n}",
		"startup script, line 3, column 3: the tag {server_id is not closed; end it with "
		"\"}\", or write \"{{\" where the script needs a brace");
	expect_refused("{server_id", "startup script, line 1, column 1: the tag {server_id is not "
				     "closed; end it with \"}\", or write \"{{\" where the script "
				     "needs a brace");
	expect_refused(
		"{ server_id }",
		"startup script, line 1, column 1: a single \"{\" that belongs to no tag; write "
		"\"{{\" where the script needs a brace");
	expect_refused(
		"{server_id:sh}",
		"startup script, line 1, column 1: a single \"{\" that belongs to no tag; write "
		"\"{{\" where the script needs a brace");
}
END_TEST

START_TEST(nearest_tag_is_the_example)
{
	struct hr_error err = {0};

	ck_assert_int_eq(script_check("{chekin_url}", &err), -1);
	ck_assert_str_eq(err.example, "checkin_url");
}
END_TEST

START_TEST(tags_without_a_value_are_told)
{
	ck_assert_ptr_null(script_unfilled_tag("{server_id} {{domain}} {pool_name}"));
	ck_assert_str_eq(script_unfilled_tag("{server_id} {{x}} {domain}"), "domain");
	ck_assert_str_eq(script_unfilled_tag("{{{manager_token}}}"), "manager_token");
}
END_TEST

START_TEST(size_is_limited)
{
	size_t size = ((size_t)1 << 20) + 2;
	char *big = malloc(size), *text = NULL;
	struct script_values large = {0};
	struct hr_error err = {0};
	size_t len;

	memset(big, 'x', size - 1);
	big[size - 1] = '\0';
	ck_assert_int_eq(script_check(big, &err), -1);
	ck_assert_str_eq(err.message,
			 "the startup script is longer than 1 MiB; make it shorter, or "
			 "let it fetch the rest");
	big[size - 2] = '\0';
	ck_assert_int_eq(script_check(big, &err), 0);
	ck_assert_int_eq(script_render(big, &values, &text, &len, &err), 0);
	ck_assert_uint_eq(len, (size_t)1 << 20);
	free(text);
	large.pool_name = big;
	ck_assert_int_eq(script_render("{pool_name}x", &large, &text, &len, &err), -1);
	ck_assert_str_eq(err.message, "the startup script is longer than 1 MiB once its tags are "
				      "replaced; make it shorter, or let it fetch the rest");
	free(big);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("script");
	TCase *tests = tcase_create("script");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, tags_are_replaced);
	tcase_add_test(tests, tags_without_a_value_are_empty);
	tcase_add_test(tests, doubled_braces_become_single);
	tcase_add_test(tests, values_are_not_scanned);
	tcase_add_test(tests, mistakes_are_named);
	tcase_add_test(tests, nearest_tag_is_the_example);
	tcase_add_test(tests, tags_without_a_value_are_told);
	tcase_add_test(tests, size_is_limited);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
