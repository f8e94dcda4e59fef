/* SPDX-License-Identifier: Apache-2.0 */
/* Copies, with limits: neither side keeps what is the other's. */
#include "host/http_exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

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

static bool is_text(struct hr_span span)
{
	return span.len == 0 || (span.ptr && text_valid_utf8(span.ptr, span.len));
}

static int check_header(const struct hr_http_header *header, uint64_t *bytes, struct hr_error *err)
{
	if (header->name.len > WIRE_HEADER_NAME_MAX)
		return error_set(err, HR_INVALID,
				 "a request's header has a name of %llu bytes, at most %d are "
				 "possible",
				 (unsigned long long)header->name.len, WIRE_HEADER_NAME_MAX);
	if (header->value.len > WIRE_HEADER_BYTES_MAX)
		return error_set(err, HR_INVALID,
				 "a request's header has a value of %llu bytes, at most %u are "
				 "possible",
				 (unsigned long long)header->value.len, WIRE_HEADER_BYTES_MAX);
	if (!is_text(header->name))
		return error_set(err, HR_INVALID,
				 "the name of a request's header is no UTF-8 text, or has a NUL in "
				 "it");
	if (!is_text(header->value))
		return error_set(err, HR_INVALID,
				 "the value of a request's header is no UTF-8 text, or has a NUL "
				 "in it");
	*bytes += header->name.len + header->value.len;
	if (*bytes > WIRE_HEADER_BYTES_MAX)
		return error_set(err, HR_INVALID, "the request's headers have more than %u bytes",
				 WIRE_HEADER_BYTES_MAX);
	return 0;
}

/* Whether a message can carry it (core/provider/wire_table.c): the daemon ends the process whose
 * message is longer than it may be. What the parts mean is for core/http/request.c. */
static int check_request(const struct hr_http_request *request, struct hr_error *err)
{
	uint64_t bytes = 0;

	if (request->method.len > WIRE_METHOD_MAX)
		return error_set(err, HR_INVALID,
				 "the request's method has %llu bytes, at most %d are possible",
				 (unsigned long long)request->method.len, WIRE_METHOD_MAX);
	if (request->url.len > WIRE_URL_MAX)
		return error_set(err, HR_INVALID,
				 "the request's URL has %llu bytes, at most %d are possible",
				 (unsigned long long)request->url.len, WIRE_URL_MAX);
	if (request->n_headers > WIRE_REQUEST_HEADERS_MAX)
		return error_set(err, HR_INVALID,
				 "the request has %u headers, at most %d are possible",
				 request->n_headers, WIRE_REQUEST_HEADERS_MAX);
	if (request->body.len > WIRE_HTTP_BODY_MAX)
		return error_set(err, HR_INVALID,
				 "the request's body has %llu bytes, at most %u are possible",
				 (unsigned long long)request->body.len, WIRE_HTTP_BODY_MAX);
	if (!is_text(request->method) || !is_text(request->url))
		return error_set(err, HR_INVALID,
				 "the request's %s is no UTF-8 text, or has a NUL in it",
				 is_text(request->url) ? "method" : "URL");
	if ((request->n_headers > 0 && !request->headers) ||
	    (request->body.len > 0 && !request->body.ptr))
		return error_set(err, HR_INVALID, "the request's %s are missing",
				 request->body.len > 0 && !request->body.ptr ? "body's bytes"
									     : "headers");
	for (uint32_t i = 0; i < request->n_headers; i++)
		if (check_header(&request->headers[i], &bytes, err) != 0)
			return -1;
	return 0;
}

int exchange_request(const struct call *call, const struct hr_http_request *request,
		     struct wire_http *ret, struct hr_error *err)
{
	memset(ret, 0, sizeof(*ret));
	if (check_request(request, err) != 0)
		return -1;
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
	if (answer->is_second)
		call_note_second(&call->abi);
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
