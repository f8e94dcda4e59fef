/* SPDX-License-Identifier: Apache-2.0 */
/* Whether certificates, keys and pins of settings are of any use: found when an account is opened,
 * not at its first request. */
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "http/policy.h"

#define PIN_PREFIX "sha256//"
#define PIN_HASH_LEN 44 /* base64 of 32 bytes, padded */

static BIO *bio_of(const char *pem)
{
	return BIO_new_mem_buf(pem, (int)strlen(pem));
}

/* Keys with a passphrase are refused; nobody is asked on a terminal. */
static int no_passphrase(char *buf, int size, int is_write, void *context)
{
	(void)buf;
	(void)size;
	(void)is_write;
	(void)context;
	return -1;
}

int http_tls_check_ca(const char *pem, struct hr_error *err)
{
	BIO *bio = bio_of(pem);
	X509 *cert;
	size_t n = 0;

	if (!bio)
		return error_no_memory(err, "reading a CA");
	while ((cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
		X509_free(cert);
		n++;
	}
	BIO_free(bio);
	/* The end of the text ends the loop as "no start line"; anything else is a bad one. */
	if (n > 0 && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		n = 0;
	ERR_clear_error();
	if (n == 0)
		return error_set(err, HR_INVALID,
				 "is no certificate in PEM form; give the CA's certificates, each "
				 "from -----BEGIN CERTIFICATE----- on");
	return 0;
}

int http_tls_check_client(const char *cert_pem, const char *key_pem, bool *ret_key_at_fault,
			  struct hr_error *err)
{
	BIO *cert_bio = bio_of(cert_pem), *key_bio = bio_of(key_pem);
	X509 *cert = cert_bio ? PEM_read_bio_X509(cert_bio, NULL, no_passphrase, NULL) : NULL;
	EVP_PKEY *key =
		key_bio ? PEM_read_bio_PrivateKey(key_bio, NULL, no_passphrase, NULL) : NULL;
	int rc = 0;

	*ret_key_at_fault = cert != NULL;
	if (!cert)
		rc = error_set(err, HR_INVALID, "is no certificate in PEM form");
	else if (!key)
		rc = error_set(err, HR_INVALID, "is no private key in PEM form without passphrase");
	else if (X509_check_private_key(cert, key) != 1)
		rc = error_set(err, HR_INVALID, "does not belong to the client certificate");
	EVP_PKEY_free(key);
	X509_free(cert);
	BIO_free(key_bio);
	BIO_free(cert_bio);
	ERR_clear_error();
	return rc;
}

static bool is_hash(const char *text, size_t len)
{
	unsigned char bytes[PIN_HASH_LEN];

	return len == PIN_HASH_LEN && text[len - 1] == '=' && text[len - 2] != '=' &&
	       EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len) == 33;
}

int http_tls_check_pin(const char *pin, struct hr_error *err)
{
	const char *at = pin;

	while (strncmp(at, PIN_PREFIX, strlen(PIN_PREFIX)) == 0) {
		const char *hash = at + strlen(PIN_PREFIX);
		size_t len = strcspn(hash, ";");

		if (!is_hash(hash, len))
			break;
		if (hash[len] == '\0')
			return 0;
		at = hash + len + 1;
	}
	return error_set(err, HR_INVALID,
			 "is no pin; a pin is sha256// and the base64 of the SHA-256 of the "
			 "server's public key, several are parted by \";\"");
}
