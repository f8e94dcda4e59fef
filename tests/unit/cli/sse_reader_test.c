/* SPDX-License-Identifier: Apache-2.0 */
/* A stream in pieces of every size. */
#include "cli/sse_reader.h"

#include <stdio.h>
#include <string.h>

#include "../base/suite.h"
#include "base/text.h"

static char taken[1024];

static int take(void *context, const struct client_event *event)
{
	size_t len = strlen(taken);

	text_format(taken + len, sizeof(taken) - len, "[%s|%s|%s]", event->id, event->name,
		    event->data);
	return strcmp(event->data, "stop") == 0 ? *(int *)context : 0;
}

static const char stream[] =
	"retry: 5\nid: 1\n\n: a comment\nid: 2\nevent: a.b\ndata: {\"x\": 1}\n\n"
	"data:no space\r\ndata\r\nodd: field\r\n\r\n"
	"id: 4\n\nevent: only a name\n\ndata: half";

START_TEST(pieces_of_every_size)
{
	for (size_t size = 1; size < sizeof(stream); size++) {
		struct sse_reader reader = {.take = take};

		taken[0] = '\0';
		for (size_t at = 0; at < sizeof(stream) - 1; at += size) {
			size_t left = sizeof(stream) - 1 - at;

			ck_assert_int_eq(
				sse_reader_feed(&reader, stream + at, left < size ? left : size),
				0);
		}
		ck_assert_str_eq(taken, "[2|a.b|{\"x\": 1}][2|message|no space\n]");
		ck_assert_str_eq(reader.id, "4");
		sse_reader_close(&reader);
	}
}
END_TEST

START_TEST(taker_ends_it)
{
	static const char text[] = "data: stop\n\ndata: never\n\n";
	int why = 7;
	struct sse_reader reader = {.take = take, .context = &why};

	taken[0] = '\0';
	ck_assert_int_eq(sse_reader_feed(&reader, text, strlen(text)), 7);
	ck_assert_str_eq(taken, "[|message|stop]");
	sse_reader_close(&reader);
}
END_TEST

START_TEST(lines_have_a_limit)
{
	struct sse_reader reader = {.take = take};
	char piece[1024];
	size_t n = 0;

	memset(piece, 'x', sizeof(piece));
	while (sse_reader_feed(&reader, piece, sizeof(piece)) == 0)
		ck_assert_uint_le(n += sizeof(piece), SSE_LINE_MAX);
	ck_assert_uint_eq(n, SSE_LINE_MAX);
	sse_reader_close(&reader);
}
END_TEST

SUITE_MAIN("sse_reader", pieces_of_every_size, taker_ends_it, lines_have_a_limit)
