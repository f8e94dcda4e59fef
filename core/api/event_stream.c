/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/v1/events as Server-Sent Events: where the reader begins, and its connection asleep and
 * awake. Not here: what it is told (streams.c). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "api/events.h"
#include "base/text.h"
#include "store/operation_rows.h"

#define NEWEST 100
#define NEWEST_MAX 1000
/* Asked for by the HTTP library at once. */
#define BLOCK_SIZE ((size_t)8 << 10)
/* What the system holds for a reader that does not take it. */
#define SEND_BUFFER (64 << 10)

struct event_stream {
	struct stream_reader *reader;
	struct MHD_Connection *connection;
	struct peers *peers;
	struct peer *peer; /* or NULL */
};

bool events_stream_wanted(struct exchange *exchange)
{
	const char *accept = exchange_header(exchange, MHD_HTTP_HEADER_ACCEPT);

	return strcmp(exchange->method, "GET") == 0 && accept &&
	       strcasestr(accept, "text/event-stream");
}

/* ---- The connection --------------------------------------------------------------------------- */

static void suspend(void *context)
{
	const struct event_stream *stream = context;

	MHD_suspend_connection(stream->connection);
}

static void resume(void *context)
{
	const struct event_stream *stream = context;

	MHD_resume_connection(stream->connection);
}

static void expire(void *context)
{
	const struct event_stream *stream = context;

	if (stream->peer)
		peers_start_clock(stream->peers, stream->peer);
}

static bool is_there(void *context)
{
	const struct event_stream *stream = context;
	char byte;

	return !stream->peer || recv(stream->peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

static ssize_t give_bytes(void *context, uint64_t position, char *buf, size_t max)
{
	const struct event_stream *stream = context;
	ssize_t len = streams_read(stream->reader, buf, max);

	(void)position;
	return len < 0 ? MHD_CONTENT_READER_END_OF_STREAM : len;
}

static void stream_free(void *context)
{
	struct event_stream *stream = context;

	if (stream->reader)
		streams_remove(stream->reader);
	free(stream);
}

/* ---- Where it begins -------------------------------------------------------------------------- */

struct beginning {
	struct exchange *exchange;
	struct stream_filter filter;
	int64_t after;
};

/* The header is what a client that was connected before sends of itself: it is newer than the address. */
static int resume_point(struct exchange *exchange, int64_t *ret_after, struct hr_error *err)
{
	const char *last = exchange_header(exchange, "Last-Event-ID");
	const char *name = exchange_query(exchange, "cursor") ? "cursor" : "after";

	if (!last || last[0] == '\0')
		return exchange_query_number(exchange, name, 0, INT64_MAX, -1, ret_after, err);
	if (text_to_int64(last, 0, INT64_MAX, ret_after) == 0)
		return 0;
	return error_set_field(err, HR_INVALID, "Last-Event-ID", "1024",
			       "the header Last-Event-ID must be the number of an event");
}

/* The number before the `most` newest of those that pass the filter. */
static int before_newest(struct tx *tx, const struct stream_filter *filter, int64_t most,
			 int64_t *ret_after, struct hr_error *err)
{
	const struct event_query query = {
		.pool_id = filter->pool_id[0] ? filter->pool_id : NULL,
		.server_id = filter->server_id[0] ? filter->server_id : NULL,
		.session_id = filter->session_id[0] ? filter->session_id : NULL,
		.newest = true,
		.limit = (int)most,
	};
	struct event *events = NULL;
	size_t n = 0;

	if (event_list(tx, &query, &events, &n, err) != 0)
		return -1;
	if (n > 0)
		*ret_after = events[0].number - 1;
	free(events);
	return 0;
}

static int run_begin(struct tx *tx, void *arg, struct hr_error *err)
{
	struct beginning *begin = arg;
	struct exchange *exchange = begin->exchange;
	int64_t limit, oldest, newest;

	if (events_filter(tx, exchange, &begin->filter, err) != 0 ||
	    resume_point(exchange, &begin->after, err) != 0 ||
	    exchange_query_number(exchange, "limit", 1, NEWEST_MAX, NEWEST, &limit, err) != 0)
		return -1;
	if (exchange_query(exchange, "limit") && !exchange_query_true(exchange, "newest"))
		return error_set_field(err, HR_INVALID, "limit", NULL,
				       "a stream has no limit; with newest=true \"limit\" says how "
				       "many events that have happened already it begins with");
	if (begin->after >= 0)
		return 0;
	if (event_bounds(tx, &oldest, &newest, err) != 0)
		return -1;
	begin->after = newest;
	return exchange_query_true(exchange, "newest")
		       ? before_newest(tx, &begin->filter, limit, &begin->after, err)
		       : 0;
}

/* ---- The answer -------------------------------------------------------------------------------- */

static int open_reader(struct event_stream *stream, const struct beginning *begin,
		       struct hr_error *err)
{
	struct exchange *exchange = begin->exchange;
	struct stream_wish wish = {
		.filter = begin->filter,
		.after = begin->after,
		.by_token = exchange->by_token,
		.suspend = suspend,
		.resume = resume,
		.expire = expire,
		.is_there = is_there,
		.context = stream,
	};

	memcpy(wish.token_hash, exchange->token_hash, sizeof(wish.token_hash));
	return streams_add(exchange->api->streams, &wish, &stream->reader, err);
}

static int answer_stream(struct exchange *exchange, struct event_stream *stream,
			 struct hr_error *err)
{
	const int size = SEND_BUFFER;

	exchange->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE,
							       give_bytes, stream, stream_free);
	if (!exchange->response) {
		stream_free(stream);
		return error_no_memory(err, "opening an event stream");
	}
	MHD_add_response_header(exchange->response, "X-Accel-Buffering", "no");
	exchange->content_type = "text/event-stream";
	if (exchange->peer) {
		/* It has all the time in the world, but is given no more than this at once. */
		peers_stop_clock(exchange->listener->peers, exchange->peer);
		setsockopt(exchange->peer->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	}
	return 0;
}

int events_stream(struct exchange *exchange, struct hr_error *err)
{
	struct beginning begin = {.exchange = exchange};
	struct event_stream *stream;

	if (store_read(exchange->api->options.store, run_begin, &begin, err) != 0)
		return -1;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return error_no_memory(err, "opening an event stream");
	stream->connection = exchange->connection;
	stream->peers = exchange->listener->peers;
	stream->peer = exchange->peer;
	if (open_reader(stream, &begin, err) != 0) {
		free(stream);
		return -1;
	}
	return answer_stream(exchange, stream, err);
}
