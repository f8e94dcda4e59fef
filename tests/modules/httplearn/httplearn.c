/* SPDX-License-Identifier: Apache-2.0 */
/* A provider that hands out its hosts' names: a catalog at the endpoint, one URL a line, says where
 * everything else is. A tenant's own host is named by a rule of the descriptor. Not here: what the answers
 * mean; all that counts is which hosts were asked. */
#include <headroom/http.h>
#include <headroom/provider.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT 512
#ifndef HTTPLEARN_ID /* the same module that does not say so: httprules */
#define HTTPLEARN_ID "httplearn"
#define HTTPLEARN_CAPABILITIES (HR_CAP_LEARNS_HOSTS | HR_CAP_ABSENT_ONE_LOOK)
#endif

struct hr_account {
	const struct hr_http_service *http;
	char url[TEXT], name[TEXT];
};

static const char *const sources[] = {"none", "given", NULL};

static const struct hr_setting settings[] = {
	{.key = "url",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_REQUIRED,
	 .role = HR_ROLE_ENDPOINT,
	 .title = "Address",
	 .help = "Where the catalog is."},
	{.key = "identity",
	 .type = HR_TYPE_STRING,
	 .role = HR_ROLE_ENDPOINT,
	 .title = "Identity service",
	 .help = "A second endpoint."},
	{.key = "bound",
	 .type = HR_TYPE_LIST,
	 .role = HR_ROLE_ALLOWED_HOSTS,
	 .title = "Allowed hosts",
	 .help = "Which hosts the catalog may name."},
	{.key = "name", .type = HR_TYPE_STRING, .title = "Tenant", .help = "The tenant's name."},
	{.key = "names",
	 .type = HR_TYPE_ENUM,
	 .default_value = "none",
	 .choices = sources,
	 .title = "Tenants",
	 .help = "Whether tenants have hosts of their own."},
	{.key = "ca",
	 .type = HR_TYPE_TEXT,
	 .role = HR_ROLE_TLS_CA,
	 .title = "CA",
	 .help = "Whom to trust."},
	{.key = "proxy",
	 .type = HR_TYPE_STRING,
	 .role = HR_ROLE_PROXY,
	 .title = "Proxy",
	 .help = "The way out."},
};

static const struct hr_host_rule hosts[] = {
	{.pattern = "{name}.test", .only_when = "names=given"},
	{.pattern = "status.example.test"},
};

static struct hr_span span_of(const char *text)
{
	return (struct hr_span){text, strlen(text)};
}

static int32_t ask(struct hr_account *a, const struct hr_call *call, const char *method,
		   struct hr_span url, struct hr_http_response *ret)
{
	struct hr_http_request request = {.size = sizeof(request), .url = url};

	request.method = span_of(method);
	return a->http->perform(call, &request, ret);
}

/* The next line of a catalog; empty at its end. */
static struct hr_span next_line(struct hr_span *catalog)
{
	const char *end = catalog->len ? memchr(catalog->ptr, '\n', catalog->len) : NULL;
	struct hr_span line = {catalog->ptr, end ? (uint64_t)(end - catalog->ptr) : catalog->len};
	uint64_t taken = line.len + (end != NULL);

	*catalog = (struct hr_span){catalog->ptr + taken, catalog->len - taken};
	return line;
}

static int32_t ask_catalog(struct hr_account *a, const struct hr_call *call,
			   struct hr_span *ret_catalog)
{
	struct hr_http_response response;
	char url[2 * TEXT];
	int32_t rc;

	snprintf(url, sizeof(url), "%s/catalog", a->url);
	rc = ask(a, call, "GET", span_of(url), &response);
	if (rc == HR_OK)
		*ret_catalog = response.body;
	return rc;
}

static int32_t httplearn_open(const struct hr_host *host, const struct hr_call *call,
			      const struct hr_open *request, struct hr_account **ret_account)
{
	struct hr_account *a = calloc(1, sizeof(*a));

	(void)call;
	if (!a)
		return HR_INTERNAL;
	a->http = host->service(host, HR_HTTP_SERVICE);
	for (uint32_t i = 0; i < request->n_values; i++) {
		const struct hr_value *v =
			(const void *)((const char *)request->values + i * request->value_stride);
		char *to = v->key.len == 3 ? a->url : NULL;

		if (v->key.len == 4 && memcmp(v->key.ptr, "name", 4) == 0)
			to = a->name;
		if (to)
			snprintf(to, TEXT, "%.*s", (int)v->text.len, v->text.ptr);
	}
	*ret_account = a;
	return HR_OK;
}

static void httplearn_close(struct hr_account *a)
{
	free(a);
}

/* The tenant's host and every host of the catalog; the first that cannot be asked ends it. */
static int32_t httplearn_check(struct hr_account *a, const struct hr_call *call,
			       const struct hr_check_sink *sink)
{
	struct hr_http_response response;
	struct hr_span catalog, line;
	char url[2 * TEXT];
	int32_t rc;

	(void)sink;
	snprintf(url, sizeof(url), "https://%s.test/", a->name);
	if (a->name[0] && (rc = ask(a, call, "GET", span_of(url), &response)) != HR_OK)
		return rc;
	rc = ask_catalog(a, call, &catalog);
	while (rc == HR_OK && (line = next_line(&catalog)).len > 0)
		rc = ask(a, call, "GET", line, &response);
	return rc;
}

/* In two steps: where to is learnt in the first, and stands in the token. */
static int32_t httplearn_create(struct hr_account *a, const struct hr_call *call,
				const struct hr_step *step)
{
	struct hr_http_response response;
	struct hr_span catalog;
	int32_t rc;

	if (step->resume_token.len == 0) {
		rc = ask_catalog(a, call, &catalog);
		if (rc != HR_OK)
			return rc;
		call->again(call, next_line(&catalog), 1, 50, span_of("its place is known"));
		return HR_AGAIN;
	}
	rc = ask(a, call, "PUT", step->resume_token, &response);
	if (rc == HR_OK)
		call->instance(call, response.body);
	return rc;
}

static int32_t httplearn_status(struct hr_account *a, const struct hr_call *call,
				const struct hr_status *request,
				const struct hr_instance_sink *sink)
{
	(void)a, (void)call, (void)request, (void)sink;
	return HR_OK;
}

static int32_t httplearn_list(struct hr_account *a, const struct hr_call *call,
			      const struct hr_list *request, const struct hr_instance_sink *sink)
{
	(void)a, (void)call, (void)request;
	sink->complete(sink);
	return HR_OK;
}

static int32_t httplearn_destroy(struct hr_account *a, const struct hr_call *call,
				 const struct hr_step *step)
{
	(void)a, (void)call, (void)step;
	return HR_OK;
}

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {
	HR_PROVIDER_HEADER,
	.thread_model = HR_THREADS_PARALLEL,
	.id = HTTPLEARN_ID,
	.title = "HTTP learnt",
	.version = "1.0",
	.vendor = "Acme",
	.url = "https://acme.example",
	.licence = "Apache-2.0",
	.profile = HR_PROFILE_COMPUTE,
	.capabilities = HTTPLEARN_CAPABILITIES,
	.settings = settings,
	.n_settings = sizeof(settings) / sizeof(settings[0]),
	.settings_stride = sizeof(settings[0]),
	.open = httplearn_open,
	.close = httplearn_close,
	.check = httplearn_check,
	.create = httplearn_create,
	.status = httplearn_status,
	.list = httplearn_list,
	.destroy = httplearn_destroy,
	.hosts = hosts,
	.n_hosts = sizeof(hosts) / sizeof(hosts[0]),
	.hosts_stride = sizeof(hosts[0]),
};
