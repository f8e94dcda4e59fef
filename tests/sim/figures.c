/* SPDX-License-Identifier: Apache-2.0 */
/* Sums. */
#include "figures.h"

#include <stdio.h>

#include "world.h"

struct figures figures_of(const struct world *world)
{
	return (struct figures){.runs = 1,
				.steps = world->steps,
				.crashes = world->crashes,
				.writes = world->commits,
				.creates = world->creates,
				.destroys = world->destroys,
				.throttles = world->throttles,
				.outages = world->outages,
				.late = world->late,
				.refused = world->refused,
				.clock_jumps = world->clock_jumps,
				.doubts = world->doubts};
}

void figures_add(struct figures *sum, const struct figures *more)
{
	sum->seeds += more->seeds;
	sum->runs += more->runs;
	sum->steps += more->steps;
	sum->crashes += more->crashes;
	sum->writes += more->writes;
	sum->creates += more->creates;
	sum->destroys += more->destroys;
	sum->throttles += more->throttles;
	sum->outages += more->outages;
	sum->late += more->late;
	sum->refused += more->refused;
	sum->clock_jumps += more->clock_jumps;
	sum->doubts += more->doubts;
}

void figures_print(const struct figures *figures, const char *verdict)
{
	printf("check-sim: %llu seeds, %llu runs, %llu steps, %llu crashes, %llu writes, %llu "
	       "creates, %llu destroys, %llu calls throttled, %llu in outages; %llu waited too "
	       "long, %llu were refused by breakers; the clock was set wrong %llu times; "
	       "most servers were mute at %llu writes: %s\n",
	       (unsigned long long)figures->seeds, (unsigned long long)figures->runs,
	       (unsigned long long)figures->steps, (unsigned long long)figures->crashes,
	       (unsigned long long)figures->writes, (unsigned long long)figures->creates,
	       (unsigned long long)figures->destroys, (unsigned long long)figures->throttles,
	       (unsigned long long)figures->outages, (unsigned long long)figures->late,
	       (unsigned long long)figures->refused, (unsigned long long)figures->clock_jumps,
	       (unsigned long long)figures->doubts, verdict);
}
