/* SPDX-License-Identifier: Apache-2.0 */
/* See odd.h. */
#include "odd.h"

#include <stdio.h>
#include <string.h>

#define MANY 300        /* headers */
#define LONG (18 << 20) /* bytes: more than any part of a request may have */

static struct hr_span span_of(const char *text)
{
	return (struct hr_span){text, strlen(text)};
}

static struct hr_span long_text(const char *begin, size_t len)
{
	static char text[LONG];

	memset(text, 'a', len);
	memcpy(text, begin, strlen(begin));
	return (struct hr_span){text, len};
}

int32_t odd_ask(const struct hr_call *call, const struct hr_http_service *http,
		const struct hr_secret_service *secret, const char *base, const char *word)
{
	struct hr_http_request request = {.size = sizeof(request)};
	static struct hr_http_header headers[MANY];
	struct hr_http_response response;
	char url[512];

	snprintf(url, sizeof(url), "%s/", base);
	for (int i = 0; i < MANY; i++)
		headers[i] = (struct hr_http_header){span_of("x-a"), span_of("b")};
	request.method = span_of("PUT");
	request.url = span_of(url);
	request.headers = headers;
	request.n_headers = 20;
	if (strcmp(word, "method") == 0)
		request.method = long_text("PUT", 33);
	else if (strcmp(word, "url") == 0)
		request.url = long_text(url, 16385);
	else if (strcmp(word, "name") == 0)
		headers[0].name = long_text("x-", 1025);
	else if (strcmp(word, "value") == 0)
		headers[0].value = long_text("v", 65537);
	else if (strcmp(word, "headers") == 0)
		request.n_headers = MANY;
	else if (strcmp(word, "together") == 0)
		for (int i = 0; i < 20; i++)
			headers[i].value = long_text("v", 65000);
	else if (strcmp(word, "body") == 0)
		request.body = long_text("b", LONG);
	else if (strcmp(word, "nul") == 0)
		request.url = (struct hr_span){"http://a\0b/", 11};
	else if (strcmp(word, "url-bytes") == 0)
		request.url = span_of("http://127.0.0.1/\xff");
	else if (strcmp(word, "value-bytes") == 0)
		headers[0].value = span_of("caf\xe9");
	else if (strcmp(word, "secret") == 0)
		return secret->get(call, span_of("to\nken"), &request.body);
	else if (strcmp(word, "secret-bytes") == 0)
		return secret->get(call, span_of("tok\xe9n"), &request.body);
	else if (strcmp(word, "spent") == 0)
		call->alloc(call, UINT64_MAX);
	return http->perform(call, &request, &response);
}
