/* SPDX-License-Identifier: Apache-2.0 */
/* An event's JSON has no line end in it, and a kind neither: one "data" line is enough. */
#include "api/sse.h"

#include <string.h>

#include "base/text.h"

static const struct {
	const char *name;
	const char *message;
} losses[] = {
	[SSE_LOSS_SLOW] = {"slow", "the events came faster than they were taken; connect again to "
				   "go on from here, nothing is missed then"},
	[SSE_LOSS_REMOVED] = {"removed",
			      "the events between the resume point and here are not kept "
			      "any more; the stream goes on from here"},
	[SSE_LOSS_AHEAD] = {"ahead", "the resume point is a number that no event here has yet, as "
				     "after an older copy of the store was put back; the stream "
				     "goes on from here"},
};

const char *sse_loss_name(enum sse_loss why)
{
	return losses[why].name;
}

int sse_event(int64_t number, const char *kind, const json_t *json, char buf[SSE_FRAME_MAX],
	      size_t *ret_len, struct hr_error *err)
{
	static const char end[] = "\n\n";
	size_t len, data;

	text_format(buf, SSE_FRAME_MAX, "id: %lld\nevent: %s\ndata: ", (long long)number, kind);
	len = strlen(buf);
	data = json_dumpb(json, buf + len, SSE_FRAME_MAX - len, JSON_COMPACT);
	if (data == 0 || data + sizeof(end) > SSE_FRAME_MAX - len)
		return error_set(err, HR_INTERNAL, "event %lld cannot be written: %s",
				 (long long)number, data == 0 ? "out of memory" : "it is too long");
	memcpy(buf + len + data, end, sizeof(end));
	*ret_len = len + data + sizeof(end) - 1;
	return 0;
}

size_t sse_begin(int64_t after, char buf[SSE_NOTICE_MAX])
{
	text_format(buf, SSE_NOTICE_MAX, "retry: %d\nid: %lld\n\n", SSE_RETRY_MS, (long long)after);
	return strlen(buf);
}

size_t sse_keep_alive(int64_t after, char buf[SSE_NOTICE_MAX])
{
	text_format(buf, SSE_NOTICE_MAX, ": keep-alive\nid: %lld\n\n", (long long)after);
	return strlen(buf);
}

size_t sse_lost(int64_t after, enum sse_loss why, char buf[SSE_NOTICE_MAX])
{
	text_format(buf, SSE_NOTICE_MAX,
		    "id: %lld\nevent: lost\ndata: {\"after\":%lld,\"reason\":\"%s\",\"message\":"
		    "\"%s\"}\n\n",
		    (long long)after, (long long)after, losses[why].name, losses[why].message);
	return strlen(buf);
}

size_t sse_comment(const char *text, char buf[SSE_NOTICE_MAX])
{
	text_format(buf, SSE_NOTICE_MAX, ": %s\n\n", text);
	return strlen(buf);
}
