/* SPDX-License-Identifier: Apache-2.0 */
/* What happened and was decided, as a list in order of its numbers. */
#include "api/events.h"

#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/handlers.h"
#include "api/servers.h"
#include "base/text.h"
#include "store/document_rows.h"

#define LIMIT 100
#define LIMIT_MAX 1000

json_t *event_view(struct tx *tx, struct names *names, const struct event *event)
{
	return json_pack("{sI so ss so so so so so so ss}", "number", (json_int_t)event->number,
			 "at", time_json(event->at_ms), "kind", event->kind, "pool",
			 names_json(tx, names, DOCUMENT_POOL, event->pool_id), "config",
			 names_json(tx, names, DOCUMENT_AUTOSCALE_CONFIG, event->config_id),
			 "server", text_json(event->server_id), "session",
			 text_json(event->session_id), "operation", text_json(event->operation_id),
			 "request", text_json(event->request_id), "message", event->message);
}

int events_view(struct tx *tx, struct names *names, const struct event_query *query, json_t **ret,
		int64_t *ret_last, struct hr_error *err)
{
	struct event *events = NULL;
	json_t *list;
	size_t n = 0;
	int rc = 0;

	if (event_list(tx, query, &events, &n, err) != 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = json_array_append_new(list, event_view(tx, names, &events[i]));
	if (ret_last)
		*ret_last = n > 0 ? events[n - 1].number : 0;
	free(events);
	if (!list || rc != 0) {
		json_decref(list);
		return error_no_memory(err, "answering");
	}
	*ret = list;
	return 0;
}

int events_filter(struct tx *tx, struct exchange *exchange, struct stream_filter *ret,
		  struct hr_error *err)
{
	const char *pool = exchange_query(exchange, "pool");
	const char *server = exchange_query(exchange, "server");
	const char *session = exchange_query(exchange, "session");
	struct document document = {0};
	struct server found;

	memset(ret, 0, sizeof(*ret));
	if (pool && id_valid(pool)) {
		text_copy(ret->pool_id, ID_SIZE, pool);
	} else if (pool) {
		if (document_find(tx, DOCUMENT_POOL, pool, &document, err) != 0)
			return -1;
		text_copy(ret->pool_id, ID_SIZE, document.id);
		document_clear(&document);
	}
	if (server && id_valid(server)) {
		text_copy(ret->server_id, ID_SIZE, server);
	} else if (server) {
		if (server_find(tx, server, &found, err) != 0)
			return -1;
		text_copy(ret->server_id, ID_SIZE, found.id);
	}
	if (session && !id_valid(session))
		return error_set_field(err, HR_INVALID, "session", NULL,
				       "\"%s\" is no session's id; see \"headroom session list\"",
				       session);
	text_copy(ret->session_id, ID_SIZE, session);
	return 0;
}

static int run_list(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct event_query query = {.newest = exchange_query_true(exchange, "newest")};
	struct stream_filter filters;
	struct names names = {0};
	int64_t limit, last = 0;
	json_t *items = NULL;
	char next[24];

	/* "cursor" is what "next" gave: the same as "after". */
	if (exchange_query_number(exchange, "limit", 1, LIMIT_MAX, LIMIT, &limit, err) != 0 ||
	    exchange_query_number(exchange, exchange_query(exchange, "cursor") ? "cursor" : "after",
				  0, INT64_MAX, 0, &query.after_number, err) != 0 ||
	    events_filter(tx, exchange, &filters, err) != 0)
		return -1;
	query.pool_id = filters.pool_id[0] ? filters.pool_id : NULL;
	query.server_id = filters.server_id[0] ? filters.server_id : NULL;
	query.session_id = filters.session_id[0] ? filters.session_id : NULL;
	query.limit = (int)limit;
	if (events_view(tx, &names, &query, &items, &last, err) != 0)
		return -1;
	text_format(next, sizeof(next), "%lld", (long long)last);
	return exchange_answer(exchange,
			       json_pack("{so so}", "items", items, "next",
					 json_array_size(items) == (size_t)limit && !query.newest
						 ? json_string(next)
						 : json_null()),
			       err);
}

int events_list(struct exchange *exchange, struct hr_error *err)
{
	if (events_stream_wanted(exchange))
		return events_stream(exchange, err);
	return exchange_read(exchange, run_list, err);
}
