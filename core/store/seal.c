/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-GCM by OpenSSL. Where keys come from: master_key.c, installation.c. */
#include "store/seal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define VALUE_MAX (INT_MAX / 2)

/* Each text with its NUL, which no text holds inside: two places never give the same bytes. */
static int feed_place(EVP_CIPHER_CTX *cipher, const char *const place[3])
{
	int n;

	for (int i = 0; i < 3; i++)
		if (EVP_CipherUpdate(cipher, NULL, &n, (const unsigned char *)place[i],
				     (int)strlen(place[i]) + 1) != 1)
			return -1;
	return 0;
}

static EVP_CIPHER_CTX *cipher_begin(const struct seal_key *key, const uint8_t *nonce,
				    const char *const place[3], int encrypt)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();

	if (cipher &&
	    EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), NULL, key->bytes, nonce, encrypt) == 1 &&
	    feed_place(cipher, place) == 0)
		return cipher;
	EVP_CIPHER_CTX_free(cipher);
	return NULL;
}

int seal_close(const struct seal_key *key, const char *const place[3], const void *value,
	       size_t len, uint8_t **ret_sealed, size_t *ret_len, struct hr_error *err)
{
	EVP_CIPHER_CTX *cipher = NULL;
	uint8_t *sealed = NULL;
	int n = 0, last = 0, rc = -1;

	if (len > VALUE_MAX)
		return error_set(err, HR_INVALID, "a secret of %zu bytes is too long", len);
	sealed = malloc(len + SEAL_EXTRA);
	if (!sealed)
		return error_no_memory(err, "encrypting a secret");
	/* A fresh random nonce each time: no effect but the value itself, so running a transaction
	 * again does no harm. */
	if (RAND_bytes(sealed, SEAL_NONCE_SIZE) != 1) {
		error_set(err, HR_INTERNAL, "the system gives no random bytes for encryption");
		goto out;
	}
	cipher = cipher_begin(key, sealed, place, 1);
	if (!cipher ||
	    EVP_CipherUpdate(cipher, sealed + SEAL_NONCE_SIZE, &n, value, (int)len) != 1 ||
	    EVP_CipherFinal_ex(cipher, sealed + SEAL_NONCE_SIZE + n, &last) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_SIZE,
				sealed + SEAL_NONCE_SIZE + len) != 1) {
		error_set(err, HR_INTERNAL, "AES-256-GCM is not available in this OpenSSL");
		goto out;
	}
	*ret_sealed = sealed;
	*ret_len = len + SEAL_EXTRA;
	sealed = NULL;
	rc = 0;
out:
	EVP_CIPHER_CTX_free(cipher);
	free(sealed);
	return rc;
}

int seal_open(const struct seal_key *key, const char *const place[3], const void *sealed,
	      size_t sealed_len, char **ret_value, size_t *ret_len, struct hr_error *err)
{
	const uint8_t *bytes = sealed;
	EVP_CIPHER_CTX *cipher = NULL;
	uint8_t tag[SEAL_TAG_SIZE];
	char *value = NULL;
	size_t len;
	int n = 0, last = 0;

	if (sealed_len < SEAL_EXTRA || sealed_len > VALUE_MAX)
		return error_set(err, HR_AUTH, "an encrypted value has a wrong length");
	len = sealed_len - SEAL_EXTRA;
	value = malloc(len + 1);
	if (!value)
		return error_no_memory(err, "decrypting a secret");
	memcpy(tag, bytes + SEAL_NONCE_SIZE + len, sizeof(tag));
	cipher = cipher_begin(key, bytes, place, 0);
	if (!cipher) {
		free(value);
		return error_no_memory(err, "decrypting a secret");
	}
	if (EVP_CipherUpdate(cipher, (unsigned char *)value, &n, bytes + SEAL_NONCE_SIZE,
			     (int)len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, SEAL_TAG_SIZE, tag) != 1 ||
	    EVP_CipherFinal_ex(cipher, (unsigned char *)value + n, &last) != 1) {
		EVP_CIPHER_CTX_free(cipher);
		OPENSSL_clear_free(value, len + 1);
		return error_set(err, HR_AUTH, "an encrypted value does not open");
	}
	EVP_CIPHER_CTX_free(cipher);
	value[len] = '\0';
	*ret_value = value;
	*ret_len = len;
	return 0;
}
