/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the cloud: one with the account's key, and what its errors mean. All text is memory of
 * the call, which dies with it. */
#include "request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The cloud's codes. With HR_INVALID it names the field at fault itself. */
static const struct {
	const char *code;
	int32_t class;
	uint32_t flags;
	const char *setting; /* at fault */
} errors[] = {
	{"InvalidKey", HR_AUTH, 0, "key"},
	{"InvalidRequest", HR_INVALID, 0, ""},
	{"TokenReused", HR_INVALID, 0, ""},
	{"NotFound", HR_NOT_FOUND, 0, ""},
	{"OtherServer", HR_NOT_FOUND, 0, ""}, /* its id is another machine's now */
	{"QuotaExceeded", HR_QUOTA, 0, ""},
	{"InsufficientCapacity", HR_CAPACITY, 0, "zone"},
	{"Throttled", HR_THROTTLED, 0, ""},
	{"Busy", HR_CONFLICT, 0, ""},
	{"ServiceUnavailable", HR_TRANSIENT, 0, ""},
	{"InternalError", HR_TRANSIENT, HR_FAULT_OUTCOME_UNKNOWN, ""},
	{"GatewayTimeout", HR_TIMEOUT, HR_FAULT_OUTCOME_UNKNOWN, ""},
	{"", HR_TRANSIENT, HR_FAULT_OUTCOME_UNKNOWN, ""}, /* no answer of the cloud's */
};

struct hr_span span_of(const char *text)
{
	return (struct hr_span){text, text ? strlen(text) : 0};
}

bool is_text(struct hr_span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.ptr, text, span.len) == 0;
}

const char *text(const struct hr_call *call, const char *format, ...)
{
	char *buf = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len >= 0)
		buf = call->alloc(call, (uint64_t)len + 1);
	va_start(args, format);
	if (buf)
		vsnprintf(buf, (size_t)len + 1, format, args);
	va_end(args);
	return buf ? buf : "";
}

const char *word(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

bool holds(const json_t *array, const char *value)
{
	const json_t *one;
	size_t i;

	json_array_foreach (array, i, one)
		if (is_text(span_of(json_string_value(one)), value))
			return true;
	return false;
}

int32_t fail(const struct hr_call *call, int32_t class, const char *message)
{
	const struct hr_fault fault = {.size = sizeof(fault), .message = span_of(message)};

	call->fail(call, &fault);
	return class;
}

static int32_t refused(const struct hr_call *call, const struct hr_http_response *response,
		       struct answer *answer)
{
	const json_t *error = json_object_get(answer->body, "error");
	size_t i = 0;

	while (errors[i].code[0] && strcmp(errors[i].code, word(error, "code")) != 0)
		i++;
	answer->fault = (struct hr_fault){
		.size = sizeof(answer->fault),
		.flags = errors[i].flags,
		.http_status = response->status,
		.retry_after_ms = response->retry_after_ms,
		.provider_code = span_of(errors[i].code),
		.request_id = response->request_id,
		.setting = span_of(errors[i].class == HR_INVALID
					   ? text(call, "%s", word(error, "field"))
					   : errors[i].setting),
		.message = span_of(errors[i].code[0] ? text(call, "The cloud says: %s.",
							    word(error, "message"))
						     : "The answer is none of the cloud's."),
	};
	call->fail(call, &answer->fault);
	json_decref(answer->body);
	answer->body = NULL;
	return errors[i].class;
}

/* All may be sent twice: a create's token sees to it. */
int32_t ask(const struct hr_account *a, const struct hr_call *call, const char *method,
	    const char *path, const char *body, struct answer *ret)
{
	struct hr_span key = NOTHING;
	int32_t rc = a->secret->get(call, span_of("key"), &key);
	const char *bearer = text(call, "Bearer %.*s", SPAN(key));
	const struct hr_http_header headers[] = {
		{span_of("Authorization"), span_of(bearer)},
		{span_of("Content-Type"), span_of("application/json")}};
	struct hr_http_response response = {.size = sizeof(response)};
	const struct hr_http_request request = {
		.size = sizeof(request),
		.flags = HR_HTTP_IDEMPOTENT,
		.method = span_of(method),
		.url = span_of(text(call, "%s%s", a->url, path)),
		.headers = headers,
		.n_headers = body ? 2 : 1,
		.body = body ? span_of(body) : NOTHING,
	};

	*ret = (struct answer){0};
	if (rc == HR_OK)
		rc = a->http->perform(call, &request, &response);
	if (rc != HR_OK)
		return rc;
	ret->body = json_loadb(response.body.ptr, response.body.len, 0, NULL);
	if (ret->body && response.status >= 200 && response.status < 300)
		return HR_OK;
	return refused(call, &response, ret);
}

const char *id_of(const struct hr_call *call, const json_t *machine)
{
	return text(call, "%s/%s", word(machine, "id"),
		    word(json_object_get(machine, "marks"), "server"));
}

struct hr_span mark(const struct hr_step *step, const char *key)
{
	for (uint32_t i = 0; i < step->n_marks; i++)
		if (is_text(step->marks[i].key, key))
			return step->marks[i].value;
	return NOTHING;
}

const char *cloud_id(const struct hr_call *call, struct hr_span id)
{
	const char *slash = id.len ? memchr(id.ptr, '/', id.len) : NULL;

	return text(call, "%.*s", slash ? (int)(slash - id.ptr) : (int)id.len, id.ptr);
}
