/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of answers' headers, which are a stranger's text. */
#include "http/answer.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/header.h"
#include "http/room.h"

#define RETRY_AFTER_MAX_S INT64_C(86400)

/* The first that an answer has is taken. */
static const char *const request_id_headers[] = {
	"x-amzn-requestid",     "x-amz-request-id", "x-ms-request-id",   "x-openstack-request-id",
	"x-compute-request-id", "opc-request-id",   "x-goog-request-id", "x-guploader-uploadid",
	"x-ntnx-request-id",    "x-request-id",     "request-id",        "x-correlation-id",
	"x-trace-id",
};

int64_t http_answer_retry_after(const char *value, const char *date, int64_t now_s)
{
	int64_t seconds = 0;
	time_t until, from;

	if (!value)
		return 0;
	if (text_to_int64(value, 0, INT64_MAX, &seconds) != 0) {
		until = curl_getdate(value, NULL);
		from = date ? curl_getdate(date, NULL) : (time_t)-1;
		if (until == (time_t)-1)
			return value[0] != '\0' && strspn(value, "0123456789") == strlen(value)
				       ? RETRY_AFTER_MAX_S * MS_PER_S
				       : 0;
		seconds = (int64_t)until - (from == (time_t)-1 ? now_s : (int64_t)from);
	}
	if (seconds <= 0)
		return 0;
	return (seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S) * MS_PER_S;
}

static void drop_header(struct http_answer *answer, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < answer->n_headers; i++) {
		if (http_header_is(answer->headers[i].name, name)) {
			/* NOLINTBEGIN(clang-analyzer-unix.Malloc): the kept move down: each once */
			free(answer->headers[i].name);
			free(answer->headers[i].value);
			/* NOLINTEND(clang-analyzer-unix.Malloc) */
		} else {
			answer->headers[kept++] = answer->headers[i];
		}
	}
	answer->n_headers = kept;
}

void http_answer_read_headers(struct http_answer *answer, int64_t now_s)
{
	const struct http_header *h = answer->headers;
	size_t n = answer->n_headers;

	for (size_t i = 0; i < sizeof(request_id_headers) / sizeof(request_id_headers[0]); i++) {
		const char *id = http_header_find(h, n, request_id_headers[i]);

		if (id && id[0] != '\0' && text_valid_utf8(id, strlen(id))) {
			text_copy(answer->request_id, sizeof(answer->request_id), id);
			break;
		}
	}
	answer->retry_after_ms = http_answer_retry_after(http_header_find(h, n, "retry-after"),
							 http_header_find(h, n, "date"), now_s);
	if (http_header_find(h, n, "content-encoding")) {
		drop_header(answer, "content-encoding");
		drop_header(answer, "content-length");
	}
}

/* The media type of a Content-Type, in lower case. */
static void media_type(const char *value, char *buf, size_t size)
{
	text_format(buf, size, "%.*s", (int)strcspn(value, "; \t,"), value);
	for (char *c = buf; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 32);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

bool http_answer_is_expected(const struct http_answer *answer, uint32_t flags)
{
	const char *value;
	char type[128];

	if (answer->status < 200 || answer->status > 299 || answer->body_len == 0 ||
	    (flags & (HR_HTTP_EXPECT_JSON | HR_HTTP_EXPECT_XML)) == 0)
		return true;
	value = http_header_find(answer->headers, answer->n_headers, "content-type");
	media_type(value ? value : "", type, sizeof(type));
	if (flags & HR_HTTP_EXPECT_JSON &&
	    (ends_with(type, "/json") || ends_with(type, "+json") ||
	     strncmp(type, "application/x-amz-json", strlen("application/x-amz-json")) == 0))
		return true;
	return flags & HR_HTTP_EXPECT_XML && (ends_with(type, "/xml") || ends_with(type, "+xml"));
}

void http_answer_free(struct http_answer *answer)
{
	if (!answer)
		return;
	http_headers_free(answer->headers, answer->n_headers);
	if (answer->room)
		room_give_back(answer->room, answer->body_len);
	room_release(answer->room);
	if (answer->body)
		OPENSSL_cleanse(answer->body, answer->body_len);
	free(answer->body);
	free(answer);
}
