/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and copies of requests, and what a redirect makes of one. Not here: whether the host may be
 * reached (reach.c). */
#include "http/request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "http/header.h"

#define FLAGS_KNOWN (HR_HTTP_IDEMPOTENT | HR_HTTP_EXPECT_JSON | HR_HTTP_EXPECT_XML | HR_HTTP_FOLLOW)

/* These say how the connection is used, which is the daemon's to say. */
static const char *const reserved_headers[] = {
	"connection",
	"expect",
	"http2-settings",
	"keep-alive",
	"proxy-authenticate",
	"proxy-authorization",
	"proxy-connection",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
};

static int check_method(const char *method, struct hr_error *err)
{
	size_t len = method ? strlen(method) : 0;

	if (len == 0 || len > 20 || strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != len)
		return error_set(err, HR_INVALID,
				 "the request's method is not made of 1 to 20 capital letters");
	if (strcmp(method, "CONNECT") == 0 || strcmp(method, "TRACE") == 0)
		return error_set(err, HR_INVALID, "the method %s is not possible", method);
	return 0;
}

static bool is_reserved(const char *name)
{
	for (size_t i = 0; i < sizeof(reserved_headers) / sizeof(reserved_headers[0]); i++)
		if (http_header_is(name, reserved_headers[i]))
			return true;
	return false;
}

/* Whether a Host header says what is sent without it. */
static bool is_host_of(const char *value, const struct http_url *url)
{
	const char *colon = strrchr(value, ':');
	char host[URL_HOST_SIZE], shown[URL_HOST_SIZE];
	int64_t port = url->is_https ? 443 : 80;

	if (!text_copy(shown, sizeof(shown), value))
		return false;
	if (colon && !strchr(colon, ']')) {
		if (text_to_int64(colon + 1, 1, 65535, &port) != 0)
			return false;
		shown[colon - value] = '\0';
	}
	return http_host_normal(shown, host, NULL) && strcmp(host, url->host) == 0 &&
	       port == url->port;
}

/* Signers give Host and Content-Length, which are sent anyway: allowed where they are true, and
 * left out. */
static int is_ours(const struct request *request, const struct http_header *header, bool *ret_is,
		   struct hr_error *err)
{
	int64_t len = 0;

	*ret_is = true;
	if (http_header_is(header->name, "host")) {
		if (is_host_of(header->value, &request->url))
			return 0;
		return error_set(err, HR_INVALID, "the header Host is not the URL's host");
	}
	if (http_header_is(header->name, "content-length")) {
		if (text_to_int64(header->value, 0, HTTP_BODY_MAX, &len) == 0 &&
		    (uint64_t)len == request->body_len)
			return 0;
		return error_set(err, HR_INVALID, "the header Content-Length is not the body's");
	}
	*ret_is = false;
	return 0;
}

static int check_header(const struct http_header *header, struct hr_error *err)
{
	if (!http_header_is_name(header->name))
		return error_set(err, HR_INVALID,
				 "a header's name is empty or holds other characters than letters, "
				 "digits and \"-\"");
	if (!http_header_is_value(header->value))
		return error_set(err, HR_INVALID,
				 "the value of the header %.64s holds control characters",
				 header->name);
	if (is_reserved(header->name))
		return error_set(err, HR_INVALID, "the header %.64s is not the module's to set",
				 header->name);
	return 0;
}

static int take_headers(struct request *request, const struct http_request *from,
			struct hr_error *err)
{
	size_t bytes = 0;

	if (from->n_headers > HTTP_HEADERS_MAX)
		return error_set(err, HR_INVALID,
				 "the request has %zu headers, at most %d are possible",
				 from->n_headers, HTTP_HEADERS_MAX);
	for (size_t i = 0; i < from->n_headers; i++) {
		const struct http_header *header = &from->headers[i];
		bool ours = false;

		if (check_header(header, err) != 0 || is_ours(request, header, &ours, err) != 0)
			return -1;
		bytes += strlen(header->name) + strlen(header->value) + 4;
		if (bytes > HTTP_HEADER_BYTES_MAX)
			return error_set(err, HR_INVALID,
					 "the request's headers have more than %u bytes",
					 HTTP_HEADER_BYTES_MAX);
		if (!ours && http_header_append(&request->headers, &request->n_headers,
						header->name, header->value) != 0)
			return error_no_memory(err, "copying a request");
	}
	return 0;
}

static int take_body(struct request *request, const struct http_request *from, struct hr_error *err)
{
	if (from->body_len > HTTP_BODY_MAX)
		return error_set(err, HR_INVALID,
				 "the request's body has %zu bytes, at most %u are possible",
				 from->body_len, HTTP_BODY_MAX);
	if (from->body_len == 0)
		return 0;
	request->body = malloc(from->body_len);
	if (!request->body)
		return error_no_memory(err, "copying a request");
	memcpy(request->body, from->body, from->body_len);
	request->body_len = from->body_len;
	return 0;
}

int request_init(struct request *request, const struct http_request *from, struct hr_error *err)
{
	memset(request, 0, sizeof(*request));
	if (check_method(from->method, err) != 0)
		return -1;
	text_copy(request->method, sizeof(request->method), from->method);
	request->flags = from->flags & FLAGS_KNOWN;
	request->timeout_ms = from->timeout_ms;
	if (http_url_parse(from->url, &request->url, err) != 0 ||
	    take_body(request, from, err) != 0 || take_headers(request, from, err) != 0) {
		request_clear(request);
		return -1;
	}
	return 0;
}

static void drop_body(struct request *request)
{
	if (request->body)
		OPENSSL_cleanse(request->body, request->body_len);
	free(request->body);
	request->body = NULL;
	request->body_len = 0;
}

void request_clear(struct request *request)
{
	http_url_clear(&request->url);
	http_headers_free(request->headers, request->n_headers);
	request->headers = NULL;
	request->n_headers = 0;
	drop_body(request);
}

bool request_is_safe(const struct request *request)
{
	return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

bool request_may_repeat(const struct request *request)
{
	return request->flags & HR_HTTP_IDEMPOTENT || request_is_safe(request);
}

/* Removes, and wipes, headers of such names. */
static void drop_headers(struct request *request, bool (*is_dropped)(const char *name))
{
	size_t kept = 0;

	for (size_t i = 0; i < request->n_headers; i++) {
		struct http_header *header = &request->headers[i];

		if (is_dropped(header->name)) {
			OPENSSL_cleanse(header->value, strlen(header->value));
			free(header->name);
			free(header->value);
		} else {
			request->headers[kept++] = *header;
		}
	}
	request->n_headers = kept;
}

static bool is_of_content(const char *name)
{
	return strncasecmp(name, "content-", strlen("content-")) == 0;
}

/* As browsers do. A PUT or DELETE stays one, lest the answer to a GET be taken for its own. */
static bool becomes_get(const char *method, int status)
{
	if (status == 303)
		return strcmp(method, "HEAD") != 0;
	return (status == 301 || status == 302) && strcmp(method, "POST") == 0;
}

int request_redirect(struct request *request, int status, struct http_url *to, struct hr_error *err)
{
	bool same = http_url_same_origin(&request->url, to);

	if (request->url.is_https && !to->is_https) {
		error_set(err, HR_INVALID,
			  "%.200s redirects to http://%.200s, which is not followed: it has no TLS",
			  request->url.host, to->host);
		goto refused;
	}
	if (becomes_get(request->method, status)) {
		text_copy(request->method, sizeof(request->method), "GET");
		drop_body(request);
		drop_headers(request, is_of_content);
	}
	if (!same && request->body_len > 0) {
		error_set(
			err, HR_INVALID,
			"%.200s redirects to %.200s, which is not followed: a body does not leave "
			"the host that it was meant for",
			request->url.host, to->host);
		goto refused;
	}
	if (!same) {
		drop_headers(request, http_header_is_credential);
		request->left_origin = true;
	}
	http_url_clear(&request->url);
	request->url = *to;
	return 0;
refused:
	http_url_clear(to);
	return -1;
}
