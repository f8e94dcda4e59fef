/* SPDX-License-Identifier: Apache-2.0 */
/* The crypto service against the vectors of FIPS 180, RFC 4231 and RFC 4648, and RSA against
 * OpenSSL's own other half. */
#include "host/crypto.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "../base/suite.h"
#include "base/clock.h"
#include "base/text.h"
#include "host/call.h"

static struct call call;
static struct module module;

static void setup(void)
{
	const struct call_subject subject = {
		.module = &module, .account = "a", .operation = "create"};
	struct hr_error err;

	ck_assert_int_eq(call_init(&call, &subject, clock_now().mono_ms + 60000, &err), 0);
}

static void teardown(void)
{
	call_clear(&call);
}

static struct hr_span span_of(const char *text)
{
	return (struct hr_span){text, strlen(text)};
}

static void check_hex(const uint8_t bytes[32], const char *hex)
{
	char text[65];

	text_hex(bytes, 32, text);
	ck_assert_str_eq(text, hex);
}

START_TEST(sha256_vectors)
{
	static char million[1000000];
	uint8_t hash[32];

	ck_assert_int_eq(crypto_service.sha256(&call.abi, (struct hr_span){NULL, 0}, hash), HR_OK);
	check_hex(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	ck_assert_int_eq(crypto_service.sha256(&call.abi, span_of("abc"), hash), HR_OK);
	check_hex(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	memset(million, 'a', sizeof(million));
	ck_assert_int_eq(
		crypto_service.sha256(&call.abi, (struct hr_span){million, sizeof(million)}, hash),
		HR_OK);
	check_hex(hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

/* RFC 4231, cases 1, 2, 3, 6, 7. */
static const struct {
	char key_byte; /* 0: key_text */
	size_t key_len;
	const char *key_text;
	char data_byte; /* 0: data_text */
	size_t data_len;
	const char *data_text;
	const char *mac;
} macs[] = {
	{0x0b, 20, NULL, 0, 0, "Hi There",
	 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{0, 0, "Jefe", 0, 0, "what do ya want for nothing?",
	 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{(char)0xaa, 20, NULL, (char)0xdd, 50, NULL,
	 "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
	{(char)0xaa, 131, NULL, 0, 0, "Test Using Larger Than Block-Size Key - Hash Key First",
	 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	{(char)0xaa, 131, NULL, 0, 0,
	 "This is a test using a larger than block-size key and a larger than block-size data. The "
	 "key needs to be hashed before being used by the HMAC algorithm.",
	 "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

START_TEST(hmac_vectors)
{
	char key[131], data[50];
	struct hr_span k = {key, macs[_i].key_len}, d = {data, macs[_i].data_len};
	uint8_t mac[32];

	memset(key, macs[_i].key_byte, sizeof(key));
	memset(data, macs[_i].data_byte, sizeof(data));
	if (macs[_i].key_text)
		k = span_of(macs[_i].key_text);
	if (macs[_i].data_text)
		d = span_of(macs[_i].data_text);
	ck_assert_int_eq(crypto_service.hmac_sha256(&call.abi, k, d, mac), HR_OK);
	check_hex(mac, macs[_i].mac);
}
END_TEST

static const struct {
	const char *data;
	const char *text;
	const char *url;
} texts[] = {
	{"", "", ""},
	{"f", "Zg==", "Zg"},
	{"fo", "Zm8=", "Zm8"},
	{"foo", "Zm9v", "Zm9v"},
	{"foob", "Zm9vYg==", "Zm9vYg"},
	{"fooba", "Zm9vYmE=", "Zm9vYmE"},
	{"foobar", "Zm9vYmFy", "Zm9vYmFy"},
	{"\xfb\xff\xfe", "+//+", "-__-"},
};

static void check_decode(uint32_t form, const char *text, const char *data)
{
	struct hr_span out = {NULL, 0};

	ck_assert_int_eq(crypto_service.base64_decode(&call.abi, form, span_of(text), &out), HR_OK);
	ck_assert_uint_eq(out.len, strlen(data));
	ck_assert_mem_eq(out.ptr, data, out.len);
}

START_TEST(base64_vectors)
{
	struct hr_span out = {NULL, 0}, data = span_of(texts[_i].data);

	ck_assert_int_eq(crypto_service.base64_encode(&call.abi, HR_BASE64, data, &out), HR_OK);
	ck_assert_uint_eq(out.len, strlen(texts[_i].text));
	ck_assert_mem_eq(out.ptr, texts[_i].text, out.len);
	ck_assert_int_eq(crypto_service.base64_encode(&call.abi, HR_BASE64_URL, data, &out), HR_OK);
	ck_assert_uint_eq(out.len, strlen(texts[_i].url));
	ck_assert_mem_eq(out.ptr, texts[_i].url, out.len);
	check_decode(HR_BASE64, texts[_i].text, texts[_i].data);
	check_decode(HR_BASE64_URL, texts[_i].url, texts[_i].data);
}
END_TEST

static const struct {
	uint32_t form;
	const char *text;
} no_texts[] = {
	{HR_BASE64, "Zg"},          {HR_BASE64, "Zg="},
	{HR_BASE64, "Zg==="},       {HR_BASE64, "Z==="},
	{HR_BASE64, "Zg==Zg=="},    {HR_BASE64, "Zm 9"},
	{HR_BASE64, "Zm9v\n"},      {HR_BASE64, "-__-"},
	{HR_BASE64, "Zh=="},        {HR_BASE64_URL, "Z"},
	{HR_BASE64_URL, "+//+"},    {HR_BASE64_URL, "Zg="},
	{HR_BASE64_URL, "Zm9\xff"}, {7, "Zg=="},
};

START_TEST(no_base64_is_refused)
{
	struct hr_span out = {NULL, 0};

	ck_assert_int_eq(crypto_service.base64_decode(&call.abi, no_texts[_i].form,
						      span_of(no_texts[_i].text), &out),
			 HR_INVALID);
	ck_assert(call.has_fault);
	ck_assert_ptr_null(out.ptr);
}
END_TEST

START_TEST(padded_url_form_is_taken)
{
	check_decode(HR_BASE64_URL, "Zg==", "f");
}
END_TEST

static char *pem_of(EVP_PKEY *key, const char *passphrase)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *at = NULL, *text;
	long len;

	ck_assert_int_eq(PEM_write_bio_PrivateKey(bio, key, passphrase ? EVP_aes_128_cbc() : NULL,
						  (const unsigned char *)passphrase,
						  passphrase ? (int)strlen(passphrase) : 0, NULL,
						  NULL),
			 1);
	len = BIO_get_mem_data(bio, &at);
	text = strndup(at, (size_t)len);
	BIO_free(bio);
	return text;
}

START_TEST(rsa_signature_is_verified)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	char *pem = pem_of(key, NULL);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	struct hr_span signature = {NULL, 0};

	ck_assert_int_eq(crypto_service.rsa_sign(&call.abi, HR_RSA_PKCS1_SHA256, span_of(pem),
						 span_of("to be signed"), &signature),
			 HR_OK);
	ck_assert_uint_eq(signature.len, 256);
	ck_assert_int_eq(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), 1);
	ck_assert_int_eq(EVP_DigestVerify(context, (const unsigned char *)signature.ptr,
					  signature.len, (const unsigned char *)"to be signed", 12),
			 1);
	EVP_MD_CTX_free(context);
	free(pem);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(rsa_decrypts_what_was_encrypted)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	char *pem = pem_of(key, NULL);
	unsigned char sealed[256];
	size_t len = sizeof(sealed);
	struct hr_span text = {NULL, 0};

	ck_assert_int_eq(EVP_PKEY_encrypt_init(context), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING), 1);
	ck_assert_int_eq(
		EVP_PKEY_encrypt(context, sealed, &len, (const unsigned char *)"password", 8), 1);
	ck_assert_int_eq(crypto_service.rsa_decrypt(&call.abi, HR_RSA_DECRYPT_PKCS1, span_of(pem),
						    (struct hr_span){(char *)sealed, len}, &text),
			 HR_OK);
	ck_assert_uint_eq(text.len, 8);
	ck_assert_mem_eq(text.ptr, "password", 8);
	ck_assert_int_eq(crypto_service.rsa_decrypt(&call.abi, HR_RSA_DECRYPT_PKCS1, span_of(pem),
						    (struct hr_span){(char *)sealed, 100}, &text),
			 HR_INVALID);
	EVP_PKEY_CTX_free(context);
	free(pem);
	EVP_PKEY_free(key);
}
END_TEST

static void check_key_refused(const char *pem)
{
	struct hr_span out = {NULL, 0};

	ck_assert_int_eq(crypto_service.rsa_sign(&call.abi, HR_RSA_PKCS1_SHA256, span_of(pem),
						 span_of("x"), &out),
			 HR_INVALID);
	ck_assert_int_eq(crypto_service.rsa_decrypt(&call.abi, HR_RSA_DECRYPT_PKCS1, span_of(pem),
						    span_of("x"), &out),
			 HR_INVALID);
	ck_assert_ptr_null(out.ptr);
	ck_assert_ptr_null(strstr(call.fault.message, "hunter22"));
}

START_TEST(other_keys_are_refused)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *small = EVP_RSA_gen(512), *ec = EVP_EC_gen("P-256");
	char *locked = pem_of(rsa, "passphrase"), *other = pem_of(ec, NULL);
	char *weak = small ? pem_of(small, NULL) : strdup("");

	check_key_refused("");
	check_key_refused("hunter22");
	check_key_refused("-----BEGIN PRIVATE KEY-----\nhunter22\n-----END PRIVATE KEY-----\n");
	check_key_refused(locked);
	check_key_refused(other);
	check_key_refused(weak);
	free(locked);
	free(other);
	free(weak);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(small);
	EVP_PKEY_free(ec);
}
END_TEST

START_TEST(sizes_and_schemes_are_bounded)
{
	struct hr_span large = {"x", 100u << 20}, out = {NULL, 0};
	uint8_t hash[32];

	ck_assert_int_eq(crypto_service.sha256(&call.abi, large, hash), HR_INVALID);
	ck_assert_int_eq(crypto_service.hmac_sha256(&call.abi, large, span_of("x"), hash),
			 HR_INVALID);
	ck_assert_int_eq(crypto_service.base64_encode(&call.abi, HR_BASE64, large, &out),
			 HR_INVALID);
	ck_assert_int_eq(crypto_service.base64_decode(&call.abi, HR_BASE64, large, &out),
			 HR_INVALID);
	ck_assert_int_eq(crypto_service.rsa_sign(&call.abi, 9, span_of("k"), span_of("x"), &out),
			 HR_INVALID);
	ck_assert_int_eq(crypto_service.rsa_decrypt(&call.abi, 9, span_of("k"), span_of("x"), &out),
			 HR_INVALID);
	ck_assert_int_eq(crypto_service.base64_encode(&call.abi, 9, span_of("x"), &out),
			 HR_INVALID);
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
	Suite *s = suite_create("crypto");
	TCase *t = tcase_create("crypto");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, sha256_vectors);
	tcase_add_loop_test(t, hmac_vectors, 0, COUNT(macs));
	tcase_add_loop_test(t, base64_vectors, 0, COUNT(texts));
	tcase_add_loop_test(t, no_base64_is_refused, 0, COUNT(no_texts));
	tcase_add_test(t, padded_url_form_is_taken);
	tcase_add_test(t, rsa_signature_is_verified);
	tcase_add_test(t, rsa_decrypts_what_was_encrypted);
	tcase_add_test(t, other_keys_are_refused);
	tcase_add_test(t, sizes_and_schemes_are_bounded);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
