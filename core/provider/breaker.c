/* SPDX-License-Identifier: Apache-2.0 */
/* Closed, open, half open. */
#include "provider/breaker.h"

#include <limits.h>

#include "base/text.h"

#define FAILURES_TO_OPEN 8
#define PAUSE_FIRST_MS (5 * MS_PER_S)
#define PAUSE_LONGEST_MS (300 * MS_PER_S)

void breaker_init(struct breaker *breaker, struct breaker_limits limits)
{
	*breaker = (struct breaker){.limits = limits};
	if (limits.failures_to_open == 0)
		breaker->limits.failures_to_open = FAILURES_TO_OPEN;
	if (limits.pause_first_ms <= 0)
		breaker->limits.pause_first_ms = PAUSE_FIRST_MS;
	if (limits.pause_longest_ms <= 0)
		breaker->limits.pause_longest_ms = PAUSE_LONGEST_MS;
	if (breaker->limits.pause_longest_ms < breaker->limits.pause_first_ms)
		breaker->limits.pause_longest_ms = breaker->limits.pause_first_ms;
}

enum breaker_state breaker_state(const struct breaker *breaker, int64_t now_ms)
{
	if (!breaker->opened)
		return BREAKER_CLOSED;
	return now_ms < breaker->next_ms ? BREAKER_OPEN : BREAKER_HALF_OPEN;
}

bool breaker_allows(const struct breaker *breaker, int64_t now_ms, int64_t *ret_next_ms)
{
	if (!breaker->opened)
		return true;
	*ret_next_ms = breaker->probing ? MS_NEVER : breaker->next_ms;
	return !breaker->probing && now_ms >= breaker->next_ms;
}

bool breaker_begin(struct breaker *breaker)
{
	if (!breaker->opened)
		return false;
	breaker->probing = true;
	return true;
}

void breaker_success(struct breaker *breaker)
{
	breaker->failures = 0;
	breaker->opened = false;
	breaker->probing = false;
	breaker->pause_ms = 0;
	breaker->text[0] = '\0';
}

/* The first pause, then twice the last one. */
static void open_it(struct breaker *breaker, int64_t now_ms)
{
	int64_t longest = breaker->limits.pause_longest_ms;

	if (breaker->pause_ms == 0)
		breaker->pause_ms = breaker->limits.pause_first_ms;
	else if (breaker->pause_ms > longest / 2)
		breaker->pause_ms = longest;
	else
		breaker->pause_ms *= 2;
	breaker->opened = true;
	breaker->probing = false;
	breaker->next_ms =
		now_ms < MS_NEVER - breaker->pause_ms ? now_ms + breaker->pause_ms : MS_NEVER;
}

void breaker_failure(struct breaker *breaker, bool was_probe, const char *text, int64_t now_ms)
{
	if (breaker->opened && !(was_probe && breaker->probing))
		return;
	if (breaker->failures < UINT_MAX)
		breaker->failures++;
	text_copy(breaker->text, sizeof(breaker->text), text);
	if (breaker->opened || breaker->failures >= breaker->limits.failures_to_open)
		open_it(breaker, now_ms);
}

void breaker_undecided(struct breaker *breaker, bool was_probe)
{
	if (was_probe)
		breaker->probing = false;
}
