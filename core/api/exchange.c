/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a request in, has its route handle it, sends the answer. Not here: which routes there are
 * (routes.c), who may use them (auth.c), transactions (transaction.c), answers' form (answer.c). */
#include "api/exchange.h"

#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "api/answer.h"
#include "api/auth.h"
#include "api/framing.h"
#include "api/routes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#define HEADERS_MAX ((size_t)16 << 10)
#define BODY_FIRST 4096

static enum MHD_Result sum_header(void *context, enum MHD_ValueKind kind, const char *key,
				  size_t key_len, const char *value, size_t value_len)
{
	size_t *sum = context;

	(void)kind;
	(void)key;
	(void)value;
	*sum += key_len + value_len + 4;
	return MHD_YES;
}

static int check_headers(struct exchange *exchange, struct hr_error *err)
{
	size_t sum = strlen(exchange->path);

	MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, sum_header, &sum);
	MHD_get_connection_values_n(exchange->connection, MHD_GET_ARGUMENT_KIND, sum_header, &sum);
	if (sum <= HEADERS_MAX)
		return 0;
	error_set(err, HR_INVALID, "the request's headers are longer than 16 KiB");
	err->http_status = MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	return -1;
}

static int too_large(struct hr_error *err)
{
	error_set(err, HR_INVALID, "the request body is longer than the limit of 1 MiB");
	err->http_status = MHD_HTTP_CONTENT_TOO_LARGE;
	return -1;
}

static int check_length(struct exchange *exchange, struct hr_error *err)
{
	const char *length = exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
	int64_t number;

	if (!length)
		return 0;
	if (text_to_int64(length, 0, (int64_t)BODY_MAX, &number) != 0)
		return too_large(err);
	return 0;
}

static int begin(struct exchange *exchange, const char *url, struct hr_error *err)
{
	if (!text_valid_utf8(url, strlen(url))) {
		text_copy(exchange->path, sizeof(exchange->path), "(not UTF-8)");
		error_set(err, HR_INVALID, "the request's path is not UTF-8");
		err->http_status = MHD_HTTP_BAD_REQUEST;
		return -1;
	}
	text_copy(exchange->path, sizeof(exchange->path), url);
	if (framing_check(exchange->connection, err) != 0) {
		exchange->last = true;
		return -1;
	}
	if (check_headers(exchange, err) != 0 || route_find(exchange, url, err) != 0 ||
	    auth_check(exchange, err) != 0 || route_check_query(exchange, err) != 0)
		return -1;
	return check_length(exchange, err);
}

static struct exchange *exchange_new(struct listener *listener, struct MHD_Connection *connection,
				     const char *method)
{
	struct api *api = listener->api;
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	const union MHD_ConnectionInfo *info;

	if (!exchange)
		return NULL;
	exchange->api = api;
	api_request_begin(api);
	exchange->connection = connection;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	exchange->peer = info ? info->socket_context : NULL;
	exchange->listener = listener;
	exchange->started_ms = clock_now().mono_ms;
	text_copy(exchange->method, sizeof(exchange->method), method);
	exchange->reading = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	text_format(exchange->request_id, sizeof(exchange->request_id), "%s-%llu",
		    api->request_prefix,
		    (unsigned long long)atomic_fetch_add(&api->last_request, 1) + 1);
	return exchange;
}

static void wipe_json(json_t *json)
{
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_object(json)) {
		json_object_foreach (json, key, value)
			wipe_json(value);
	} else if (json_is_array(json)) {
		json_array_foreach (json, i, value)
			wipe_json(value);
	} else if (json_is_string(json)) {
		/* Jansson gives no way to write; the bytes are on the heap and ours. */
		OPENSSL_cleanse((void *)(uintptr_t)json_string_value(json),
				json_string_length(json));
	}
}

static void exchange_free(struct exchange *exchange)
{
	if (exchange->input)
		wipe_json(exchange->input);
	json_decref(exchange->input);
	json_decref(exchange->result);
	if (exchange->response)
		MHD_destroy_response(exchange->response);
	OPENSSL_clear_free(exchange->body, exchange->body_size);
	if (exchange->text)
		OPENSSL_clear_free(exchange->text, strlen(exchange->text));
	OPENSSL_cleanse(&exchange->seed, sizeof(exchange->seed));
	OPENSSL_cleanse(&exchange->context, sizeof(exchange->context));
	free(exchange->notices);
	free(exchange);
}

/* False: no memory. Over the limit the rest is thrown away. */
static bool take_body(struct exchange *exchange, const char *data, size_t len)
{
	size_t size = exchange->body_size ? exchange->body_size : BODY_FIRST;
	char *grown;

	if (exchange->stage == EXCHANGE_REFUSED || exchange->body_too_large)
		return true;
	if (len > BODY_MAX - exchange->body_len) {
		exchange->body_too_large = true;
		return true;
	}
	while (size - exchange->body_len <= len)
		size *= 2;
	if (size != exchange->body_size) {
		grown = OPENSSL_clear_realloc(exchange->body, exchange->body_size, size);
		if (!grown)
			return false;
		exchange->body = grown;
		exchange->body_size = size;
	}
	memcpy(exchange->body + exchange->body_len, data, len);
	exchange->body_len += len;
	exchange->body[exchange->body_len] = '\0';
	return true;
}

static int parse_body(struct exchange *exchange, struct hr_error *err)
{
	if (exchange->body_too_large)
		return too_large(err);
	if (exchange->route->body == BODY_NONE)
		return 0;
	if (json_parse(exchange->body ? exchange->body : "", exchange->body_len, "the request body",
		       &exchange->input, err) != 0) {
		err->http_status = err->class == HR_INVALID ? MHD_HTTP_BAD_REQUEST : 0;
		return -1;
	}
	if (!json_is_object(exchange->input))
		return error_set(err, HR_INVALID, "the request body must be a JSON object");
	return 0;
}

/* The whole request is here. */
static enum MHD_Result serve(struct exchange *exchange)
{
	struct hr_error err = {0};
	int rc = -1;

	if (parse_body(exchange, &err) == 0)
		rc = exchange->route->handler(exchange, &err);
	if (rc == EXCHANGE_HANDED_OVER)
		return MHD_YES; /* the exchange may be another thread's already: not touched again */
	if (rc != 0)
		exchange->error = err;
	return answer_send(exchange);
}

enum MHD_Result exchange_handle(void *context, struct MHD_Connection *connection, const char *url,
				const char *method, const char *version, const char *upload_data,
				size_t *upload_data_size, void **con_cls)
{
	struct exchange *exchange = *con_cls;

	(void)version;
	if (!exchange) {
		exchange = exchange_new(context, connection, method);
		*con_cls = exchange;
		if (!exchange)
			return MHD_NO;
		if (exchange->peer)
			peers_start_clock(exchange->listener->peers, exchange->peer);
		if (begin(exchange, url, &exchange->error) == 0)
			return MHD_YES;
		exchange->stage = EXCHANGE_REFUSED;
		/* Nobody sends 1 MiB for nothing: told before it is sent. And of a body that may be
		 * none nothing is awaited. */
		return exchange->last || exchange->error.http_status == MHD_HTTP_CONTENT_TOO_LARGE
			       ? answer_send(exchange)
			       : MHD_YES;
	}
	if (*upload_data_size > 0) {
		bool ok = take_body(exchange, upload_data, *upload_data_size);

		*upload_data_size = 0;
		return ok ? MHD_YES : MHD_NO;
	}
	if (exchange->stage == EXCHANGE_RECEIVING)
		return serve(exchange);
	if (exchange->stage == EXCHANGE_WAITING)
		return MHD_YES;
	if (exchange->stage == EXCHANGE_BACK && exchange->peer)
		peers_start_clock(exchange->listener->peers, exchange->peer);
	return exchange->stage == EXCHANGE_ANSWERED ? MHD_YES : answer_send(exchange);
}

void exchange_completed(void *context, struct MHD_Connection *connection, void **con_cls,
			enum MHD_RequestTerminationCode why)
{
	struct exchange *exchange = *con_cls;

	(void)context;
	(void)connection;
	(void)why;
	*con_cls = NULL;
	if (!exchange)
		return;
	/* Now the time until the next request runs. */
	if (exchange->peer)
		peers_start_clock(exchange->listener->peers, exchange->peer);
	api_request_end(exchange->api);
	exchange_free(exchange);
}

/* ---- Queries and headers ------------------------------------------------------------------- */

const char *exchange_query(struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

bool exchange_query_true(struct exchange *exchange, const char *name)
{
	const char *value = exchange_query(exchange, name);

	return value && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

int exchange_query_number(struct exchange *exchange, const char *name, int64_t minimum,
			  int64_t maximum, int64_t fallback, int64_t *ret, struct hr_error *err)
{
	const char *value = exchange_query(exchange, name);

	*ret = fallback;
	if (!value || text_to_int64(value, minimum, maximum, ret) == 0)
		return 0;
	return error_set_field(err, HR_INVALID, name, "100",
			       "the query parameter \"%s\" must be a number from %lld to %lld",
			       name, (long long)minimum, (long long)maximum);
}

const char *exchange_header(struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}
