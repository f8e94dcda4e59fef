/* SPDX-License-Identifier: Apache-2.0 */
/* Events as answers show them. */
#ifndef HR_API_EVENTS_H
#define HR_API_EVENTS_H

#include <jansson.h>

#include "api/exchange.h"
#include "api/names.h"
#include "api/streams.h"
#include "store/operation_rows.h"

/* One event. NULL: no memory. */
json_t *event_view(struct tx *tx, struct names *names, const struct event *event);

/* An array in rising order; ret_last (may be NULL) is the last one's number, 0 for none. */
int events_view(struct tx *tx, struct names *names, const struct event_query *query, json_t **ret,
		int64_t *ret_last, struct hr_error *err);

/* Those of the query's "pool", "server" and "session". Events outlive what they are about: an id is
 * taken as it is, a name must be there. */
int events_filter(struct tx *tx, struct exchange *exchange, struct stream_filter *ret,
		  struct hr_error *err);

/* event_stream.c: GET /api/v1/events with "Accept: text/event-stream". */
bool events_stream_wanted(struct exchange *exchange);
int events_stream(struct exchange *exchange, struct hr_error *err);

#endif
