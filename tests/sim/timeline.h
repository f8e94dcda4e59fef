/* SPDX-License-Identifier: Apache-2.0 */
/* What will happen when, in virtual time. Of things at one moment the one that was entered first
 * comes first. */
#ifndef HR_SIM_TIMELINE_H
#define HR_SIM_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

struct world;

struct happening {
	int64_t due_ms;
	uint64_t order;
	void (*happen)(struct world *world, void *arg);
	void *arg;
};

struct timeline {
	struct happening *heap;
	size_t n, room;
	uint64_t entered;
};

/* Aborts when there is no memory: it is a test. */
void timeline_at(struct timeline *timeline, int64_t due_ms,
		 void (*happen)(struct world *world, void *arg), void *arg);
/* When the next is due; INT64_MAX: none. */
int64_t timeline_next(const struct timeline *timeline);
/* Takes it. */
struct happening timeline_take(struct timeline *timeline);
void timeline_clear(struct timeline *timeline);

#endif
