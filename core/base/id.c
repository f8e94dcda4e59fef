/* SPDX-License-Identifier: Apache-2.0 */
/* Ids and secrets from a seed: SHA-256 over seed and counter. */

/* The plain SHA-256 calls need no memory and so cannot fail; the newer ones can, and a value that
 * must be random may not depend on a check that somebody forgets. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/id.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/text.h"

int random_system(void *context, void *buf, size_t len)
{
	unsigned char *at = buf;

	(void)context;
	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int id_source_init(struct id_source *source, random_fn random, void *context)
{
	memset(source, 0, sizeof(*source));
	return random(context, source->seed, sizeof(source->seed)) == 0 ? 0 : -1;
}

/* One block of output; the counter never comes twice. */
static void next_block(struct id_source *source, unsigned char block[SHA256_DIGEST_LENGTH])
{
	unsigned char counter[8];
	SHA256_CTX sha;

	for (int i = 0; i < 8; i++)
		counter[i] = (unsigned char)(source->counter >> (56 - 8 * i));
	source->counter++;
	SHA256_Init(&sha);
	SHA256_Update(&sha, source->seed, sizeof(source->seed));
	SHA256_Update(&sha, counter, sizeof(counter));
	SHA256_Final(block, &sha);
	OPENSSL_cleanse(&sha, sizeof(sha));
}

void id_source_bytes(struct id_source *source, void *buf, size_t len)
{
	unsigned char block[SHA256_DIGEST_LENGTH];
	unsigned char *at = buf;

	while (len > 0) {
		size_t n = len < sizeof(block) ? len : sizeof(block);

		next_block(source, block);
		memcpy(at, block, n);
		at += n;
		len -= n;
	}
	OPENSSL_cleanse(block, sizeof(block));
}

void id_new(struct id_source *source, char ret_id[ID_SIZE])
{
	unsigned char bytes[16];
	char hex[2 * sizeof(bytes) + 1];

	id_source_bytes(source, bytes, sizeof(bytes));
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* the variant of RFC 4122 */
	text_hex(bytes, sizeof(bytes), hex);
	text_format(ret_id, ID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
		    hex + 20);
}

void id_secret_text(struct id_source *source, char *buf, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char bytes[64];

	for (size_t i = 0; i < len; i++) {
		if (i % sizeof(bytes) == 0)
			id_source_bytes(source, bytes,
					len - i < sizeof(bytes) ? len - i : sizeof(bytes));
		buf[i] = digits[bytes[i % sizeof(bytes)] & 63];
	}
	buf[len] = '\0';
	OPENSSL_cleanse(bytes, sizeof(bytes));
}

int id_valid(const char *text)
{
	if (!text)
		return 0;
	for (int i = 0; i < ID_SIZE - 1; i++) {
		char c = text[i];
		int dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return 0;
	}
	return text[ID_SIZE - 1] == '\0';
}
