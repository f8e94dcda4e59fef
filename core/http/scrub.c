/* SPDX-License-Identifier: Apache-2.0 */
/* Finding secrets in bytes. */
#include "http/scrub.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "base/json.h"
#include "base/text.h"

#define SECRET_LEN_MIN 4

static void wipe_free(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

/* Keeps them sorted, the longest first: one may be a part of another. Takes a copy. */
static int insert(struct scrub *scrub, const char *value)
{
	size_t len = strlen(value), at = 0;
	char **grown, *copy;

	if (len < SECRET_LEN_MIN)
		return 0;
	for (size_t i = 0; i < scrub->n_values; i++) {
		if (strcmp(scrub->values[i], value) == 0)
			return 0;
		if (strlen(scrub->values[i]) >= len)
			at = i + 1;
	}
	copy = strdup(value);
	grown = copy ? reallocarray(scrub->values, scrub->n_values + 1, sizeof(*grown)) : NULL;
	if (!grown) {
		wipe_free(copy);
		return -1;
	}
	scrub->values = grown;
	memmove(grown + at + 1, grown + at, (scrub->n_values - at) * sizeof(*grown));
	grown[at] = copy;
	scrub->n_values++;
	return 0;
}

/* In JSON: quotes, backslashes and line ends look otherwise. */
static int insert_as_json(struct scrub *scrub, const char *value)
{
	json_t *string = json_string(value);
	char *text = string ? json_text_as(string, JSON_ENCODE_ANY) : NULL;
	/* What is no UTF-8 has no form in JSON. */
	int rc = text || !text_valid_utf8(value, strlen(value)) ? 0 : -1;

	json_decref(string);
	if (text) {
		text[strlen(text) - 1] = '\0';
		rc = insert(scrub, text + 1);
	}
	wipe_free(text);
	return rc;
}

int scrub_add(struct scrub *scrub, const char *value)
{
	char *escaped = curl_easy_escape(NULL, value, 0);
	int rc = -1;

	pthread_mutex_lock(&scrub->mutex);
	if (escaped)
		rc = insert(scrub, value);
	if (rc == 0)
		rc = insert(scrub, escaped);
	if (rc == 0)
		rc = insert_as_json(scrub, value);
	pthread_mutex_unlock(&scrub->mutex);
	if (escaped)
		OPENSSL_cleanse(escaped, strlen(escaped));
	curl_free(escaped);
	return rc;
}

int scrub_init(struct scrub *scrub, const struct schema *schema, const json_t *settings,
	       struct hr_error *err)
{
	memset(scrub, 0, sizeof(*scrub));
	if (pthread_mutex_init(&scrub->mutex, NULL) != 0)
		return error_no_memory(err, "opening an account");
	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);
		const char *value = json_string_or(settings, row->key, NULL);

		if (row->type == HR_TYPE_SECRET && value && scrub_add(scrub, value) != 0) {
			scrub_clear(scrub);
			return error_no_memory(err, "opening an account");
		}
	}
	return 0;
}

void scrub_clear(struct scrub *scrub)
{
	for (size_t i = 0; i < scrub->n_values; i++)
		wipe_free(scrub->values[i]);
	free(scrub->values);
	pthread_mutex_destroy(&scrub->mutex);
	memset(scrub, 0, sizeof(*scrub));
}

/* How long the secret is that the bytes begin with; 0: with none. */
static size_t secret_at(const struct scrub *scrub, const char *bytes, size_t len)
{
	for (size_t i = 0; i < scrub->n_values; i++) {
		size_t n;

		/* This is asked at each byte of a body of many MiB: few values are measured. */
		if (len == 0 || scrub->values[i][0] != bytes[0])
			continue;
		n = strlen(scrub->values[i]);
		if (n <= len && memcmp(bytes, scrub->values[i], n) == 0)
			return n;
	}
	return 0;
}

char *scrub_bytes(struct scrub *scrub, const char *bytes, size_t len, size_t *ret_len)
{
	/* Secrets have 4 bytes at least and the mask 3: it never grows. */
	char *copy = malloc(len + 1);
	size_t out = 0;

	if (!copy)
		return NULL;
	pthread_mutex_lock(&scrub->mutex);
	for (size_t at = 0; at < len;) {
		size_t n = secret_at(scrub, bytes + at, len - at);

		if (n > 0) {
			memcpy(copy + out, SCRUB_MASK, strlen(SCRUB_MASK));
			out += strlen(SCRUB_MASK);
			at += n;
		} else {
			copy[out++] = bytes[at++];
		}
	}
	pthread_mutex_unlock(&scrub->mutex);
	out = scrub_names(copy, out);
	copy[out] = '\0';
	*ret_len = out;
	return copy;
}
