/* SPDX-License-Identifier: Apache-2.0 */
/* Masking of secrets by their values and what else these look like (mask_forms.h): the longest first, so that
 * one that contains another is replaced whole. */
#include "host/mask.h"

#include <pthread.h>
#include <stdlib.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "host/mask_forms.h"

#define STARS "***"
#define LINE_MIN 8

struct secret {
	char *text;
	size_t len;
};

struct mask {
	pthread_rwlock_t lock;
	struct secret *secrets;
	size_t n;
	bool begins[256]; /* with which bytes any of them does */
};

static bool is_known(const struct mask *mask, const char *text, size_t len)
{
	for (size_t i = 0; i < mask->n; i++)
		if (mask->secrets[i].len == len && memcmp(mask->secrets[i].text, text, len) == 0)
			return true;
	return false;
}

static int add(void *context, const char *text, size_t len)
{
	struct mask *mask = context;
	struct secret *more;
	size_t at;

	if (len == 0 || is_known(mask, text, len))
		return 0;
	more = realloc(mask->secrets, (mask->n + 1) * sizeof(*more));
	if (!more)
		return -1;
	mask->secrets = more;
	for (at = mask->n; at > 0 && more[at - 1].len < len; at--)
		;
	memmove(&more[at + 1], &more[at], (mask->n - at) * sizeof(*more));
	more[at].len = len;
	more[at].text = malloc(len);
	mask->n++;
	if (!more[at].text) {
		more[at].len = 0;
		return -1;
	}
	memcpy(more[at].text, text, len);
	mask->begins[(unsigned char)text[0]] = true;
	return 0;
}

static int add_with_forms(struct mask *mask, const char *text, size_t len)
{
	return add(mask, text, len) == 0 ? mask_forms(text, len, add, mask) : -1;
}

static int add_with_lines(struct mask *mask, const char *text)
{
	size_t n;

	if (add_with_forms(mask, text, strlen(text)) != 0)
		return -1;
	if (!strchr(text, '\n'))
		return 0;
	for (; *text != '\0'; text += n + strspn(text + n, "\r\n")) {
		n = strcspn(text, "\r\n");
		if (n >= LINE_MIN && add_with_forms(mask, text, n) != 0)
			return -1;
	}
	return 0;
}

int mask_new(const struct schema *schema, const json_t *settings, struct mask **ret_mask,
	     struct hr_error *err)
{
	struct mask *mask = calloc(1, sizeof(*mask));

	if (!mask)
		return error_no_memory(err, "noting an account's secrets");
	pthread_rwlock_init(&mask->lock, NULL);
	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);
		const json_t *value = json_object_get(settings, row->key);

		if (row->type != HR_TYPE_SECRET || !json_is_string(value))
			continue;
		if (add_with_lines(mask, json_string_value(value)) != 0) {
			mask_free(mask);
			return error_no_memory(err, "noting an account's secrets");
		}
	}
	*ret_mask = mask;
	return 0;
}

void mask_free(struct mask *mask)
{
	if (!mask)
		return;
	for (size_t i = 0; i < mask->n; i++) {
		if (!mask->secrets[i].text)
			continue;
		OPENSSL_cleanse(mask->secrets[i].text, mask->secrets[i].len);
		free(mask->secrets[i].text);
	}
	free(mask->secrets);
	pthread_rwlock_destroy(&mask->lock);
	free(mask);
}

int mask_add(struct mask *mask, const char *secret)
{
	int rc;

	pthread_rwlock_wrlock(&mask->lock);
	rc = add_with_lines(mask, secret);
	pthread_rwlock_unlock(&mask->lock);
	return rc;
}

/* Length of the secret that text begins with, or 0. */
static size_t secret_at(const struct mask *mask, const char *text, size_t len)
{
	if (!mask || !mask->begins[(unsigned char)text[0]])
		return 0;
	for (size_t i = 0; i < mask->n; i++) {
		const struct secret *s = &mask->secrets[i];

		if (s->len > 0 && s->len <= len && memcmp(text, s->text, s->len) == 0)
			return s->len;
	}
	return 0;
}

static void mask_locked(const struct mask *mask, const char *text, size_t len, char *buf,
			size_t size)
{
	size_t out = 0, n, piece_len;

	for (size_t at = 0; at < len; at += n) {
		const char *piece = text + at;
		uint32_t code = 0;

		n = secret_at(mask, piece, len - at);
		if (n > 0) {
			piece = STARS;
			piece_len = strlen(STARS);
		} else {
			piece_len = n = text_utf8_next(piece, len - at, &code);
			if (n == 0 || code == 0) {
				piece = "?";
				piece_len = n = 1;
			}
		}
		if (out + piece_len >= size)
			break;
		memcpy(buf + out, piece, piece_len);
		out += piece_len;
	}
	if (size > 0)
		memset(buf + out, 0, size - out);
}

void mask_text(const struct mask *mask, const char *text, size_t len, char *buf, size_t size)
{
	/* The lock is not part of what the mask means. */
	pthread_rwlock_t *lock = mask ? (pthread_rwlock_t *)(uintptr_t)&mask->lock : NULL;

	if (lock)
		pthread_rwlock_rdlock(lock);
	mask_locked(mask, text, len, buf, size);
	if (lock)
		pthread_rwlock_unlock(lock);
}
