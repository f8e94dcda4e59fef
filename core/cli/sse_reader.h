/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a stream of Server-Sent Events, in whatever pieces it comes. */
#ifndef HR_CLI_SSE_READER_H
#define HR_CLI_SSE_READER_H

#include <stddef.h>

#include "cli/client.h"

#define SSE_LINE_MAX ((size_t)64 << 10)

struct sse_reader {
	int (*take)(void *context, const struct client_event *event);
	void *context;
	char id[CLIENT_ID_SIZE];
	char name[64];
	char *line; /* what has come of it */
	size_t len;
	char *data; /* the event's, NULL: none */
};

/* 0; -1: no memory, or a line is longer than SSE_LINE_MAX; or what take gave, when that was not 0. */
int sse_reader_feed(struct sse_reader *reader, const char *bytes, size_t len);

/* Frees; what has come of an event that is not whole is thrown away, as the standard has it. */
void sse_reader_close(struct sse_reader *reader);

#endif
