/* SPDX-License-Identifier: Apache-2.0 */
/* Throttling and outages. */
#include "sim_limits.h"

#include <string.h>

#include "base/text.h"
#include "sim_random.h"

#define OUTAGE_FIRST_MS 60000
#define OUTAGE_MOST_MS (8 * 60000)

/* Of an account; in worlds where all are one at the provider, the first one's. */
static struct sim_limit *limit_of(struct world *world, const char *account)
{
	for (size_t i = 0; i < world->scenario.n_accounts && !world->limits_shared; i++)
		if (strcmp(world->scenario.accounts[i].id, account) == 0)
			return &world->limits[i];
	return &world->limits[0];
}

void limits_make(struct world *world)
{
	struct sim_random *random = &world->limits_random;
	int64_t end = world->scenario.faults_end_ms;

	world->limits_shared = sim_chance(random, 300);
	for (size_t i = 0; i < ACCOUNTS_MAX; i++) {
		struct sim_limit *limit = &world->limits[i];

		limit->preset_rate = sim_chance(random, 200) ? 0 : sim_between(random, 6, 150);
		limit->preset_burst = sim_chance(random, 200) ? 0 : sim_between(random, 1, 10);
		if (world->scenario.faults == 0)
			continue;
		if (sim_chance(random, 600))
			limit->rate = sim_between(random, 4, 60);
		limit->burst = limit->tokens_milli = 1000 * sim_between(random, 1, 6);
		limit->counted_ms = world->mono_ms;
		for (size_t j = 0; j < OUTAGES_MAX && sim_chance(random, 650); j++) {
			limit->down_ms[j] = sim_between(random, OUTAGE_FIRST_MS, end);
			limit->up_ms[j] = limit->down_ms[j] +
					  sim_between(random, OUTAGE_FIRST_MS, OUTAGE_MOST_MS);
		}
	}
}

int limits_describe(void *context, const struct dispatch_request *open_request,
		    struct governor_account *ret_account)
{
	struct world *world = context;
	const struct sim_limit *limit = limit_of(world, open_request->account);

	text_copy(ret_account->key, sizeof(ret_account->key),
		  world->limits_shared ? "all" : open_request->account);
	ret_account->rate_per_minute = limit->preset_rate;
	ret_account->burst = limit->preset_burst;
	return 0;
}

static bool is_down(const struct world *world, const struct sim_limit *limit)
{
	for (size_t i = 0; i < OUTAGES_MAX; i++)
		if (world->mono_ms >= limit->down_ms[i] && world->mono_ms < limit->up_ms[i])
			return true;
	return false;
}

static bool takes(struct world *world, struct sim_limit *limit)
{
	int64_t elapsed_ms = world->mono_ms - limit->counted_ms;

	limit->tokens_milli += elapsed_ms * limit->rate / 60;
	limit->counted_ms = world->mono_ms;
	if (limit->tokens_milli > limit->burst)
		limit->tokens_milli = limit->burst;
	if (limit->tokens_milli < 1000)
		return false;
	limit->tokens_milli -= 1000;
	return true;
}

enum fate limits_meet(struct world *world, const struct dispatch_request *request)
{
	struct sim_limit *limit = limit_of(world, request->account);

	if (request->kind == DISPATCH_OPEN || request->kind == DISPATCH_CLOSE)
		return FATE_ANSWERED;
	if (request->kind != DISPATCH_CHECK && world->mono_ms < limit->told_ms)
		world_violation(world, "a %s came %lld ms before the time that Retry-After said",
				dispatch_kind_name(request->kind),
				(long long)(limit->told_ms - world->mono_ms));
	/* The cloud has its own. */
	if (world->healed || world->cloud)
		return FATE_ANSWERED;
	if (is_down(world, limit))
		return FATE_DOWN;
	return limit->rate > 0 && !takes(world, limit) ? FATE_THROTTLED : FATE_ANSWERED;
}

void limits_refuse(struct world *world, struct call *call)
{
	struct sim_random *random = &world->limits_random;

	if (call->fate == FATE_DOWN) {
		world->outages++;
		call_fail(call, sim_chance(random, 800) ? HR_TRANSIENT : HR_TIMEOUT, 0,
			  "the provider is down");
		return;
	}
	world->throttles++;
	call_fail(call, HR_THROTTLED, 0, "too many calls");
	if (sim_chance(random, 700))
		call->answer->error.retry_after_ms = sim_between(random, 200, 60000);
}

void limits_told(struct world *world, const struct call *call)
{
	struct sim_limit *limit = limit_of(world, call->account);
	int64_t until_ms = world->mono_ms + call->answer->error.retry_after_ms;

	/* An open makes no calls of the provider: its failure says nothing about the provider. */
	if (call->kind == DISPATCH_OPEN || call->kind == DISPATCH_CLOSE)
		return;
	if (call->answer->result == HR_THROTTLED && until_ms > limit->told_ms)
		limit->told_ms = until_ms;
}

void limits_forget(struct world *world)
{
	for (size_t i = 0; i < ACCOUNTS_MAX; i++)
		world->limits[i].told_ms = 0;
}
