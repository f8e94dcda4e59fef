/* SPDX-License-Identifier: Apache-2.0 */
/* A small provider whose cloud is a server of the test's own: a server's life, with the secret of each moment,
 * all by requests through the host service http/1. It can open no socket and no file. */
#include <headroom/http.h>
#include <headroom/provider.h>
#include <headroom/secret.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "odd.h"

#define TEXT 512

struct hr_account {
	const struct hr_http_service *http;
	const struct hr_secret_service *secret;
	char url[TEXT], other[TEXT];
};

static const struct hr_setting settings[] = {
	{.key = "url",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_REQUIRED,
	 .role = HR_ROLE_ENDPOINT,
	 .title = "Address",
	 .help = "Where the cloud is."},
	{.key = "token", .type = HR_TYPE_SECRET, .title = "Token", .help = "For its door."},
	{.key = "other",
	 .type = HR_TYPE_STRING,
	 .title = "Other address",
	 .help = "What a check fetches, too. odd:WORD: a request that no host can send."},
};

static const struct hr_span nothing;

static struct hr_span span_of(const char *text)
{
	return (struct hr_span){text, strlen(text)};
}

static int32_t fail(const struct hr_call *call, int32_t class, const char *message,
		    const struct hr_http_response *response)
{
	struct hr_fault fault = {.size = sizeof(fault), .message = span_of(message)};

	fault.http_status = response->status;
	fault.retry_after_ms = response->retry_after_ms;
	fault.request_id = response->request_id;
	call->fail(call, &fault);
	return class;
}

/* One request with the token of this moment. */
static int32_t ask(struct hr_account *a, const struct hr_call *call, const char *method,
		   const char *url, struct hr_span body, struct hr_http_response *ret)
{
	struct hr_http_request request = {.size = sizeof(request), .n_headers = 1, .body = body};
	struct hr_http_header header = {.name = HR_SPAN_OF("Authorization")};
	char bearer[TEXT];
	struct hr_span token = {0};
	int32_t rc = a->secret->get(call, span_of("token"), &token);

	snprintf(bearer, sizeof(bearer), "Bearer %.*s", (int)token.len, token.ptr);
	header.value = span_of(bearer);
	request.method = span_of(method);
	request.url = span_of(url);
	request.headers = &header;
	/* They name the server: two of one do no harm. */
	if (strcmp(method, "PUT") == 0 || strcmp(method, "DELETE") == 0)
		request.flags = HR_HTTP_IDEMPOTENT;
	if (rc == HR_OK)
		rc = a->http->perform(call, &request, ret);
	if (rc == HR_OK && ret->status == 429)
		rc = fail(call, HR_THROTTLED, "slow down", ret);
	else if (rc == HR_OK && ret->status >= 500)
		rc = fail(call, HR_TRANSIENT, "it fails", ret);
	return rc;
}

static int32_t on_server(struct hr_account *a, const struct hr_call *call, const char *method,
			 struct hr_span server, struct hr_span body, struct hr_http_response *ret)
{
	char url[2 * TEXT];

	snprintf(url, sizeof(url), "%s/servers/%.*s", a->url, (int)server.len, server.ptr);
	return ask(a, call, method, url, body, ret);
}

static int32_t httpcloud_open(const struct hr_host *host, const struct hr_call *call,
			      const struct hr_open *request, struct hr_account **ret_account)
{
	struct hr_account *a = calloc(1, sizeof(*a));
	struct hr_span token;

	if (!a)
		return HR_INTERNAL;
	a->http = host->service(host, HR_HTTP_SERVICE);
	a->secret = host->service(host, HR_SECRET_SERVICE);
	for (uint32_t i = 0; i < request->n_values; i++) {
		const struct hr_value *v =
			(const void *)((const char *)request->values + i * request->value_stride);
		char *to = v->key.len == 3 ? a->url : v->key.ptr[0] == 'o' ? a->other : NULL;

		if (to)
			snprintf(to, TEXT, "%.*s", (int)v->text.len, v->text.ptr);
	}
	/* Too early, so it gets none: but to be told so must not hold anything up. */
	(void)a->secret->get(call, span_of("token"), &token);
	*ret_account = a;
	return HR_OK;
}

static void httpcloud_close(struct hr_account *a)
{
	free(a);
}

static int32_t httpcloud_check(struct hr_account *a, const struct hr_call *call,
			       const struct hr_check_sink *sink)
{
	struct hr_http_response response;

	(void)sink;
	if (strncmp(a->other, "odd:", 4) == 0)
		return odd_ask(call, a->http, a->secret, a->url, a->other + 4);
	return ask(a, call, "GET", a->other[0] ? a->other : a->url, nothing, &response);
}

static int32_t httpcloud_create(struct hr_account *a, const struct hr_call *call,
				const struct hr_step *step)
{
	struct hr_http_response response;
	int32_t rc = on_server(a, call, "PUT", step->server_id, step->script, &response);

	if (rc == HR_OK)
		call->instance(call, response.body);
	return rc;
}

static int32_t httpcloud_status(struct hr_account *a, const struct hr_call *call,
				const struct hr_status *request,
				const struct hr_instance_sink *sink)
{
	for (uint32_t i = 0; i < request->n_instances; i++) {
		struct hr_instance instance = {.size = sizeof(instance)};
		struct hr_http_response response;
		int32_t rc =
			on_server(a, call, "GET", request->instance_ids[i], nothing, &response);

		if (rc != HR_OK)
			return rc;
		instance.instance_id = request->instance_ids[i];
		instance.state = response.status == 404 ? HR_STATE_GONE : HR_STATE_RUNNING;
		sink->instance(sink, &instance);
	}
	return HR_OK;
}

static int32_t httpcloud_list(struct hr_account *a, const struct hr_call *call,
			      const struct hr_list *request, const struct hr_instance_sink *sink)
{
	struct hr_http_response response;
	int32_t rc = ask(a, call, "GET", a->url, nothing, &response);

	(void)request;
	if (rc == HR_OK)
		sink->complete(sink);
	return rc;
}

static int32_t httpcloud_destroy(struct hr_account *a, const struct hr_call *call,
				 const struct hr_step *step)
{
	struct hr_http_response response;

	return on_server(a, call, "DELETE", step->server_id, nothing, &response);
}

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {
	HR_PROVIDER_HEADER,
	.thread_model = HR_THREADS_PARALLEL,
	.max_concurrency = 64,
	.id = "httpcloud",
	.title = "HTTP cloud",
	.version = "1.0",
	.vendor = "Acme",
	.url = "https://acme.example",
	.licence = "Apache-2.0",
	.profile = HR_PROFILE_COMPUTE,
	.settings = settings,
	.n_settings = sizeof(settings) / sizeof(settings[0]),
	.settings_stride = sizeof(settings[0]),
	.linux_scripts = HR_SCRIPT_AT_CREATE,
	.open = httpcloud_open,
	.close = httpcloud_close,
	.check = httpcloud_check,
	.create = httpcloud_create,
	.status = httpcloud_status,
	.list = httpcloud_list,
	.destroy = httpcloud_destroy,
};
