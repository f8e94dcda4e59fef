/* SPDX-License-Identifier: Apache-2.0 */
/* A host for tests of the SDK; see sdk_host.h. */
#include "sdk_host.h"

#include <stdio.h>
#include <string.h>

struct sdk_host sdk_host;

struct chunk {
	struct chunk *next;
	max_align_t data[];
};
static struct chunk *chunks;

static void keep(char *buf, size_t size, struct hr_span span)
{
	snprintf(buf, size, "%.*s", HR_SPAN_ARG(span));
}

static int32_t host_cancelled(const struct hr_call *call)
{
	(void)call;
	return sdk_host.cancelled;
}

static void *host_alloc(const struct hr_call *call, uint64_t bytes)
{
	struct chunk *chunk = NULL;

	(void)call;
	if (sdk_host.allocs_left != 0 && bytes < 1u << 20)
		chunk = calloc(1, sizeof(*chunk) + bytes);
	if (sdk_host.allocs_left > 0)
		sdk_host.allocs_left--;
	if (!chunk) {
		sdk_host.spent = 1;
		return NULL;
	}
	chunk->next = chunks;
	chunks = chunk;
	return chunk->data;
}

static void host_fail(const struct hr_call *call, const struct hr_fault *fault)
{
	(void)call;
	ck_assert_uint_eq(fault->size, sizeof(*fault));
	sdk_host.fault = *fault;
	sdk_host.n_faults++;
	keep(sdk_host.message, sizeof(sdk_host.message), fault->message);
	keep(sdk_host.setting, sizeof(sdk_host.setting), fault->setting);
	keep(sdk_host.code, sizeof(sdk_host.code), fault->provider_code);
}

static void host_again(const struct hr_call *call, struct hr_span token, int64_t delay_ms,
		       int32_t percent, struct hr_span text)
{
	(void)call;
	sdk_host.percent = percent;
	keep(sdk_host.token, sizeof(sdk_host.token), token);
	keep(sdk_host.message, sizeof(sdk_host.message), text);
	sdk_host.delay_ms = delay_ms;
}

const struct hr_call sdk_call = {
	.size = sizeof(sdk_call),
	.cancelled = host_cancelled,
	.alloc = host_alloc,
	.fail = host_fail,
	.again = host_again,
};

static int32_t host_perform(const struct hr_call *call, const struct hr_http_request *request,
			    struct hr_http_response *ret)
{
	(void)call;
	if (sdk_host.spent)
		return HR_INTERNAL;
	sdk_host.n_requests++;
	keep(sdk_host.method, sizeof(sdk_host.method), request->method);
	keep(sdk_host.url, sizeof(sdk_host.url), request->url);
	keep(sdk_host.body, sizeof(sdk_host.body), request->body);
	sdk_host.headers[0] = '\0';
	for (uint32_t i = 0; i < request->n_headers; i++) {
		size_t used = strlen(sdk_host.headers);

		snprintf(sdk_host.headers + used, sizeof(sdk_host.headers) - used, "%.*s: %.*s\n",
			 HR_SPAN_ARG(request->headers[i].name),
			 HR_SPAN_ARG(request->headers[i].value));
	}
	ret->status = sdk_host.reply.status;
	ret->body = hr_span_of(sdk_host.reply.body);
	ret->request_id = hr_span_of("req-7");
	ret->retry_after_ms = ret->status == 429 ? 3000 : 0;
	return sdk_host.reply.result;
}

static int32_t host_secret(const struct hr_call *call, struct hr_span key, struct hr_span *ret)
{
	(void)call;
	ck_assert(hr_span_is(key, "key"));
	*ret = hr_span_of("s3cret");
	return sdk_host.secret_result;
}

static const struct hr_http_service http = {sizeof(http), host_perform};
static const struct hr_secret_service secret = {sizeof(secret), host_secret};

static const void *host_service(const struct hr_host *host, const char *name)
{
	(void)host;
	return strcmp(name, HR_HTTP_SERVICE) == 0     ? (const void *)&http
	       : strcmp(name, HR_SECRET_SERVICE) == 0 ? (const void *)&secret
						      : NULL;
}

const struct hr_host sdk_host_abi = {.size = sizeof(sdk_host_abi), .service = host_service};

void sdk_host_begin(void)
{
	sdk_host = (struct sdk_host){.allocs_left = -1};
}

void sdk_host_end(void)
{
	while (chunks) {
		struct chunk *next = chunks->next;

		free(chunks);
		chunks = next;
	}
}
