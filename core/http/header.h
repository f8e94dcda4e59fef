/* SPDX-License-Identifier: Apache-2.0 */
/* Single headers: what a request may bring, which hold credentials, lists of them. */
#ifndef HR_HTTP_HEADER_H
#define HR_HTTP_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "http/http.h"

/* Whether its value is a credential, or may be: it goes to the first host only, and into no
 * cassette. Known names, and everything that sounds like one. */
bool http_header_is_credential(const char *name);

/* A token of RFC 9110. */
bool http_header_is_name(const char *name);

/* No control characters but the tab. */
bool http_header_is_value(const char *value);

/* Names compared without case. */
bool http_header_is(const char *name, const char *other);

/* The value of the first header of that name, or NULL. */
const char *http_header_find(const struct http_header *headers, size_t n, const char *name);

/* Appends a copy; the array is grown by reallocarray. 0, or -1: no memory. */
int http_header_append(struct http_header **headers, size_t *n, const char *name,
		       const char *value);

/* Wipes and frees all, and the array. */
void http_headers_free(struct http_header *headers, size_t n);

#endif
