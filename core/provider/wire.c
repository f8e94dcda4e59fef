/* SPDX-License-Identifier: Apache-2.0 */
/* Structs to frames and back, by the table. What is zero, empty or NULL does not travel. The other
 * side may be hostile: every type, length and number is checked, and nothing unknown is let pass. */
#include "provider/wire.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "base/text.h"

static const char *const record_name = "a record";

/* ---- Members ------------------------------------------------------------------------------- */

static char *at_of(const void *value, size_t offset)
{
	return (char *)(uintptr_t)value + offset;
}

static size_t count_of(const struct wire_field *field, const void *value)
{
	size_t count;

	memcpy(&count, at_of(value, field->count_offset), sizeof(count));
	return count;
}

static void set_count(const struct wire_field *field, void *value, size_t count)
{
	memcpy(at_of(value, field->count_offset), &count, sizeof(count));
}

static void *pointer_of(const struct wire_field *field, const void *value)
{
	void *pointer;

	memcpy(&pointer, at_of(value, field->offset), sizeof(pointer));
	return pointer;
}

static void set_pointer(const struct wire_field *field, void *value, void *pointer)
{
	memcpy(at_of(value, field->offset), &pointer, sizeof(pointer));
}

/* Four bytes hold an int32_t or a uint32_t; which of them matters above INT32_MAX only, where none
 * of our numbers is negative and unsigned at once: they travel as the signed one. */
static json_int_t integer_get(const struct wire_field *field, const void *value)
{
	int32_t small;
	int64_t large;

	if (field->size == sizeof(small)) {
		memcpy(&small, at_of(value, field->offset), sizeof(small));
		return small;
	}
	memcpy(&large, at_of(value, field->offset), sizeof(large));
	return large;
}

static int integer_set(const struct wire_field *field, void *value, json_int_t number)
{
	int32_t small = (int32_t)number;
	int64_t large = number;

	if (field->size == sizeof(small) && small != number)
		return -1;
	if (field->size == sizeof(small))
		memcpy(at_of(value, field->offset), &small, sizeof(small));
	else
		memcpy(at_of(value, field->offset), &large, sizeof(large));
	return 0;
}

static bool flag_get(const struct wire_field *field, const void *value)
{
	bool flag;

	memcpy(&flag, at_of(value, field->offset), sizeof(flag));
	return flag;
}

/* ---- Encoding ------------------------------------------------------------------------------ */

static json_t *encode_fields(const struct wire_field *fields, size_t n, const void *value,
			     json_t *into);

static json_t *encode_strings(const struct wire_field *field, const void *value)
{
	char *const *strings = pointer_of(field, value);
	size_t count = count_of(field, value);
	json_t *array = count > 0 ? json_array() : NULL;

	for (size_t i = 0; array && i < count; i++)
		if (json_array_append_new(array, json_string(strings[i])) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *encode_words(const struct wire_field *field, const void *value)
{
	char *const *words = pointer_of(field, value);
	json_t *array = json_array();

	for (; array && *words; words++)
		if (json_array_append_new(array, json_string(*words)) != 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *encode_records(const struct wire_field *field, const void *value)
{
	const char *records = pointer_of(field, value);
	size_t count = count_of(field, value);
	json_t *array = json_array(), *one;

	for (size_t i = 0; array && i < count; i++) {
		one = encode_fields(field->fields, field->n_fields, records + i * field->size,
				    json_object());
		if (!one || json_array_append_new(array, one) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* Whether there is anything to send of it. */
static bool is_set(const struct wire_field *field, const void *value)
{
	switch (field->type) {
	case WIRE_TEXT: return *at_of(value, field->offset) != '\0';
	case WIRE_INTEGER: return integer_get(field, value) != 0;
	case WIRE_FLAG: return flag_get(field, value);
	case WIRE_STRINGS:
	case WIRE_RECORDS: return count_of(field, value) > 0;
	case WIRE_RECORD: return true;
	case WIRE_BODY: return false; /* not in the head */
	default: return pointer_of(field, value) != NULL;
	}
}

static json_t *encode_field(const struct wire_field *field, const void *value)
{
	switch (field->type) {
	case WIRE_TEXT: return json_string(at_of(value, field->offset));
	case WIRE_STRING: return json_string(pointer_of(field, value));
	case WIRE_INTEGER: return json_integer(integer_get(field, value));
	case WIRE_FLAG: return json_true();
	case WIRE_OBJECT: return json_incref(pointer_of(field, value));
	case WIRE_STRINGS: return encode_strings(field, value);
	case WIRE_WORDS: return encode_words(field, value);
	case WIRE_RECORDS: return encode_records(field, value);
	case WIRE_RECORD:
		return encode_fields(field->fields, field->n_fields, at_of(value, field->offset),
				     json_object());
	default: return NULL;
	}
}

/* Into an object, which is given back; NULL (and the object freed): no memory, or no UTF-8. */
static json_t *encode_fields(const struct wire_field *fields, size_t n, const void *value,
			     json_t *into)
{
	for (size_t i = 0; into && i < n; i++) {
		json_t *one;

		if (!is_set(&fields[i], value))
			continue;
		one = encode_field(&fields[i], value);
		if (fields[i].type == WIRE_RECORD && json_object_size(one) == 0 && one) {
			json_decref(one);
			continue;
		}
		if (json_object_set_new(into, fields[i].name, one) != 0) {
			json_decref(into);
			return NULL;
		}
	}
	return into;
}

/* The body is copied into the frame. */
static int encode_body(const struct wire_message *message, const void *value, struct frame *frame)
{
	for (size_t i = 0; i < message->n_fields; i++) {
		const struct wire_field *field = &message->fields[i];
		const char *body = field->type == WIRE_BODY ? pointer_of(field, value) : NULL;

		if (!body)
			continue;
		frame->body_len = field->count_offset == WIRE_NOT_COUNTED ? strlen(body)
									  : count_of(field, value);
		frame->body = malloc(frame->body_len + 1);
		if (!frame->body) {
			frame->body_len = 0;
			return -1;
		}
		memcpy(frame->body, body, frame->body_len);
		frame->body[frame->body_len] = '\0';
		return 0;
	}
	return 0;
}

int wire_encode(enum wire_kind kind, uint64_t id, const void *value, struct frame *ret_frame,
		struct hr_error *err)
{
	const struct wire_message *message = &wire_messages[kind];
	json_t *head = json_object();

	memset(ret_frame, 0, sizeof(*ret_frame));
	if (json_object_set_new(head, "m", json_string(message->name)) != 0 ||
	    json_object_set_new(head, "id", json_integer((json_int_t)id)) != 0) {
		json_decref(head);
		head = NULL;
	}
	head = encode_fields(message->fields, message->n_fields, value, head);
	if (head)
		ret_frame->head = json_text_as(head, JSON_COMPACT);
	json_decref(head);
	if (ret_frame->head)
		ret_frame->head_len = strlen(ret_frame->head);
	if (!ret_frame->head || encode_body(message, value, ret_frame) != 0) {
		frame_clear(ret_frame);
		return error_set(
			err, HR_INTERNAL,
			"the message \"%s\" cannot be written: out of memory, or a text in "
			"it is no UTF-8",
			message->name);
	}
	if (ret_frame->head_len > FRAME_HEAD_MAX || ret_frame->body_len > FRAME_BODY_MAX) {
		error_set(err, HR_INTERNAL, "the message \"%s\" is too long: %zu + %zu bytes",
			  message->name, ret_frame->head_len, ret_frame->body_len);
		frame_clear(ret_frame);
		return -1;
	}
	return 0;
}

/* ---- Decoding ------------------------------------------------------------------------------ */

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
	memcpy(at_of(value, field->offset), text, json_string_length(json) + 1);
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
	set_pointer(field, value, copy);
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
	set_pointer(field, value, strings);
	if (field->type == WIRE_STRINGS)
		set_count(field, value, count);
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
	set_pointer(field, value, records);
	set_count(field, value, count);
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
		    integer_set(field, value, json_integer_value(json)) != 0)
			return refuse(decoding, field->name, "is no number of its size");
		return 0;
	case WIRE_FLAG:
		if (!json_is_boolean(json))
			return refuse(decoding, field->name, "is neither true nor false");
		memcpy(at_of(value, field->offset), &flag, sizeof(flag));
		return 0;
	case WIRE_OBJECT:
		if (!json_is_object(json))
			return refuse(decoding, field->name, "is no object");
		set_pointer(field, value, json_incref(json_unconst(json)));
		return 0;
	case WIRE_RECORD:
		return decode_fields(decoding, field->fields, field->n_fields, json, 0,
				     at_of(value, field->offset));
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

/* The frame's body goes over into the value. */
static int decode_body(const struct decoding *decoding, const struct wire_message *message,
		       struct frame *frame, void *value)
{
	if (frame->body_len == 0)
		return 0;
	for (size_t i = 0; i < message->n_fields; i++) {
		const struct wire_field *field = &message->fields[i];

		if (field->type != WIRE_BODY)
			continue;
		if (field->count_offset != WIRE_NOT_COUNTED)
			set_count(field, value, frame->body_len);
		else if (memchr(frame->body, '\0', frame->body_len))
			return refuse(decoding, field->name, "holds a NUL");
		set_pointer(field, value, frame->body);
		frame->body = NULL;
		frame->body_len = 0;
		return 0;
	}
	return refuse(decoding, "its body", "is one that it does not have");
}

static int find_message(const char *name, enum wire_side from, enum wire_kind *ret_kind)
{
	for (int kind = 0; name && kind < WIRE_KINDS; kind++)
		if (wire_messages[kind].from == from &&
		    strcmp(wire_messages[kind].name, name) == 0) {
			*ret_kind = (enum wire_kind)kind;
			return 0;
		}
	return -1;
}

static int decode_head(const json_t *head, struct frame *frame, enum wire_side from,
		       enum wire_kind *ret_kind, uint64_t *ret_id, void **ret_value,
		       struct hr_error *err)
{
	const json_t *id = json_object_get(head, "id");
	const struct wire_message *message;
	struct decoding decoding;
	void *value = NULL;

	if (find_message(json_string_value(json_object_get(head, "m")), from, ret_kind) != 0)
		return error_set(err, HR_INTERNAL, "a message of no known kind");
	message = &wire_messages[*ret_kind];
	decoding = (struct decoding){message->name, err};
	if (!json_is_integer(id) || json_integer_value(id) < 0)
		return refuse(&decoding, "id", "is missing or no number");
	*ret_id = (uint64_t)json_integer_value(id);
	if (message->size > 0 && !(value = calloc(1, message->size)))
		return error_no_memory(err, "reading a message");
	if (decode_fields(&decoding, message->fields, message->n_fields, head, 2, value) != 0 ||
	    decode_body(&decoding, message, frame, value) != 0) {
		wire_free(*ret_kind, value);
		return -1;
	}
	*ret_value = value;
	return 0;
}

int wire_decode(struct frame *frame, enum wire_side from, enum wire_kind *ret_kind,
		uint64_t *ret_id, void **ret_value, struct hr_error *err)
{
	json_t *head = NULL;
	int rc;

	*ret_value = NULL;
	if (json_parse(frame->head, frame->head_len, "a message", &head, err) != 0) {
		err->class = HR_INTERNAL;
		return -1;
	}
	rc = decode_head(head, frame, from, ret_kind, ret_id, ret_value, err);
	json_decref(head);
	return rc;
}

/* ---- Freeing and tracing ------------------------------------------------------------------- */

static void clear_fields(const struct wire_field *fields, size_t n, void *value);

static void clear_many(const struct wire_field *field, void *value)
{
	char *all = pointer_of(field, value);
	size_t count = count_of(field, value);

	for (size_t i = 0; all && i < count; i++) {
		if (field->type == WIRE_RECORDS)
			clear_fields(field->fields, field->n_fields, all + i * field->size);
		else
			free(((char **)(void *)all)[i]);
	}
	free(all);
	set_pointer(field, value, NULL);
	set_count(field, value, 0);
}

static void clear_words(const struct wire_field *field, void *value)
{
	char **words = pointer_of(field, value);

	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
	set_pointer(field, value, NULL);
}

static void clear_text(const struct wire_field *field, void *value)
{
	char *text = pointer_of(field, value);
	size_t len = 0;

	if (text)
		len = field->type == WIRE_BODY && field->count_offset != WIRE_NOT_COUNTED
			      ? count_of(field, value)
			      : strlen(text);
	OPENSSL_clear_free(text, len);
	set_pointer(field, value, NULL);
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
			clear_fields(field->fields, field->n_fields, at_of(value, field->offset));
		else if (field->type == WIRE_OBJECT) {
			json_decref(pointer_of(field, value));
			set_pointer(field, value, NULL);
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

static void trace_field(const struct wire_field *field, const void *value, char *buf, size_t size)
{
	const char *body = field->type == WIRE_BODY ? pointer_of(field, value) : NULL;
	char *text = NULL;
	json_t *json;

	if (body) {
		text_format(buf, size, " %s=(%zu bytes)", field->name,
			    field->count_offset == WIRE_NOT_COUNTED ? strlen(body)
								    : count_of(field, value));
		return;
	}
	if (!is_set(field, value))
		return;
	if (field->flags & WIRE_SECRET_FIELD) {
		text_format(buf, size, " %s=***", field->name);
		return;
	}
	if (field->type == WIRE_RECORDS) {
		text_format(buf, size, " %s=(%zu)", field->name, count_of(field, value));
		return;
	}
	json = encode_field(field, value);
	text = json ? json_text_as(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	if (text && strcmp(text, "{}") != 0)
		text_format(buf, size, " %s=%s", field->name, text);
	free(text);
	json_decref(json);
}

void wire_trace(enum wire_kind kind, uint64_t id, const void *value, char *buf, size_t size)
{
	const struct wire_message *message = &wire_messages[kind];
	size_t used;

	text_format(buf, size, "%s #%llu", message->name, (unsigned long long)id);
	for (size_t i = 0; value && i < message->n_fields; i++) {
		used = strlen(buf);
		if (used + 1 < size)
			trace_field(&message->fields[i], value, buf + used, size - used);
	}
}
