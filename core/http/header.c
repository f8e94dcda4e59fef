/* SPDX-License-Identifier: Apache-2.0 */
/* Headers one by one. Not here: those of a whole request (request.c) or answer (answer.c). */
#include "http/header.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

bool http_header_is_credential(const char *name)
{
	static const char *const parts[] = {
		"auth",      "cookie",     "token",   "secret",     "password",
		"passwd",    "apikey",     "api-key", "session-id", "credential",
		"signature", "access-key", "csrf",
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcasestr(name, parts[i]))
			return true;
	return false;
}

bool http_header_is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789!#$%&'*+-.^_`|~";

	return name && name[0] != '\0' && strspn(name, allowed) == strlen(name);
}

bool http_header_is_value(const char *value)
{
	for (const char *c = value; c && *c != '\0'; c++)
		if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
			return false;
	return value != NULL;
}

bool http_header_is(const char *name, const char *other)
{
	return strcasecmp(name, other) == 0;
}

const char *http_header_find(const struct http_header *headers, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (http_header_is(headers[i].name, name))
			return headers[i].value;
	return NULL;
}

int http_header_append(struct http_header **headers, size_t *n, const char *name, const char *value)
{
	struct http_header *grown = reallocarray(*headers, *n + 1, sizeof(*grown));
	struct http_header one;

	if (!grown)
		return -1;
	*headers = grown;
	one.name = strdup(name);
	one.value = strdup(value);
	if (!one.name || !one.value) {
		free(one.name);
		free(one.value);
		return -1;
	}
	grown[(*n)++] = one;
	return 0;
}

void http_headers_free(struct http_header *headers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		OPENSSL_cleanse(headers[i].value, strlen(headers[i].value));
		free(headers[i].name);
		free(headers[i].value);
	}
	free(headers);
}
