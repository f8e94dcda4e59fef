/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to struct hr_value, by the type that the module's table gives each setting. */
#include "host/values.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/json.h"

static struct hr_span span_of(const char *text)
{
	struct hr_span span = {text, strlen(text)};

	return span;
}

static struct hr_span span_of_string(const json_t *string)
{
	struct hr_span span = {json_string_value(string), json_string_length(string)};

	return span;
}

/* How many spans all lists and maps need. */
static size_t count_items(const json_t *settings)
{
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach (json_unconst(settings), key, value)
		n += json_is_array(value) ? json_array_size(value) : 2 * json_object_size(value);
	return n;
}

/* Strings of a list, or keys and values of a map, into items; gives their number. */
static size_t fill_items(const json_t *value, struct hr_span *items)
{
	const char *key;
	json_t *item;
	size_t i, n = 0;

	if (json_is_array(value)) {
		json_array_foreach (value, i, item)
			items[n++] = span_of_string(item);
		return n;
	}
	json_object_foreach (json_unconst(value), key, item) {
		items[n++] = span_of(key);
		items[n++] = span_of_string(item);
	}
	return n;
}

/* One value; items is where its items go. -1: no memory. */
static int fill_value(const struct hr_setting *row, const json_t *json, struct hr_span *items,
		      struct hr_value *ret, char **ret_text)
{
	ret->key = span_of(row->key);
	ret->type = row->type;
	switch (row->type) {
	case HR_TYPE_INTEGER:
	case HR_TYPE_DURATION:
	case HR_TYPE_BYTES: ret->integer = json_integer_value(json); return 0;
	case HR_TYPE_BOOLEAN: ret->integer = json_is_true(json); return 0;
	case HR_TYPE_LIST:
	case HR_TYPE_MAP:
		ret->n_items = (uint32_t)fill_items(json, items);
		ret->items = items;
		return 0;
	case HR_TYPE_JSON:
		*ret_text = json_text(json);
		if (!*ret_text)
			return -1;
		ret->text = span_of(*ret_text);
		return 0;
	default: ret->text = span_of_string(json); return 0;
	}
}

int values_from_json(const struct schema *schema, const json_t *settings, struct values *ret,
		     struct hr_error *err)
{
	size_t n_items = count_items(settings), used = 0;

	memset(ret, 0, sizeof(*ret));
	ret->list = calloc(schema->n_rows + 1, sizeof(*ret->list));
	ret->texts = calloc(schema->n_rows + 1, sizeof(*ret->texts));
	ret->items = calloc(n_items + 1, sizeof(*ret->items));
	if (!ret->list || !ret->texts || !ret->items)
		goto no_memory;
	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);
		const json_t *json = json_object_get(settings, row->key);

		if (!json || json_is_null(json))
			continue;
		if (fill_value(row, json, ret->items + used, &ret->list[ret->n],
			       &ret->texts[ret->n]) != 0)
			goto no_memory;
		used += ret->list[ret->n].n_items;
		ret->n++;
	}
	return 0;
no_memory:
	values_clear(ret);
	return error_no_memory(err, "handing settings to a module");
}

void values_clear(struct values *values)
{
	for (size_t i = 0; values->texts && i < values->n; i++)
		if (values->texts[i])
			OPENSSL_clear_free(values->texts[i], strlen(values->texts[i]));
	free(values->texts);
	free(values->items);
	free(values->list);
	memset(values, 0, sizeof(*values));
}
