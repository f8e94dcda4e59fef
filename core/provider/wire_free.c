/* SPDX-License-Identifier: Apache-2.0 */
/* The end of values that were decoded: secrets are wiped. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "provider/wire_member.h"

static void clear_fields(const struct wire_field *fields, size_t n, void *value);

static void clear_many(const struct wire_field *field, void *value)
{
	char *all = member_pointer(field, value);
	size_t count = member_count(field, value);

	for (size_t i = 0; all && i < count; i++) {
		if (field->type == WIRE_RECORDS)
			clear_fields(field->fields, field->n_fields, all + i * field->size);
		else
			free(((char **)(void *)all)[i]);
	}
	free(all);
	member_set_pointer(field, value, NULL);
	member_set_count(field, value, 0);
}

static void clear_words(const struct wire_field *field, void *value)
{
	char **words = member_pointer(field, value);

	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
	member_set_pointer(field, value, NULL);
}

static void clear_text(const struct wire_field *field, void *value)
{
	char *text = member_pointer(field, value);
	size_t len = 0;

	if (text)
		len = field->type == WIRE_BODY && field->count_offset != WIRE_NOT_COUNTED
			      ? member_count(field, value)
			      : strlen(text);
	OPENSSL_clear_free(text, len);
	member_set_pointer(field, value, NULL);
}

static void clear_fields(const struct wire_field *fields, size_t n, void *value)
{
	for (size_t i = 0; i < n; i++) {
		const struct wire_field *field = &fields[i];

		if (field->type == WIRE_STRINGS || field->type == WIRE_RECORDS)
			clear_many(field, value);
		else if (field->type == WIRE_WORDS)
			clear_words(field, value);
		else if (field->type == WIRE_STRING || field->type == WIRE_BODY)
			clear_text(field, value);
		else if (field->type == WIRE_RECORD)
			clear_fields(field->fields, field->n_fields,
				     member_at(value, field->offset));
		else if (field->type == WIRE_OBJECT) {
			json_decref(member_pointer(field, value));
			member_set_pointer(field, value, NULL);
		}
	}
}

void wire_clear(enum wire_kind kind, void *value)
{
	if (value)
		clear_fields(wire_messages[kind].fields, wire_messages[kind].n_fields, value);
}

void wire_free(enum wire_kind kind, void *value)
{
	wire_clear(kind, value);
	free(value);
}
