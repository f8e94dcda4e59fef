/* SPDX-License-Identifier: Apache-2.0 */
/* A small provider whose cloud is a server of the test's own: all that it does are
 * requests through the host service http/1. It can open no socket and no file. */
#include <headroom/http.h>
#include <headroom/provider.h>
#include <headroom/secret.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static struct hr_span span_of(const char *text)
{
	return (struct hr_span){text, strlen(text)};
}

static int32_t fail(const struct hr_call *call, int32_t class, const char *message, int32_t status)
{
	struct hr_fault fault = {.size = sizeof(fault)};

	fault.message = span_of(message);
	fault.http_status = status;
	call->fail(call, &fault);
	return class;
}

/* One request with the token of this moment. */
static int32_t ask(struct hr_account *a, const struct hr_call *call, const char *method,
		   const char *url, struct hr_span body, struct hr_http_response *ret)
{
	struct hr_http_request request = {.size = sizeof(request)};
	char authorization[TEXT];
	struct hr_span token = {0};
	struct hr_http_header header;
	int32_t rc = a->secret->get(call, span_of("token"), &token);

	if (rc != HR_OK)
		return rc;
	snprintf(authorization, sizeof(authorization), "Bearer %.*s", (int)token.len, token.ptr);
	header = (struct hr_http_header){span_of("Authorization"), span_of(authorization)};
	request.method = span_of(method);
	request.url = span_of(url);
	request.headers = &header;
	request.n_headers = 1;
	request.body = body;
	rc = a->http->perform(call, &request, ret);
	if (rc != HR_OK)
		return rc;
	if (ret->status == 429) {
		struct hr_fault fault = {.size = sizeof(fault),
					 .message = span_of("slow down"),
					 .http_status = 429,
					 .retry_after_ms = ret->retry_after_ms,
					 .request_id = ret->request_id};

		call->fail(call, &fault);
		return HR_THROTTLED;
	}
	return ret->status < 500 ? HR_OK : fail(call, HR_TRANSIENT, "it fails", ret->status);
}

static int32_t on_server(struct hr_account *a, const struct hr_call *call, const char *method,
			 struct hr_span server, struct hr_span body, struct hr_http_response *ret)
{
	char url[2 * TEXT];

	snprintf(url, sizeof(url), "%s/servers/%.*s", a->url, (int)server.len, server.ptr);
	return ask(a, call, method, url, body, ret);
}

static int32_t httping_open(const struct hr_host *host, const struct hr_call *call,
			    const struct hr_open *request, struct hr_account **ret_account)
{
	struct hr_account *a = calloc(1, sizeof(*a));
	struct hr_span nothing = {0};

	if (!a)
		return fail(call, HR_INTERNAL, "no memory", 0);
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
	(void)a->secret->get(call, span_of("token"), &nothing);
	*ret_account = a;
	return HR_OK;
}

static void httping_close(struct hr_account *a)
{
	free(a);
}

#define MANY 300        /* headers */
#define LONG (18 << 20) /* bytes: more than any part of a request may have */

static struct hr_span long_text(const char *begin, size_t len)
{
	static char text[LONG];

	memset(text, 'a', len);
	memcpy(text, begin, strlen(begin));
	return (struct hr_span){text, len};
}

/* A request with one thing too many, too long, or no text. */
static int32_t ask_odd(struct hr_account *a, const struct hr_call *call, const char *word)
{
	struct hr_http_request request = {.size = sizeof(request)};
	static struct hr_http_header headers[MANY];
	struct hr_http_response response;
	char url[TEXT + 2];

	snprintf(url, sizeof(url), "%s/", a->url);
	for (int i = 0; i < MANY; i++)
		headers[i] = (struct hr_http_header){span_of("x-a"), span_of("b")};
	request.method = span_of("PUT");
	request.url = span_of(url);
	request.headers = headers;
	request.n_headers = 20;
	if (strcmp(word, "method") == 0)
		request.method = long_text("PUT", 33);
	else if (strcmp(word, "url") == 0)
		request.url = long_text(url, 16385);
	else if (strcmp(word, "name") == 0)
		headers[0].name = long_text("x-", 1025);
	else if (strcmp(word, "value") == 0)
		headers[0].value = long_text("v", 65537);
	else if (strcmp(word, "headers") == 0)
		request.n_headers = MANY;
	else if (strcmp(word, "together") == 0)
		for (int i = 0; i < 20; i++)
			headers[i].value = long_text("v", 65000);
	else if (strcmp(word, "body") == 0)
		request.body = long_text("b", LONG);
	else if (strcmp(word, "nul") == 0)
		request.url = (struct hr_span){"http://a\0b/", 11};
	else if (strcmp(word, "url-bytes") == 0)
		request.url = span_of("http://127.0.0.1/\xff");
	else if (strcmp(word, "value-bytes") == 0)
		headers[0].value = span_of("caf\xe9");
	else if (strcmp(word, "secret") == 0)
		return a->secret->get(call, span_of("to\nken"), &request.body);
	else if (strcmp(word, "secret-bytes") == 0)
		return a->secret->get(call, span_of("tok\xe9n"), &request.body);
	return a->http->perform(call, &request, &response);
}

static int32_t httping_check(struct hr_account *a, const struct hr_call *call,
			     const struct hr_check_sink *sink)
{
	struct hr_http_response response;

	(void)sink;
	if (strncmp(a->other, "odd:", 4) == 0)
		return ask_odd(a, call, a->other + 4);
	return ask(a, call, "GET", a->other[0] ? a->other : a->url, (struct hr_span){0}, &response);
}

static int32_t httping_create(struct hr_account *a, const struct hr_call *call,
			      const struct hr_step *step)
{
	struct hr_http_response response;
	int32_t rc = on_server(a, call, "PUT", step->server_id, step->script, &response);

	if (rc == HR_OK)
		call->instance(call, response.body);
	return rc;
}

static int32_t httping_status(struct hr_account *a, const struct hr_call *call,
			      const struct hr_status *request, const struct hr_instance_sink *sink)
{
	for (uint32_t i = 0; i < request->n_instances; i++) {
		struct hr_instance instance = {.size = sizeof(instance)};
		struct hr_http_response response;
		int32_t rc = on_server(a, call, "GET", request->instance_ids[i],
				       (struct hr_span){0}, &response);

		if (rc != HR_OK)
			return rc;
		instance.instance_id = request->instance_ids[i];
		instance.state = response.status == 404 ? HR_STATE_GONE : HR_STATE_RUNNING;
		sink->instance(sink, &instance);
	}
	return HR_OK;
}

static int32_t httping_list(struct hr_account *a, const struct hr_call *call,
			    const struct hr_list *request, const struct hr_instance_sink *sink)
{
	struct hr_http_response response;
	int32_t rc = ask(a, call, "GET", a->url, (struct hr_span){0}, &response);

	(void)request;
	if (rc == HR_OK)
		sink->complete(sink);
	return rc;
}

static int32_t httping_destroy(struct hr_account *a, const struct hr_call *call,
			       const struct hr_step *step)
{
	struct hr_http_response response;

	return on_server(a, call, "DELETE", step->server_id, (struct hr_span){0}, &response);
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
	.linux_scripts = HR_SCRIPT_AT_CREATE,
	.open = httping_open,
	.close = httping_close,
	.check = httping_check,
	.create = httping_create,
	.status = httping_status,
	.list = httping_list,
	.destroy = httping_destroy,
};
