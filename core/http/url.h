/* SPDX-License-Identifier: Apache-2.0 */
/* Absolute URLs of requests, taken apart by libcurl's own parser, so that what is checked is what is
 * asked. No I/O, no state. */
#ifndef HR_HTTP_URL_H
#define HR_HTTP_URL_H

#include <stdbool.h>

#include "base/error.h"

#define URL_MAX 16384 /* bytes */
#define URL_HOST_SIZE 256

struct http_url {
	char *text;               /* whole, without fragment; owned */
	char host[URL_HOST_SIZE]; /* lower case; addresses in their one usual form, no brackets */
	int port;                 /* 1 .. 65535 */
	bool is_https;            /* else http */
	bool is_address;
};

/* HR_INVALID: no http or https URL, with a user part, with blanks or control characters, with a host
 * that is neither an address nor a name of letters, digits, "-", "_" and ".". The text itself, which
 * may hold secrets, is in no message; only its host is. */
int http_url_parse(const char *text, struct http_url *ret_url, struct hr_error *err);

/* Where a redirect leads; location may be relative. */
int http_url_follow(const struct http_url *from, const char *location, struct http_url *ret_url,
		    struct hr_error *err);

void http_url_clear(struct http_url *url);

/* Same scheme, host and port. */
bool http_url_same_origin(const struct http_url *a, const struct http_url *b);

/* Puts a host into its one form: lower case, addresses as inet_ntop writes them; false when it is no
 * host. ret_is_address may be NULL. */
bool http_host_normal(const char *text, char ret_host[URL_HOST_SIZE], bool *ret_is_address);

#endif
