/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out while a module's requests are taken in, checked, masked and recorded. */
#include "failing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/text.h"
#include "http/answer.h"
#include "http/cassette.h"
#include "http/policy.h"
#include "http/request.h"
#include "http/scrub.h"

static const struct hr_setting rows[] = {
	{.key = "endpoint", .type = HR_TYPE_STRING, .role = HR_ROLE_ENDPOINT},
	{.key = "token", .type = HR_TYPE_SECRET},
	{.key = "proxy", .type = HR_TYPE_STRING, .role = HR_ROLE_PROXY},
};
static const struct schema schema = SCHEMA_OF("settings", rows);
static const struct http_header headers[] = {
	{(char *)(uintptr_t) "Authorization", (char *)(uintptr_t) "Bearer hunter2-and-more"},
	{(char *)(uintptr_t) "X-Request-Id", (char *)(uintptr_t) "r-1"},
};
static const struct http_request asked = {
	.method = "POST",
	.url = "https://cloud.example:8443/a/b?token=hunter2-and-more",
	.headers = headers,
	.n_headers = 2,
	.body = "{\"a\":\"hunter2-and-more\"}",
	.body_len = 24};
static json_t *settings;
static char folder[] = "/tmp/headroom-memory-XXXXXX";
static char file[64];

static void make_settings(void)
{
	settings = json_pack("{ss,ss,ss}", "endpoint", "https://cloud.example:8443", "token",
			     "hunter2-and-more", "proxy", "http://user:pass@proxy.example:3128");
	unlink(file);
}

static void drop_settings(void)
{
	json_decref(settings);
}

static int take_request(struct hr_error *err)
{
	struct request request;
	struct http_url to;
	int rc;

	if (request_init(&request, &asked, err) != 0)
		return -1;
	memory_note(request.url.text);
	memory_note(request.headers[1].value);
	rc = http_url_follow(&request.url, "https://cloud.example:8443/c", &to, err);
	if (rc == 0)
		rc = request_redirect(&request, 303, &to, err);
	if (rc == 0)
		memory_note(request.url.text);
	request_clear(&request);
	return rc;
}

static int check_policy(struct hr_error *err)
{
	static const struct hr_host_rule hosts[] = {{.pattern = "api.example.com"}};
	const struct http_account_options options = {.id = "account",
						     .schema = &schema,
						     .settings = settings,
						     .hosts = hosts,
						     .n_hosts = 1};
	struct http_policy policy;
	struct http_url url;
	enum reach_kind kind;
	int rc;

	if (http_policy_init(&policy, &options, err) != 0)
		return -1;
	rc = http_url_parse(asked.url, &url, err);
	if (rc == 0) {
		rc = http_policy_check(&policy, &url, &kind, err);
		http_url_clear(&url);
	}
	memory_note(policy.proxy ? policy.proxy : "no proxy");
	http_policy_clear(&policy);
	return rc;
}

static int mask(struct hr_error *err)
{
	struct scrub scrub;
	char *masked;
	size_t len;

	if (scrub_init(&scrub, &schema, settings, err) != 0)
		return -1;
	masked = scrub_bytes(&scrub, asked.body, asked.body_len, &len);
	if (masked)
		memory_note(masked);
	scrub_clear(&scrub);
	free(masked);
	return masked ? 0 : error_no_memory(err, "masking");
}

static int record_one(struct cassette *cassette, struct scrub *scrub, struct hr_error *err)
{
	static char body[] = "{\"b\":\"hunter2-and-more\"}";
	const struct http_answer answer = {.status = 200,
					   .headers = (struct http_header *)(uintptr_t)headers,
					   .n_headers = 2,
					   .body = body,
					   .body_len = sizeof(body) - 1};
	struct request request;
	json_t *json;
	int rc;

	if (request_init(&request, &asked, err) != 0)
		return -1;
	json = cassette_request(&request, scrub);
	rc = json ? cassette_record(cassette, json, &answer, scrub, err)
		  : error_no_memory(err, "recording");
	if (json)
		memory_note_json(json);
	json_decref(json);
	request_clear(&request);
	return rc;
}

static int record(struct hr_error *err)
{
	struct cassette *cassette;
	struct scrub scrub;
	int rc;

	if (scrub_init(&scrub, &schema, settings, err) != 0)
		return -1;
	rc = cassette_open(folder, "account", false, &cassette, err);
	if (rc == 0) {
		rc = record_one(cassette, &scrub, err);
		cassette_free(cassette);
	}
	scrub_clear(&scrub);
	return rc;
}

int main(void)
{
	static const struct memory_job jobs[] = {
		{"http: a request taken and turned", take_request, NULL, NULL, NULL},
		/* libcurl 7.88 calls a user part that it has no memory for wrong. */
		{"http: policy", check_policy, make_settings, drop_settings, "/libcurl."},
		{"http: secrets masked", mask, make_settings, drop_settings, NULL},
		{"http: an exchange recorded", record, make_settings, drop_settings, NULL},
	};
	int status;

	json_object_seed(1);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (!mkdtemp(folder))
		return EXIT_FAILURE;
	text_format(file, sizeof(file), "%s/account.json", folder);
	status = memory_run(jobs, sizeof(jobs) / sizeof(jobs[0]));
	unlink(file);
	rmdir(folder);
	return status;
}
