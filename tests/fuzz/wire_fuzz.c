/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the channel from bytes: the first says which side they come from, then a line of head,
 * then the body; "j": a line of JSON. Whatever is understood must survive being written and read again. */
#include "provider/wire_json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *copy(const void *bytes, size_t len)
{
	char *text = malloc(len + 1);

	if (!text)
		abort();
	if (len > 0)
		memcpy(text, bytes, len);
	text[len] = '\0';
	return text;
}

/* Written again, it says the same. */
static void again(enum wire_side side, enum wire_kind kind, uint64_t id, const void *value)
{
	static char before[65536], after[65536];
	struct hr_error err;
	struct frame frame;
	enum wire_kind same;
	uint64_t same_id;
	void *copy_of;

	if (wire_encode(kind, id, value, &frame, &err) != 0)
		abort();
	if (wire_decode(&frame, side, &same, &same_id, &copy_of, &err) != 0 || same != kind ||
	    same_id != id)
		abort();
	wire_trace(kind, id, value, before, sizeof(before));
	wire_trace(kind, id, copy_of, after, sizeof(after));
	if (strcmp(before, after) != 0)
		abort();
	wire_free(kind, copy_of);
	frame_clear(&frame);
}

static void try_json(const void *line, size_t len)
{
	char *text = copy(line, len), *before, *after;
	enum wire_kind kind;
	struct hr_error err;
	void *value;

	if (wire_json_read(text, len, &kind, &value, &err) == 0) {
		before = wire_json_write(kind, value);
		wire_free(kind, value);
		if (!before || wire_json_read(before, strlen(before), &kind, &value, &err) != 0)
			abort();
		after = wire_json_write(kind, value);
		if (!after || strcmp(before, after) != 0)
			abort();
		wire_free(kind, value);
		free(before);
		free(after);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum wire_side side = size > 0 && data[0] == 'd' ? WIRE_DAEMON : WIRE_HOST;
	const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
	struct frame frame = {0};
	struct hr_error err;
	enum wire_kind kind;
	uint64_t id;
	void *value;

	if (!line || line == data)
		return 0;
	if (data[0] == 'j') {
		try_json(data + 1, (size_t)(line - data - 1));
		return 0;
	}
	frame.head_len = (size_t)(line - data - 1);
	frame.head = copy(data + 1, frame.head_len);
	frame.body_len = size - (size_t)(line - data) - 1;
	frame.body = frame.body_len > 0 ? copy(line + 1, frame.body_len) : NULL;
	if (wire_decode(&frame, side, &kind, &id, &value, &err) == 0) {
		again(side, kind, id, value);
		wire_free(kind, value);
	}
	frame_clear(&frame);
	return 0;
}
