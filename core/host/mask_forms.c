/* SPDX-License-Identifier: Apache-2.0 */
/* See mask_forms.h. */
#include "host/mask_forms.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "base/json.h"
#include "base/text.h"

#define SECRET_MIN 4 /* bytes that have other forms */
#define INNER_MIN 8  /* digits of Base64 that are looked for in longer texts */

struct forms {
	const char *secret;
	size_t len;
	int (*add)(void *context, const char *form, size_t len);
	void *context;
};

static int give(const struct forms *forms, const char *form, size_t len)
{
	if (len == forms->len && memcmp(form, forms->secret, len) == 0)
		return 0;
	return forms->add(forms->context, form, len);
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

/* kept: what stays itself besides letters and digits, since encoders differ. */
static int give_percent(const struct forms *forms, const char *digits, const char *kept,
			const char *blank)
{
	char *text = malloc(3 * forms->len + 1);
	size_t n = 0;
	int rc;

	if (!text)
		return -1;
	for (size_t i = 0; i < forms->len; i++) {
		unsigned char c = (unsigned char)forms->secret[i];

		if (is_unreserved((char)c) || strchr(kept, c)) {
			text[n++] = (char)c;
		} else if (c == ' ' && blank) {
			text[n++] = *blank;
		} else {
			text[n++] = '%';
			text[n++] = digits[c >> 4];
			text[n++] = digits[c & 15];
		}
	}
	rc = give(forms, text, n);
	OPENSSL_clear_free(text, n);
	return rc;
}

static int add_percent(const struct forms *forms)
{
	static const char *const digits[] = {"0123456789ABCDEF", "0123456789abcdef"};
	/* RFC 3986 in full, its delimiters kept in a path, a form. */
	static const char *const kept[] = {"", "!$&'()*+,;=:@", "*"};
	int rc = 0;

	for (size_t d = 0; rc == 0 && d < 2; d++)
		for (size_t k = 0; rc == 0 && k < 3; k++)
			rc = give_percent(forms, digits[d], kept[k], k == 2 ? "+" : NULL);
	return rc;
}

static int give_json(const struct forms *forms, size_t flags)
{
	json_t *string = json_stringn(forms->secret, forms->len);
	char *text = string ? json_text_as(string, JSON_ENCODE_ANY | flags) : NULL;
	size_t n = text ? strlen(text) : 0;
	/* What is no UTF-8 has no form in JSON. */
	int rc = text || !text_valid_utf8(forms->secret, forms->len) ? 0 : -1;

	if (n > 2) /* without the quotes */
		rc = give(forms, text + 1, n - 2);
	OPENSSL_clear_free(text, n);
	json_decref(string);
	return rc;
}

static int add_json(const struct forms *forms)
{
	int rc = give_json(forms, 0);

	if (rc == 0)
		rc = give_json(forms, JSON_ENSURE_ASCII);
	return rc == 0 ? give_json(forms, JSON_ESCAPE_SLASH) : rc;
}

/* Both alphabets. */
static int give_digits(const struct forms *forms, char *digits, size_t len)
{
	int rc = give(forms, digits, len);

	for (size_t i = 0; i < len; i++)
		digits[i] = (char)(digits[i] == '+' ? '-' : digits[i] == '/' ? '_' : digits[i]);
	return rc == 0 ? give(forms, digits, len) : rc;
}

/* With `before` bytes ahead of the secret, three of which make four digits: those digits are left out
 * that hold bits of what is before and behind. */
static int give_inner(const struct forms *forms, size_t before)
{
	size_t len = before + forms->len;
	size_t first = (before * 8 + 5) / 6, end = len * 8 / 6;
	char *bytes = calloc(1, len);
	char *digits = NULL;
	int rc = -1;

	if (bytes) {
		memcpy(bytes + before, forms->secret, forms->len);
		digits = text_base64(bytes, len);
	}
	if (digits)
		rc = end - first < INNER_MIN ? 0 : give_digits(forms, digits + first, end - first);
	OPENSSL_clear_free(digits, digits ? strlen(digits) : 0);
	OPENSSL_clear_free(bytes, len);
	return rc;
}

static int add_base64(const struct forms *forms)
{
	char *whole = text_base64(forms->secret, forms->len);
	size_t len = whole ? strlen(whole) : 0;
	int rc = whole ? give(forms, whole, len) : -1;

	if (rc == 0) /* without padding, and as base64url */
		rc = give_digits(forms, whole, strcspn(whole, "="));
	for (size_t before = 0; rc == 0 && before < 3; before++)
		rc = give_inner(forms, before);
	OPENSSL_clear_free(whole, len);
	return rc;
}

int mask_forms(const char *secret, size_t len,
	       int (*add)(void *context, const char *form, size_t len), void *context)
{
	const struct forms forms = {secret, len, add, context};
	int rc;

	if (len < SECRET_MIN)
		return 0;
	rc = add_percent(&forms);
	if (rc == 0)
		rc = add_json(&forms);
	return rc == 0 ? add_base64(&forms) : rc;
}
