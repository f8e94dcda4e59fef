/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest provider that speaks HTTP: it fetches what its settings name, through the host service
 * http/1, since it can open no socket. Not here: secrets and servers (httpcloud). */
#include <headroom/http.h>
#include <headroom/provider.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hr_account {
	const struct hr_http_service *http;
	char url[512], other[512];
};

#define TEXT(name, what) .key = (name), .title = (name), .help = (what), .type = HR_TYPE_STRING
static const struct hr_setting settings[] = {
	{TEXT("url", "What it fetches."), .role = HR_ROLE_ENDPOINT, .flags = HR_SETTING_REQUIRED},
	{TEXT("other", "What a check fetches instead.")},
};

static int32_t fetch(struct hr_account *a, const struct hr_call *call, const char *url)
{
	struct hr_http_request request = {.size = sizeof(request), .method = HR_SPAN_OF("GET")};
	struct hr_fault fault = {.size = sizeof(fault), .message = HR_SPAN_OF("it fails")};
	struct hr_http_response response;
	int32_t rc;

	request.url = (struct hr_span){url, strlen(url)};
	rc = a->http->perform(call, &request, &response);
	if (rc != HR_OK || response.status < 400)
		return rc; /* with its details */
	fault.http_status = response.status;
	call->fail(call, &fault);
	return HR_TRANSIENT;
}

static int32_t ping_open(const struct hr_host *host, const struct hr_call *call,
			 const struct hr_open *request, struct hr_account **ret_account)
{
	struct hr_account *a = *ret_account = calloc(1, sizeof(*a));
	const char *at = (const char *)request->values;

	(void)call;
	if (!a)
		return HR_INTERNAL;
	a->http = host->service(host, HR_HTTP_SERVICE);
	for (uint32_t i = 0; i < request->n_values; i++, at += request->value_stride) {
		const struct hr_value *v = (const void *)at;
		char *to = v->key.ptr[0] == 'u' ? a->url : a->other;

		snprintf(to, sizeof(a->url), "%.*s", (int)v->text.len, v->text.ptr);
	}
	return HR_OK;
}

static void ping_close(struct hr_account *a)
{
	free(a);
}

static int32_t ping_check(struct hr_account *a, const struct hr_call *call,
			  const struct hr_check_sink *sink)
{
	(void)sink;
	return fetch(a, call, a->other[0] ? a->other : a->url);
}

static int32_t ping_list(struct hr_account *a, const struct hr_call *call,
			 const struct hr_list *request, const struct hr_instance_sink *sink)
{
	int32_t rc = fetch(a, call, a->url);

	(void)request;
	if (rc == HR_OK)
		sink->complete(sink);
	return rc;
}

static int32_t ping_status(struct hr_account *a, const struct hr_call *call,
			   const struct hr_status *request, const struct hr_instance_sink *sink)
{
	(void)request, (void)sink;
	return fetch(a, call, a->url);
}

/* Create and destroy: nothing stands behind its servers. */
static int32_t ping_step(struct hr_account *a, const struct hr_call *call,
			 const struct hr_step *step)
{
	call->instance(call, step->server_id);
	return fetch(a, call, a->url);
}

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {
	HR_PROVIDER_HEADER,
	.thread_model = HR_THREADS_PARALLEL,
	.max_concurrency = 64,
	.id = "httping",
	.title = "HTTP ping",
	.version = "1.0",
	.vendor = "Acme",
	.url = "https://acme.example",
	.licence = "Apache-2.0",
	.profile = HR_PROFILE_COMPUTE,
	.settings = settings,
	.n_settings = sizeof(settings) / sizeof(settings[0]),
	.settings_stride = sizeof(settings[0]),
	.open = ping_open,
	.close = ping_close,
	.check = ping_check,
	.create = ping_step,
	.status = ping_status,
	.list = ping_list,
	.destroy = ping_step,
};
