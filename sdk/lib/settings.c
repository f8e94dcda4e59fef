/* SPDX-License-Identifier: Apache-2.0 */
/* Settings into a struct: one piece of memory with the struct, then pointers of lists, then all texts.
 * The table is gone through twice, once to measure and once to fill. */
#include <headroom/sdk.h>

#include <stdlib.h>
#include <string.h>

/* Where the next pointer and the next text go; in the first pass sizes are counted only. */
struct layout {
	uint64_t pointers; /* how many */
	uint64_t text;     /* bytes */
	const char **pointer_at;
	char *text_at; /* NULL: measure */
};

/* What is there under a key; buf: room for what is no setting. NULL: nothing. */
static const struct hr_value *value_of(const struct hr_open *request, const char *key,
				       struct hr_value *buf)
{
	const char *base = (const char *)request->values;
	const struct {
		const char *key;
		struct hr_span text;
	} told[] = {{HR_OPEN_INSTALLATION, request->installation},
		    {HR_OPEN_ACCOUNT, request->account},
		    {HR_OPEN_STATE_DIR, request->state_dir}};

	for (uint32_t i = 0; i < request->n_values; i++) {
		const void *at = base + i * request->value_stride;
		const struct hr_value *value = at;

		if (hr_span_is(value->key, key))
			return value;
	}
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (strcmp(told[i].key, key) == 0) {
			*buf = (struct hr_value){.type = HR_TYPE_STRING, .text = told[i].text};
			return buf;
		}
	return NULL;
}

static const char *text_put(struct layout *layout, struct hr_span span)
{
	const char *text = layout->text_at;

	layout->text += span.len + 1;
	if (!layout->text_at)
		return NULL;
	if (span.len > 0)
		memcpy(layout->text_at, span.ptr, span.len);
	layout->text_at[span.len] = '\0';
	layout->text_at += span.len + 1;
	return text;
}

static struct hr_texts texts_put(struct layout *layout, const struct hr_value *value)
{
	struct hr_texts texts = {layout->pointer_at, value->n_items};

	layout->pointers += value->n_items;
	for (uint32_t i = 0; i < value->n_items; i++) {
		const char *text = text_put(layout, value->items[i]);

		if (layout->pointer_at)
			*layout->pointer_at++ = text;
	}
	return texts;
}

/* One member; account: NULL while it is measured. 0, or -1 where the table is at odds with the settings. */
static int field_fill(const struct hr_field *field, const struct hr_value *value,
		      struct layout *layout, char *account)
{
	const char *text;
	struct hr_texts texts;

	if (value->type != field->type)
		return -1;
	switch (field->type) {
	case HR_TYPE_STRING:
	case HR_TYPE_ENUM:
	case HR_TYPE_TEXT:
	case HR_TYPE_JSON:
		text = text_put(layout, value->text);
		if (account)
			memcpy(account + field->offset, &text, sizeof(text));
		return 0;
	case HR_TYPE_INTEGER:
	case HR_TYPE_BOOLEAN:
	case HR_TYPE_DURATION:
	case HR_TYPE_BYTES:
		if (account)
			memcpy(account + field->offset, &value->integer, sizeof(value->integer));
		return 0;
	case HR_TYPE_LIST:
	case HR_TYPE_MAP:
		texts = texts_put(layout, value);
		if (account)
			memcpy(account + field->offset, &texts, sizeof(texts));
		return 0;
	default: return -1;
	}
}

static const struct hr_field *fields_fill(const struct hr_open *request,
					  const struct hr_field *fields, size_t n_fields,
					  struct layout *layout, char *account)
{
	for (size_t i = 0; i < n_fields; i++) {
		struct hr_value buf;
		const struct hr_value *value = value_of(request, fields[i].key, &buf);

		if (value && field_fill(&fields[i], value, layout, account))
			return &fields[i];
	}
	return NULL;
}

void *hr_settings_new(const struct hr_call *call, const struct hr_open *request, size_t size,
		      const struct hr_field *fields, size_t n_fields)
{
	struct layout layout = {0};
	const struct hr_field *wrong = fields_fill(request, fields, n_fields, &layout, NULL);
	size_t pointers_at = (size + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
	size_t text_at = pointers_at + layout.pointers * sizeof(void *);
	char *account;
	void *pointers;

	if (wrong) {
		hr_fail(call, HR_INTERNAL, wrong->key,
			"The module's table of fields has another type for %s than its settings.",
			wrong->key);
		return NULL;
	}
	account = calloc(1, text_at + layout.text + 1);
	if (!account) {
		hr_fail(call, HR_INTERNAL, NULL, "Out of memory.");
		return NULL;
	}
	pointers = account + pointers_at;
	layout = (struct layout){.pointer_at = pointers, .text_at = account + text_at};
	fields_fill(request, fields, n_fields, &layout, account);
	return account;
}

void hr_settings_free(struct hr_account *account)
{
	free(account);
}
