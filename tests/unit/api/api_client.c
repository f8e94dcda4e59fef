/* SPDX-License-Identifier: Apache-2.0 */
/* The client of the API's tests, on libcurl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "api_fixture.h"

struct reply reply;

void client_clear(void)
{
	free(reply.text);
	json_decref(reply.json);
	memset(&reply, 0, sizeof(reply));
}

static size_t take_header(char *data, size_t size, size_t n, void *context)
{
	struct reply *to = context;
	size_t len = strlen(to->headers);

	text_format(to->headers + len, sizeof(to->headers) - len, "%.*s", (int)(size * n), data);
	return size * n;
}

static void perform_into(struct reply *to, const char *token, bool local, const char *method,
			 const char *path, const char *body, const char *header)
{
	char url[4096], line[2048];
	struct curl_slist *headers = NULL;
	size_t len = 0;
	FILE *out;
	CURL *curl = curl_easy_init();
	CURLcode code;

	out = open_memstream(&to->text, &len);
	text_format(url, sizeof(url), "http://%s%s", local ? "local" : api_at, path);
	headers = curl_slist_append(headers, "Expect:");
	if (token) {
		text_format(line, sizeof(line), "Authorization: Bearer %s", token);
		headers = curl_slist_append(headers, line);
	}
	if (header)
		headers = curl_slist_append(headers, header);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 50L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, to);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	if (local)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	if (body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
	}
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	/* What is refused for its size may find the connection closed while it is still being sent, before the
	 * answer is read. */
	for (int tries = 0; tries < 10; tries++) {
		rewind(out);
		code = curl_easy_perform(curl);
		if (code != CURLE_SEND_ERROR)
			break;
	}
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &to->status);
	fclose(out);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	ck_assert_msg(code == CURLE_OK, "%s %s: %s", method, path, curl_easy_strerror(code));
	to->json = json_loads(to->text, 0, NULL);
}

static long perform(const char *token, bool local, const char *method, const char *path,
		    const char *body, const char *header)
{
	client_clear();
	perform_into(&reply, token, local, method, path, body, header);
	return reply.status;
}

long ask_alone(enum caller caller, const char *method, const char *path, const char *body)
{
	struct reply *own = calloc(1, sizeof(*own));
	long status;

	ck_assert_ptr_nonnull(own);
	perform_into(own, token_text(caller), false, method, path, body, NULL);
	status = own->status;
	free(own->text);
	json_decref(own->json);
	free(own);
	return status;
}

long call_with(enum caller caller, const char *method, const char *path, const char *body,
	       const char *header)
{
	const char *token = caller > NOBODY && caller < LOCAL ? token_text(caller) : NULL;

	return perform(token, caller == LOCAL, method, path, body, header);
}

long call(enum caller caller, const char *method, const char *path, const char *body)
{
	return call_with(caller, method, path, body, NULL);
}

long call_token(const char *token, const char *method, const char *path, const char *body)
{
	return perform(token, false, method, path, body, NULL);
}

static const json_t *at(const char *path)
{
	const json_t *json = reply.json;
	char key[64];

	while (json && *path) {
		size_t len = strcspn(path, ".");

		text_format(key, sizeof(key), "%.*s", (int)len, path);
		if (json_is_array(json))
			json = json_array_get(json, (size_t)strtoul(key, NULL, 10));
		else
			json = json_object_get(json, key);
		path += len + (path[len] == '.');
	}
	return json;
}

const char *text_at(const char *path)
{
	const char *text = json_string_value(at(path));

	return text ? text : "";
}

long long number_at(const char *path)
{
	const json_t *json = at(path);

	ck_assert_msg(json_is_integer(json) || json_is_boolean(json), "%s is no number in %s", path,
		      reply.text);
	return json_is_integer(json) ? json_integer_value(json) : json_is_true(json);
}

size_t items(void)
{
	const json_t *list = at("items");

	ck_assert_msg(json_is_array(list), "no list: %s", reply.text);
	return json_array_size(list);
}

long long metric(const char *name)
{
	const char *line;
	char start[200];

	expect(200, call(VIEWER, "GET", "/metrics", NULL));
	text_format(start, sizeof(start), "\n%s ", name);
	line = strstr(reply.text, start);
	return line ? strtoll(line + strlen(start), NULL, 10) : -1;
}
