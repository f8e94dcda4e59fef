/* SPDX-License-Identifier: Apache-2.0 */
/* Structs to frames, by the table. What is zero, empty or NULL does not travel. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "base/text.h"
#include "provider/wire_member.h"

#define ROOM_AT_FIRST 512

enum fault { FAULT_NONE, FAULT_MEMORY, FAULT_TEXT, FAULT_LENGTH };

/* A head as it grows. After a fault nothing more is written. */
struct head {
	char *text;
	size_t used, room;
	enum fault fault;
};

static void put_fields(struct head *head, const struct wire_field *fields, size_t n,
		       const void *value);

/* Heads hold secrets: what is outgrown is wiped. */
static void grow(struct head *head, size_t len)
{
	size_t room = head->room > 0 ? head->room * 2 : ROOM_AT_FIRST;
	char *more;

	if (head->used + len > FRAME_HEAD_MAX + 1) {
		head->fault = FAULT_LENGTH;
		return;
	}
	while (room < head->used + len)
		room *= 2;
	more = malloc(room);
	if (!more) {
		head->fault = FAULT_MEMORY;
		return;
	}
	if (head->used > 0)
		memcpy(more, head->text, head->used);
	OPENSSL_clear_free(head->text, head->used);
	head->text = more;
	head->room = room;
}

static void put_bytes(struct head *head, const char *bytes, size_t len)
{
	if (head->fault == FAULT_NONE && head->room - head->used < len)
		grow(head, len);
	if (head->fault != FAULT_NONE || len == 0)
		return;
	memcpy(head->text + head->used, bytes, len);
	head->used += len;
}

static void put_name(struct head *head, const char *name)
{
	put_bytes(head, name, strlen(name));
}

static void put_integer(struct head *head, int64_t number)
{
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char digits[24];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (number < 0)
		digits[--at] = '-';
	put_bytes(head, digits + at, sizeof(digits) - at);
}

static void put_text(struct head *head, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!text || !text_valid_utf8(text, len)) {
		head->fault = head->fault == FAULT_NONE ? FAULT_TEXT : head->fault;
		return;
	}
	put_integer(head, (int64_t)len);
	put_bytes(head, ":", 1);
	put_bytes(head, text, len);
}

static void put_object(struct head *head, const json_t *object)
{
	char *text = json_text_as(object, JSON_COMPACT);

	if (text)
		put_text(head, text);
	else if (head->fault == FAULT_NONE)
		head->fault = FAULT_MEMORY;
	if (text)
		OPENSSL_clear_free(text, strlen(text));
}

static void put_strings(struct head *head, char *const *strings, size_t count)
{
	put_integer(head, (int64_t)count);
	put_bytes(head, "[", 1);
	for (size_t i = 0; i < count; i++) {
		put_text(head, strings[i]);
		put_bytes(head, " ", 1);
	}
	put_bytes(head, "]", 1);
}

static void put_record(struct head *head, const struct wire_field *field, const void *record)
{
	put_bytes(head, "{", 1);
	put_fields(head, field->fields, field->n_fields, record);
	put_bytes(head, "}", 1);
}

static void put_records(struct head *head, const struct wire_field *field, const void *value)
{
	const char *records = member_pointer(field, value);
	size_t count = member_count(field, value);

	put_integer(head, (int64_t)count);
	put_bytes(head, "[", 1);
	for (size_t i = 0; i < count; i++) {
		put_record(head, field, records + i * field->size);
		put_bytes(head, " ", 1);
	}
	put_bytes(head, "]", 1);
}

static void put_value(struct head *head, const struct wire_field *field, const void *value)
{
	switch (field->type) {
	case WIRE_TEXT: put_text(head, member_at(value, field->offset)); break;
	case WIRE_STRING: put_text(head, member_pointer(field, value)); break;
	case WIRE_INTEGER: put_integer(head, member_integer(field, value)); break;
	case WIRE_FLAG: put_bytes(head, "+", 1); break;
	case WIRE_OBJECT: put_object(head, member_pointer(field, value)); break;
	case WIRE_STRINGS:
		put_strings(head, member_pointer(field, value), member_count(field, value));
		break;
	case WIRE_WORDS: {
		char *const *words = member_pointer(field, value);

		put_strings(head, words, member_words(words));
		break;
	}
	case WIRE_RECORD: put_record(head, field, member_at(value, field->offset)); break;
	case WIRE_RECORDS: put_records(head, field, value); break;
	case WIRE_BODY: break; /* not in the head */
	}
}

bool member_is_set(const struct wire_field *field, const void *value)
{
	switch (field->type) {
	case WIRE_TEXT: return *member_at(value, field->offset) != '\0';
	case WIRE_INTEGER: return member_integer(field, value) != 0;
	case WIRE_FLAG: return member_flag(field, value);
	case WIRE_STRINGS:
	case WIRE_RECORDS: return member_count(field, value) > 0;
	case WIRE_RECORD:
		for (size_t i = 0; i < field->n_fields; i++)
			if (member_is_set(&field->fields[i], member_at(value, field->offset)))
				return true;
		return false;
	case WIRE_BODY: return false; /* not in the head */
	default: return member_pointer(field, value) != NULL;
	}
}

static void put_fields(struct head *head, const struct wire_field *fields, size_t n,
		       const void *value)
{
	for (size_t i = 0; i < n; i++) {
		if (!member_is_set(&fields[i], value))
			continue;
		put_name(head, fields[i].name);
		put_bytes(head, "=", 1);
		put_value(head, &fields[i], value);
		put_bytes(head, " ", 1);
	}
}

/* The body is copied into the frame. */
static enum fault encode_body(const struct wire_message *message, const void *value,
			      struct frame *frame)
{
	for (size_t i = 0; i < message->n_fields; i++) {
		const struct wire_field *field = &message->fields[i];
		const char *body = field->type == WIRE_BODY ? member_pointer(field, value) : NULL;
		size_t len;

		if (!body)
			continue;
		len = field->count_offset == WIRE_NOT_COUNTED ? strlen(body)
							      : member_count(field, value);
		if (len > FRAME_BODY_MAX)
			return FAULT_LENGTH;
		frame->body = malloc(len + 1);
		if (!frame->body)
			return FAULT_MEMORY;
		memcpy(frame->body, body, len);
		frame->body[len] = '\0';
		frame->body_len = len;
	}
	return FAULT_NONE;
}

int wire_encode(enum wire_kind kind, uint64_t id, const void *value, struct frame *ret_frame,
		struct hr_error *err)
{
	static const char *const reasons[] = {
		[FAULT_MEMORY] = "out of memory",
		[FAULT_TEXT] = "a text in it is no UTF-8",
		[FAULT_LENGTH] = "it is too long",
	};
	const struct wire_message *message = &wire_messages[kind];
	struct head head = {0};
	enum fault fault;

	memset(ret_frame, 0, sizeof(*ret_frame));
	put_name(&head, message->name);
	put_bytes(&head, " ", 1);
	put_integer(&head, (int64_t)id);
	put_bytes(&head, " ", 1);
	put_fields(&head, message->fields, message->n_fields, value);
	put_bytes(&head, "", 1); /* a NUL, which is not sent */
	ret_frame->head = head.text;
	ret_frame->head_len = head.used - (head.fault == FAULT_NONE);
	fault = head.fault != FAULT_NONE ? head.fault : encode_body(message, value, ret_frame);
	if (fault == FAULT_NONE)
		return 0;
	frame_clear(ret_frame);
	return error_set(err, HR_INTERNAL, "the message \"%s\" cannot be written: %s",
			 message->name, reasons[fault]);
}
