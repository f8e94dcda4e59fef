/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of the event stream: each has a ring of fixed size, one thread fills them all, from the
 * store, after the commits. Knows nothing of HTTP: how a reader sleeps and wakes is given. Any thread. */
#ifndef HR_API_STREAMS_H
#define HR_API_STREAMS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "api/sse.h"
#include "base/error.h"
#include "base/id.h"
#include "store/store.h"

struct streams;
struct stream_reader;

/* 0 in any: the default, as it is outside of tests. */
struct streams_options {
	unsigned max_readers;  /* 256 */
	size_t ring_size;      /* 64 KiB; at least 3 * SSE_FRAME_MAX */
	int64_t keep_alive_ms; /* 15 s without a frame */
	int64_t slow_ms;       /* 10 s: who is behind and takes nothing for so long has lost */
	int64_t token_ms;      /* 5 s: how often access tokens are looked at */
};

/* "" in any: all. */
struct stream_filter {
	char pool_id[ID_SIZE];
	char server_id[ID_SIZE];
	char session_id[ID_SIZE];
};

struct stream_wish {
	struct stream_filter filter;
	int64_t after; /* begins with the event after this number */
	bool by_token; /* the stream ends with the token */
	uint8_t token_hash[32];
	/* Called under the streams' lock; must not call them. suspend: streams_read has nothing now;
	 * resume: it has. expire: the reader has little time left to take the rest. */
	void (*suspend)(void *context);
	void (*resume)(void *context);
	void (*expire)(void *context);
	/* Whether the other end is still there: looked at each second, since who sleeps hears nothing. */
	bool (*is_there)(void *context);
	void *context;
};

struct streams_figures {
	unsigned readers;
	uint64_t told; /* events, counted for each reader */
	uint64_t lost[SSE_LOSS_AHEAD + 1];
	uint64_t refused;
};

/* The store is borrowed. options may be NULL. Starts the thread. */
int streams_new(struct store *store, const struct streams_options *options,
		struct streams **ret_streams, struct hr_error *err);

/* Ends every stream, and takes no more readers; all of them are awake from now on. */
void streams_stop(struct streams *streams);

/* After streams_stop, when all readers are removed. NULL is fine. */
void streams_free(struct streams *streams);

/* HR_CAPACITY, with retry_after_ms: there are as many readers as there may be. HR_TRANSIENT: stopping. */
int streams_add(struct streams *streams, const struct stream_wish *wish,
		struct stream_reader **ret_reader, struct hr_error *err);

/* Up to max bytes for the reader; 0: none now, and suspend was called; -1: the stream has ended. */
ssize_t streams_read(struct stream_reader *reader, char *buf, size_t max);

/* The reader is gone; nothing is called for it after this. */
void streams_remove(struct stream_reader *reader);

void streams_figures(struct streams *streams, struct streams_figures *ret);

#endif
