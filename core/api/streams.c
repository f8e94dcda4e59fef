/* SPDX-License-Identifier: Apache-2.0 */
/* The set of readers and the thread. Not here: reading events and telling them (streams_tell.c), frames
 * (sse.c). */
#include "api/streams.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "api/auth.h"
#include "api/streams_parts.h"
#include "base/clock.h"
#include "base/log.h"

#define READERS 256
#define RING ((size_t)64 << 10)
#define KEEP_ALIVE_MS (15 * MS_PER_S)
#define SLOW_MS (10 * MS_PER_S)
#define TOKEN_MS (5 * MS_PER_S)
#define TICK_MS 1000
#define AGAIN_MS (10 * MS_PER_S)

void streams_wake(struct streams *streams)
{
	uint64_t one = 1;

	/* A full counter is as good as one more. */
	if (write(streams->wake_fd, &one, sizeof(one)) < 0)
		return;
}

/* On the store's thread. */
static void events_committed(void *context)
{
	struct streams *streams = context;

	if (atomic_load(&streams->n_readers) > 0)
		streams_wake(streams);
}

/* ---- One reader; the lock is held ------------------------------------------------------------ */

static void rouse(struct stream_reader *reader)
{
	if (!reader->suspended)
		return;
	reader->suspended = false;
	reader->wish.resume(reader->wish.context);
}

bool stream_has_room(const struct stream_reader *reader, size_t len)
{
	return stream_ring_room(&reader->ring) >= len + 2 * SSE_NOTICE_MAX;
}

bool stream_put(struct stream_reader *reader, const char *bytes, size_t len)
{
	int64_t now_ms = clock_now().mono_ms;

	if (reader->ring.used == 0)
		reader->taken_ms = now_ms;
	if (!stream_ring_put(&reader->ring, bytes, len))
		return false;
	reader->put_ms = now_ms;
	rouse(reader);
	return true;
}

void stream_end(struct stream_reader *reader, const char *words, size_t len)
{
	if (reader->ending)
		return;
	if (len > 0)
		stream_put(reader, words, len);
	reader->ending = true;
	rouse(reader);
	reader->wish.expire(reader->wish.context);
}

void stream_count_loss(struct streams *streams, enum sse_loss why)
{
	streams->figures.lost[why]++;
}

/* ---- By the clock ------------------------------------------------------------------------------ */

static void tick_one(struct streams *streams, struct stream_reader *reader, int64_t now_ms)
{
	char notice[SSE_NOTICE_MAX];

	if (reader->ending)
		return;
	if (!reader->wish.is_there(reader->wish.context)) {
		stream_end(reader, "", 0);
	} else if (reader->replaying && reader->ring.used > 0 &&
		   now_ms - reader->taken_ms >= streams->options.slow_ms) {
		stream_count_loss(streams, SSE_LOSS_SLOW);
		stream_end(reader, notice, sse_lost(reader->after, SSE_LOSS_SLOW, notice));
	} else if (reader->ring.used == 0 &&
		   now_ms - reader->put_ms >= streams->options.keep_alive_ms) {
		stream_put(reader, notice, sse_keep_alive(reader->after, notice));
	}
}

struct token_look {
	size_t n;
	int64_t now_ms;
	uint8_t hashes[READERS][32];
	bool holds[READERS];
};

static int look_at_tokens(struct tx *tx, void *arg, struct hr_error *err)
{
	struct token_look *look = arg;

	for (size_t i = 0; i < look->n; i++)
		if (auth_token_holds(tx, look->hashes[i], look->now_ms, &look->holds[i], err) != 0)
			return -1;
	return 0;
}

static bool is_refused(const struct token_look *look, const uint8_t hash[32])
{
	for (size_t i = 0; i < look->n; i++)
		if (memcmp(look->hashes[i], hash, 32) == 0)
			return !look->holds[i];
	return false;
}

/* Whoever's token has ended gets no more. Where that cannot be found out, the streams go on. */
static void check_tokens(struct streams *streams)
{
	struct token_look *look = calloc(1, sizeof(*look));
	char notice[SSE_NOTICE_MAX];
	struct stream_reader *reader;
	size_t len = sse_comment("the access token was revoked, or has expired", notice);

	if (!look)
		return;
	look->now_ms = clock_now().wall_ms;
	pthread_mutex_lock(&streams->mutex);
	for (reader = streams->first; reader && look->n < READERS; reader = reader->next)
		if (reader->wish.by_token)
			memcpy(look->hashes[look->n++], reader->wish.token_hash, 32);
	pthread_mutex_unlock(&streams->mutex);
	if (look->n > 0 && store_read(streams->store, look_at_tokens, look, NULL) == 0) {
		pthread_mutex_lock(&streams->mutex);
		for (reader = streams->first; reader; reader = reader->next)
			if (reader->wish.by_token && is_refused(look, reader->wish.token_hash))
				stream_end(reader, notice, len);
		pthread_mutex_unlock(&streams->mutex);
	}
	free(look);
}

static void tick(struct streams *streams)
{
	int64_t now_ms = clock_now().mono_ms;

	if (now_ms >= streams->tokens_due_ms) {
		check_tokens(streams);
		streams->tokens_due_ms = now_ms + streams->options.token_ms;
	}
	pthread_mutex_lock(&streams->mutex);
	for (struct stream_reader *reader = streams->first; reader; reader = reader->next)
		tick_one(streams, reader, now_ms);
	pthread_mutex_unlock(&streams->mutex);
}

static bool is_stopping(struct streams *streams)
{
	bool stopping;

	pthread_mutex_lock(&streams->mutex);
	stopping = streams->stopping;
	pthread_mutex_unlock(&streams->mutex);
	return stopping;
}

static void *run(void *context)
{
	struct streams *streams = context;
	struct pollfd fd = {.fd = streams->wake_fd, .events = POLLIN};
	int64_t tick_due_ms = 0;
	bool more = false;
	uint64_t count;

	while (!is_stopping(streams)) {
		int wait = more ? 0 : atomic_load(&streams->n_readers) > 0 ? TICK_MS : -1;

		if (poll(&fd, 1, wait) > 0 && read(fd.fd, &count, sizeof(count)) < 0)
			continue;
		more = streams_tell(streams);
		if (clock_now().mono_ms >= tick_due_ms) {
			tick(streams);
			tick_due_ms = clock_now().mono_ms + TICK_MS;
		}
	}
	return NULL;
}

/* ---- The set ----------------------------------------------------------------------------------- */

static void take_options(struct streams *streams, const struct streams_options *options)
{
	if (options)
		streams->options = *options;
	if (streams->options.max_readers == 0 || streams->options.max_readers > READERS)
		streams->options.max_readers = READERS;
	if (streams->options.ring_size == 0)
		streams->options.ring_size = RING;
	if (streams->options.keep_alive_ms == 0)
		streams->options.keep_alive_ms = KEEP_ALIVE_MS;
	if (streams->options.slow_ms == 0)
		streams->options.slow_ms = SLOW_MS;
	if (streams->options.token_ms == 0)
		streams->options.token_ms = TOKEN_MS;
}

int streams_new(struct store *store, const struct streams_options *options,
		struct streams **ret_streams, struct hr_error *err)
{
	struct streams *streams = calloc(1, sizeof(*streams));

	if (!streams)
		return error_no_memory(err, "starting the event stream");
	streams->store = store;
	take_options(streams, options);
	pthread_mutex_init(&streams->mutex, NULL);
	streams->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (streams->wake_fd < 0) {
		error_set_errno(err, errno, "cannot start the event stream");
		goto fail;
	}
	if (pthread_create(&streams->thread, NULL, run, streams) != 0) {
		error_set(err, HR_INTERNAL, "the system gives no more threads");
		close(streams->wake_fd);
		goto fail;
	}
	store_watch_events(store, events_committed, streams);
	*ret_streams = streams;
	return 0;
fail:
	pthread_mutex_destroy(&streams->mutex);
	free(streams);
	return -1;
}

void streams_stop(struct streams *streams)
{
	static const char words[] = "the daemon stops";
	char notice[SSE_NOTICE_MAX];
	size_t len = sse_comment(words, notice);
	bool again;

	store_watch_events(streams->store, NULL, NULL);
	pthread_mutex_lock(&streams->mutex);
	again = streams->stopping;
	streams->stopping = true;
	for (struct stream_reader *reader = streams->first; reader; reader = reader->next)
		stream_end(reader, notice, len);
	pthread_mutex_unlock(&streams->mutex);
	streams_wake(streams);
	if (!again)
		pthread_join(streams->thread, NULL);
}

void streams_free(struct streams *streams)
{
	if (!streams)
		return;
	close(streams->wake_fd);
	pthread_mutex_destroy(&streams->mutex);
	free(streams);
}

static int refuse(struct streams *streams, struct hr_error *err)
{
	if (streams->stopping)
		return error_set(err, HR_TRANSIENT,
				 "the daemon is stopping; try again when it runs");
	streams->figures.refused++;
	error_set(
		err, HR_CAPACITY,
		"there are %u readers of the event stream already, as many as there may be; close "
		"one, or try again later",
		streams->figures.readers);
	if (err)
		err->retry_after_ms = AGAIN_MS;
	return -1;
}

int streams_add(struct streams *streams, const struct stream_wish *wish,
		struct stream_reader **ret_reader, struct hr_error *err)
{
	struct stream_reader *reader = calloc(1, sizeof(*reader));
	char notice[SSE_NOTICE_MAX];

	if (!reader || stream_ring_open(&reader->ring, streams->options.ring_size) != 0) {
		free(reader);
		return error_no_memory(err, "opening an event stream");
	}
	reader->streams = streams;
	reader->wish = *wish;
	reader->after = wish->after;
	reader->replaying = true;
	pthread_mutex_lock(&streams->mutex);
	if (streams->stopping || streams->figures.readers >= streams->options.max_readers) {
		refuse(streams, err);
		pthread_mutex_unlock(&streams->mutex);
		stream_ring_close(&reader->ring);
		free(reader);
		return -1;
	}
	stream_put(reader, notice, sse_begin(wish->after, notice));
	reader->turn = streams->turn - 1;
	reader->next = streams->first;
	reader->link = &streams->first;
	if (reader->next)
		reader->next->link = &reader->next;
	streams->first = reader;
	streams->figures.readers++;
	pthread_mutex_unlock(&streams->mutex);
	atomic_fetch_add(&streams->n_readers, 1);
	streams_wake(streams);
	*ret_reader = reader;
	return 0;
}

ssize_t streams_read(struct stream_reader *reader, char *buf, size_t max)
{
	struct streams *streams = reader->streams;
	ssize_t len;

	pthread_mutex_lock(&streams->mutex);
	len = (ssize_t)stream_ring_take(&reader->ring, buf, max);
	if (len > 0) {
		reader->taken_ms = clock_now().mono_ms;
		if (stream_wants_replay(reader))
			streams_wake(streams);
	} else if (reader->ending) {
		len = -1;
	} else {
		reader->suspended = true;
		reader->wish.suspend(reader->wish.context);
	}
	pthread_mutex_unlock(&streams->mutex);
	return len;
}

void streams_remove(struct stream_reader *reader)
{
	struct streams *streams = reader->streams;
	bool mine;

	pthread_mutex_lock(&streams->mutex);
	*reader->link = reader->next;
	if (reader->next)
		reader->next->link = reader->link;
	streams->figures.readers--;
	mine = !reader->in_use;
	reader->removed = true;
	pthread_mutex_unlock(&streams->mutex);
	atomic_fetch_sub(&streams->n_readers, 1);
	if (!mine)
		return;
	stream_ring_close(&reader->ring);
	free(reader);
}

void streams_figures(struct streams *streams, struct streams_figures *ret)
{
	pthread_mutex_lock(&streams->mutex);
	*ret = streams->figures;
	pthread_mutex_unlock(&streams->mutex);
}
