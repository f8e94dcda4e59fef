/* SPDX-License-Identifier: Apache-2.0 */
/* Both sides' headers have the same two members. */
#include "provider/http_message.h"

#include "base/text.h"

_Static_assert(sizeof(struct http_header) == sizeof(struct wire_http_header),
	       "a header is a name and a value on both sides");

int http_message_request(const struct wire_http *message, int64_t left_ms,
			 struct http_request *ret_request, struct hr_error *err)
{
	*ret_request = (struct http_request){
		.method = message->method ? message->method : "",
		.url = message->url ? message->url : "",
		.headers = (const struct http_header *)(const void *)message->headers,
		.n_headers = message->n_headers,
		.body = message->body,
		.body_len = message->body_len,
		.flags = message->flags,
		.timeout_ms = left_ms > 1 ? left_ms : 1,
	};
	if (message->timeout_ms > 0 && message->timeout_ms < ret_request->timeout_ms)
		ret_request->timeout_ms = message->timeout_ms;
	for (size_t i = 0; i < message->n_headers; i++)
		if (!message->headers[i].name || !message->headers[i].value)
			return error_set(err, HR_INVALID,
					 "header %zu of the request lacks its name or its value",
					 i + 1);
	return 0;
}

void http_message_answer(const struct http_answer *answer, struct wire_http_answer *ret_message)
{
	*ret_message = (struct wire_http_answer){
		.result = answer->result,
		.status = answer->status,
		.retry_after_ms = answer->retry_after_ms,
		.is_second = answer->is_second,
		.error = answer->error,
		.headers = (struct wire_http_header *)(void *)answer->headers,
		.n_headers =
			answer->n_headers < WIRE_HEADERS_MAX ? answer->n_headers : WIRE_HEADERS_MAX,
		.body = answer->body,
		.body_len = answer->body_len,
	};
	text_copy(ret_message->request_id, sizeof(ret_message->request_id), answer->request_id);
}
