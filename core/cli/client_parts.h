/* SPDX-License-Identifier: Apache-2.0 */
/* What client.c and client_stream.c share. Nobody else includes this. */
#ifndef HR_CLI_CLIENT_PARTS_H
#define HR_CLI_CLIENT_PARTS_H

#include <stdbool.h>

#include <curl/curl.h>

#include "cli/client.h"

struct client {
	CURL *curl;
	char *socket;
	char *base;          /* URL without a slash at its end */
	char *authorization; /* whole header line; NULL by socket */
	long limit_s;
	const volatile sig_atomic_t *stop; /* borrowed; or NULL */
};

struct client_answer {
	char *text;
	size_t len;
	bool too_large;
};

/* libcurl's write function; context is the answer. */
size_t client_answer_append(char *data, size_t size, size_t n, void *context);

/* The whole answer; 2xx: 0 and its JSON, others: -1 and the daemon's words. */
int client_answered(const struct client *client, const struct client_answer *answer, long status,
		    json_t **ret_body, struct hr_error *err);

/* HR_TRANSIENT; gives -1. */
int client_unreachable(const struct client *client, CURLcode code, const char *detail,
		       struct hr_error *err);

/* All that requests have in common, on the client's handle. detail: CURL_ERROR_SIZE bytes. */
void client_setup(struct client *client, const char *method, const char *url, const char *text,
		  struct curl_slist *headers, struct client_answer *answer, char *detail);

/* Appends a header; on failure the list is freed and NULL given. */
struct curl_slist *client_header(struct curl_slist *headers, const char *line);

#endif
