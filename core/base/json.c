/* SPDX-License-Identifier: Apache-2.0 */
/* Strict JSON by jansson, with a limit on depth that jansson itself does not offer. */
#include "base/json.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Jansson does not always look whether its buffers could grow: without memory a text comes out short, or is
 * called invalid, both when read and when written. So its allocations are watched. */
static _Thread_local bool is_short;

static void *watched_malloc(size_t size)
{
	void *memory = malloc(size);

	is_short = is_short || !memory;
	return memory;
}

/* Before there are threads. */
__attribute__((constructor)) static void watch(void)
{
	json_set_alloc_funcs(watched_malloc, free);
}

/* Where text goes deeper than JSON_DEPTH_MAX: gives false, line and column. Runs before the parser,
 * so it looks at brackets outside of strings only; whatever else is wrong the parser finds. */
static bool depth_ok(const char *text, size_t len, int *ret_line, int *ret_column)
{
	int depth = 0, line = 1, column = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		column++;
		if (c == '\n') {
			line++;
			column = 0;
		}
		if (in_string) {
			if (c == '\\' && i + 1 < len)
				i++, column++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_DEPTH_MAX) {
				*ret_line = line;
				*ret_column = column;
				return false;
			}
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return true;
}

/* What is wrong, for a person. Jansson's text quotes the input after " near "; the input may be a
 * secret, so that goes. The name of a duplicate key is worth showing and no secret. */
static const char *reason_of(json_error_t *error)
{
	char *near = strstr(error->text, " near ");
	enum json_error_code code = json_error_code(error);

	if (code == json_error_null_character || code == json_error_null_byte_in_key)
		return "the NUL character is not allowed in text";
	if (near && code != json_error_duplicate_key)
		*near = '\0';
	return error->text;
}

/* No NUL need end it. */
static bool is_blank(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && memchr(" \t\r\n", text[at], 4))
		at++;
	return at == len;
}

int json_parse(const char *text, size_t len, const char *what, json_t **ret_json,
	       struct hr_error *err)
{
	json_error_t error;
	json_t *json;
	int line, column;

	if (is_blank(text, len))
		return error_set(err, HR_INVALID, "%s is empty; JSON is expected", what);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return error_set(err, HR_INVALID,
				 "%s begins with a byte order mark; send UTF-8 without one", what);
	if (!depth_ok(text, len, &line, &column))
		return error_set(err, HR_INVALID,
				 "%s is not accepted: line %d, column %d: nested deeper than %d "
				 "levels",
				 what, line, column, JSON_DEPTH_MAX);
	is_short = false;
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (is_short) {
		json_decref(json);
		return error_no_memory(err, "reading JSON");
	}
	if (!json)
		return error_set(err, HR_INVALID, "%s is not valid JSON: line %d, column %d: %s",
				 what, error.line, error.column, reason_of(&error));
	*ret_json = json;
	return 0;
}

char *json_text_as(const json_t *json, size_t flags)
{
	char *text;

	is_short = false;
	text = json_dumps(json, flags);
	if (is_short) {
		free(text);
		return NULL;
	}
	return text;
}

char *json_text(const json_t *json)
{
	return json_text_as(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

const char *json_string_or(const json_t *object, const char *key, const char *fallback)
{
	const json_t *value = json_object_get(object, key);

	return json_is_string(value) ? json_string_value(value) : fallback;
}

long long json_integer_or(const json_t *object, const char *key, long long fallback)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

/* A patch's member that is an object: into the target's, or into a new one. */
static int merge_object(json_t *target, const char *key, const json_t *patch)
{
	json_t *inner = json_object_get(target, key);

	if (!json_is_object(inner)) {
		inner = json_object();
		if (json_object_set_new(target, key, inner) != 0)
			return -1;
	}
	return json_merge_patch(inner, patch);
}

int json_merge_patch(json_t *target, const json_t *patch)
{
	const char *key;
	json_t *value;

	json_object_foreach (json_unconst(patch), key, value) {
		if (json_is_null(value))
			json_object_del(target, key);
		else if (json_is_object(value)
				 ? merge_object(target, key, value) != 0
				 : json_object_set_new(target, key, json_deep_copy(value)) != 0)
			return -1;
	}
	return 0;
}

static void wipe_and_free(void *memory)
{
	if (memory == NULL)
		return;
	explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

void json_wipe_when_freed(void)
{
	json_set_alloc_funcs(watched_malloc, wipe_and_free);
}
