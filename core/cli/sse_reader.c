/* SPDX-License-Identifier: Apache-2.0 */
/* The standard's rules for lines and fields, but for lone carriage returns, which our daemon never
 * sends. */
#include "cli/sse_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static int add_data(struct sse_reader *reader, const char *value)
{
	char *longer = NULL;

	if (asprintf(&longer, "%s%s%s", reader->data ? reader->data : "", reader->data ? "\n" : "",
		     value) < 0)
		return -1;
	free(reader->data);
	reader->data = longer;
	return 0;
}

static int dispatch(struct sse_reader *reader)
{
	const struct client_event event = {
		.id = reader->id,
		.name = reader->name[0] != '\0' ? reader->name : "message",
		.data = reader->data,
	};
	int ret = reader->data != NULL ? reader->take(reader->context, &event) : 0;

	free(reader->data);
	reader->data = NULL;
	reader->name[0] = '\0';
	return ret;
}

static int take_line(struct sse_reader *reader)
{
	char *line = reader->line, *colon;
	const char *value = "";

	if (reader->len > 0 && line[reader->len - 1] == '\r')
		reader->len--;
	line[reader->len] = '\0';
	if (reader->len == 0)
		return dispatch(reader);
	colon = strchr(line, ':');
	if (colon == line)
		return 0;
	if (colon != NULL) {
		*colon = '\0';
		value = colon[1] == ' ' ? colon + 2 : colon + 1;
	}
	if (strcmp(line, "data") == 0)
		return add_data(reader, value);
	if (strcmp(line, "event") == 0)
		text_copy(reader->name, sizeof(reader->name), value);
	else if (strcmp(line, "id") == 0)
		text_copy(reader->id, sizeof(reader->id), value);
	return 0;
}

int sse_reader_feed(struct sse_reader *reader, const char *bytes, size_t len)
{
	if (reader->line == NULL)
		reader->line = malloc(SSE_LINE_MAX + 1);
	if (reader->line == NULL)
		return -1;
	for (size_t i = 0; i < len; i++) {
		int ret;

		if (bytes[i] != '\n') {
			if (reader->len == SSE_LINE_MAX)
				return -1;
			reader->line[reader->len++] = bytes[i];
			continue;
		}
		ret = take_line(reader);
		reader->len = 0;
		if (ret != 0)
			return ret;
	}
	return 0;
}

void sse_reader_close(struct sse_reader *reader)
{
	free(reader->line);
	free(reader->data);
	reader->line = reader->data = NULL;
	reader->len = 0;
}
