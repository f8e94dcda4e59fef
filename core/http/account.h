/* SPDX-License-Identifier: Apache-2.0 */
/* An account of the HTTP service: policy, connections of its own, secrets to mask. Counted
 * references, since requests outlive http_account_free. */
#ifndef HR_HTTP_ACCOUNT_H
#define HR_HTTP_ACCOUNT_H

#include <stdatomic.h>

#include <curl/curl.h>

#include "http/cassette.h"
#include "http/policy.h"
#include "http/room.h"
#include "http/scrub.h"

struct http_account {
	atomic_int references;
	struct http_service *service; /* a reference is held */
	struct http_account *next;    /* among those that the http thread is to free */
	char id[64];
	struct http_policy policy; /* constant */
	struct scrub scrub;
	struct http_room *room;
	struct cassette *cassette; /* the service's; NULL: neither record nor replay */
	/* Connections and TLS sessions, which nobody else's requests use. One multi handle for all
	 * accounts and a share for each, rather than a multi handle for each: a thread can wait on
	 * one multi handle only. The http thread only. */
	CURLSH *share;
};

/* Any thread. The last reference hands it to the http thread, which frees it. */
struct http_account *account_hold(struct http_account *account);
void account_release(struct http_account *account);

/* The http thread, or any once that has ended. */
void account_destroy(struct http_account *account);

#endif
