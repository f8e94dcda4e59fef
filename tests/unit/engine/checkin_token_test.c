/* SPDX-License-Identifier: Apache-2.0 */
/* Check-in tokens: the form is that of any JWT, and nothing but what we signed is opened. */
#include "engine/checkin_token.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/json.h"
#include "base/text.h"

#define SERVER "0d5f4a52-8b5e-4c83-9a1a-0f1d3b8c2e77"
#define INSTALLATION "5c0c5b7e-6a2e-4a51-8f0e-9f6f3c1f1a01"

static const struct checkin_key key = {.kid = "k1", .issuer = INSTALLATION, .bytes = {1, 2, 3}};
static const struct checkin_claims claims = {
	.server_id = SERVER, .issued_s = 1700000000, .expires_s = 1700014400};

static char *base64(const char *text)
{
	char *coded = text_base64url(text, strlen(text));

	ck_assert_ptr_nonnull(coded);
	return coded;
}

/* A token from any header and payload, rightly signed with these bytes. */
static void forge(const char *header, const char *payload, const uint8_t bytes[32], char *buf,
		  size_t size)
{
	char *a = base64(header), *b = base64(payload), *c;
	uint8_t digest[32];
	unsigned len = 0;

	text_format(buf, size, "%s.%s", a, b);
	HMAC(EVP_sha256(), bytes, 32, (const unsigned char *)buf, strlen(buf), digest, &len);
	c = text_base64url(digest, len);
	text_format(buf + strlen(buf), size - strlen(buf), ".%s", c);
	free(a);
	free(b);
	free(c);
}

static void expect_refused(const char *token, const char *why)
{
	struct checkin_claims opened;
	struct hr_error err = {0};
	char message[256];

	text_format(message, sizeof(message), "the check-in token is refused: %s", why);
	ck_assert_int_eq(checkin_token_open(&key, token, &opened, &err), -1);
	ck_assert_int_eq(err.class, HR_AUTH);
	ck_assert_str_eq(err.message, message);
}

START_TEST(what_is_signed_opens)
{
	struct checkin_claims opened = {0};
	char kid[CHECKIN_KID_SIZE];
	struct hr_error err = {0};
	char *token = NULL, *again = NULL;

	ck_assert_int_eq(checkin_token_sign(&key, &claims, &token, &err), 0);
	ck_assert_int_eq(checkin_token_sign(&key, &claims, &again, &err), 0);
	ck_assert_str_eq(token, again);
	ck_assert_int_eq(checkin_token_kid(token, kid, &err), 0);
	ck_assert_str_eq(kid, "k1");
	ck_assert_msg(checkin_token_open(&key, token, &opened, &err) == 0, "%s", err.message);
	ck_assert_str_eq(opened.server_id, SERVER);
	ck_assert_int_eq(opened.issued_s, claims.issued_s);
	ck_assert_int_eq(opened.expires_s, claims.expires_s);
	free(token);
	free(again);
}
END_TEST

/* The layout that any other JWT library would expect. */
START_TEST(form_is_jwt)
{
	struct hr_error err = {0};
	char *token = NULL, *header, *payload;
	json_t *json = NULL;
	size_t len;

	ck_assert_int_eq(checkin_token_sign(&key, &claims, &token, &err), 0);
	ck_assert_uint_eq(
		strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
		strlen(token));
	header = text_base64url_decode(token, strcspn(token, "."), &len);
	ck_assert_str_eq(header, "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}");
	payload = strchr(token, '.') + 1;
	payload = text_base64url_decode(payload, strcspn(payload, "."), &len);
	ck_assert_int_eq(json_parse(payload, len, "payload", &json, &err), 0);
	ck_assert_str_eq(json_string_or(json, "sub", ""), SERVER);
	ck_assert_str_eq(json_string_or(json, "iss", ""), INSTALLATION);
	ck_assert_str_eq(json_string_or(json, "aud", ""), "checkin");
	ck_assert_int_eq(json_integer_or(json, "iat", 0), 1700000000);
	ck_assert_int_eq(json_integer_or(json, "exp", 0), 1700014400);
	json_decref(json);
	free(header);
	free(payload);
	free(token);
}
END_TEST

/* Every single character matters, at its place. */
START_TEST(a_changed_character_is_refused)
{
	struct checkin_claims opened;
	char *token = NULL;

	ck_assert_int_eq(checkin_token_sign(&key, &claims, &token, NULL), 0);
	for (size_t i = 0; token[i] != '\0'; i++) {
		char was = token[i];

		token[i] = was == 'B' ? 'C' : 'B';
		ck_assert_msg(checkin_token_open(&key, token, &opened, NULL) == -1, "at %zu", i);
		token[i] = was;
	}
	ck_assert_int_eq(checkin_token_open(&key, token, &opened, NULL), 0);
	free(token);
}
END_TEST

#define GOOD_HEADER "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}"
#define PAYLOAD(aud, iss, sub, iat)                                                 \
	"{\"aud\":\"" aud "\",\"iss\":\"" iss "\",\"sub\":\"" sub "\",\"iat\":" iat \
	",\"exp\":1700014400}"
#define GOOD_PAYLOAD PAYLOAD("checkin", INSTALLATION, SERVER, "1700000000")

START_TEST(forgeries_are_refused)
{
	static const struct {
		const char *header, *payload, *why;
	} cases[] = {
		{"{\"alg\":\"none\",\"kid\":\"k1\"}", GOOD_PAYLOAD, "its algorithm is not HS256"},
		{"{\"alg\":\"HS512\",\"kid\":\"k1\"}", GOOD_PAYLOAD, "its algorithm is not HS256"},
		{"{\"alg\":\"hs256\",\"kid\":\"k1\"}", GOOD_PAYLOAD, "its algorithm is not HS256"},
		{"{\"alg\":[\"HS256\"],\"kid\":\"k1\"}", GOOD_PAYLOAD,
		 "its algorithm is not HS256"},
		{"{\"kid\":\"k1\"}", GOOD_PAYLOAD, "its algorithm is not HS256"},
		{"{\"alg\":\"HS256\"}", GOOD_PAYLOAD, "it names no key"},
		{"{\"alg\":\"HS256\",\"kid\":\"../k1\"}", GOOD_PAYLOAD, "it names no key"},
		{"{\"alg\":\"HS256\",\"kid\":\"12345678901234567\"}", GOOD_PAYLOAD,
		 "it names no key"},
		{"{\"alg\":\"HS256\",\"kid\":\"k2\"}", GOOD_PAYLOAD, "it is signed by another key"},
		{"{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWE\"}", GOOD_PAYLOAD,
		 "its type is not JWT"},
		{"{\"alg\":\"HS256\",\"kid\":\"k1\",\"crit\":[]}", GOOD_PAYLOAD,
		 "it has critical extensions"},
		{"{\"alg\":\"none\",\"alg\":\"HS256\",\"kid\":\"k1\"}", GOOD_PAYLOAD,
		 "a part of it is no JSON object in base64url"},
		{"[]", GOOD_PAYLOAD, "a part of it is no JSON object in base64url"},
		{GOOD_HEADER, "[]", "a part of it is no JSON object in base64url"},
		{GOOD_HEADER, PAYLOAD("console", INSTALLATION, SERVER, "1"),
		 "it is for another purpose than check-in"},
		{GOOD_HEADER, PAYLOAD("checkin", SERVER, SERVER, "1"),
		 "it is another installation's"},
		{GOOD_HEADER, PAYLOAD("checkin", INSTALLATION, "x' or 1=1", "1"),
		 "it names no server"},
		{GOOD_HEADER, PAYLOAD("checkin", INSTALLATION, SERVER, "\"1\""),
		 "it does not say when it was made and when it ends"},
		{GOOD_HEADER, PAYLOAD("checkin", INSTALLATION, SERVER, "1.5"),
		 "it does not say when it was made and when it ends"},
	};
	static const uint8_t other[32] = {9};
	char token[CHECKIN_TOKEN_MAX + 100];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		forge(cases[i].header, cases[i].payload, key.bytes, token, sizeof(token));
		expect_refused(token, cases[i].why);
	}
	forge(GOOD_HEADER, GOOD_PAYLOAD, other, token, sizeof(token));
	expect_refused(token, "its signature is wrong");
	forge(GOOD_HEADER, GOOD_PAYLOAD, key.bytes, token, sizeof(token));
	ck_assert_int_eq(checkin_token_open(&key, token, &(struct checkin_claims){0}, NULL), 0);
}
END_TEST

START_TEST(broken_forms_are_refused)
{
	char token[CHECKIN_TOKEN_MAX + 200], longer[CHECKIN_TOKEN_MAX + 300];
	char huge[CHECKIN_TOKEN_MAX + 2];

	forge(GOOD_HEADER, GOOD_PAYLOAD, key.bytes, token, sizeof(token));
	expect_refused(NULL, "there is none");
	expect_refused("", "there is none");
	expect_refused("x", "it has not the three parts of a JWT");
	expect_refused("x.y", "it has not the three parts of a JWT");
	expect_refused("..", "a part of it is no JSON object in base64url");
	text_format(longer, sizeof(longer), "%s.", token);
	expect_refused(longer, "it has not the three parts of a JWT");
	text_format(longer, sizeof(longer), "%s=", token);
	expect_refused(longer, "its signature is wrong");
	text_format(longer, sizeof(longer), "%s", token);
	*strrchr(longer, '.') = '\0';
	expect_refused(longer, "it has not the three parts of a JWT");
	text_format(longer + strlen(longer), 2, ".");
	expect_refused(longer, "its signature is wrong");
	memset(huge, 'a', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	expect_refused(huge, "it is longer than any token of ours");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("checkin_token");
	TCase *tests = tcase_create("checkin_token");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, what_is_signed_opens);
	tcase_add_test(tests, form_is_jwt);
	tcase_add_test(tests, a_changed_character_is_refused);
	tcase_add_test(tests, forgeries_are_refused);
	tcase_add_test(tests, broken_forms_are_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
