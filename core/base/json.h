/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from people and machines that are not trusted: strict, with limits. Values by jansson. */
#ifndef HR_BASE_JSON_H
#define HR_BASE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"

#define JSON_DEPTH_MAX 32

/* Parses len bytes. Refuses (HR_INVALID, with line and column) duplicate keys, invalid UTF-8, NUL
 * in strings, depth over JSON_DEPTH_MAX, text after the value. `what` names the text in messages
 * ("request body"). The caller owns *ret_json. */
int json_parse(const char *text, size_t len, const char *what, json_t **ret_json,
	       struct hr_error *err);

/* Jansson's iterators ask for an object that may be changed, also to read it only. */
static inline json_t *json_unconst(const json_t *json)
{
	return (json_t *)(uintptr_t)json;
}

/* Compact text with sorted keys, the same for equal values; the caller frees it. NULL: no memory. */
char *json_text(const json_t *json);

/* The same with flags of json_dumps, which must not be used itself: without memory its text may lack some. */
char *json_text_as(const json_t *json, size_t flags);

/* The string under key, or fallback. Borrowed from the object. */
const char *json_string_or(const json_t *object, const char *key, const char *fallback);

/* The integer under key, or fallback. */
long long json_integer_or(const json_t *object, const char *key, long long fallback);

/* From now on jansson wipes memory as it frees it: documents may hold secrets. Before the first
 * value is made. */
void json_wipe_when_freed(void);

/* RFC 7396: applies patch to target (both objects; target is changed). 0, or -1: no memory. */
int json_merge_patch(json_t *target, const json_t *patch);

#endif
