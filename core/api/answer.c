/* SPDX-License-Identifier: Apache-2.0 */
/* Turns results and errors into HTTP answers. */
#include "api/answer.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "api/routes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

static const struct {
	int32_t class;
	int status;
	const char *title;
} classes[] = {
	{HR_AUTH, MHD_HTTP_UNAUTHORIZED, "Not authorised"},
	{HR_INVALID, MHD_HTTP_UNPROCESSABLE_CONTENT, "Invalid request"},
	{HR_NOT_FOUND, MHD_HTTP_NOT_FOUND, "Not found"},
	{HR_QUOTA, MHD_HTTP_CONFLICT, "Limit reached"},
	{HR_CAPACITY, MHD_HTTP_SERVICE_UNAVAILABLE, "No capacity"},
	{HR_THROTTLED, MHD_HTTP_TOO_MANY_REQUESTS, "Too many requests"},
	{HR_CONFLICT, MHD_HTTP_CONFLICT, "Conflict"},
	{HR_TRANSIENT, MHD_HTTP_SERVICE_UNAVAILABLE, "Temporarily unavailable"},
	{HR_UNSUPPORTED, MHD_HTTP_UNPROCESSABLE_CONTENT, "Not supported"},
	{HR_CANCELLED, MHD_HTTP_SERVICE_UNAVAILABLE, "Cancelled"},
	{HR_TIMEOUT, MHD_HTTP_GATEWAY_TIMEOUT, "Timeout"},
};

#define N_CLASSES (sizeof(classes) / sizeof(classes[0]))

static size_t class_index(int32_t class)
{
	size_t i = 0;

	while (i < N_CLASSES && classes[i].class != class)
		i++;
	return i;
}

int answer_status(const struct hr_error *error)
{
	size_t i = class_index(error->class);

	if (error->http_status >= 400 && error->http_status < HTTP_STATUS_MAX)
		return error->http_status;
	return i < N_CLASSES ? classes[i].status : MHD_HTTP_INTERNAL_SERVER_ERROR;
}

static const char *title(const struct hr_error *error)
{
	size_t i = class_index(error->class);

	switch (error->http_status) {
	case MHD_HTTP_BAD_REQUEST: return "Bad request";
	case MHD_HTTP_FORBIDDEN: return "Forbidden";
	case MHD_HTTP_METHOD_NOT_ALLOWED: return "Method not allowed";
	case MHD_HTTP_CONTENT_TOO_LARGE: return "Body too large";
	case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE: return "Headers too large";
	default: return i < N_CLASSES ? classes[i].title : "Internal error";
	}
}

/* What providers and clients sent may be in a message: it need not be UTF-8, and may hold what would
 * do something to a terminal. */
static int set_text(json_t *problem, const char *key, const char *value)
{
	char clean[sizeof(((struct hr_error *)NULL)->message)];
	size_t len, n;

	if (value[0] == '\0')
		return 0;
	text_copy(clean, sizeof(clean), value);
	len = strlen(clean);
	for (size_t at = 0; at < len; at += n) {
		uint32_t code = 0;

		n = text_utf8_next(clean + at, len - at, &code);
		if (n == 0) {
			clean[at] = '?';
			n = 1;
		} else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
			memset(clean + at, code == '\n' || code == '\t' ? ' ' : '?', n);
		}
	}
	return json_object_set_new(problem, key, json_string(clean));
}

json_t *answer_problem(const struct hr_error *error, const char *request_id)
{
	const char *class = error_class_name(error->class);
	char type[64];
	json_t *problem;

	text_format(type, sizeof(type), "urn:headroom:problem:%s", class);
	problem = json_pack("{ss ss si ss}", "type", type, "title", title(error), "status",
			    answer_status(error), "class", class);
	if (!problem || set_text(problem, "detail", error->message) != 0 ||
	    set_text(problem, "field", error->field) != 0 ||
	    set_text(problem, "example", error->example) != 0 ||
	    set_text(problem, "provider_code", error->provider_code) != 0 ||
	    set_text(problem, "request_id", request_id) != 0) {
		json_decref(problem);
		return NULL;
	}
	return problem;
}

json_t *answer_problem_short(const struct hr_error *error)
{
	json_t *problem = json_pack("{ss}", "class", error_class_name(error->class));

	if (!problem || set_text(problem, "message", error->message) != 0 ||
	    set_text(problem, "field", error->field) != 0 ||
	    set_text(problem, "example", error->example) != 0 ||
	    set_text(problem, "provider_code", error->provider_code) != 0) {
		json_decref(problem);
		return NULL;
	}
	return problem;
}

static void free_text(void *text)
{
	/* Some answers hold a key: all are wiped. */
	OPENSSL_clear_free(text, strlen(text));
}

/* The body's text, owned by the caller; "" for none. NULL: no memory. */
static char *make_text(struct exchange *exchange, const char **ret_type)
{
	char *text;

	*ret_type = "application/json";
	if (exchange->error.class != 0) {
		json_t *problem = answer_problem(&exchange->error, exchange->request_id);

		text = problem ? json_text(problem) : NULL;
		json_decref(problem);
		*ret_type = "application/problem+json";
		return text;
	}
	if (exchange->text) {
		*ret_type = exchange->content_type;
		text = exchange->text;
		exchange->text = NULL;
		return text;
	}
	return exchange->result ? json_text(exchange->result) : strdup("");
}

static void add_headers(struct exchange *exchange, struct MHD_Response *response, const char *type,
			int status)
{
	char seconds[24];

	if (status != MHD_HTTP_NO_CONTENT)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, "X-Request-Id", exchange->request_id);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (exchange->last)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (exchange->etag[0])
		MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, exchange->etag);
	if (exchange->location[0])
		MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, exchange->location);
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
					"Bearer realm=\"headroom\"");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, exchange->error.example);
	if (exchange->error.retry_after_ms > 0) {
		text_format(seconds, sizeof(seconds), "%lld",
			    (long long)((exchange->error.retry_after_ms + 999) / 1000));
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
}

/* Reading changes nothing, and a client that waits reads four times a second: that is detail, unless
 * it was refused for want of rights or failed. */
static enum log_level log_level_of(const struct exchange *exchange, int status)
{
	bool reads = strcmp(exchange->method, "GET") == 0 || strcmp(exchange->method, "HEAD") == 0;
	bool denied = status == MHD_HTTP_UNAUTHORIZED || status == MHD_HTTP_FORBIDDEN;

	if (status >= 500)
		return LOG_LEVEL_WARNING;
	if ((exchange->route && exchange->route->quiet) || (reads && !denied))
		return LOG_LEVEL_DEBUG;
	return LOG_LEVEL_INFO;
}

/* Never the query: a check-in's holds its token. */
static void log_answer(const struct exchange *exchange, int status)
{
	const struct log_subject subject = {.request = exchange->request_id};
	enum log_level level = log_level_of(exchange, status);
	long long ms = (long long)(clock_now().mono_ms - exchange->started_ms);

	if (exchange->error.class != 0)
		log_line(level, &subject, "%s %s %d %lld ms: %s", exchange->method, exchange->path,
			 status, ms, exchange->error.message);
	else
		log_line(level, &subject, "%s %s %d %lld ms", exchange->method, exchange->path,
			 status, ms);
}

/* NULL: no memory. */
static struct MHD_Response *make_response(struct exchange *exchange, const char **ret_type)
{
	struct MHD_Response *response;
	char *text;

	if (exchange->response && exchange->error.class == 0) {
		response = exchange->response;
		exchange->response = NULL;
		*ret_type = exchange->content_type;
		return response;
	}
	text = make_text(exchange, ret_type);
	if (!text)
		return NULL;
	response =
		MHD_create_response_from_buffer_with_free_callback(strlen(text), text, free_text);
	if (!response)
		free_text(text);
	return response;
}

enum MHD_Result answer_send(struct exchange *exchange)
{
	int status = exchange->status ? exchange->status : MHD_HTTP_OK;
	struct MHD_Response *response;
	enum MHD_Result sent;
	const char *type;

	if (exchange->route && exchange->route->answered)
		exchange->route->answered(exchange);
	response = make_response(exchange, &type);
	if (!response)
		return MHD_NO;
	if (exchange->error.class != 0)
		status = answer_status(&exchange->error);
	add_headers(exchange, response, type, status);
	exchange->stage = EXCHANGE_ANSWERED;
	atomic_fetch_add(&exchange->api->answers[status], 1);
	log_answer(exchange, status);
	sent = MHD_queue_response(exchange->connection, (unsigned)status, response);
	MHD_destroy_response(response);
	return sent;
}
