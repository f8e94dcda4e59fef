/* SPDX-License-Identifier: Apache-2.0 */
/* Token bucket with a rate that learns. Credit is counted in units of a thousandth of a request a
 * minute for one ms, so that no division rounds: a token is BUDGET_TOKEN of them. */
#include "provider/budget.h"

#define MINUTE_MS INT64_C(60000)
#define MILLI INT64_C(1000)
#define BUDGET_TOKEN (MINUTE_MS * MILLI)
/* Longer than any debt and burst need to be made good (BURST_MAX at the slowest rate), and so short
 * that the largest rate times it is far from INT64_MAX. */
#define ELAPSED_MAX_MS INT64_C(1000000000)
#define CUT_PAUSE_MS INT64_C(1000)
#define GROW_PAUSE_MS INT64_C(1000)
#define RETRY_DEFAULT_MS INT64_C(1000)
#define GROWTH_STEPS 100 /* of which a preset is one */

static int64_t limited(int64_t value, int64_t minimum, int64_t maximum)
{
	if (value < minimum)
		return minimum;
	return value < maximum ? value : maximum;
}

/* Of times that may be INT64_MIN ("never"). */
static bool is_since(int64_t since_ms, int64_t pause_ms, int64_t now_ms)
{
	return since_ms == INT64_MIN || now_ms - since_ms >= pause_ms;
}

static int64_t rate_floor(const struct budget *budget)
{
	return limited(BUDGET_RATE_FLOOR * MILLI, 1, budget->preset);
}

/* What the tokens have grown to until now. */
static void count(struct budget *budget, int64_t now_ms)
{
	int64_t elapsed_ms, full = budget->burst * BUDGET_TOKEN;

	if (now_ms <= budget->counted_ms)
		return;
	elapsed_ms = limited(now_ms - budget->counted_ms, 0, ELAPSED_MAX_MS);
	budget->counted_ms = now_ms;
	budget->credit = limited(budget->credit + budget->rate * elapsed_ms, INT64_MIN, full);
}

static void set_presets(struct budget *budget, int64_t rate_per_minute, int64_t burst)
{
	if (rate_per_minute <= 0)
		rate_per_minute = BUDGET_RATE_DEFAULT;
	if (burst <= 0)
		burst = BUDGET_BURST_DEFAULT;
	budget->preset = limited(rate_per_minute, 1, BUDGET_RATE_MAX) * MILLI;
	budget->burst = limited(burst, 1, BUDGET_BURST_MAX);
}

void budget_init(struct budget *budget, int64_t rate_per_minute, int64_t burst, int64_t now_ms)
{
	*budget = (struct budget){.counted_ms = now_ms, .cut_ms = INT64_MIN, .grown_ms = INT64_MIN};
	set_presets(budget, rate_per_minute, burst);
	budget->rate = budget->preset;
	budget->credit = budget->burst * BUDGET_TOKEN;
}

void budget_preset(struct budget *budget, int64_t rate_per_minute, int64_t burst, int64_t now_ms)
{
	bool untouched = budget->rate == budget->preset;

	count(budget, now_ms);
	set_presets(budget, rate_per_minute, burst);
	budget->rate = untouched ? budget->preset
				 : limited(budget->rate, rate_floor(budget),
					   BUDGET_GROWTH_MAX * budget->preset);
	budget->credit = limited(budget->credit, INT64_MIN, budget->burst * BUDGET_TOKEN);
}

bool budget_take(struct budget *budget, int64_t now_ms, int64_t *ret_next_ms)
{
	int64_t missing;

	count(budget, now_ms);
	if (budget->credit >= BUDGET_TOKEN) {
		budget->credit -= BUDGET_TOKEN;
		return true;
	}
	missing = BUDGET_TOKEN - budget->credit;
	*ret_next_ms = budget->counted_ms + (missing + budget->rate - 1) / budget->rate;
	/* Who waits because the provider said so would wait at any rate. */
	if (budget->counted_ms <= now_ms)
		budget->short_of = true;
	return false;
}

/* Not more than a minute's debt. */
static void limit_debt(struct budget *budget)
{
	int64_t most = -budget->rate * MINUTE_MS;

	if (budget->credit < most)
		budget->credit = most;
}

void budget_charge(struct budget *budget, int64_t n, int64_t now_ms)
{
	if (n <= 0)
		return;
	count(budget, now_ms);
	/* No debt is as large as this: more would only be cut, and might overflow. */
	n = limited(n, 0, BUDGET_GROWTH_MAX * BUDGET_RATE_MAX + BUDGET_BURST_MAX);
	budget->credit -= n * BUDGET_TOKEN;
	limit_debt(budget);
}

void budget_success(struct budget *budget, int64_t now_ms)
{
	int64_t step = budget->preset / GROWTH_STEPS;

	if (!is_since(budget->grown_ms, GROW_PAUSE_MS, now_ms) ||
	    (budget->rate >= budget->preset && !budget->short_of))
		return;
	count(budget, now_ms);
	budget->grown_ms = now_ms;
	budget->short_of = false;
	budget->rate = limited(budget->rate + step, 1, BUDGET_GROWTH_MAX * budget->preset);
}

void budget_throttled(struct budget *budget, int64_t retry_after_ms, int64_t now_ms)
{
	int64_t until_ms;

	count(budget, now_ms);
	if (is_since(budget->cut_ms, CUT_PAUSE_MS, now_ms)) {
		budget->cut_ms = now_ms;
		budget->rate = limited(budget->rate / 2, rate_floor(budget), INT64_MAX);
		limit_debt(budget);
	}
	if (retry_after_ms <= 0)
		retry_after_ms = RETRY_DEFAULT_MS;
	until_ms = now_ms + limited(retry_after_ms, 1, BUDGET_RETRY_MAX_MS);
	/* Not blocked until then, but nothing grows until then: what is saved up meanwhile would be
	 * a burst right after it. */
	if (budget->credit > 0)
		budget->credit = 0;
	if (budget->counted_ms < until_ms)
		budget->counted_ms = until_ms;
	budget->short_of = false;
}

int64_t budget_told_ms(const struct budget *budget, int64_t now_ms)
{
	return budget->counted_ms > now_ms ? budget->counted_ms - now_ms : 0;
}

int64_t budget_rate_milli(const struct budget *budget)
{
	return budget->rate;
}

int64_t budget_tokens_milli(const struct budget *budget, int64_t now_ms)
{
	struct budget copy = *budget;

	count(&copy, now_ms);
	/* Rounded down, also below zero. */
	return copy.credit / MINUTE_MS - (copy.credit % MINUTE_MS < 0);
}
