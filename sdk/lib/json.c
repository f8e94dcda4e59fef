/* SPDX-License-Identifier: Apache-2.0 */
/* What lies where in JSON. */
#include <headroom/sdk_json.h>

#include <stdlib.h>
#include <string.h>

#define KEY_MAX 256u

/* The member named by the path's next part, and the path behind it. */
static json_t *part_of(const json_t *json, const char **path)
{
	char key[KEY_MAX];
	size_t len;

	if (**path == '[') {
		char *end;
		unsigned long index = strtoul(*path + 1, &end, 10);

		*path = *end == ']' ? end + 1 : "";
		return *end == ']' ? json_array_get(json, index) : NULL;
	}
	*path += **path == '.';
	len = strcspn(*path, ".[");
	if (len == 0 || len >= sizeof(key))
		return NULL;
	memcpy(key, *path, len);
	key[len] = '\0';
	*path += len;
	return json_object_get(json, key);
}

json_t *hr_json_at(const json_t *json, const char *path)
{
	json_t *at = NULL;

	do {
		at = part_of(json, &path);
		json = at;
	} while (at && path[0] != '\0');
	return at;
}

const char *hr_json_text(const json_t *json, const char *path)
{
	const char *text = json_string_value(hr_json_at(json, path));

	return text ? text : "";
}

int64_t hr_json_integer(const json_t *json, const char *path)
{
	return json_integer_value(hr_json_at(json, path));
}

int hr_json_has(const json_t *array, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach (array, i, one)
		if (json_string_value(one) && strcmp(json_string_value(one), text) == 0)
			return 1;
	return 0;
}

const char *hr_json_tag(const json_t *array, const char *key, char separator)
{
	size_t len = strlen(key), i;
	json_t *tag;

	json_array_foreach (array, i, tag) {
		const char *text = json_string_value(tag);

		if (text && strncmp(text, key, len) == 0 && text[len] == separator)
			return text + len + 1;
	}
	return "";
}
