/* SPDX-License-Identifier: Apache-2.0 */
/* What streams.c and streams_tell.c share. Nobody else includes this. */
#ifndef HR_API_STREAMS_PARTS_H
#define HR_API_STREAMS_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/stream_ring.h"
#include "api/streams.h"

/* Events read and written out at once. */
#define BATCH_EVENTS 128
#define BATCH_BYTES (16 * SSE_FRAME_MAX)

struct batch_item {
	int64_t number;
	struct stream_filter about;
	size_t at, len; /* of its frame in the batch's bytes */
};

/* Events after a number, as frames. The streams' thread only. */
struct batch {
	struct batch_item items[BATCH_EVENTS];
	size_t n;
	int64_t oldest, newest; /* of all that are kept, at the moment of the reading */
	bool complete;          /* nothing that was asked for comes after these */
	bool lost; /* the events asked for are not kept any more, or have not come yet: */
	enum sse_loss why;
	char bytes[BATCH_BYTES];
};

struct stream_reader {
	struct streams *streams;
	struct stream_reader *next;
	struct stream_reader **link;
	struct stream_wish wish;
	struct stream_ring ring;
	int64_t after; /* told, or not for it, up to this number */
	bool replaying; /* is told from the store by itself, until it has caught up with the others */
	bool ending;    /* gets no more than what is in its ring */
	bool suspended;   /* sleeps until something is in its ring */
	bool in_use;      /* the thread reads for it, without the lock */
	bool removed;     /* to be freed by the thread, when it is in use */
	unsigned turn;    /* the round in which it was read for last */
	int64_t taken_ms; /* when something was taken last, or put into the empty ring */
	int64_t put_ms;
};

struct streams {
	struct store *store;
	struct streams_options options;
	int wake_fd;
	pthread_t thread;
	atomic_uint n_readers;

	pthread_mutex_t mutex; /* for what follows, and all readers */
	struct stream_reader *first;
	struct streams_figures figures;
	bool stopping;

	/* The thread's own. */
	int64_t last; /* all readers that are not replaying were told up to this number */
	unsigned turn;
	int64_t tokens_due_ms;
	bool failed; /* the last reading from the store */
	struct batch batch;
};

/* Any thread: the thread looks again. */
void streams_wake(struct streams *streams);

/* What is put wakes the reader. False: there is no room. The lock is held. */
bool stream_put(struct stream_reader *reader, const char *bytes, size_t len);

/* Room for one more event of any length, and for the last words after it. */
bool stream_has_room(const struct stream_reader *reader, size_t len);

/* Last words, and no more after them. The lock is held. */
void stream_end(struct stream_reader *reader, const char *words, size_t len);

void stream_count_loss(struct streams *streams, enum sse_loss why);

/* The lock is held. */
bool stream_wants_replay(const struct stream_reader *reader);

/* On the thread, without the lock: tells all who have caught up what is new, then those who have not;
 * true: there may be more to tell at once. */
bool streams_tell(struct streams *streams);

#endif
