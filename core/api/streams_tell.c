/* SPDX-License-Identifier: Apache-2.0 */
/* From the store into the readers' rings. One thread does all the reading, so that the seam is simple:
 * a reader that has caught up at some moment of the store has been told all up to that moment's newest
 * number, and is told those above it with the others. A reader that takes less than it is given goes
 * back to reading by itself, at its own pace, and none waits for it. */
#include "api/streams_parts.h"

#include <stdlib.h>
#include <string.h>

#include "api/events.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

struct reading {
	struct batch *batch;
	const struct stream_filter *filter; /* NULL: all */
	int64_t after;
};

static int write_frames(struct tx *tx, struct batch *batch, const struct event *events, size_t n,
			struct hr_error *err)
{
	struct names names = {0};
	size_t used = 0;

	while (batch->n < n && BATCH_BYTES - used >= SSE_FRAME_MAX) {
		const struct event *event = &events[batch->n];
		struct batch_item *item = &batch->items[batch->n];
		json_t *json = event_view(tx, &names, event);
		int rc = json ? sse_event(event->number, event->kind, json, batch->bytes + used,
					  &item->len, err)
			      : error_no_memory(err, "telling events");

		json_decref(json);
		if (rc != 0)
			return -1;
		item->at = used;
		item->number = event->number;
		text_copy(item->about.pool_id, ID_SIZE, event->pool_id);
		text_copy(item->about.server_id, ID_SIZE, event->server_id);
		text_copy(item->about.session_id, ID_SIZE, event->session_id);
		used += item->len;
		batch->n++;
	}
	return 0;
}

static const char *or_null(const char *id)
{
	return id[0] != '\0' ? id : NULL;
}

static int read_batch(struct tx *tx, void *arg, struct hr_error *err)
{
	static const struct stream_filter all;
	struct reading *reading = arg;
	struct batch *batch = reading->batch;
	const struct stream_filter *filter = reading->filter ? reading->filter : &all;
	struct event_query query = {.pool_id = or_null(filter->pool_id),
				    .server_id = or_null(filter->server_id),
				    .session_id = or_null(filter->session_id),
				    .after_number = reading->after,
				    .limit = BATCH_EVENTS};
	struct event *events = NULL;
	size_t n = 0;
	int rc;

	batch->n = 0;
	if (event_bounds(tx, &batch->oldest, &batch->newest, err) != 0)
		return -1;
	batch->why = reading->after > batch->newest ? SSE_LOSS_AHEAD : SSE_LOSS_REMOVED;
	batch->lost = reading->after > batch->newest || reading->after < batch->oldest - 1;
	if (batch->lost)
		query.after_number =
			batch->why == SSE_LOSS_AHEAD ? batch->newest : batch->oldest - 1;
	if (event_list(tx, &query, &events, &n, err) != 0)
		return -1;
	rc = write_frames(tx, batch, events, n, err);
	batch->complete = n < BATCH_EVENTS && batch->n == n;
	free(events);
	return rc;
}

/* Without the lock. A failure is logged once, and tried again by the clock. */
static bool read_events(struct streams *streams, const struct stream_filter *filter, int64_t after)
{
	struct reading reading = {&streams->batch, filter, after};
	struct hr_error err = {0};
	bool good = store_read(streams->store, read_batch, &reading, &err) == 0;

	if (!good && !streams->failed)
		log_line(LOG_LEVEL_ERROR, NULL, "events cannot be read for their stream: %s",
			 err.message);
	streams->failed = !good;
	return good;
}

static bool is_live(const struct stream_reader *reader)
{
	return !reader->replaying && !reader->ending;
}

static bool any_live(const struct streams *streams)
{
	const struct stream_reader *reader = streams->first;

	while (reader && !is_live(reader))
		reader = reader->next;
	return reader != NULL;
}

static bool passes(const struct stream_filter *filter, const struct stream_filter *about)
{
	return (!filter->pool_id[0] || strcmp(filter->pool_id, about->pool_id) == 0) &&
	       (!filter->server_id[0] || strcmp(filter->server_id, about->server_id) == 0) &&
	       (!filter->session_id[0] || strcmp(filter->session_id, about->session_id) == 0);
}

static void tell_one(struct stream_reader *reader, const struct batch *batch,
		     const struct batch_item *item)
{
	if (item->number <= reader->after)
		return;
	if (passes(&reader->wish.filter, &item->about)) {
		if (!stream_has_room(reader, item->len)) {
			reader->replaying = true;
			return;
		}
		stream_put(reader, batch->bytes + item->at, item->len);
		reader->streams->figures.told++;
	}
	reader->after = item->number;
}

/* To all who have caught up. True: there is more. */
static bool tell_new(struct streams *streams)
{
	const struct batch *batch = &streams->batch;
	bool anybody;

	pthread_mutex_lock(&streams->mutex);
	anybody = any_live(streams);
	pthread_mutex_unlock(&streams->mutex);
	if (!anybody || !read_events(streams, NULL, streams->last))
		return false;
	pthread_mutex_lock(&streams->mutex);
	for (struct stream_reader *reader = streams->first; reader; reader = reader->next) {
		/* Removed before it was told: each hears it by its own reading. */
		if (batch->lost && is_live(reader))
			reader->replaying = true;
		for (size_t i = 0; i < batch->n && is_live(reader); i++)
			tell_one(reader, batch, &batch->items[i]);
	}
	pthread_mutex_unlock(&streams->mutex);
	if (batch->n > 0)
		streams->last = batch->items[batch->n - 1].number;
	return !batch->complete;
}

bool stream_wants_replay(const struct stream_reader *reader)
{
	return reader->replaying && !reader->ending &&
	       stream_ring_room(&reader->ring) >= reader->ring.size / 2;
}

static struct stream_reader *next_replay(struct streams *streams)
{
	struct stream_reader *reader;

	pthread_mutex_lock(&streams->mutex);
	reader = streams->first;
	while (reader && (reader->turn == streams->turn || !stream_wants_replay(reader)))
		reader = reader->next;
	if (reader) {
		reader->turn = streams->turn;
		reader->in_use = true;
	}
	pthread_mutex_unlock(&streams->mutex);
	return reader;
}

/* The lock is held. */
static void take_batch(struct streams *streams, struct stream_reader *reader)
{
	const struct batch *batch = &streams->batch;
	char notice[SSE_NOTICE_MAX];
	size_t i = 0;

	if (batch->lost) {
		reader->after = batch->why == SSE_LOSS_AHEAD ? batch->newest : batch->oldest - 1;
		stream_put(reader, notice, sse_lost(reader->after, batch->why, notice));
		stream_count_loss(streams, batch->why);
	}
	for (; i < batch->n && stream_has_room(reader, batch->items[i].len); i++) {
		stream_put(reader, batch->bytes + batch->items[i].at, batch->items[i].len);
		reader->after = batch->items[i].number;
		streams->figures.told++;
	}
	if (i < batch->n || !batch->complete)
		return;
	/* Caught up: what of that moment is not here does not pass its filter. */
	if (!any_live(streams))
		streams->last = batch->newest;
	reader->replaying = false;
	if (reader->after < batch->newest)
		reader->after = batch->newest;
}

static void replay_one(struct streams *streams, struct stream_reader *reader)
{
	bool good = read_events(streams, &reader->wish.filter, reader->after);

	pthread_mutex_lock(&streams->mutex);
	reader->in_use = false;
	if (reader->removed) {
		stream_ring_close(&reader->ring);
		free(reader);
	} else if (good && !reader->ending) {
		take_batch(streams, reader);
	}
	pthread_mutex_unlock(&streams->mutex);
}

/* A batch for each who wants one. True: some may want another. */
static bool replay_all(struct streams *streams)
{
	struct stream_reader *reader;
	bool any = false;

	pthread_mutex_lock(&streams->mutex); /* a reader that is added takes it over */
	streams->turn++;
	pthread_mutex_unlock(&streams->mutex);
	while ((reader = next_replay(streams)) != NULL) {
		replay_one(streams, reader);
		if (streams->failed)
			return false;
		any = true;
	}
	return any;
}

bool streams_tell(struct streams *streams)
{
	bool more = tell_new(streams);

	return replay_all(streams) || more;
}
