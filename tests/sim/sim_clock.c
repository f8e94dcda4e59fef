/* SPDX-License-Identifier: Apache-2.0 */
/* See sim_clock.h. What base/clock.c does for a process is done here for the daemon of the world: its
 * time goes on as before, with the jump beside it, until it follows. */
#include "sim_clock.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/operation_rows.h"

#define PERMILLE 150 /* of the worlds */
#define FARTHEST_MS (INT64_C(24) * 3600 * MS_PER_S)
#define RETRY_MS 2000
#define EVENTS_MAX 100000

/* Whose daemon runs in this process. */
static struct world *running;

static void jump(struct world *world, void *arg)
{
	if (world->healed)
		return;
	if (!world->engine) {
		world_after(world, RETRY_MS, jump, arg);
		return;
	}
	world->clock_ms = world->clock_wrong_ms;
	world->clock_jumps++;
	world->woken = true;
	world_trace(world, "clock", world->clock_ms);
}

void sim_clock_make(struct world *world)
{
	struct sim_random random;
	int64_t by_ms;

	sim_random_init(&random, world->run->seed, 11);
	if (!sim_chance(&random, PERMILLE))
		return;
	by_ms = sim_between(&random, CLOCK_JUMP_MS,
			    sim_chance(&random, 500) ? FARTHEST_MS : FARTHEST_MS / 24);
	world->clock_wrong_ms = sim_chance(&random, 500) ? by_ms : -by_ms;
	world_after(world, sim_between(&random, 1000, world->scenario.faults_end_ms), jump, NULL);
}

void sim_clock_mend(struct world *world)
{
	if (world->clock_ms == 0)
		return;
	world->clock_ms = 0;
	world->woken = true;
	world_trace(world, "clock", 0);
}

static int count_jumps(struct tx *tx, void *arg, struct hr_error *err)
{
	struct event_query query = {.limit = EVENTS_MAX};
	size_t *count = arg, n;
	struct event *events;

	if (event_list(tx, &query, &events, &n, err) < 0)
		return -1;
	*count = 0;
	for (size_t i = 0; i < n; i++)
		*count += strcmp(events[i].kind, "clock.jumped") == 0;
	free(events);
	return 0;
}

void sim_clock_start(struct world *world)
{
	struct hr_error err = {0};
	size_t n = 0;

	running = world;
	if (world->clock_wrong_ms == 0)
		return;
	if (store_read(world->store, count_jumps, &n, &err) < 0)
		world_violation(world, "%s", err.message);
	/* Wrong, right, and wrong no more after that. */
	world->clock_ms = world->clock_held_ms = n % 2 == 1 ? world->clock_wrong_ms : 0;
}

void sim_clock_follow(int64_t by_ms)
{
	running->clock_held_ms += by_ms;
}
