/* SPDX-License-Identifier: Apache-2.0 */
/* One hop: one libcurl handle that sends a request to the URL that it has now and gathers the
 * answer, within limits. The http thread only. Not here: redirects, repeats (exchange.c). */
#ifndef HR_HTTP_TRANSFER_H
#define HR_HTTP_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "http/policy.h"
#include "http/request.h"
#include "http/room.h"

struct transfer {
	CURL *easy;
	struct curl_slist *headers;
	char reason[CURL_ERROR_SIZE]; /* libcurl's words */
	const struct http_policy *policy;
	const struct request *request;
	enum reach_kind reach;
	bool by_proxy;       /* addresses of this machine and link are reached without */
	uint64_t bytes_sent; /* heads and bodies, all attempts together */
	unsigned n_sent;     /* how often the request has begun to be sent; 0: no byte of it left */
	bool stopped_repeat; /* libcurl wanted to send it again, which must not be */
	bool refused_address; /* the name resolved to an address that it must not */
	bool too_large;       /* the answer, or its headers */
	bool has_head;        /* the answer's head came whole: libcurl takes one that is cut off */
	bool no_memory;
	bool no_room;               /* in the account, for more of the answer */
	struct http_answer *answer; /* owned; status, headers and body so far */
	size_t header_bytes;
	size_t body_room;
};

/* Policy and request are borrowed until transfer_end. share: the account's connections; room: where
 * the answer is counted. The handle is not added to a multi handle here. timeout_ms: of this hop. private:
 * for CURLINFO_PRIVATE. */
int transfer_begin(struct transfer *transfer, const struct http_policy *policy,
		   const struct request *request, enum reach_kind reach, CURLSH *share,
		   struct http_room *room, int64_t timeout_ms, void *private, struct hr_error *err);

/* After the handle has left its multi handle. Frees all but an answer that was taken away. */
void transfer_end(struct transfer *transfer);

/* Why it failed (failure.c). time_is_up: the request's own limit has passed. */
void transfer_failure(const struct transfer *transfer, CURLcode code, bool time_is_up,
		      struct hr_error *ret_error);

/* Whether the failure is one of a connection that carried nothing of the request (failure.c). */
bool transfer_may_reconnect(const struct transfer *transfer, CURLcode code);

#endif
