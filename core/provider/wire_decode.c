/* SPDX-License-Identifier: Apache-2.0 */
/* Frames to structs, by the table. The other side may be hostile: every type, length and number is checked,
 * nothing unknown is let pass, nothing comes twice, and all has the table's order. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "provider/wire_member.h"

#define NAME_MAX_LEN 32
#define DIGITS_MAX 19

static const char *const record_name = "a record";

/* The rest of a head. */
struct decoding {
	const char *message;
	const char *at, *end;
	struct hr_error *err;
};

static int decode_fields(struct decoding *d, const struct wire_field *fields, size_t n,
			 void *value);

static int refuse(const struct decoding *d, const char *field, const char *why)
{
	return error_set(d->err, HR_INTERNAL, "the message \"%s\": %s %s", d->message, field, why);
}

static int no_memory(const struct decoding *d)
{
	return error_no_memory(d->err, "reading a message");
}

/* ---- Tokens -------------------------------------------------------------------------------- */

static bool skip(struct decoding *d, char c)
{
	if (d->at == d->end || *d->at != c)
		return false;
	d->at++;
	return true;
}

/* "-12"; no leading zeros, so that a number has one form. */
static int read_integer(struct decoding *d, int64_t *ret_number)
{
	bool is_negative = skip(d, '-');
	const char *first = d->at;
	uint64_t number = 0;

	for (; d->at < d->end && *d->at >= '0' && *d->at <= '9'; d->at++) {
		if (d->at - first == DIGITS_MAX)
			return -1;
		number = number * 10 + (uint64_t)(*d->at - '0');
	}
	if (d->at == first || (*first == '0' && (is_negative || d->at - first > 1)) ||
	    number > (uint64_t)INT64_MAX + is_negative)
		return -1;
	*ret_number = is_negative ? (int64_t)-number : (int64_t)number;
	return 0;
}

/* "5:bytes", valid UTF-8 without NUL. */
static int read_text(struct decoding *d, const struct wire_field *field, size_t maximum,
		     const char **ret_text, size_t *ret_len)
{
	int64_t len;

	if (read_integer(d, &len) != 0 || len < 0 || !skip(d, ':') || len > d->end - d->at)
		return refuse(d, field->name, "is no text");
	if ((size_t)len > maximum)
		return refuse(d, field->name, "is too long");
	if (!text_valid_utf8(d->at, (size_t)len))
		return refuse(d, field->name, "is no UTF-8, or holds a NUL");
	*ret_text = d->at;
	*ret_len = (size_t)len;
	d->at += len;
	return 0;
}

/* "3[", and what comes takes two bytes each at least. */
static int read_count(struct decoding *d, const struct wire_field *field, size_t *ret_count)
{
	int64_t count;

	if (read_integer(d, &count) != 0 || count < 0 || !skip(d, '[') ||
	    (uint64_t)count > field->maximum || count > (d->end - d->at) / 2)
		return refuse(d, field->name, "is no list, or too long a list");
	*ret_count = (size_t)count;
	return 0;
}

/* ---- Members ------------------------------------------------------------------------------- */

static bool has_controls(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return true;
	return false;
}

static int decode_text(struct decoding *d, const struct wire_field *field, void *value)
{
	char *to = member_at(value, field->offset);
	const char *text;
	size_t len;

	if (read_text(d, field, field->size - 1, &text, &len) != 0)
		return -1;
	if ((field->flags & WIRE_NAME_FIELD) && has_controls(text, len))
		return refuse(d, field->name, "holds control characters");
	memcpy(to, text, len);
	to[len] = '\0';
	return 0;
}

static int decode_string(struct decoding *d, const struct wire_field *field, size_t maximum,
			 char **ret_string)
{
	const char *text;
	size_t len;

	if (read_text(d, field, maximum, &text, &len) != 0)
		return -1;
	*ret_string = strndup(text, len);
	return *ret_string ? 0 : no_memory(d);
}

static int decode_strings(struct decoding *d, const struct wire_field *field, void *value)
{
	char **strings;
	size_t count;

	if (read_count(d, field, &count) != 0)
		return -1;
	strings = calloc(count + 1, sizeof(*strings));
	if (!strings)
		return no_memory(d);
	member_set_pointer(field, value, strings);
	if (field->type == WIRE_STRINGS)
		member_set_count(field, value, count);
	for (size_t i = 0; i < count; i++)
		if (decode_string(d, field, FRAME_HEAD_MAX, &strings[i]) != 0)
			return -1;
		else if (!skip(d, ' '))
			return refuse(d, field->name, "is no list");
	return skip(d, ']') ? 0 : refuse(d, field->name, "is no list");
}

static int decode_record(struct decoding *d, const struct wire_field *field, void *record)
{
	if (!skip(d, '{'))
		return refuse(d, field->name, "is no record");
	if (decode_fields(d, field->fields, field->n_fields, record) != 0)
		return -1;
	return skip(d, '}') ? 0 : refuse(d, record_name, "has members that nobody knows");
}

static int decode_records(struct decoding *d, const struct wire_field *field, void *value)
{
	size_t count;
	char *records;

	if (read_count(d, field, &count) != 0)
		return -1;
	records = calloc(count + 1, field->size);
	if (!records)
		return no_memory(d);
	member_set_pointer(field, value, records);
	member_set_count(field, value, count);
	for (size_t i = 0; i < count; i++)
		if (decode_record(d, field, records + i * field->size) != 0)
			return -1;
		else if (!skip(d, ' '))
			return refuse(d, field->name, "is no list");
	return skip(d, ']') ? 0 : refuse(d, field->name, "is no list");
}

static int decode_object(struct decoding *d, const struct wire_field *field, void *value)
{
	json_t *object = NULL;
	const char *text;
	size_t len;

	if (read_text(d, field, FRAME_HEAD_MAX, &text, &len) != 0)
		return -1;
	if (json_parse(text, len, field->name, &object, d->err) != 0) {
		d->err->class = HR_INTERNAL;
		return -1;
	}
	if (!json_is_object(object)) {
		json_decref(object);
		return refuse(d, field->name, "is no object");
	}
	member_set_pointer(field, value, object);
	return 0;
}

static int decode_value(struct decoding *d, const struct wire_field *field, void *value)
{
	const bool yes = true;
	int64_t number;
	char *string;

	switch (field->type) {
	case WIRE_TEXT: return decode_text(d, field, value);
	case WIRE_STRING:
		if (decode_string(d, field, field->maximum, &string) != 0)
			return -1;
		member_set_pointer(field, value, string);
		return 0;
	case WIRE_STRINGS:
	case WIRE_WORDS: return decode_strings(d, field, value);
	case WIRE_RECORD: return decode_record(d, field, member_at(value, field->offset));
	case WIRE_RECORDS: return decode_records(d, field, value);
	case WIRE_INTEGER:
		if (read_integer(d, &number) != 0 || member_set_integer(field, value, number) != 0)
			return refuse(d, field->name, "is no number of its size");
		return 0;
	case WIRE_FLAG:
		if (!skip(d, '+'))
			return refuse(d, field->name, "is no flag");
		memcpy(member_at(value, field->offset), &yes, sizeof(yes));
		return 0;
	case WIRE_OBJECT: return decode_object(d, field, value);
	default: return refuse(d, field->name, "belongs into the body");
	}
}

/* The name before "=", or what stands there otherwise; its length. */
static size_t read_name(const struct decoding *d)
{
	size_t len = 0;

	while (d->at + len < d->end && d->at[len] != '=' && len < NAME_MAX_LEN)
		len++;
	return len;
}

/* Up to what is no member of these: that it is the end, or a brace, is the caller's to ask. */
static int decode_fields(struct decoding *d, const struct wire_field *fields, size_t n, void *value)
{
	size_t len;

	for (size_t i = 0; i < n && d->at < d->end && *d->at != '}'; i++) {
		len = read_name(d);
		if (strncmp(fields[i].name, d->at, len) != 0 || fields[i].name[len] != '\0')
			continue;
		d->at += len;
		if (!skip(d, '='))
			return refuse(d, fields[i].name, "has no value");
		if (decode_value(d, &fields[i], value) != 0)
			return -1;
		if (!skip(d, ' '))
			return refuse(d, fields[i].name, "does not end where it should");
	}
	return 0;
}

/* ---- Messages ------------------------------------------------------------------------------ */

/* The frame's body goes over into the value. */
static int decode_body(const struct decoding *d, const struct wire_message *message,
		       struct frame *frame, void *value)
{
	if (frame->body_len == 0)
		return 0;
	for (size_t i = 0; i < message->n_fields; i++) {
		const struct wire_field *field = &message->fields[i];

		if (field->type != WIRE_BODY)
			continue;
		if (field->count_offset != WIRE_NOT_COUNTED)
			member_set_count(field, value, frame->body_len);
		else if (memchr(frame->body, '\0', frame->body_len))
			return refuse(d, field->name, "holds a NUL");
		member_set_pointer(field, value, frame->body);
		frame->body = NULL;
		frame->body_len = 0;
		return 0;
	}
	return refuse(d, "its body", "is one that it does not have");
}

/* "answer " */
static int find_message(struct decoding *d, enum wire_side from, enum wire_kind *ret_kind)
{
	for (int kind = 0; kind < WIRE_KINDS; kind++) {
		const struct wire_message *message = &wire_messages[kind];
		size_t len = strlen(message->name);

		if (message->from != from || (size_t)(d->end - d->at) <= len ||
		    memcmp(d->at, message->name, len) != 0 || d->at[len] != ' ')
			continue;
		d->message = message->name;
		d->at += len + 1;
		*ret_kind = (enum wire_kind)kind;
		return 0;
	}
	return error_set(d->err, HR_INTERNAL, "a message of no known kind");
}

int wire_decode(struct frame *frame, enum wire_side from, enum wire_kind *ret_kind,
		uint64_t *ret_id, void **ret_value, struct hr_error *err)
{
	struct decoding d = {.at = frame->head, .end = frame->head + frame->head_len, .err = err};
	const struct wire_message *message;
	void *value = NULL;
	int64_t id;

	*ret_value = NULL;
	if (find_message(&d, from, ret_kind) != 0)
		return -1;
	message = &wire_messages[*ret_kind];
	if (read_integer(&d, &id) != 0 || id < 0 || !skip(&d, ' '))
		return refuse(&d, "id", "is missing or no number");
	if (message->size > 0 && !(value = calloc(1, message->size)))
		return no_memory(&d);
	if (decode_fields(&d, message->fields, message->n_fields, value) == 0 &&
	    (d.at == d.end || refuse(&d, record_name, "has members that nobody knows") == 0) &&
	    decode_body(&d, message, frame, value) == 0) {
		*ret_id = (uint64_t)id;
		*ret_value = value;
		return 0;
	}
	wire_free(*ret_kind, value);
	return -1;
}
