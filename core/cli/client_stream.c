/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of Server-Sent Events from the daemon. Not here: when to connect again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/client_parts.h"
#include "cli/sse_reader.h"

/* The daemon sends something every 15 s. */
#define SILENCE_S 45L

struct streaming {
	struct client *client;
	struct sse_reader reader;
	struct client_answer refusal; /* what came instead of a stream */
	bool began;
	int taken; /* what the reader gave, when that was not 0 */
};

static size_t take_bytes(char *data, size_t size, size_t n, void *context)
{
	struct streaming *streaming = context;
	long status = 0;

	curl_easy_getinfo(streaming->client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return client_answer_append(data, size, n, &streaming->refusal);
	streaming->began = true;
	streaming->taken = sse_reader_feed(&streaming->reader, data, size * n);
	return streaming->taken == 0 ? size * n : 0;
}

static struct curl_slist *stream_headers(const struct client *client, const char *last_id)
{
	struct curl_slist *headers = client_header(NULL, "Accept: text/event-stream");
	char line[128];

	text_format(line, sizeof(line), "Last-Event-ID: %s", last_id);
	if (headers != NULL && last_id[0] != '\0')
		headers = client_header(headers, line);
	if (headers != NULL && client->authorization != NULL)
		headers = client_header(headers, client->authorization);
	return headers;
}

/* Why it is over, as client_stream gives it. */
static int stream_ended(struct streaming *streaming, CURLcode code, const char *detail,
			struct hr_error *err)
{
	long status = 0;

	curl_easy_getinfo(streaming->client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (streaming->taken != 0)
		return streaming->taken > 0 ? streaming->taken
					    : error_no_memory(err, "reading events");
	if (status != 0 && status != 200 && code == CURLE_OK)
		return client_answered(streaming->client, &streaming->refusal, status, NULL, err);
	if (code != CURLE_OK)
		client_unreachable(streaming->client, code, detail, err);
	else
		error_set(err, HR_TRANSIENT, "the daemon has ended the stream");
	return 0;
}

int client_stream(struct client *client, const char *path, char ret_id[CLIENT_ID_SIZE],
		  int (*take)(void *context, const struct client_event *event), void *context,
		  bool *ret_reached, struct hr_error *err)
{
	struct streaming streaming = {.client = client,
				      .reader = {.take = take, .context = context}};
	struct curl_slist *headers = stream_headers(client, ret_id);
	CLEANUP_FREE char *url = NULL;
	char detail[CURL_ERROR_SIZE] = "";
	CURLcode code;
	int ret;

	*ret_reached = false;
	if (asprintf(&url, "%s%s", client->base, path) < 0)
		url = NULL;
	if (headers == NULL || url == NULL) {
		curl_slist_free_all(headers);
		return error_no_memory(err, "asking the daemon");
	}
	text_copy(streaming.reader.id, CLIENT_ID_SIZE, ret_id);
	client_setup(client, "GET", url, NULL, headers, NULL, detail);
	curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, 0L);
	curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, SILENCE_S);
	curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &streaming);
	code = curl_easy_perform(client->curl);
	ret = stream_ended(&streaming, code, detail, err);
	text_copy(ret_id, CLIENT_ID_SIZE, streaming.reader.id);
	*ret_reached = streaming.began;
	sse_reader_close(&streaming.reader);
	free(streaming.refusal.text);
	curl_slist_free_all(headers);
	return ret;
}
