/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader of an event stream has not taken yet: bytes in a ring of fixed size. No lock of its
 * own. */
#ifndef HR_API_STREAM_RING_H
#define HR_API_STREAM_RING_H

#include <stdbool.h>
#include <stddef.h>

struct stream_ring {
	char *bytes;
	size_t size;
	size_t begin; /* of what is in it */
	size_t used;
};

/* -1: no memory. */
int stream_ring_open(struct stream_ring *ring, size_t size);
void stream_ring_close(struct stream_ring *ring);

size_t stream_ring_room(const struct stream_ring *ring);

/* All of it or, where there is not the room, nothing (false). */
bool stream_ring_put(struct stream_ring *ring, const char *bytes, size_t len);

/* Takes at most max bytes out; gives how many. */
size_t stream_ring_take(struct stream_ring *ring, char *buf, size_t max);

#endif
