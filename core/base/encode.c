/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text: hexadecimal, Base64, base64url (RFC 4648). */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/text.h"

void text_hex(const void *bytes, size_t len, char *buf)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = bytes;

	for (size_t i = 0; i < len; i++) {
		buf[2 * i] = digits[in[i] >> 4];
		buf[2 * i + 1] = digits[in[i] & 15];
	}
	buf[2 * len] = '\0';
}

char *text_base64(const void *bytes, size_t len)
{
	char *text;

	if (len > INT_MAX / 2) /* what OpenSSL can take */
		return NULL;
	text = malloc((len + 2) / 3 * 4 + 1);
	if (!text)
		return NULL;
	text[0] = '\0';
	if (len > 0)
		EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);
	return text;
}

char *text_base64url(const void *bytes, size_t len)
{
	char *text = text_base64(bytes, len);

	if (!text)
		return NULL;
	for (char *p = text; *p; p++) {
		if (*p == '+') {
			*p = '-';
		} else if (*p == '/') {
			*p = '_';
		} else if (*p == '=') {
			*p = '\0';
			break;
		}
	}
	return text;
}

static int base64url_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

void *text_base64url_decode(const char *text, size_t text_len, size_t *ret_len)
{
	unsigned char *bytes;
	size_t len = 0;
	uint32_t bits = 0;
	unsigned n_bits = 0;

	if (text_len % 4 == 1)
		return NULL;
	bytes = malloc(text_len / 4 * 3 + 3);
	if (!bytes)
		return NULL;
	for (size_t i = 0; i < text_len; i++) {
		int digit = base64url_digit(text[i]);

		if (digit < 0)
			goto refuse;
		bits = (bits << 6 | (uint32_t)digit) & 0xffffff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			bytes[len++] = (unsigned char)(bits >> n_bits);
		}
	}
	/* Left over bits must be 0, so that no two texts stand for the same bytes. */
	if ((bits & ((1u << n_bits) - 1)) != 0)
		goto refuse;
	bytes[len] = '\0';
	*ret_len = len;
	return bytes;
refuse:
	free(bytes);
	return NULL;
}
