/* SPDX-License-Identifier: Apache-2.0 */
/* Structs to JSON and back, by the table: for what people read, and manifests that stand as files. The channel
 * has a form of its own (core/provider/wire_encode.c), which costs a tenth of this. */
#include "provider/wire_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "provider/wire_member.h"

static const char *const record_name = "a record";

/* ---- Writing ------------------------------------------------------------------------------- */

static json_t *fields_json(const struct wire_field *fields, size_t n, const void *value,
			   json_t *into);

static json_t *strings_json(char *const *strings, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < count; i++)
		if (json_array_append_new(array, json_string(strings[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *records_json(const struct wire_field *field, const void *value)
{
	const char *records = member_pointer(field, value);
	size_t count = member_count(field, value);
	json_t *array = json_array(), *one;

	for (size_t i = 0; array && i < count; i++) {
		one = fields_json(field->fields, field->n_fields, records + i * field->size,
				  json_object());
		if (!one || json_array_append_new(array, one) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

json_t *wire_json_field(const struct wire_field *field, const void *value)
{
	switch (field->type) {
	case WIRE_TEXT: return json_string(member_at(value, field->offset));
	case WIRE_STRING: return json_string(member_pointer(field, value));
	case WIRE_INTEGER: return json_integer(member_integer(field, value));
	case WIRE_FLAG: return json_true();
	case WIRE_OBJECT: return json_incref(member_pointer(field, value));
	case WIRE_STRINGS:
		return strings_json(member_pointer(field, value), member_count(field, value));
	case WIRE_WORDS:
		return strings_json(member_pointer(field, value),
				    member_words(member_pointer(field, value)));
	case WIRE_RECORDS: return records_json(field, value);
	case WIRE_RECORD:
		return fields_json(field->fields, field->n_fields, member_at(value, field->offset),
				   json_object());
	default: return NULL;
	}
}

/* Into an object, which is given back; NULL (and the object freed): no memory, or no UTF-8. */
static json_t *fields_json(const struct wire_field *fields, size_t n, const void *value,
			   json_t *into)
{
	for (size_t i = 0; into && i < n; i++) {
		if (!member_is_set(&fields[i], value))
			continue;
		if (json_object_set_new(into, fields[i].name, wire_json_field(&fields[i], value)) !=
		    0) {
			json_decref(into);
			return NULL;
		}
	}
	return into;
}

char *wire_json_write(enum wire_kind kind, const void *value)
{
	const struct wire_message *message = &wire_messages[kind];
	json_t *head = json_object();
	char *text;

	if (json_object_set_new(head, "m", json_string(message->name)) != 0 ||
	    json_object_set_new(head, "id", json_integer(0)) != 0) {
		json_decref(head);
		return NULL;
	}
	head = fields_json(message->fields, message->n_fields, value, head);
	text = head ? json_text_as(head, JSON_COMPACT) : NULL;
	json_decref(head);
	return text;
}

/* ---- Reading ------------------------------------------------------------------------------- */

struct decoding {
	const char *message;
	struct hr_error *err;
};

static int decode_fields(const struct decoding *decoding, const struct wire_field *fields, size_t n,
			 const json_t *object, size_t n_known, void *value);

static int refuse(const struct decoding *decoding, const char *field, const char *why)
{
	return error_set(decoding->err, HR_INTERNAL, "the message \"%s\": %s %s", decoding->message,
			 field, why);
}

static bool has_controls(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static int decode_text(const struct decoding *decoding, const struct wire_field *field,
		       const json_t *json, void *value)
{
	const char *text = json_string_value(json);

	if (!text)
		return refuse(decoding, field->name, "is no text");
	if (json_string_length(json) >= field->size)
		return refuse(decoding, field->name, "is too long");
	if ((field->flags & WIRE_NAME_FIELD) && has_controls(text))
		return refuse(decoding, field->name, "holds control characters");
	memcpy(member_at(value, field->offset), text, json_string_length(json) + 1);
	return 0;
}

static int decode_string(const struct decoding *decoding, const struct wire_field *field,
			 const json_t *json, void *value)
{
	char *copy;

	if (!json_is_string(json))
		return refuse(decoding, field->name, "is no text");
	if (json_string_length(json) > field->maximum)
		return refuse(decoding, field->name, "is too long");
	copy = strdup(json_string_value(json));
	if (!copy)
		return error_no_memory(decoding->err, "reading a message");
	member_set_pointer(field, value, copy);
	return 0;
}

static int decode_strings(const struct decoding *decoding, const struct wire_field *field,
			  const json_t *json, void *value)
{
	size_t count = json_array_size(json);
	char **strings;

	if (!json_is_array(json) || count > field->maximum)
		return refuse(decoding, field->name, "is no list, or too long a list");
	strings = calloc(count + 1, sizeof(*strings));
	if (!strings)
		return error_no_memory(decoding->err, "reading a message");
	member_set_pointer(field, value, strings);
	if (field->type == WIRE_STRINGS)
		member_set_count(field, value, count);
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(json, i));

		if (!text)
			return refuse(decoding, field->name, "holds what is no text");
		strings[i] = strdup(text);
		if (!strings[i])
			return error_no_memory(decoding->err, "reading a message");
	}
	return 0;
}

static int decode_records(const struct decoding *decoding, const struct wire_field *field,
			  const json_t *json, void *value)
{
	size_t count = json_array_size(json);
	char *records;

	if (!json_is_array(json) || count > field->maximum)
		return refuse(decoding, field->name, "is no list, or too long a list");
	records = calloc(count + 1, field->size);
	if (!records)
		return error_no_memory(decoding->err, "reading a message");
	member_set_pointer(field, value, records);
	member_set_count(field, value, count);
	for (size_t i = 0; i < count; i++)
		if (decode_fields(decoding, field->fields, field->n_fields, json_array_get(json, i),
				  0, records + i * field->size) != 0)
			return -1;
	return 0;
}

static int decode_field(const struct decoding *decoding, const struct wire_field *field,
			const json_t *json, void *value)
{
	bool flag = json_is_true(json);

	switch (field->type) {
	case WIRE_TEXT: return decode_text(decoding, field, json, value);
	case WIRE_STRING: return decode_string(decoding, field, json, value);
	case WIRE_STRINGS:
	case WIRE_WORDS: return decode_strings(decoding, field, json, value);
	case WIRE_RECORDS: return decode_records(decoding, field, json, value);
	case WIRE_INTEGER:
		if (!json_is_integer(json) ||
		    member_set_integer(field, value, json_integer_value(json)) != 0)
			return refuse(decoding, field->name, "is no number of its size");
		return 0;
	case WIRE_FLAG:
		if (!json_is_boolean(json))
			return refuse(decoding, field->name, "is neither true nor false");
		memcpy(member_at(value, field->offset), &flag, sizeof(flag));
		return 0;
	case WIRE_OBJECT:
		if (!json_is_object(json))
			return refuse(decoding, field->name, "is no object");
		member_set_pointer(field, value, json_incref(json_unconst(json)));
		return 0;
	case WIRE_RECORD:
		return decode_fields(decoding, field->fields, field->n_fields, json, 0,
				     member_at(value, field->offset));
	default: return refuse(decoding, field->name, "belongs into the body");
	}
}

/* n_known: how many further members the object has that are no fields. */
static int decode_fields(const struct decoding *decoding, const struct wire_field *fields, size_t n,
			 const json_t *object, size_t n_known, void *value)
{
	size_t found = n_known;

	if (!json_is_object(object))
		return refuse(decoding, record_name, "is no object");
	for (size_t i = 0; i < n; i++) {
		const json_t *json = json_object_get(object, fields[i].name);

		if (!json)
			continue;
		found++;
		if (decode_field(decoding, &fields[i], json, value) != 0)
			return -1;
	}
	if (found != json_object_size(object))
		return refuse(decoding, record_name, "has members that nobody knows");
	return 0;
}

static int find_message(const char *name, enum wire_kind *ret_kind)
{
	for (int kind = 0; name && kind < WIRE_KINDS; kind++)
		if (wire_messages[kind].from == WIRE_HOST &&
		    strcmp(wire_messages[kind].name, name) == 0) {
			*ret_kind = (enum wire_kind)kind;
			return 0;
		}
	return -1;
}

static int decode_head(const json_t *head, enum wire_kind *ret_kind, void **ret_value,
		       struct hr_error *err)
{
	const struct wire_message *message;
	struct decoding decoding;
	void *value = NULL;

	if (find_message(json_string_value(json_object_get(head, "m")), ret_kind) != 0)
		return error_set(err, HR_INTERNAL, "a message of no known kind");
	message = &wire_messages[*ret_kind];
	decoding = (struct decoding){message->name, err};
	if (!json_is_integer(json_object_get(head, "id")))
		return refuse(&decoding, "id", "is missing or no number");
	value = calloc(1, message->size);
	if (!value)
		return error_no_memory(err, "reading a message");
	if (decode_fields(&decoding, message->fields, message->n_fields, head, 2, value) != 0) {
		wire_free(*ret_kind, value);
		return -1;
	}
	*ret_value = value;
	return 0;
}

int wire_json_read(const char *text, size_t len, enum wire_kind *ret_kind, void **ret_value,
		   struct hr_error *err)
{
	json_t *head = NULL;
	int rc;

	*ret_value = NULL;
	if (json_parse(text, len, "a message", &head, err) != 0) {
		err->class = HR_INTERNAL;
		return -1;
	}
	rc = decode_head(head, ret_kind, ret_value, err);
	json_decref(head);
	return rc;
}
