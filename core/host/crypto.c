/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, signatures and base64 for modules, by OpenSSL. Keys and data are the module's: sizes are
 * bounded, and no byte of them is in a message. */
#include "host/crypto.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "host/call.h"

#define DATA_MAX (16u << 20) /* bytes, of anything */
#define KEY_MAX 65536        /* bytes of PEM, or of a key of HMAC */
#define RSA_BITS_MIN 1024
#define RSA_BITS_MAX 16384

static int32_t check_len(const struct hr_call *abi, const char *what, struct hr_span span,
			 uint64_t most)
{
	if (span.len <= most && (span.ptr || span.len == 0))
		return HR_OK;
	return call_refuse(abi, HR_INVALID, "%s has %llu bytes, at most %llu are possible", what,
			   (unsigned long long)span.len, (unsigned long long)most);
}

static int32_t no_memory(const struct hr_call *abi)
{
	return call_refuse(abi, HR_INTERNAL, "the call has no memory left for a result");
}

/* OpenSSL's queue of errors belongs to the thread: nothing is left in it. */
static int32_t openssl_failed(const struct hr_call *abi, int32_t class, const char *what)
{
	ERR_clear_error();
	return call_refuse(abi, class, "%s", what);
}

/* ---- Hashes --------------------------------------------------------------------------------- */

static int32_t service_sha256(const struct hr_call *abi, struct hr_span data, uint8_t ret_hash[32])
{
	int32_t rc = check_len(abi, "the data to hash", data, DATA_MAX);

	if (rc != HR_OK)
		return rc;
	if (EVP_Digest(data.len > 0 ? data.ptr : "", data.len, ret_hash, NULL, EVP_sha256(),
		       NULL) != 1)
		return openssl_failed(abi, HR_INTERNAL, "SHA-256 fails");
	return HR_OK;
}

static int32_t service_hmac_sha256(const struct hr_call *abi, struct hr_span key,
				   struct hr_span data, uint8_t ret_mac[32])
{
	int32_t rc = check_len(abi, "the key", key, KEY_MAX);

	if (rc == HR_OK)
		rc = check_len(abi, "the data to sign", data, DATA_MAX);
	if (rc != HR_OK)
		return rc;
	if (!HMAC(EVP_sha256(), key.len > 0 ? key.ptr : "", (int)key.len,
		  (const unsigned char *)(data.len > 0 ? data.ptr : ""), data.len, ret_mac, NULL))
		return openssl_failed(abi, HR_INTERNAL, "HMAC-SHA-256 fails");
	return HR_OK;
}

/* ---- RSA ------------------------------------------------------------------------------------ */

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *buf, int size, int is_write, void *context)
{
	(void)buf;
	(void)size;
	(void)is_write;
	(void)context;
	return -1;
}

static int32_t load_key(const struct hr_call *abi, struct hr_span key, EVP_PKEY **ret_key)
{
	int32_t rc = check_len(abi, "the private key", key, KEY_MAX);
	EVP_PKEY *loaded = NULL;
	BIO *bio;

	if (rc != HR_OK)
		return rc;
	bio = BIO_new_mem_buf(key.len > 0 ? key.ptr : "", (int)key.len);
	if (bio)
		loaded = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (!loaded)
		return openssl_failed(abi, HR_INVALID,
				      "the key is no private key in PEM form without passphrase");
	if (EVP_PKEY_base_id(loaded) != EVP_PKEY_RSA || EVP_PKEY_bits(loaded) < RSA_BITS_MIN ||
	    EVP_PKEY_bits(loaded) > RSA_BITS_MAX) {
		EVP_PKEY_free(loaded);
		return openssl_failed(abi, HR_INVALID,
				      "the key is no RSA key of 1024 to 16384 bits");
	}
	*ret_key = loaded;
	return HR_OK;
}

static int32_t service_rsa_sign(const struct hr_call *abi, uint32_t scheme, struct hr_span key,
				struct hr_span data, struct hr_span *ret_signature)
{
	EVP_PKEY *loaded = NULL;
	EVP_MD_CTX *context;
	unsigned char *signature;
	size_t len;
	int32_t rc;

	if (scheme != HR_RSA_PKCS1_SHA256)
		return call_refuse(abi, HR_INVALID, "there is no signature scheme %u", scheme);
	rc = check_len(abi, "the data to sign", data, DATA_MAX);
	if (rc == HR_OK)
		rc = load_key(abi, key, &loaded);
	if (rc != HR_OK)
		return rc;
	len = (size_t)EVP_PKEY_size(loaded);
	context = EVP_MD_CTX_new();
	signature = abi->alloc(abi, len);
	if (!context || !signature)
		rc = no_memory(abi);
	else if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, loaded) != 1 ||
		 EVP_DigestSign(context, signature, &len,
				(const unsigned char *)(data.len > 0 ? data.ptr : ""),
				data.len) != 1)
		rc = openssl_failed(abi, HR_INTERNAL, "the RSA signature fails");
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(loaded);
	if (rc == HR_OK)
		*ret_signature = (struct hr_span){(char *)signature, len};
	return rc;
}

static int32_t service_rsa_decrypt(const struct hr_call *abi, uint32_t scheme, struct hr_span key,
				   struct hr_span data, struct hr_span *ret_text)
{
	EVP_PKEY *loaded = NULL;
	EVP_PKEY_CTX *context;
	unsigned char *text;
	size_t len;
	int32_t rc;

	if (scheme != HR_RSA_DECRYPT_PKCS1)
		return call_refuse(abi, HR_INVALID, "there is no decryption scheme %u", scheme);
	rc = check_len(abi, "the data to decrypt", data, KEY_MAX);
	if (rc == HR_OK)
		rc = load_key(abi, key, &loaded);
	if (rc != HR_OK)
		return rc;
	len = (size_t)EVP_PKEY_size(loaded);
	context = EVP_PKEY_CTX_new(loaded, NULL);
	text = abi->alloc(abi, len);
	if (!context || !text)
		rc = no_memory(abi);
	else if (EVP_PKEY_decrypt_init(context) != 1 ||
		 EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1)
		rc = openssl_failed(abi, HR_INTERNAL, "RSA decryption fails");
	else if (EVP_PKEY_decrypt(context, text, &len,
				  (const unsigned char *)(data.len > 0 ? data.ptr : ""),
				  data.len) != 1)
		rc = openssl_failed(abi, HR_INVALID,
				    "the data cannot be decrypted with this private key");
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(loaded);
	if (rc == HR_OK)
		*ret_text = (struct hr_span){(char *)text, len};
	return rc;
}

/* ---- Base64 --------------------------------------------------------------------------------- */

static int32_t service_base64_encode(const struct hr_call *abi, uint32_t form, struct hr_span data,
				     struct hr_span *ret_text)
{
	int32_t rc = check_len(abi, "the data to encode", data, DATA_MAX);
	unsigned char *text;
	size_t len;

	if (rc != HR_OK)
		return rc;
	if (form != HR_BASE64 && form != HR_BASE64_URL)
		return call_refuse(abi, HR_INVALID, "there is no form %u of base64", form);
	text = abi->alloc(abi, (data.len + 2) / 3 * 4 + 1);
	if (!text)
		return no_memory(abi);
	len = (size_t)EVP_EncodeBlock(text, (const unsigned char *)(data.len > 0 ? data.ptr : ""),
				      (int)data.len);
	for (size_t i = 0; form == HR_BASE64_URL && i < len; i++)
		text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	while (form == HR_BASE64_URL && len > 0 && text[len - 1] == '=')
		len--;
	*ret_text = (struct hr_span){(char *)text, len};
	return HR_OK;
}

/* The number of a character; -1: it is none of the form's. */
static int digit_of(char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (url ? '-' : '+'))
		return 62;
	return c == (url ? '_' : '/') ? 63 : -1;
}

/* Digits to bytes; false: a character is none, or bits are left over that are not 0. */
static bool decode(const char *text, size_t len, bool url, unsigned char *bytes)
{
	uint32_t bits = 0;
	int n_bits = 0;

	for (size_t i = 0; i < len; i++) {
		int digit = digit_of(text[i], url);

		if (digit < 0)
			return false;
		bits = (bits << 6 | (uint32_t)digit) & 0xffff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			*bytes++ = (unsigned char)(bits >> n_bits);
		}
	}
	return n_bits < 6 && (bits & ((1u << n_bits) - 1)) == 0;
}

static int32_t service_base64_decode(const struct hr_call *abi, uint32_t form, struct hr_span text,
				     struct hr_span *ret_data)
{
	int32_t rc = check_len(abi, "the text to decode", text, DATA_MAX * 2ull);
	size_t len = text.len, pads = 0;
	unsigned char *bytes;

	if (rc != HR_OK)
		return rc;
	if (form != HR_BASE64 && form != HR_BASE64_URL)
		return call_refuse(abi, HR_INVALID, "there is no form %u of base64", form);
	while (len > 0 && pads < 2 && text.ptr[len - 1] == '=') {
		len--;
		pads++;
	}
	/* The padded form has whole groups of four; the other may have them. */
	if ((form == HR_BASE64 || pads > 0) && text.len % 4 != 0)
		return call_refuse(abi, HR_INVALID, "the text is no base64: its length is wrong");
	bytes = abi->alloc(abi, len / 4 * 3 + 3);
	if (!bytes)
		return no_memory(abi);
	if (!decode(text.ptr, len, form == HR_BASE64_URL, bytes))
		return call_refuse(abi, HR_INVALID,
				   "the text is no base64: it holds another character");
	*ret_data = (struct hr_span){(char *)bytes, len * 3 / 4};
	return HR_OK;
}

const struct hr_crypto_service crypto_service = {
	.size = sizeof(crypto_service),
	.sha256 = service_sha256,
	.hmac_sha256 = service_hmac_sha256,
	.rsa_sign = service_rsa_sign,
	.rsa_decrypt = service_rsa_decrypt,
	.base64_encode = service_base64_encode,
	.base64_decode = service_base64_decode,
};
