/* SPDX-License-Identifier: Apache-2.0 */
/* A circuit breaker: after so many failures in a row it is open, and nothing is tried for a pause that
 * doubles; then one probe at a time decides. For requests to a provider and for processes that
 * crash alike. Pure: the time is handed in, and nothing is allocated. */
#ifndef HR_PROVIDER_BREAKER_H
#define HR_PROVIDER_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* Zeroes: eight failures, five seconds, five minutes. With failures_to_open 1 every failure opens it:
 * a restart with backoff. */
struct breaker_limits {
	unsigned failures_to_open; /* in a row */
	int64_t pause_first_ms;
	int64_t pause_longest_ms;
};

enum breaker_state {
	BREAKER_CLOSED,
	BREAKER_OPEN,     /* until next_ms */
	BREAKER_HALF_OPEN /* the pause is over, or the probe under way; no success yet */
};

#define BREAKER_TEXT_SIZE 256

/* All times: monotonic ms. Readable; only breaker_* writes. */
struct breaker {
	struct breaker_limits limits;
	unsigned failures; /* in a row, up to UINT_MAX */
	bool opened;       /* since the last success */
	bool probing;
	int64_t pause_ms; /* the present one; 0: it never opened since the last success */
	int64_t next_ms;  /* opened: when the next attempt may be made */
	char text[BREAKER_TEXT_SIZE]; /* of the last failure; "": none */
};

/* Closed. */
void breaker_init(struct breaker *breaker, struct breaker_limits limits);

enum breaker_state breaker_state(const struct breaker *breaker, int64_t now_ms);

/* Whether an attempt may be made now. Else *ret_next_ms is when one may; MS_NEVER: that depends on
 * the probe under way. */
bool breaker_allows(const struct breaker *breaker, int64_t now_ms, int64_t *ret_next_ms);

/* An attempt that breaker_allows begins. True: it is the probe; say so when it ends. */
bool breaker_begin(struct breaker *breaker);

/* It went well: closed, and the next pause is the first again. So too after an attempt that began
 * before it opened: whatever answers is there. */
void breaker_success(struct breaker *breaker);

/* It failed, and how (cut where it is too long). While open only the probe's failure counts: those
 * that began before it opened say nothing new. */
void breaker_failure(struct breaker *breaker, bool was_probe, const char *text, int64_t now_ms);

/* It ended in a way that says neither. The next attempt may be the probe. */
void breaker_undecided(struct breaker *breaker, bool was_probe);

#endif
