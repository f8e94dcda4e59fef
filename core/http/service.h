/* SPDX-License-Identifier: Apache-2.0 */
/* The service's own state, for the files of this folder. */
#ifndef HR_HTTP_SERVICE_H
#define HR_HTTP_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <curl/curl.h>

#include "http/account.h"
#include "http/exchange.h"
#include "http/metrics.h"

struct http_service {
	atomic_int references; /* of the owner and of each account */
	CURLM *multi;          /* the http thread's, but for curl_multi_wakeup */
	char *record_dir;
	char *replay_dir;
	const char *const *record_ids;
	struct metrics metrics;
	pthread_t thread;
	pthread_mutex_t mutex; /* over all below */
	bool stopping;         /* nothing is taken any more */
	bool ended;            /* the thread is no more */
	uint64_t last_ticket;
	struct exchange *exchanges;  /* under way; freed by the http thread only */
	struct http_account *buried; /* to be freed by the http thread */
	struct cassette **cassettes; /* one for each account id that there was */
	size_t n_cassettes;
};

struct http_service *service_hold(struct http_service *service);
void service_release(struct http_service *service);

/* The cassette of that account, opened the first time; NULL where there are none. Any thread. */
int service_find_cassette(struct http_service *service, const char *id,
			  struct cassette **ret_cassette, struct hr_error *err);

/* Frees an account that nobody refers to, on the right thread, with its reference of the service.
 * Any thread. */
void service_bury(struct http_service *service, struct http_account *account);

/* Takes an exchange out of the list. The http thread. */
void service_forget(struct http_service *service, struct exchange *exchange);

#endif
