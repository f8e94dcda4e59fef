/* SPDX-License-Identifier: Apache-2.0 */
/* Set-up that the tests of the HTTP service share. */
#include "http_bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <check.h>

struct http_service *service;

static const struct hr_setting rows[] = {
	{.key = "endpoint", .type = HR_TYPE_STRING, .role = HR_ROLE_ENDPOINT},
	{.key = "ca", .type = HR_TYPE_TEXT, .role = HR_ROLE_TLS_CA},
	{.key = "verify", .type = HR_TYPE_BOOLEAN, .role = HR_ROLE_TLS_VERIFY},
	{.key = "pin", .type = HR_TYPE_STRING, .role = HR_ROLE_TLS_PIN},
	{.key = "cert", .type = HR_TYPE_TEXT, .role = HR_ROLE_TLS_CLIENT_CERT},
	{.key = "key", .type = HR_TYPE_SECRET, .role = HR_ROLE_TLS_CLIENT_KEY},
	{.key = "proxy", .type = HR_TYPE_STRING, .role = HR_ROLE_PROXY},
	{.key = "timeout", .type = HR_TYPE_DURATION, .role = HR_ROLE_TIMEOUT},
	{.key = "allowed", .type = HR_TYPE_LIST, .role = HR_ROLE_ALLOWED_HOSTS},
	{.key = "identity", .type = HR_TYPE_STRING, .role = HR_ROLE_ENDPOINT},
	{.key = "region", .type = HR_TYPE_STRING},
	{.key = "source", .type = HR_TYPE_STRING},
	{.key = "password", .type = HR_TYPE_SECRET},
};

static const struct schema schema = SCHEMA_OF("settings", rows);

void bench_start_as(const struct http_service_options *options)
{
	struct hr_error err = {0};

	ck_assert_msg(http_service_new(options, &service, &err) == 0, "%s", err.message);
}

void bench_start_with(const char *record_dir, const char *replay_dir)
{
	const struct http_service_options options = {.record_dir = record_dir,
						     .replay_dir = replay_dir};

	bench_start_as(&options);
}

void bench_start(void)
{
	bench_start_with(NULL, NULL);
}

void bench_stop(void)
{
	http_service_free(service);
	service = NULL;
}

int bench_try_account(const struct bench_account *how, const char *settings,
		      struct http_account **ret_account, struct hr_error *err)
{
	static const struct bench_account usual;
	json_error_t error;
	char *text = strdup(settings);
	json_t *json;
	int rc;

	for (char *c = text; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	json = json_loads(text, 0, &error);
	ck_assert_msg(json != NULL, "%s: %s", error.text, text);
	how = how ? how : &usual;
	const struct http_account_options options = {
		.id = how->id ? how->id : "account",
		.schema = &schema,
		.settings = json,
		.hosts = how->hosts,
		.n_hosts = how->n_hosts,
		.capabilities = how->capabilities,
	};

	memset(err, 0, sizeof(*err));
	rc = http_account_new(service, &options, ret_account, err);
	json_decref(json); /* nothing of it is kept */
	free(text);
	return rc;
}

struct http_account *bench_account(const struct bench_account *how, const char *settings, ...)
{
	struct http_account *account = NULL;
	struct hr_error err;
	char *text = NULL;
	va_list args;

	va_start(args, settings);
	ck_assert_int_ge(vasprintf(&text, settings, args), 0);
	va_end(args);
	ck_assert_msg(bench_try_account(how, text, &account, &err) == 0, "%s", err.message);
	free(text);
	return account;
}

struct http_answer *bench_perform(struct http_account *account, const char *method, uint32_t flags,
				  const struct http_header *headers, const char *body,
				  const char *url, ...)
{
	struct http_request request = {.method = method, .flags = flags, .headers = headers};
	struct http_answer *answer = NULL;
	char *text = NULL;
	va_list args;

	va_start(args, url);
	ck_assert_int_ge(vasprintf(&text, url, args), 0);
	va_end(args);
	while (headers && headers[request.n_headers].name)
		request.n_headers++;
	request.url = text;
	request.body = body;
	request.body_len = body ? strlen(body) : 0;
	request.timeout_ms = 20000;
	ck_assert_int_eq(http_perform(account, &request, NULL, NULL, &answer), 0);
	ck_assert_ptr_nonnull(answer);
	ck_assert_int_eq(answer->result, answer->error.class);
	free(text);
	return answer;
}

const char *bench_header(const struct http_answer *answer, const char *name)
{
	for (size_t i = 0; i < answer->n_headers; i++)
		if (strcasecmp(answer->headers[i].name, name) == 0)
			return answer->headers[i].value;
	return NULL;
}
