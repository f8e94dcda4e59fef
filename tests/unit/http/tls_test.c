/* SPDX-License-Identifier: Apache-2.0 */
/* Whom an account trusts, by its settings: a CA of its own, pins, client certificates, the floor of
 * TLS 1.2; against a server with certificates made here. */
#include <string.h>

#include "../base/suite.h"
#include "base/json.h"
#include "certificates.h"
#include "http_bench.h"

static struct certificate ca, other_ca, own, misnamed, client;
static struct tls_server server;

static void setup(void)
{
	bench_start();
	certificate_make(&ca, "test CA", NULL, NULL);
	certificate_make(&other_ca, "other CA", NULL, NULL);
	certificate_make(&own, "server", "IP:127.0.0.1,DNS:localhost", &ca);
	certificate_make(&misnamed, "other server", "DNS:other.test", &ca);
	certificate_make(&client, "client", "DNS:client.test", &ca);
	tls_server_start(&server, &own, &ca, NULL);
}

static void teardown(void)
{
	tls_server_stop(&server);
	certificate_free(&client);
	certificate_free(&misnamed);
	certificate_free(&own);
	certificate_free(&other_ca);
	certificate_free(&ca);
	bench_stop();
}

/* An answer of the server for an account with those settings; a NULL value is left out. */
static struct http_answer *ask(const char *const *pairs)
{
	json_t *settings =
		json_pack("{so}", "endpoint", json_sprintf("https://127.0.0.1:%d", server.port));
	struct http_account *account = NULL;
	struct http_answer *answer;
	struct hr_error err;
	char *text;

	for (; pairs[0]; pairs += 2)
		json_object_set_new(settings, pairs[0],
				    strcmp(pairs[1], "false") == 0 ? json_false()
								   : json_string(pairs[1]));
	text = json_text(settings);
	ck_assert_msg(bench_try_account(NULL, text, &account, &err) == 0, "%s", err.message);
	answer = bench_perform(account, "GET", 0, NULL, NULL, "https://127.0.0.1:%d/", server.port);
	http_account_free(account);
	json_decref(settings);
	free(text);
	return answer;
}

#define ASK(...) ask((const char *const[]){__VA_ARGS__, NULL, NULL})

static void check_trust(struct http_answer *answer, const char *client_cert)
{
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	ck_assert_int_eq(answer->status, 200);
	ck_assert_str_eq(answer->body, client_cert);
	http_answer_free(answer);
}

static void check_no_trust(struct http_answer *answer, const char *field)
{
	ck_assert_int_eq(answer->result, HR_INVALID);
	ck_assert_str_eq(answer->error.field, field);
	ck_assert_ptr_nonnull(strstr(answer->error.message, "127.0.0.1"));
	ck_assert_ptr_nonnull(strstr(answer->error.message, field));
	ck_assert_uint_eq(answer->error.flags, 0);
	http_answer_free(answer);
}

START_TEST(own_ca_is_trusted)
{
	check_trust(ASK("ca", ca.cert_pem), "no");
}
END_TEST

START_TEST(unknown_ca_is_not)
{
	check_no_trust(ASK("region", "x"), "settings.ca");
	check_no_trust(ASK("ca", other_ca.cert_pem), "settings.ca");
}
END_TEST

START_TEST(wrong_name_is_not)
{
	tls_server_stop(&server);
	tls_server_start(&server, &misnamed, NULL, NULL);
	check_no_trust(ASK("ca", ca.cert_pem), "settings.ca");
}
END_TEST

START_TEST(verification_may_be_off)
{
	check_trust(ASK("verify", "false"), "no");
}
END_TEST

START_TEST(pin_is_checked_with_and_without_verification)
{
	check_trust(ASK("ca", ca.cert_pem, "pin", own.pin), "no");
	check_trust(ASK("verify", "false", "pin", own.pin), "no");
	check_no_trust(ASK("ca", ca.cert_pem, "pin", ca.pin), "settings.pin");
	check_no_trust(ASK("verify", "false", "pin", ca.pin), "settings.pin");
}
END_TEST

START_TEST(pin_does_not_replace_the_ca)
{
	check_no_trust(ASK("ca", other_ca.cert_pem, "pin", own.pin), "settings.ca");
}
END_TEST

START_TEST(client_certificate_is_shown)
{
	check_trust(ASK("ca", ca.cert_pem, "cert", client.cert_pem, "key", client.key_pem), "yes");
}
END_TEST

START_TEST(key_of_another_certificate_is_refused)
{
	struct http_account *account = NULL;
	struct hr_error err;
	json_t *settings = json_pack("{ss ss}", "cert", client.cert_pem, "key", own.key_pem);
	char *text = json_text(settings);

	ck_assert_int_eq(bench_try_account(NULL, text, &account, &err), -1);
	ck_assert_str_eq(err.field, "settings.key");
	ck_assert_ptr_nonnull(strstr(err.message, "does not belong"));
	free(text);
	json_decref(settings);
}
END_TEST

/* An account without a certificate never rides on the connection of one that has. */
START_TEST(connections_are_not_shared_between_accounts)
{
	check_trust(ASK("ca", ca.cert_pem, "cert", client.cert_pem, "key", client.key_pem), "yes");
	check_trust(ASK("ca", ca.cert_pem), "no");
}
END_TEST

static void check_shown(struct http_account *account, const char *shown, const char *url, int to)
{
	struct http_answer *answer =
		bench_perform(account, "GET", HR_HTTP_FOLLOW, NULL, NULL, "%s/to/%d", url, to);

	check_trust(answer, shown);
}

/* It is a credential: a redirect takes it to no other origin, not even on a connection that
 * has it. */
START_TEST(client_certificate_is_not_redirected)
{
	struct tls_server other;
	struct http_account *account = NULL;
	struct hr_error err;
	char here[64], there[64];
	json_t *settings;
	char *text;

	tls_server_start(&other, &own, &ca, NULL);
	snprintf(here, sizeof(here), "https://127.0.0.1:%d", server.port);
	snprintf(there, sizeof(there), "https://127.0.0.1:%d", other.port);
	settings = json_pack("{ss ss ss ss ss}", "endpoint", here, "identity", there, "ca",
			     ca.cert_pem, "cert", client.cert_pem, "key", client.key_pem);
	text = json_text(settings);
	ck_assert_msg(bench_try_account(NULL, text, &account, &err) == 0, "%s", err.message);
	for (int i = 0; i < 2; i++) {
		check_shown(account, "no", here, other.port);
		check_shown(account, "yes", there, other.port);
	}
	http_account_free(account);
	json_decref(settings);
	free(text);
	tls_server_stop(&other);
}
END_TEST

START_TEST(old_tls_is_no_connection)
{
	struct http_answer *answer;

	tls_server_stop(&server);
	tls_server_start(&server, &own, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.1");
	answer = ASK("ca", ca.cert_pem);
	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	ck_assert_uint_eq(answer->error.flags, 0);
	ck_assert_ptr_nonnull(strstr(answer->error.message, "no connection"));
	http_answer_free(answer);
	tls_server_stop(&server);
	tls_server_start(&server, &own, NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2");
	check_trust(ASK("ca", ca.cert_pem), "no");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tls");
	TCase *t = tcase_create("tls");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, own_ca_is_trusted);
	tcase_add_test(t, unknown_ca_is_not);
	tcase_add_test(t, wrong_name_is_not);
	tcase_add_test(t, verification_may_be_off);
	tcase_add_test(t, pin_is_checked_with_and_without_verification);
	tcase_add_test(t, pin_does_not_replace_the_ca);
	tcase_add_test(t, client_certificate_is_shown);
	tcase_add_test(t, key_of_another_certificate_is_refused);
	tcase_add_test(t, connections_are_not_shared_between_accounts);
	tcase_add_test(t, client_certificate_is_not_redirected);
	tcase_add_test(t, old_tls_is_no_connection);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
