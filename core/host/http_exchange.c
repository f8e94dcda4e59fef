/* SPDX-License-Identifier: Apache-2.0 */
/* Copies, with limits: neither side keeps what is the other's. */
#include "host/http_exchange.h"

#include <stdlib.h>
#include <string.h>

static char *copy_span(struct hr_span span)
{
	char *copy = malloc(span.len + 1);

	if (!copy)
		return NULL;
	if (span.len > 0)
		memcpy(copy, span.ptr, span.len);
	copy[span.len] = '\0';
	return copy;
}

static bool holds_nul(struct hr_span span)
{
	return span.len > 0 && (!span.ptr || memchr(span.ptr, '\0', span.len));
}

int exchange_request(const struct call *call, const struct hr_http_request *request,
		     struct wire_http *ret, struct hr_error *err)
{
	memset(ret, 0, sizeof(*ret));
	if (request->n_headers > WIRE_HEADERS_MAX ||
	    (request->n_headers > 0 && !request->headers) || holds_nul(request->method) ||
	    holds_nul(request->url) || request->body.len > FRAME_BODY_MAX)
		return error_set(
			err, HR_INVALID,
			"a request has more than %d headers, a NUL in it, or too long a body",
			WIRE_HEADERS_MAX);
	ret->call = call->subject.number;
	ret->flags = request->flags;
	ret->timeout_ms = request->timeout_ms;
	ret->method = copy_span(request->method);
	ret->url = copy_span(request->url);
	ret->body = request->body.len > 0 ? copy_span(request->body) : NULL;
	ret->body_len = request->body.len;
	ret->headers = calloc(request->n_headers + 1, sizeof(*ret->headers));
	if (!ret->method || !ret->url || !ret->headers || (request->body.len > 0 && !ret->body))
		return error_no_memory(err, "making a request");
	ret->n_headers = request->n_headers;
	for (uint32_t i = 0; i < request->n_headers; i++) {
		if (holds_nul(request->headers[i].name) || holds_nul(request->headers[i].value))
			return error_set(err, HR_INVALID, "a request's header has a NUL in it");
		ret->headers[i].name = copy_span(request->headers[i].name);
		ret->headers[i].value = copy_span(request->headers[i].value);
		if (!ret->headers[i].name || !ret->headers[i].value)
			return error_no_memory(err, "making a request");
	}
	return 0;
}

static bool to_arena(const struct call *call, const char *bytes, size_t len,
		     struct hr_span *ret_span)
{
	char *copy = call->abi.alloc(&call->abi, len + 1);

	if (!copy)
		return false;
	if (len > 0)
		memcpy(copy, bytes, len);
	*ret_span = (struct hr_span){copy, len};
	return true;
}

int exchange_response(const struct call *call, const struct wire_http_answer *answer,
		      struct hr_http_response *ret, struct hr_error *err)
{
	struct hr_http_header *headers = call->abi.alloc(
		&call->abi, (answer->n_headers + 1) * sizeof(struct hr_http_header));
	bool whole = headers != NULL;

	for (size_t i = 0; whole && i < answer->n_headers; i++) {
		const struct wire_http_header *header = &answer->headers[i];

		whole = header->name && header->value &&
			to_arena(call, header->name, strlen(header->name), &headers[i].name) &&
			to_arena(call, header->value, strlen(header->value), &headers[i].value);
	}
	memset(ret, 0, sizeof(*ret));
	ret->size = sizeof(*ret);
	ret->status = answer->status;
	ret->headers = headers;
	ret->n_headers = (uint32_t)answer->n_headers;
	ret->retry_after_ms = answer->retry_after_ms;
	if (!whole || !to_arena(call, answer->body, answer->body_len, &ret->body) ||
	    !to_arena(call, answer->request_id, strlen(answer->request_id), &ret->request_id))
		return error_set(err, HR_INTERNAL, "there is no memory for an answer of %zu bytes",
				 answer->body_len);
	return 0;
}
