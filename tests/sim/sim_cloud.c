/* SPDX-License-Identifier: Apache-2.0 */
/* The cloud's accounts and how they behave. */
#include "sim_cloud.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cloud_settings.h"

/* Chances as the cloud calls them, each drawn from 0 to twice the scenario's permille of faults
 * divided by this. Together a call fails about as often as at the other provider. */
static const struct {
	const char *key;
	int64_t divisor;
} chances[] = {
	{"fail_auth", 40},     {"fail_quota", 24},     {"fail_capacity", 8},  {"fail_throttled", 8},
	{"fail_invalid", 60},  {"fail_not_found", 60}, {"fail_conflict", 12}, {"fail_transient", 5},
	{"fail_internal", 10}, {"fail_timeout", 12},   {"unanswered", 4},     {"hang", 12},
	{"garbage", 12},       {"fail_late", 6},       {"partial", 1},        {"stops", 6},
	{"checkin_never", 6},  {"checkin_failed", 6},  {"checkin_late", 6},
};

/* What is off once it is healed, besides those. */
static const char *const others[] = {"lag_new=0", "lag_gone=0", "latency=uniform:0:500",
				     "checkin=uniform:0:15000"};

static void set(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void set(struct world *world, const char *format, ...)
{
	struct hr_error err = {0};
	char text[160];
	va_list args;

	va_start(args, format);
	text_formatv(text, sizeof(text), format, args);
	va_end(args);
	if (cloud_set(world->cloud->books, text, &err) < 0) {
		fprintf(stderr, "check-sim: %s\n", err.message);
		abort();
	}
}

int64_t sim_cloud_now(const struct world *world)
{
	return WORLD_START_MS + world->mono_ms;
}

/* At the cloud: where all have the same limits, it is one account. */
static size_t place(const struct world *world, size_t account)
{
	return world->limits_shared ? 0 : account;
}

const char *sim_cloud_key(const struct world *world, size_t account)
{
	static const char *const keys[ACCOUNTS_MAX] = {"the-first-key", "the-second-key"};

	return keys[place(world, account)];
}

size_t sim_cloud_account(const struct world *world, const char *id)
{
	size_t i = 0;

	while (i + 1 < world->scenario.n_accounts &&
	       strcmp(world->scenario.accounts[i].id, id) != 0)
		i++;
	return i;
}

bool sim_cloud_is_down(const struct world *world, size_t account)
{
	const struct sim_limit *limit = &world->limits[place(world, account)];

	for (size_t i = 0; i < OUTAGES_MAX && !world->healed; i++)
		if (world->mono_ms >= limit->down_ms[i] && world->mono_ms < limit->up_ms[i])
			return true;
	return false;
}

void sim_cloud_open(struct world *world)
{
	struct hr_error err = {0};

	world->cloud = calloc(1, sizeof(*world->cloud));
	if (!world->cloud)
		abort();
	world->cloud->visits_ms = INT64_MAX;
	if (cloud_open(":memory:", world->run->seed, sim_cloud_now(world), &world->cloud->books,
		       &err) < 0) {
		fprintf(stderr, "check-sim: %s\n", err.message);
		abort();
	}
}

void sim_cloud_free(struct world *world)
{
	if (!world->cloud)
		return;
	cloud_close(world->cloud->books);
	free(world->cloud);
	world->cloud = NULL;
}

/* ---- Faults ---- */

/* An outage begins or ends. */
static void turn(struct world *world, void *arg)
{
	size_t account = *(const size_t *)arg;

	if (!world->healed)
		set(world, "a%zu.down=%d", account, sim_cloud_is_down(world, account));
}

static void plan_outages(struct world *world, size_t account)
{
	const struct sim_limit *limit = &world->limits[account];
	size_t *arg = world_alloc(world, sizeof(*arg));

	*arg = account;
	for (size_t i = 0; i < OUTAGES_MAX && limit->up_ms[i] > 0; i++) {
		world_after(world, limit->down_ms[i] - world->mono_ms, turn, arg);
		world_after(world, limit->up_ms[i] - world->mono_ms, turn, arg);
	}
}

static void make_account(struct world *world, size_t account)
{
	struct sim_random *random = &world->cloud_random;
	const struct sim_limit *limit = &world->limits[account];
	int64_t most = world->scenario.accounts[account].max_instances;

	set(world, "a%zu.key=%s", account, sim_cloud_key(world, account));
	if (world->scenario.faults == 0)
		return;
	if (limit->rate > 0) {
		set(world, "a%zu.rate=%lld", account, (long long)limit->rate);
		set(world, "a%zu.burst=%lld", account, (long long)limit->burst / 1000);
		set(world, "a%zu.retry_after=%d", account, sim_chance(random, 700));
	}
	/* Less than the administrator thinks that he has. */
	if (sim_chance(random, 250))
		set(world, "a%zu.quota=%lld", account, (long long)sim_between(random, 2, most));
	plan_outages(world, account);
}

void sim_cloud_make(struct world *world)
{
	struct sim_random *random = &world->cloud_random;
	int64_t faults = world->scenario.faults;

	for (size_t i = 0; i < world->scenario.n_accounts && i <= place(world, i); i++)
		make_account(world, i);
	for (size_t i = 0; faults > 0 && i < sizeof(chances) / sizeof(chances[0]); i++)
		set(world, "%s=%lld", chances[i].key,
		    (long long)sim_between(random, 0, 2 * faults / chances[i].divisor));
	if (faults > 0) {
		set(world, "lag_new=uniform:0:%lld", (long long)sim_between(random, 0, 20000));
		set(world, "lag_gone=uniform:0:%lld", (long long)sim_between(random, 0, 20000));
		set(world, "stops_after=uniform:0:300000");
		set(world, "checkin_late_after=uniform:100000:300000");
	}
	set(world, "latency=tail:%lld:60000", (long long)sim_between(random, 20, 2000));
	set(world, "pending=uniform:0:%lld", (long long)sim_between(random, 0, 15000));
	set(world, "boot=uniform:1000:20000");
	set(world, "deleting=uniform:0:%lld", (long long)sim_between(random, 0, 15000));
	set(world, "recycle=%d", sim_chance(random, 500) ? 500 : 0);
	set(world, "checkin=uniform:0:15000");
	set(world, "checkin_twice=100");
}

void sim_cloud_heal(struct world *world)
{
	struct hr_error err = {0};

	for (size_t i = 0; i < sizeof(chances) / sizeof(chances[0]); i++)
		set(world, "%s=0", chances[i].key);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		set(world, "%s", others[i]);
	for (size_t i = 0; i < world->scenario.n_accounts; i++) {
		set(world, "a%zu.rate=0", i);
		set(world, "a%zu.quota=0", i);
		set(world, "a%zu.down=0", i);
	}
	if (cloud_keep_running(world->cloud->books, sim_cloud_now(world), &err) < 0)
		world_violation(world, "%s", err.message);
	sim_cloud_read(world, NULL);
}
