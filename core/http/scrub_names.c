/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that nobody told us of, known by the names they stand under: a token in a provider's answer, a
 * signature in a query, the script with a server's check-in token. Text is scanned, not parsed: bodies are
 * of any kind, and what is no such pair is left as it is. */
#include "http/scrub.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_LEN 64

/* Where text ends, and how far it was read and written. */
struct scan {
	const char *at, *end;
	char *out;
};

static bool is_secret_name(const char *name, size_t len)
{
	static const char *const parts[] = {
		"token",      "secret",      "password",   "passwd",    "api_key",     "api-key",
		"apikey",     "access_key",  "access-key", "accesskey", "private_key", "privatekey",
		"credential", "signature",   "assertion",  "user_data", "user-data",   "userdata",
		"customdata", "custom_data", "jwt",        "ticket",    "cookie",      "passphrase",
	};
	char copy[NAME_MAX_LEN + 1];

	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	memcpy(copy, name, len);
	copy[len] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcasestr(copy, parts[i]))
			return true;
	return strcasecmp(copy, "sig") == 0;
}

static const char *skip_name(const char *at, const char *end)
{
	while (at < end && (isalnum((unsigned char)*at) || strchr("_-.", *at)) && *at != '\0')
		at++;
	return at;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* "name": "value" -> where the value begins and ends; NULL: it is none, or no secret's. */
static const char *json_value(const char *at, const char *end, const char **ret_end)
{
	const char *name = at + 1, *after = skip_name(name, end);

	if (after == end || *after != '"' || !is_secret_name(name, (size_t)(after - name)))
		return NULL;
	at = skip_blanks(after + 1, end);
	if (at == end || *at != ':')
		return NULL;
	at = skip_blanks(at + 1, end);
	if (at == end || *at != '"')
		return NULL;
	for (after = ++at; after < end && *after != '"'; after++)
		if (*after == '\\' && after + 1 < end)
			after++;
	*ret_end = after;
	return at;
}

/* name=value, of a query or a form. */
static const char *form_value(const char *at, const char *end, const char **ret_end)
{
	const char *name = at, *after = skip_name(name, end);

	if (after == end || *after != '=' || !is_secret_name(name, (size_t)(after - name)))
		return NULL;
	at = after + 1;
	for (after = at; after < end && !strchr("&#\r\n \"<", *after); after++)
		;
	*ret_end = after;
	return at;
}

/* <ns:name ...>value< */
static const char *xml_value(const char *at, const char *end, const char **ret_end)
{
	const char *name = at + 1, *after = skip_name(name, end);

	if (after < end && *after == ':') {
		name = after + 1;
		after = skip_name(name, end);
	}
	if (after == end || !is_secret_name(name, (size_t)(after - name)))
		return NULL;
	at = memchr(after, '>', (size_t)(end - after));
	if (!at || at[-1] == '/')
		return NULL;
	at++;
	after = memchr(at, '<', (size_t)(end - at));
	*ret_end = after ? after : end;
	return at;
}

static const char *skip_base64url(const char *at, const char *end)
{
	while (at < end && (isalnum((unsigned char)*at) || *at == '-' || *at == '_'))
		at++;
	return at;
}

/* A JSON Web Token, wherever it stands: a server's check-in token is in its startup script. */
static const char *jwt_value(const char *at, const char *end, const char **ret_end)
{
	const char *after = at;

	if (end - at < 4 || memcmp(at, "eyJ", 3) != 0)
		return NULL;
	for (int dots = 0; dots < 2; dots++) {
		after = skip_base64url(after, end);
		if (after == end || *after != '.')
			return NULL;
		after++;
	}
	*ret_end = skip_base64url(after, end);
	return at;
}

/* Copies up to there; in place, never beyond what was read. */
static void copy_to(struct scan *scan, const char *to)
{
	size_t n = (size_t)(to - scan->at);

	memmove(scan->out, scan->at, n);
	scan->out += n;
	scan->at = to;
}

/* At most as long as the value. */
static void mask_to(struct scan *scan, const char *to)
{
	size_t n = (size_t)(to - scan->at);

	n = n < strlen(SCRUB_MASK) ? n : strlen(SCRUB_MASK);
	memset(scan->out, '*', n);
	scan->out += n;
	scan->at = to;
}

size_t scrub_names(char *text, size_t len)
{
	struct scan scan = {.at = text, .end = text + len, .out = text};
	char before = '\n';

	while (scan.at < scan.end) {
		const char *value = NULL, *value_end = NULL;

		if (*scan.at == '"')
			value = json_value(scan.at, scan.end, &value_end);
		else if (*scan.at == '<')
			value = xml_value(scan.at, scan.end, &value_end);
		else if (strchr("?&;\n ", before) && before != '\0')
			value = form_value(scan.at, scan.end, &value_end);
		if (!value && *scan.at == 'e' && !isalnum((unsigned char)before))
			value = jwt_value(scan.at, scan.end, &value_end);
		before = *scan.at;
		if (value) {
			copy_to(&scan, value);
			mask_to(&scan, value_end);
			before = '=';
		} else {
			copy_to(&scan, scan.at + 1);
		}
	}
	return (size_t)(scan.out - text);
}
