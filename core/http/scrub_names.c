/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that nobody told us of, known by the names they stand under: a token in a provider's answer, a
 * signature in a query, the script with a server's check-in token. Text is scanned, not parsed: bodies are
 * of any kind, and what is no such pair is left as it is. */
#include "http/scrub.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* From its first byte to the one behind its last; empty: none. */
struct span {
	const char *from, *to;
};

/* How far the text was read and written, and what is known of the text ahead. No part of it is looked at again
 * and again: texts are as remote peers made them, of many MiB, and the time is to grow with the length only. */
struct scan {
	const char *at, *end;
	char *out;
	char before;         /* the byte before `at` */
	struct span pair;    /* the value of the name at or before `at`, in JSON or a form */
	struct span element; /* the text behind the next '>', if a secret's tag ends there */
	const char *bracket; /* the last '>' that was sought and found; `end`: there is no more */
	const char *no_jwt;  /* no JSON Web Token begins before this */
};

/* Whether the text goes on with the part, which is in small letters. */
static bool has_part_at(const char *at, const char *end, const char *part)
{
	while (*part != '\0' && at < end && tolower((unsigned char)*at) == *part) {
		at++;
		part++;
	}
	return *part == '\0';
}

/* Of any length: a long name is no less a secret's. */
static bool is_secret_name(const char *name, size_t len)
{
	static const char *const parts[] = {
		"token",      "secret",      "password",   "passwd",    "api_key",     "api-key",
		"apikey",     "access_key",  "access-key", "accesskey", "private_key", "privatekey",
		"credential", "signature",   "assertion",  "user_data", "user-data",   "userdata",
		"customdata", "custom_data", "jwt",        "ticket",    "cookie",      "passphrase",
	};
	static const char firsts[] = "acjpstuACJPSTU"; /* letters of the parts */
	const char *end = name + len;

	for (const char *at = name; at + 1 < end; at++) {
		int first, second;

		/* Most places are told by two bytes to begin no part. */
		if (!memchr(firsts, *at, sizeof(firsts) - 1))
			continue;
		first = tolower((unsigned char)at[0]);
		second = tolower((unsigned char)at[1]);
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
			if (parts[i][0] == first && parts[i][1] == second &&
			    has_part_at(at, end, parts[i]))
				return true;
	}
	return len == strlen("sig") && strncasecmp(name, "sig", len) == 0;
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

/* "name": "value" -> the value; empty: there is none, or no secret's. */
static struct span json_value(const char *at, const char *end)
{
	static const struct span none;
	const char *name = at + 1, *after = skip_name(name, end);

	if (after == end || *after != '"' || !is_secret_name(name, (size_t)(after - name)))
		return none;
	at = skip_blanks(after + 1, end);
	if (at == end || *at != ':')
		return none;
	at = skip_blanks(at + 1, end);
	if (at == end || *at != '"')
		return none;
	for (after = ++at; after < end && *after != '"'; after++)
		if (*after == '\\' && after + 1 < end)
			after++;
	return (struct span){at, after};
}

/* name=value, of a query or a form. */
static struct span form_value(const char *at, const char *end)
{
	static const struct span none;
	const char *name = at, *after = skip_name(name, end);

	if (after == end || *after != '=' || !is_secret_name(name, (size_t)(after - name)))
		return none;
	at = after + 1;
	for (after = at; after < end && !strchr("&#\r\n \"<", *after); after++)
		;
	return (struct span){at, after};
}

/* <ns:name ...>value<. Many tags may be open before one '>': it is sought once, and so is the value's end. */
static void find_element(struct scan *scan)
{
	const char *end = scan->end, *name = scan->at + 1, *after = skip_name(name, end), *value;

	if (after < end && *after == ':') {
		name = after + 1;
		after = skip_name(name, end);
	}
	if (after == end || !is_secret_name(name, (size_t)(after - name)))
		return;
	if (scan->bracket < after) {
		const char *found = memchr(after, '>', (size_t)(end - after));

		scan->bracket = found ? found : end;
	}
	if (scan->bracket == end || scan->bracket[-1] == '/')
		return;
	value = scan->bracket + 1;
	if (scan->element.from != value) {
		after = memchr(value, '<', (size_t)(end - value));
		scan->element = (struct span){value, after ? after : end};
	}
}

static const char *skip_base64url(const char *at, const char *end)
{
	while (at < end && (isalnum((unsigned char)*at) || *at == '-' || *at == '_'))
		at++;
	return at;
}

/* A JSON Web Token, wherever it stands: a server's check-in token is in its startup script. Gives its end, or
 * NULL. Where none begins, none begins later in the same part of it: what follows is the same. */
static const char *jwt_end(struct scan *scan)
{
	const char *end = scan->end, *first_end, *after;

	if (scan->at < scan->no_jwt || end - scan->at < 4 || memcmp(scan->at, "eyJ", 3) != 0)
		return NULL;
	first_end = skip_base64url(scan->at, end);
	if (first_end < end && *first_end == '.') {
		after = skip_base64url(first_end + 1, end);
		if (after < end && *after == '.')
			return skip_base64url(after + 1, end);
	}
	scan->no_jwt = first_end;
	return NULL;
}

/* The later of two ends: a's, and the span's if `at` is in it. */
static const char *later(const char *a, struct span span, const char *at)
{
	return at >= span.from && at < span.to && (!a || span.to > a) ? span.to : a;
}

/* Where the secret ends that `at` is in; NULL: it is in none. Names are gone through like all other text, only
 * not for pairs: a token may stand in them, too. */
static const char *secret_end(struct scan *scan)
{
	const char *at = scan->at, *to = NULL;

	if (!scan->pair.to || at >= scan->pair.to) {
		if (*at == '"')
			scan->pair = json_value(at, scan->end);
		else if (*at != '<' && scan->before != '\0' && strchr("?&;\n ", scan->before))
			scan->pair = form_value(at, scan->end);
	}
	if (*at == '<')
		find_element(scan);
	if (*at == 'e' && !isalnum((unsigned char)scan->before))
		to = jwt_end(scan);
	return later(later(to, scan->pair, at), scan->element, at);
}

/* At most as long as the secret. */
static void mask_to(struct scan *scan, const char *to)
{
	size_t n = (size_t)(to - scan->at);

	n = n < strlen(SCRUB_MASK) ? n : strlen(SCRUB_MASK);
	memset(scan->out, '*', n);
	scan->out += n;
	scan->at = to;
	scan->before = '=';
}

size_t scrub_names(char *text, size_t len)
{
	struct scan scan = {.at = text,
			    .end = text + len,
			    .out = text,
			    .before = '\n',
			    .bracket = text,
			    .no_jwt = text};

	while (scan.at < scan.end) {
		const char *to = secret_end(&scan);

		if (to) {
			mask_to(&scan, to);
		} else {
			scan.before = *scan.at++;
			*scan.out++ = scan.before;
		}
	}
	return (size_t)(scan.out - text);
}
