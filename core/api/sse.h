/* SPDX-License-Identifier: Apache-2.0 */
/* The frames of a Server-Sent Events stream, as the HTML standard has them. Pure functions; not here:
 * who is sent what (streams.c). */
#ifndef HR_API_SSE_H
#define HR_API_SSE_H

#include <stdint.h>

#include <jansson.h>

#include "base/error.h"

/* The longest frame of an event: its message is at most 767 bytes, six for each in JSON. */
#define SSE_FRAME_MAX ((size_t)8192)
/* The longest of all others. */
#define SSE_NOTICE_MAX ((size_t)512)
/* How long clients wait before they connect again. */
#define SSE_RETRY_MS 1000

/* Why a reader was not told everything. */
enum sse_loss {
	SSE_LOSS_SLOW,    /* it took too little; all of it is there still */
	SSE_LOSS_REMOVED, /* what follows its resume point is not kept any more */
	SSE_LOSS_AHEAD    /* its resume point has not come yet: another store's */
};
const char *sse_loss_name(enum sse_loss why);

/* "id", "event", "data": the number, the kind, and json in one line. *ret_len without the NUL.
 * HR_INTERNAL: no memory, or it does not fit. */
int sse_event(int64_t number, const char *kind, const json_t *json, char buf[SSE_FRAME_MAX],
	      size_t *ret_len, struct hr_error *err);

/* These give the length. First of all: how soon to come again and from where. */
size_t sse_begin(int64_t after, char buf[SSE_NOTICE_MAX]);
/* A comment that keeps proxies from closing the connection, and the resume point, which no event moves
 * where none passes the filter. */
size_t sse_keep_alive(int64_t after, char buf[SSE_NOTICE_MAX]);
/* The event "lost"; after: from where to resume. */
size_t sse_lost(int64_t after, enum sse_loss why, char buf[SSE_NOTICE_MAX]);
/* A comment; text is one line of ASCII. */
size_t sse_comment(const char *text, char buf[SSE_NOTICE_MAX]);

#endif
