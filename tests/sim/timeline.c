/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap. */
#include "timeline.h"

#include <stdlib.h>

static int before(const struct happening *a, const struct happening *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void swap(struct happening *a, struct happening *b)
{
	struct happening kept = *a;

	*a = *b;
	*b = kept;
}

void timeline_at(struct timeline *timeline, int64_t due_ms,
		 void (*happen)(struct world *world, void *arg), void *arg)
{
	size_t at = timeline->n;

	if (timeline->n == timeline->room) {
		timeline->room = timeline->room ? timeline->room * 2 : 64;
		timeline->heap = realloc(timeline->heap, timeline->room * sizeof(*timeline->heap));
		if (!timeline->heap)
			abort();
	}
	timeline->heap[timeline->n++] =
		(struct happening){due_ms, timeline->entered++, happen, arg};
	while (at > 0 && before(&timeline->heap[at], &timeline->heap[(at - 1) / 2])) {
		swap(&timeline->heap[at], &timeline->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

int64_t timeline_next(const struct timeline *timeline)
{
	return timeline->n > 0 ? timeline->heap[0].due_ms : INT64_MAX;
}

struct happening timeline_take(struct timeline *timeline)
{
	struct happening first = timeline->heap[0];
	size_t at = 0;

	timeline->heap[0] = timeline->heap[--timeline->n];
	for (;;) {
		size_t least = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
			if (child < timeline->n &&
			    before(&timeline->heap[child], &timeline->heap[least]))
				least = child;
		if (least == at)
			return first;
		swap(&timeline->heap[at], &timeline->heap[least]);
		at = least;
	}
}

void timeline_clear(struct timeline *timeline)
{
	free(timeline->heap);
	*timeline = (struct timeline){0};
}
