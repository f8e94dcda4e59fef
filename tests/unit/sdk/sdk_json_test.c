/* SPDX-License-Identifier: Apache-2.0 */
/* The SDK's JSON: paths, requests, what answers mean, and what happens where memory runs out. */
#include "sdk_host.h"

#include <string.h>

static const struct hr_error_row rows[] = {
	{0, "Quota", HR_QUOTA, 0, "size"},
};
static const struct hr_json_errors errors = {rows, 1, "error.code", "error.message", "error.field"};

static struct hr_json_api api_of(void)
{
	struct hr_json_api api = {
		.url = "https://c.example", .secret_key = "key", .errors = &errors};

	ck_assert_int_eq(hr_json_open(&sdk_host_abi, &sdk_call, &api), HR_OK);
	return api;
}

static void reply(int32_t status, const char *body)
{
	sdk_host.reply = (struct sdk_reply){HR_OK, status, body};
}

START_TEST(paths)
{
	json_t *json = json_loads(
		"{\"a\": {\"b\": [1, {\"c\": \"x\"}, [7]]}, \"n\": 5, \"l\": [\"p\", 1]}", 0, NULL);

	ck_assert_ptr_nonnull(json);
	ck_assert_str_eq(hr_json_text(json, "a.b[1].c"), "x");
	ck_assert_int_eq(hr_json_integer(json, "a.b[2][0]"), 7);
	ck_assert_int_eq(hr_json_integer(json, "n"), 5);
	ck_assert_int_eq(hr_json_integer(json, "a"), 0);
	ck_assert_str_eq(hr_json_text(json, "n"), "");
	ck_assert_ptr_null(hr_json_at(json, "a.b[9]"));
	ck_assert_ptr_null(hr_json_at(json, "a.b[1"));
	ck_assert_ptr_null(hr_json_at(json, "a.b[x]"));
	ck_assert_ptr_null(hr_json_at(json, "a.b[-1]"));
	ck_assert_ptr_null(hr_json_at(json, "a..b"));
	ck_assert_ptr_null(hr_json_at(json, "a.b.c"));
	ck_assert_ptr_null(hr_json_at(json, "a."));
	ck_assert_ptr_null(hr_json_at(json, ""));
	ck_assert_ptr_null(hr_json_at(NULL, "a"));
	ck_assert(hr_json_has(hr_json_at(json, "l"), "p"));
	ck_assert(!hr_json_has(hr_json_at(json, "l"), "q"));
	ck_assert(!hr_json_has(NULL, "p"));
	json_decref(json);
	json = json_loads("[1, \"ab=x\", \"a=\", \"a:b=c\", \"b\"]", 0, NULL);
	ck_assert_str_eq(hr_json_tag(json, "ab", '='), "x");
	ck_assert_str_eq(hr_json_tag(json, "a", '='), "");
	ck_assert_str_eq(hr_json_tag(json, "a", ':'), "b=c");
	ck_assert_str_eq(hr_json_tag(json, "b", '='), "");
	ck_assert_str_eq(hr_json_tag(NULL, "b", '='), "");
	json_decref(json);
}
END_TEST

START_TEST(requests)
{
	struct hr_json_api api;
	struct hr_json_answer answer;

	sdk_host_begin();
	api = api_of();
	reply(200, "{\"id\": \"m-1\"}");
	ck_assert_int_eq(hr_json_ask(&api, &sdk_call, "POST", "/v1/x",
				     hr_json_body(&sdk_call, json_pack("{si}", "a", 1)), &answer),
			 HR_OK);
	ck_assert_str_eq(hr_json_text(answer.json, "id"), "m-1");
	json_decref(answer.json);
	ck_assert_str_eq(sdk_host.method, "POST");
	ck_assert_str_eq(sdk_host.url, "https://c.example/v1/x");
	ck_assert_str_eq(sdk_host.body, "{\"a\":1}");
	ck_assert_str_eq(sdk_host.headers,
			 "Authorization: Bearer s3cret\nAccept: application/json\n"
			 "Content-Type: application/json\n");
	api.secret_key = NULL;
	reply(204, NULL);
	ck_assert_int_eq(hr_json_ask(&api, &sdk_call, "DELETE", "/v1/x/1", NULL, &answer), HR_OK);
	ck_assert_ptr_null(answer.json);
	ck_assert_str_eq(sdk_host.headers, "Accept: application/json\n");
	ck_assert_str_eq(sdk_host.body, "");
	/* A cloud that authorizes by a header of its own. */
	api.secret_key = "key";
	api.secret_header = "X-Key";
	api.headers = &(struct hr_http_header){hr_span_of("X-Project"), hr_span_of("p-1")};
	api.n_headers = 1;
	reply(200, "{}");
	ck_assert_int_eq(hr_json_ask(&api, &sdk_call, "GET", "/v1/x/1", NULL, &answer), HR_OK);
	json_decref(answer.json);
	ck_assert_str_eq(sdk_host.headers,
			 "X-Key: s3cret\nX-Project: p-1\nAccept: application/json\n");
	sdk_host_end();
}
END_TEST

START_TEST(refusals)
{
	struct hr_json_api api;
	struct hr_json_answer answer;

	sdk_host_begin();
	api = api_of();
	reply(403, "{\"error\": {\"code\": \"Quota\", \"message\": \"no more\"}}");
	ck_assert_int_eq(hr_json_ask(&api, &sdk_call, "POST", "/x", "{}", &answer), HR_QUOTA);
	ck_assert_ptr_null(answer.json);
	ck_assert_str_eq(sdk_host.message, "The provider says: no more");
	ck_assert_str_eq(sdk_host.setting, "size");
	ck_assert_str_eq(sdk_host.code, "Quota");
	ck_assert_int_eq(sdk_host.fault.http_status, 403);
	ck_assert(hr_span_is(sdk_host.fault.request_id, "req-7"));
	ck_assert(hr_span_is(answer.fault.provider_code, "Quota"));
	reply(429, "{\"error\": {\"field\": \"zone\"}}");
	ck_assert_int_eq(hr_json_ask(&api, &sdk_call, "POST", "/x", "{}", &answer), HR_THROTTLED);
	ck_assert_str_eq(sdk_host.setting, "zone");
	ck_assert_int_eq(sdk_host.fault.retry_after_ms, 3000);
	ck_assert_str_eq(sdk_host.message, "The provider answers HTTP 429 and does not say why.");
	reply(502, "<html>");
	ck_assert_int_eq(hr_json_ask(&api, &sdk_call, "POST", "/x", "{}", &answer), HR_TRANSIENT);
	ck_assert_uint_eq(sdk_host.fault.flags, HR_FAULT_OUTCOME_UNKNOWN);
	/* Gone is said by the provider, in its own language, or without a word. */
	reply(404, "<html>no such site</html>");
	ck_assert_int_eq(hr_json_ask(&api, &sdk_call, "GET", "/x", NULL, &answer), HR_TRANSIENT);
	reply(404, "");
	ck_assert_int_eq(hr_json_ask(&api, &sdk_call, "GET", "/x", NULL, &answer), HR_NOT_FOUND);
	reply(404, "{\"error\": {}}");
	ck_assert_int_eq(hr_json_ask(&api, &sdk_call, "GET", "/x", NULL, &answer), HR_NOT_FOUND);
	/* Without a table. */
	api.errors = NULL;
	reply(409, "{\"error\": {\"code\": \"Quota\"}}");
	ck_assert_int_eq(hr_json_ask(&api, &sdk_call, "POST", "/x", "{}", &answer), HR_CONFLICT);
	ck_assert_str_eq(sdk_host.code, "");
	/* What http/1 itself says stands. */
	sdk_host.reply = (struct sdk_reply){HR_TIMEOUT, 0, NULL};
	sdk_host.n_faults = 0;
	ck_assert_int_eq(hr_json_ask(&api, &sdk_call, "GET", "/x", NULL, &answer), HR_TIMEOUT);
	ck_assert_int_eq(sdk_host.n_faults, 0);
	/* No key, no request. */
	sdk_host.secret_result = HR_INVALID;
	sdk_host.n_requests = 0;
	ck_assert_int_eq(hr_json_ask(&api, &sdk_call, "GET", "/x", NULL, &answer), HR_INVALID);
	ck_assert_int_eq(sdk_host.n_requests, 0);
	sdk_host_end();
}
END_TEST

/* What a task says that failed. */
START_TEST(failed_tasks)
{
	struct hr_json_api api;
	json_t *task;

	sdk_host_begin();
	api = api_of();
	task = json_loads("{\"error\": {\"code\": \"Quota\", \"message\": \"no more\"}}", 0, NULL);
	ck_assert_int_eq(hr_json_fail(&sdk_call, api.errors, task), HR_QUOTA);
	ck_assert_str_eq(sdk_host.message, "The provider says: no more");
	ck_assert_str_eq(sdk_host.code, "Quota");
	json_decref(task);
	ck_assert_int_eq(hr_json_fail(&sdk_call, api.errors, NULL), HR_CAPACITY);
	ck_assert_str_eq(sdk_host.message, "The provider's task failed, and does not say why.");
	ck_assert_int_eq(hr_json_fail(&sdk_call, NULL, NULL), HR_CAPACITY);
	sdk_host_end();
}
END_TEST

/* An answer that lists nothing is not one that says that nothing is there. */
START_TEST(lists)
{
	static const char *const none[] = {
		"", "<html>", "{}", "{\"items\": {}}", "null", "[{}]", "{\"items\": null}"};
	struct hr_json_api api;
	struct hr_json_answer answer;

	sdk_host_begin();
	api = api_of();
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		reply(200, none[i]);
		sdk_host.n_faults = 0;
		ck_assert_msg(hr_json_get(&api, &sdk_call, "/x", "items", &answer) == HR_TRANSIENT,
			      "%s", none[i]);
		ck_assert_ptr_null(answer.json);
		ck_assert_ptr_null(answer.list);
		ck_assert_int_eq(sdk_host.n_faults, 1);
	}
	ck_assert_str_eq(sdk_host.message, "The provider's answer holds no list at items.");
	reply(200, "{\"items\": []}");
	ck_assert_int_eq(hr_json_get(&api, &sdk_call, "/x", "items", &answer), HR_OK);
	ck_assert_uint_eq(json_array_size(answer.list), 0);
	json_decref(answer.json);
	reply(200, "[1]");
	ck_assert_int_eq(hr_json_get(&api, &sdk_call, "/x", "", &answer), HR_OK);
	ck_assert_uint_eq(json_array_size(answer.list), 1);
	json_decref(answer.json);
	reply(204, NULL);
	ck_assert_int_eq(hr_json_get(&api, &sdk_call, "/x", NULL, &answer), HR_TRANSIENT);
	sdk_host_end();
}
END_TEST

/* Memory runs out at each request in turn: nothing half made is sent, and it is no success. */
START_TEST(no_memory)
{
	struct hr_json_answer answer;
	struct hr_json_api api;
	struct hr_form form;
	int32_t rc;
	int k;

	for (k = 0; k < 50; k++) {
		sdk_host_begin();
		api = api_of();
		reply(200, "{}");
		sdk_host.allocs_left = k;
		form = (struct hr_form){.call = &sdk_call};
		hr_form_add(&form, "a", hr_span_of("1"));
		rc = hr_json_ask(&api, &sdk_call, "POST", hr_form_url(&form, "/v1/x"),
				 hr_json_body(&sdk_call, json_pack("{si}", "a", 1)), &answer);
		json_decref(answer.json);
		if (!sdk_host.spent)
			break;
		ck_assert_int_eq(rc, HR_INTERNAL);
		ck_assert_int_eq(sdk_host.n_requests, 0);
		sdk_host_end();
	}
	ck_assert_int_eq(rc, HR_OK);
	ck_assert_int_ge(k, 4);
	ck_assert_str_eq(sdk_host.url, "https://c.example/v1/x?a=1");
	/* A body for which json_pack found no memory. */
	ck_assert_str_eq(hr_json_body(&sdk_call, NULL), "");
	ck_assert(sdk_host.spent);
	sdk_host_end();
}
END_TEST

SUITE_MAIN("sdk_json", paths, requests, refusals, failed_tasks, lists, no_memory)
