/* SPDX-License-Identifier: Apache-2.0 */
/* The ring never grows: whoever fills it looks for room first. */
#include "api/stream_ring.h"

#include <stdlib.h>
#include <string.h>

int stream_ring_open(struct stream_ring *ring, size_t size)
{
	*ring = (struct stream_ring){.bytes = malloc(size), .size = size};
	return ring->bytes ? 0 : -1;
}

void stream_ring_close(struct stream_ring *ring)
{
	free(ring->bytes);
	*ring = (struct stream_ring){0};
}

size_t stream_ring_room(const struct stream_ring *ring)
{
	return ring->size - ring->used;
}

bool stream_ring_put(struct stream_ring *ring, const char *bytes, size_t len)
{
	size_t end = (ring->begin + ring->used) % ring->size;
	size_t first = ring->size - end;

	if (len > stream_ring_room(ring))
		return false;
	first = first < len ? first : len;
	memcpy(ring->bytes + end, bytes, first);
	memcpy(ring->bytes, bytes + first, len - first);
	ring->used += len;
	return true;
}

size_t stream_ring_take(struct stream_ring *ring, char *buf, size_t max)
{
	size_t len = ring->used < max ? ring->used : max;
	size_t first = ring->size - ring->begin;

	first = first < len ? first : len;
	memcpy(buf, ring->bytes + ring->begin, first);
	memcpy(buf + first, ring->bytes, len - first);
	ring->begin = (ring->begin + len) % ring->size;
	ring->used -= len;
	return len;
}
