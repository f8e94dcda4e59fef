/* SPDX-License-Identifier: Apache-2.0 */
/* One request of a module's from submission to answer: its hops, one repeat of a connection that
 * failed, record and replay. All functions: the http thread, if not said otherwise. */
#ifndef HR_HTTP_EXCHANGE_H
#define HR_HTTP_EXCHANGE_H

#include <stdbool.h>

#include "http/account.h"
#include "http/request.h"
#include "http/transfer.h"

struct exchange {
	struct exchange *next; /* in the service's list, under its mutex */
	uint64_t ticket;
	bool is_new;                  /* under the service's mutex: not started yet */
	bool is_cancelled;            /* likewise */
	struct http_account *account; /* a reference is held */
	void (*done)(void *context, struct http_answer *answer);
	void *context;
	struct request request;
	struct http_room *room;
	size_t room_taken;  /* by the request's body */
	json_t *recorded;   /* the request as cassettes have it; NULL: there is no cassette */
	char method[24];    /* as it was asked */
	int64_t started_ms; /* monotonic */
	int64_t deadline_ms;
	unsigned redirects;
	bool has_reconnected;
	bool has_sent;  /* a byte of any hop */
	bool is_second; /* see struct http_answer */
	uint64_t bytes_sent;
	uint64_t bytes_received;
	uint64_t connects;
	struct transfer transfer;   /* of the present hop */
	struct http_answer *answer; /* made at submission, so that there is one in any case */
};

/* Any thread. The account is held. HR_INVALID as http_submit says. */
int exchange_new(struct http_account *account, const struct http_request *request,
		 struct exchange **ret_exchange, struct hr_error *err);
void exchange_free(struct exchange *exchange);

/* Each of these may end the exchange: done is called, and it is freed. */
void exchange_start(struct exchange *exchange);
void exchange_hop_done(struct exchange *exchange, CURLcode code);
void exchange_cancel(struct exchange *exchange);

#endif
