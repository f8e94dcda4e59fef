/* SPDX-License-Identifier: Apache-2.0 */
/* Between what a module says (spans, its call's arena) and what the HTTP service takes. */
#include "provider/inline_backend.h"

#include <stdlib.h>
#include <string.h>

#define HEADERS_MAX 256

static char *copy_span(struct hr_span span)
{
	char *copy = calloc(1, span.len + 1);

	if (copy && span.len > 0)
		memcpy(copy, span.ptr, span.len);
	return copy;
}

static void request_clear(struct http_request *request)
{
	struct http_header *headers = (struct http_header *)(uintptr_t)request->headers;

	for (size_t i = 0; headers && i < request->n_headers; i++) {
		free(headers[i].name);
		free(headers[i].value);
	}
	free(headers);
	free((void *)(uintptr_t)request->method);
	free((void *)(uintptr_t)request->url);
}

static int request_fill(const struct call *call, const struct hr_http_request *from,
			struct http_request *ret, struct hr_error *err)
{
	struct http_header *headers = calloc((size_t)from->n_headers + 1, sizeof(*headers));
	int64_t left = call->abi.remaining_ms(&call->abi);
	bool whole = headers != NULL;

	*ret = (struct http_request){
		.method = copy_span(from->method),
		.url = copy_span(from->url),
		.headers = headers,
		.body = from->body.ptr,
		.body_len = from->body.len,
		.flags = from->flags,
		.timeout_ms = left > 1 ? left : 1,
	};
	if (from->timeout_ms > 0 && from->timeout_ms < ret->timeout_ms)
		ret->timeout_ms = from->timeout_ms;
	if (from->n_headers > HEADERS_MAX)
		return error_set(err, HR_INVALID, "a request has more than %d headers",
				 HEADERS_MAX);
	for (uint32_t i = 0; whole && i < from->n_headers; i++) {
		headers[i].name = copy_span(from->headers[i].name);
		headers[i].value = copy_span(from->headers[i].value);
		ret->n_headers++;
		whole = headers[i].name && headers[i].value;
	}
	if (!whole || !ret->method || !ret->url)
		return error_no_memory(err, "making a request");
	return 0;
}

static bool to_arena(const struct call *call, const char *bytes, size_t len,
		     struct hr_span *ret_span)
{
	char *copy = call->abi.alloc(&call->abi, len + 1);

	if (copy && len > 0)
		memcpy(copy, bytes, len);
	*ret_span = (struct hr_span){copy, len};
	return copy != NULL;
}

static int response_fill(const struct call *call, const struct http_answer *answer,
			 struct hr_http_response *ret, struct hr_error *err)
{
	struct hr_http_header *headers =
		call->abi.alloc(&call->abi, (answer->n_headers + 1) * sizeof(*headers));
	bool whole = headers != NULL;

	for (size_t i = 0; whole && i < answer->n_headers; i++)
		whole = to_arena(call, answer->headers[i].name, strlen(answer->headers[i].name),
				 &headers[i].name) &&
			to_arena(call, answer->headers[i].value, strlen(answer->headers[i].value),
				 &headers[i].value);
	memset(ret, 0, sizeof(*ret));
	ret->size = sizeof(*ret);
	ret->status = answer->status;
	ret->headers = headers;
	ret->n_headers = (uint32_t)answer->n_headers;
	ret->retry_after_ms = answer->retry_after_ms;
	if (whole && to_arena(call, answer->body, answer->body_len, &ret->body) &&
	    to_arena(call, answer->request_id, strlen(answer->request_id), &ret->request_id))
		return 0;
	return error_set(err, HR_INTERNAL, "there is no memory for an answer of %zu bytes",
			 answer->body_len);
}

static int is_cancelled(void *context)
{
	const struct call *call = context;

	return call->abi.cancelled(&call->abi);
}

static int backend_http(void *context, const struct call *call,
			const struct hr_http_request *request,
			struct hr_http_response *ret_response, struct hr_error *err)
{
	const struct inline_backend *backend = context;
	struct http_answer *answer = NULL;
	struct http_request own;
	int rc;

	if (!backend->services.http)
		return error_set(err, HR_UNSUPPORTED, "there is no HTTP service");
	rc = request_fill(call, request, &own, err);
	if (rc == 0 && http_perform(backend->services.http, &own, is_cancelled,
				    (void *)(uintptr_t)call, &answer) != 0)
		rc = error_no_memory(err, "making a request");
	request_clear(&own);
	if (rc != 0)
		return -1;
	if (answer->result == HR_OK) {
		rc = response_fill(call, answer, ret_response, err);
	} else {
		*err = answer->error;
		rc = -1;
	}
	http_answer_free(answer);
	return rc;
}

static int backend_secret(void *context, const struct call *call, const char *key, char **ret_value,
			  struct hr_error *err)
{
	const struct inline_backend *backend = context;

	(void)call;
	if (account_services_secret(&backend->services, &backend->secrets, key, ret_value, err) !=
	    0)
		return -1;
	if (!*ret_value)
		*ret_value = strdup("");
	return *ret_value ? 0 : error_no_memory(err, "giving a secret");
}

int inline_backend_open(struct inline_backend *backend,
			const struct account_services_options *options, const json_t *settings,
			struct hr_error *err)
{
	backend->functions = (struct host_backend){
		.context = backend,
		.http = backend_http,
		.secret = backend_secret,
	};
	backend->secrets = options->secrets;
	return account_services_open(options, settings, &backend->services, err);
}

void inline_backend_close(struct inline_backend *backend)
{
	account_services_close(&backend->services);
}
