/* SPDX-License-Identifier: Apache-2.0 */
/* How many requests a minute an account key may make: a token bucket whose rate learns from the
 * provider's answers (additive increase, multiplicative decrease). Pure: the time is handed in, and
 * nothing is allocated. Not here: who waits for a token. */
#ifndef HR_PROVIDER_BUDGET_H
#define HR_PROVIDER_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_RATE_DEFAULT 300 /* a minute */
#define BUDGET_RATE_MAX 60000
#define BUDGET_BURST_DEFAULT 20
#define BUDGET_BURST_MAX 10000
/* The rate never falls below this (or the preset, where that is less), */
#define BUDGET_RATE_FLOOR 6
/* and never grows beyond so many times the preset. */
#define BUDGET_GROWTH_MAX 4
/* A longer Retry-After is cut to this: it comes from outside. */
#define BUDGET_RETRY_MAX_MS INT64_C(3600000)

/* All times: monotonic ms. Only budget_* touches the members. */
struct budget {
	int64_t preset;     /* thousandths of a request a minute */
	int64_t rate;       /* likewise, now */
	int64_t burst;      /* requests */
	int64_t credit;     /* BUDGET_TOKEN is one request; negative: debt */
	int64_t counted_ms; /* credit is right as of then; in the future while throttled */
	int64_t cut_ms;     /* when the rate was last halved; INT64_MIN: never */
	int64_t grown_ms;   /* when it last grew; INT64_MIN: never */
	bool short_of;      /* somebody had to wait for want of rate since it last grew */
};

/* Full, from now on. 0: the default; what lies beyond the limits is cut to them. */
void budget_init(struct budget *budget, int64_t rate_per_minute, int64_t burst, int64_t now_ms);

/* New presets of an account whose module or settings changed. What was learnt is kept, within the new
 * bounds. */
void budget_preset(struct budget *budget, int64_t rate_per_minute, int64_t burst, int64_t now_ms);

/* Takes one token: true. Else *ret_next_ms is when one will be there, if nothing is charged or
 * throttled meanwhile. A now_ms that went back counts as no time. */
bool budget_take(struct budget *budget, int64_t now_ms, int64_t *ret_next_ms);

/* A call made so many requests more than the one that it was let through for. Debt is limited to what
 * a minute brings: one long list shall not silence an account for longer. */
void budget_charge(struct budget *budget, int64_t n, int64_t now_ms);

/* The provider answered without throttling. The rate grows by a hundredth of the preset, once a
 * second at most; beyond the preset only while somebody has had to wait for a token. */
void budget_success(struct budget *budget, int64_t now_ms);

/* It throttled: the bucket is empty, the rate halves (once a second at most), and nothing is taken
 * before retry_after_ms has passed (0 or less: not said, a second). */
void budget_throttled(struct budget *budget, int64_t retry_after_ms, int64_t now_ms);

/* How long nothing is taken since the provider said so; 0: it did not. */
int64_t budget_told_ms(const struct budget *budget, int64_t now_ms);

/* For figures: thousandths of a request a minute, and of a token (rounded down). */
int64_t budget_rate_milli(const struct budget *budget);
int64_t budget_tokens_milli(const struct budget *budget, int64_t now_ms);

#endif
