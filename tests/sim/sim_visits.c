/* SPDX-License-Identifier: Apache-2.0 */
/* When the cloud's machines check in, and with what, stands in its books; here they do. Its own program
 * looks for them every 50 ms, a world when the next is due. */
#include <stdlib.h>
#include <string.h>

#include "sim_cloud.h"

#define AT_ONCE 16

static struct instance *find(const struct world *world, const char *url)
{
	const char *token = strstr(url, "token=");

	for (struct instance *i = world->instances; i && token; i = i->next)
		if (strcmp(i->checkin_token, token + strlen("token=")) == 0)
			return i;
	return NULL;
}

static void take(struct world *world, void *arg)
{
	struct cloud_visit visits[AT_ONCE];
	struct hr_error err = {0};
	size_t n;

	(void)arg;
	/* One that was planned later was for sooner. */
	if (world->mono_ms < world->cloud->visits_ms)
		return;
	world->cloud->visits_ms = INT64_MAX;
	if (cloud_visits_take(world->cloud->books, sim_cloud_now(world), visits, AT_ONCE, &n,
			      &err) < 0)
		world_violation(world, "%s", err.message);
	for (size_t i = 0; i < n; i++) {
		struct instance *instance = find(world, visits[i].url);

		if (instance)
			guest_visit(world, instance, visits[i].status, visits[i].row);
		else
			world_violation(world, "a machine has another check-in address than it was "
					       "given");
	}
	sim_visits_plan(world);
}

void sim_visits_plan(struct world *world)
{
	int64_t now_ms = sim_cloud_now(world), due_ms = CLOUD_NEVER;
	struct hr_error err = {0};

	if (cloud_visits_next(world->cloud->books, now_ms, &due_ms, &err) < 0)
		world_violation(world, "%s", err.message);
	if (due_ms == CLOUD_NEVER)
		return;
	due_ms = world->mono_ms + (due_ms > now_ms ? due_ms - now_ms : 0);
	if (due_ms >= world->cloud->visits_ms)
		return;
	world->cloud->visits_ms = due_ms;
	world_after(world, due_ms - world->mono_ms, take, NULL);
}

void sim_visits_done(struct world *world, int64_t row, int status)
{
	struct hr_error err = {0};

	if (cloud_visit_done(world->cloud->books, row, status, sim_cloud_now(world), &err) < 0)
		world_violation(world, "%s", err.message);
	sim_visits_plan(world);
}
