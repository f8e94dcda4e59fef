/* SPDX-License-Identifier: Apache-2.0 */
/* The ClientHello against OpenSSL's server in memory, at every version and with every kind of key, and
 * the judgement on its real answers and on broken ones. */
#include "builtin/probe_tls.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

static char text[PROBE_TEXT_SIZE];

static enum probe_verdict judge(const void *bytes, size_t len)
{
	unsigned char *copy = malloc(len ? len : 1);
	enum probe_verdict verdict;

	ck_assert_ptr_nonnull(copy);
	if (len > 0)
		memcpy(copy, bytes, len);
	verdict = probe_tls(copy, len, text);
	free(copy);
	return verdict;
}

static SSL_CTX *server_context(bool rsa, int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	ck_assert(context && key && cert);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	ck_assert_int_eq(X509_set_pubkey(cert, key), 1);
	ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
	ck_assert_int_eq(SSL_CTX_use_certificate(context, cert), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(context, key), 1);
	SSL_CTX_set_min_proto_version(context, version);
	SSL_CTX_set_max_proto_version(context, version);
	X509_free(cert);
	EVP_PKEY_free(key);
	return context;
}

/* What the server answers to that; gives its length. */
static size_t answer_of(SSL_CTX *context, const unsigned char *hello, size_t len,
			unsigned char *buf, size_t size)
{
	SSL *ssl = SSL_new(context);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	int n;

	ck_assert(ssl && in && out);
	SSL_set_bio(ssl, in, out);
	ck_assert_int_eq(BIO_write(in, hello, (int)len), (int)len);
	SSL_accept(ssl);
	n = BIO_read(out, buf, (int)size);
	SSL_free(ssl);
	return n > 0 ? (size_t)n : 0;
}

static const struct {
	bool rsa;
	int version;
} servers[] = {{true, TLS1_2_VERSION},
	       {true, TLS1_3_VERSION},
	       {false, TLS1_2_VERSION},
	       {false, TLS1_3_VERSION}};

START_TEST(real_answers)
{
	SSL_CTX *context = server_context(servers[_i].rsa, servers[_i].version);
	unsigned char hello[PROBE_TLS_HELLO_MAX], bytes[16384];
	size_t len = answer_of(context, hello, probe_tls_hello(hello), bytes, sizeof(bytes));

	ck_assert_uint_gt(len, 60);
	ck_assert_msg(judge(bytes, len) == PROBE_SPEAKS, "%s", text);
	ck_assert_str_eq(text, "a TLS server");
	for (size_t n = 0; n < 47; n++)
		ck_assert_msg(judge(bytes, n) == PROBE_MORE, "decided at byte %zu", n);
	ck_assert_int_eq(judge(bytes, 47), PROBE_SPEAKS);
	SSL_CTX_free(context);
}
END_TEST

/* That the test's server would refuse a broken hello is part of the proof that ours is none. */
START_TEST(refusals)
{
	SSL_CTX *context = server_context(true, TLS1_3_VERSION);
	unsigned char hello[PROBE_TLS_HELLO_MAX], bytes[16384];
	size_t len = probe_tls_hello(hello);

	hello[44] = 0x7f; /* the suites' length */
	len = answer_of(context, hello, len, bytes, sizeof(bytes));
	ck_assert_uint_eq(len, 7);
	ck_assert_int_eq(judge(bytes, len), PROBE_WRONG);
	ck_assert_str_eq(text, "it speaks TLS, but refuses with alert 50");
	SSL_CTX_free(context);
}
END_TEST

/* A warning goes before a right answer. */
START_TEST(warning_first)
{
	static const unsigned char warning[] = {21, 3, 3, 0, 2, 1, 112};
	SSL_CTX *context = server_context(false, TLS1_3_VERSION);
	unsigned char hello[PROBE_TLS_HELLO_MAX], bytes[16384];
	size_t len;

	memcpy(bytes, warning, sizeof(warning));
	len = answer_of(context, hello, probe_tls_hello(hello), bytes + sizeof(warning),
			sizeof(bytes) - sizeof(warning));
	ck_assert_int_eq(judge(bytes, sizeof(warning)), PROBE_MORE);
	ck_assert_int_eq(judge(bytes, sizeof(warning) + len), PROBE_SPEAKS);
	SSL_CTX_free(context);
}
END_TEST

START_TEST(wrong)
{
	static const unsigned char good[] = {22, 3, 3, 0, 60, 2, 0, 0, 56, 3, 3};
	static const struct {
		size_t at;
		unsigned char value;
	} changes[] = {{0, 23}, {0, 'H'}, {1, 2}, {3, 0xff}, {4, 3},
		       {5, 1},  {6, 9},   {8, 9}, {9, 2}};
	unsigned char bytes[65] = {0}, hello[PROBE_TLS_HELLO_MAX];

	memcpy(bytes, good, sizeof(good));
	ck_assert_int_eq(judge(bytes, sizeof(bytes)), PROBE_SPEAKS);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		unsigned char kept = bytes[changes[i].at];

		bytes[changes[i].at] = changes[i].value;
		ck_assert_msg(judge(bytes, sizeof(bytes)) == PROBE_WRONG, "byte %zu may be %u",
			      changes[i].at, changes[i].value);
		bytes[changes[i].at] = kept;
	}
	/* An echo; plain HTTP, as a KasmVNC without TLS answers. */
	ck_assert_int_eq(judge(hello, probe_tls_hello(hello)), PROBE_WRONG);
	ck_assert_int_eq(judge("HTTP/1.1 400 Bad Request\r\n", 26), PROBE_WRONG);
	ck_assert_str_eq(text, "it answers \"HTTP/1.1 400 Bad Request\"");
}
END_TEST

START_TEST(noise)
{
	uint64_t state = 88172645463325252u;
	unsigned char bytes[200];

	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)(state % sizeof(bytes));

		for (size_t i = 0; i < len; i++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			/* Half of them begin as a record. */
			bytes[i] = round % 2 && i < 3 ? (unsigned char)"\x16\x03\x03"[i]
						      : (unsigned char)(state >> 24);
		}
		if (judge(bytes, len) == PROBE_SPEAKS)
			ck_assert_msg(len > 46 && bytes[5] == 2 && bytes[9] == 3, "noise");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe_tls");
	TCase *tcase = tcase_create("tls");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, real_answers, 0, sizeof(servers) / sizeof(servers[0]));
	tcase_add_test(tcase, refusals);
	tcase_add_test(tcase, warning_first);
	tcase_add_test(tcase, wrong);
	tcase_add_test(tcase, noise);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
