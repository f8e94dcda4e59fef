/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as a person reads them, secrets masked: texts as in JSON, so that a line stays one. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "provider/wire_json.h"
#include "provider/wire_member.h"

static void trace_field(const struct wire_field *field, const void *value, char *buf, size_t size)
{
	const char *body = field->type == WIRE_BODY ? member_pointer(field, value) : NULL;
	char *text;
	json_t *json;

	if (body) {
		text_format(buf, size, " %s=(%zu bytes)", field->name,
			    field->count_offset == WIRE_NOT_COUNTED ? strlen(body)
								    : member_count(field, value));
		return;
	}
	if (!member_is_set(field, value))
		return;
	if (field->flags & WIRE_SECRET_FIELD) {
		text_format(buf, size, " %s=***", field->name);
		return;
	}
	if (field->type == WIRE_RECORDS) {
		text_format(buf, size, " %s=(%zu)", field->name, member_count(field, value));
		return;
	}
	json = wire_json_field(field, value);
	text = json ? json_text_as(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	if (text)
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
