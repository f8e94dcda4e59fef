/* SPDX-License-Identifier: Apache-2.0 */
/* One request to a provider that speaks JSON, and what its answer means. */
#include <headroom/sdk_json.h>

#include <stdlib.h>
#include <string.h>

#define HEADERS_MAX 16u

/* The text under an error's path, in the call's memory; "" where there is none. */
static const char *said(const struct hr_call *call, const json_t *json, const char *path)
{
	return path ? hr_text(call, "%s", hr_json_text(json, path)) : "";
}

/* Sets the details of an error that the JSON tells of; gives its class. */
static int32_t tell(const struct hr_call *call, const struct hr_json_errors *errors,
		    const json_t *json, const struct hr_error_row *row, const char *code,
		    const char *instead, struct hr_fault *fault)
{
	const char *message = said(call, json, errors->message);
	const char *setting = said(call, json, errors->setting);

	if (message[0])
		message = hr_text(call, "The provider says: %s", message);
	fault->size = sizeof(*fault);
	fault->flags = row->flags;
	fault->message = hr_span_of(message[0] ? message : instead);
	fault->setting = hr_span_of(setting[0] ? setting : row->setting);
	fault->provider_code = hr_span_of(code);
	call->fail(call, fault);
	return row->result_class;
}

/* Without a table: by the status alone. */
static const struct hr_json_errors by_status;

static int32_t refused(const struct hr_call *call, const struct hr_json_errors *errors,
		       struct hr_json_answer *answer)
{
	const struct hr_http_response *http = &answer->http;
	const char *code, *instead;
	struct hr_error_row row;
	int32_t rc;

	if (!errors)
		errors = &by_status;
	code = said(call, answer->json, errors->code);
	row = hr_error_find(errors->rows, errors->n_rows, http->status, code);
	/* "Not found" that is not in the provider's own language may be a proxy's word. */
	if (row.result_class == HR_NOT_FOUND && !answer->json && http->body.len > 0)
		row = (struct hr_error_row){.result_class = HR_TRANSIENT,
					    .flags = HR_FAULT_OUTCOME_UNKNOWN};
	if (http->status >= 200 && http->status < 300)
		instead = hr_text(call, "The provider answers HTTP %d, but not in JSON.",
				  (int)http->status);
	else
		instead = hr_text(call, "The provider answers HTTP %d and does not say why.",
				  (int)http->status);
	answer->fault = (struct hr_fault){.http_status = http->status,
					  .retry_after_ms = http->retry_after_ms,
					  .request_id = http->request_id};
	rc = tell(call, errors, answer->json, &row, code, instead, &answer->fault);
	json_decref(answer->json);
	answer->json = NULL;
	return rc;
}

int32_t hr_json_fail(const struct hr_call *call, const struct hr_json_errors *errors,
		     const json_t *json)
{
	struct hr_error_row row = {.result_class = HR_CAPACITY};
	struct hr_fault fault = {0};
	const char *code;

	if (!errors)
		errors = &by_status;
	code = said(call, json, errors->code);
	for (size_t i = 0; i < errors->n_rows; i++)
		if (errors->rows[i].code && strcmp(errors->rows[i].code, code) == 0) {
			row = errors->rows[i];
			break;
		}
	return tell(call, errors, json, &row, code,
		    "The provider's task failed, and does not say why.", &fault);
}

const char *hr_json_body(const struct hr_call *call, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	const char *body = text ? hr_text(call, "%s", text) : "";

	if (!text)
		call->alloc(call, UINT64_MAX); /* more than there is: the host sends nothing more */
	free(text);
	json_decref(json);
	return body;
}

int32_t hr_json_perform(const struct hr_call *call, const struct hr_http_service *http,
			const struct hr_json_request *request, const struct hr_json_errors *errors,
			struct hr_json_answer *ret_answer)
{
	struct hr_http_header headers[HEADERS_MAX + 2];
	struct hr_http_request sent = {.size = sizeof(sent), .flags = request->flags};
	int32_t rc;

	memset(ret_answer, 0, sizeof(*ret_answer));
	ret_answer->http.size = sizeof(ret_answer->http);
	for (; sent.n_headers < request->n_headers && sent.n_headers < HEADERS_MAX;
	     sent.n_headers++)
		headers[sent.n_headers] = request->headers[sent.n_headers];
	headers[sent.n_headers++] =
		(struct hr_http_header){hr_span_of("Accept"), hr_span_of("application/json")};
	if (request->body)
		headers[sent.n_headers++] = (struct hr_http_header){hr_span_of("Content-Type"),
								    hr_span_of("application/json")};
	sent.headers = headers;
	sent.method = hr_span_of(request->method);
	sent.url = hr_span_of(request->url);
	sent.body = hr_span_of(request->body);
	rc = http->perform(call, &sent, &ret_answer->http);
	if (rc != HR_OK)
		return rc;
	ret_answer->json = json_loadb(ret_answer->http.body.ptr, ret_answer->http.body.len,
				      JSON_DECODE_ANY, NULL);
	if (ret_answer->http.status >= 200 && ret_answer->http.status < 300 &&
	    (ret_answer->json ||
	     (ret_answer->http.body.len == 0 && strcmp(request->method, "GET") != 0)))
		return HR_OK;
	return refused(call, errors, ret_answer);
}

int32_t hr_json_open(const struct hr_host *host, const struct hr_call *call,
		     struct hr_json_api *api)
{
	api->http = host->service(host, HR_HTTP_SERVICE);
	api->secret = host->service(host, HR_SECRET_SERVICE);
	if (api->http && api->secret)
		return HR_OK;
	return hr_fail(call, HR_UNSUPPORTED, NULL,
		       "This Headroom does not offer " HR_HTTP_SERVICE " and " HR_SECRET_SERVICE
		       "; install a newer one.");
}

/* The header that authorizes, with the secret as it is now. */
static int32_t secret_header_make(const struct hr_json_api *api, const struct hr_call *call,
				  struct hr_http_header *ret)
{
	struct hr_span secret = {0};
	int32_t rc = api->secret->get(call, hr_span_of(api->secret_key), &secret);

	ret->name = hr_span_of(api->secret_header ? api->secret_header : "Authorization");
	ret->value = hr_span_of(
		hr_text(call, "%s%.*s", api->secret_header ? "" : "Bearer ", HR_SPAN_ARG(secret)));
	return rc;
}

int32_t hr_json_ask(const struct hr_json_api *api, const struct hr_call *call, const char *method,
		    const char *path, const char *body, struct hr_json_answer *ret_answer)
{
	struct hr_http_header headers[HEADERS_MAX];
	struct hr_json_request request = {
		.flags = api->flags,
		.method = method,
		.url = hr_text(call, "%s%s", api->url, path),
		.headers = headers,
		.body = body,
	};
	int32_t rc = HR_OK;

	memset(ret_answer, 0, sizeof(*ret_answer));
	if (api->secret_key)
		rc = secret_header_make(api, call, &headers[request.n_headers++]);
	for (uint32_t i = 0; i < api->n_headers && request.n_headers < HEADERS_MAX; i++)
		headers[request.n_headers++] = api->headers[i];
	return rc == HR_OK ? hr_json_perform(call, api->http, &request, api->errors, ret_answer)
			   : rc;
}

int32_t hr_json_get(const struct hr_json_api *api, const struct hr_call *call, const char *path,
		    const char *list, struct hr_json_answer *ret_answer)
{
	int32_t rc = hr_json_ask(api, call, "GET", path, NULL, ret_answer);

	if (rc != HR_OK || !list)
		return rc;
	ret_answer->list = list[0] ? hr_json_at(ret_answer->json, list) : ret_answer->json;
	if (json_is_array(ret_answer->list))
		return HR_OK;
	json_decref(ret_answer->json);
	ret_answer->json = NULL;
	ret_answer->list = NULL;
	return hr_fail(call, HR_TRANSIENT, NULL, "The provider's answer holds no list%s%s.",
		       list[0] ? " at " : "", list);
}
