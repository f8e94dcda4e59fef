/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 pairs in the forms that OpenSSH reads (its file PROTOCOL.key), and the check of public
 * keys that servers send. The key itself is OpenSSL's work. */
#include "engine/ssh_key.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/text.h"

#define KEY_TYPE "ssh-ed25519"
#define PUBLIC_LINE_MAX 1023
#define LINE_WIDTH 70
#define COMMENT_MAX 128
#define BLOB_MAX 1024

/* A byte string in SSH's wire form, in a fixed room that is never short for what is put here. */
struct wire {
	uint8_t bytes[BLOB_MAX];
	size_t len;
};

static void put_bytes(struct wire *wire, const void *bytes, size_t len)
{
	if (len > sizeof(wire->bytes) - wire->len)
		abort(); /* the callers' parts are bounded well below */
	memcpy(wire->bytes + wire->len, bytes, len);
	wire->len += len;
}

static void put_number(struct wire *wire, uint32_t number)
{
	const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
				  (uint8_t)(number >> 8), (uint8_t)number};

	put_bytes(wire, bytes, sizeof(bytes));
}

static void put_string(struct wire *wire, const void *bytes, size_t len)
{
	put_number(wire, (uint32_t)len);
	put_bytes(wire, bytes, len);
}

static void put_text(struct wire *wire, const char *text)
{
	put_string(wire, text, strlen(text));
}

static int public_half(const uint8_t seed[32], uint8_t ret_public[32], struct hr_error *err)
{
	size_t len = 32;
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	int ok = key && EVP_PKEY_get_raw_public_key(key, ret_public, &len) == 1 && len == 32;

	EVP_PKEY_free(key);
	if (!ok)
		return error_set(err, HR_INTERNAL, "OpenSSL made no Ed25519 key");
	return 0;
}

static void build_public(const uint8_t public[32], struct wire *ret)
{
	put_text(ret, KEY_TYPE);
	put_string(ret, public, 32);
}

/* The container; its inner part is "encrypted" with the cipher "none", so it is only padded. */
static void build_private(const uint8_t seed[32], const uint8_t public[32], const char *comment,
			  struct wire *ret)
{
	struct wire inner = {.len = 0}, public_blob = {.len = 0};
	uint8_t pair[64];

	build_public(public, &public_blob);
	memcpy(pair, seed, 32);
	memcpy(pair + 32, public, 32);
	/* Two equal check numbers: a wrong passphrase would make them differ. They need not be
	 * random here, and following from the key keeps the text the same each time. */
	put_bytes(&inner, public, 4);
	put_bytes(&inner, public, 4);
	put_text(&inner, KEY_TYPE);
	put_string(&inner, public, 32);
	put_string(&inner, pair, sizeof(pair));
	put_text(&inner, comment);
	for (uint8_t i = 1; inner.len % 8 != 0; i++)
		put_bytes(&inner, &i, 1);

	put_bytes(ret, "openssh-key-v1", sizeof("openssh-key-v1")); /* with its NUL */
	put_text(ret, "none");
	put_text(ret, "none");
	put_text(ret, "");
	put_number(ret, 1);
	put_string(ret, public_blob.bytes, public_blob.len);
	put_string(ret, inner.bytes, inner.len);
	OPENSSL_cleanse(&inner, sizeof(inner));
	OPENSSL_cleanse(pair, sizeof(pair));
}

/* NULL: no memory. */
static char *armour(const struct wire *wire)
{
	static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
	static const char end[] = "-----END OPENSSH PRIVATE KEY-----\n";
	char *base64 = text_base64(wire->bytes, wire->len);
	size_t left = base64 ? strlen(base64) : 0, all = left, at = 0;
	char *text =
		base64 ? malloc(sizeof(begin) + sizeof(end) + left + left / LINE_WIDTH + 2) : NULL;

	for (const char *line = base64; text && (at == 0 || left > 0);) {
		size_t n = left < LINE_WIDTH ? left : LINE_WIDTH;

		if (at == 0) {
			memcpy(text, begin, sizeof(begin) - 1);
			at = sizeof(begin) - 1;
		}
		memcpy(text + at, line, n);
		text[at + n] = '\n';
		at += n + 1;
		line += n;
		left -= n;
	}
	if (text)
		memcpy(text + at, end, sizeof(end));
	OPENSSL_clear_free(base64, all);
	return text;
}

static char *public_line(const uint8_t public[32], const char *comment)
{
	struct wire blob = {.len = 0};
	char *base64, *line = NULL;
	size_t size;

	build_public(public, &blob);
	base64 = text_base64(blob.bytes, blob.len);
	if (base64) {
		size = sizeof(KEY_TYPE) + strlen(base64) + strlen(comment) + 2;
		line = malloc(size);
		if (line)
			text_format(line, size, KEY_TYPE " %s%s%s", base64, *comment ? " " : "",
				    comment);
	}
	free(base64);
	return line;
}

int ssh_key_make(const uint8_t seed[32], const char *comment, char **ret_private, char **ret_public,
		 struct hr_error *err)
{
	struct wire container = {.len = 0};
	char short_comment[COMMENT_MAX];
	uint8_t public[32];
	char *private_text, *public_text;

	if (public_half(seed, public, err) != 0)
		return -1;
	text_copy(short_comment, sizeof(short_comment), comment);
	build_private(seed, public, short_comment, &container);
	private_text = armour(&container);
	public_text = public_line(public, short_comment);
	OPENSSL_cleanse(&container, sizeof(container));
	if (!private_text || !public_text) {
		OPENSSL_clear_free(private_text, private_text ? strlen(private_text) : 0);
		free(public_text);
		return error_no_memory(err, "making an SSH key");
	}
	*ret_private = private_text;
	*ret_public = public_text;
	return 0;
}

/* ---- Public keys from servers -------------------------------------------------------------- */

/* Takes one string off the blob; false: it is short. */
static bool take(const uint8_t **at, size_t *left, const uint8_t **ret_bytes, size_t *ret_len)
{
	const uint8_t *p = *at;
	size_t len;

	if (*left < 4)
		return false;
	len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	if (len > *left - 4)
		return false;
	*ret_bytes = p + 4;
	*ret_len = len;
	*at += 4 + len;
	*left -= 4 + len;
	return true;
}

static const struct {
	const char *type;
	const char *curve;         /* ECDSA: second string; else NULL */
	int parts;                 /* strings after type and curve */
	size_t last_min, last_max; /* bytes of the last one */
} key_types[] = {
	{"ssh-ed25519", NULL, 1, 32, 32},
	{"ecdsa-sha2-nistp256", "nistp256", 1, 65, 65},
	{"ecdsa-sha2-nistp384", "nistp384", 1, 97, 97},
	{"ecdsa-sha2-nistp521", "nistp521", 1, 133, 133},
	{"ssh-rsa", NULL, 2, 256, 700}, /* 2048 bits and more */
};

static bool blob_valid(size_t type, const uint8_t *blob, size_t left)
{
	const char *names[2] = {key_types[type].type, key_types[type].curve};
	const uint8_t *part;
	size_t len = 0;

	for (int i = 0; i < 2 && names[i]; i++)
		if (!take(&blob, &left, &part, &len) || len != strlen(names[i]) ||
		    memcmp(part, names[i], len) != 0)
			return false;
	for (int i = 0; i < key_types[type].parts; i++)
		if (!take(&blob, &left, &part, &len) || len == 0)
			return false;
	return left == 0 && len >= key_types[type].last_min && len <= key_types[type].last_max;
}

static bool base64_blob_valid(size_t type, const char *base64, size_t len)
{
	uint8_t blob[PUBLIC_LINE_MAX];
	size_t padding = 0;
	int n;

	if (len == 0 || len % 4 != 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = base64[i];
		bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			     (c >= '0' && c <= '9') || c == '+' || c == '/';

		/* OpenSSL would also take spaces and padding in the middle. */
		if (c == '=' && i >= len - 2)
			padding++;
		else if (!plain || padding > 0)
			return false;
	}
	n = EVP_DecodeBlock(blob, (const unsigned char *)base64, (int)len);
	return n > 0 && (size_t)n >= padding && blob_valid(type, blob, (size_t)n - padding);
}

int ssh_key_public_valid(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	size_t type_len, base64_len;

	if (len == 0 || len > PUBLIC_LINE_MAX || !text_valid_utf8(text, len))
		return 0;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return 0;
	type_len = strcspn(text, " ");
	if (text[type_len] == '\0')
		return 0;
	base64_len = strcspn(text + type_len + 1, " ");
	for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++)
		if (strlen(key_types[i].type) == type_len &&
		    memcmp(key_types[i].type, text, type_len) == 0)
			return base64_blob_valid(i, text + type_len + 1, base64_len);
	return 0;
}
