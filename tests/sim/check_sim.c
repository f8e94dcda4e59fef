/* SPDX-License-Identifier: Apache-2.0 */
/* The simulation's program: SEEDS seeds from SEED_FIRST on, each once as it is, once again to see that
 * it is the same, and once for each write of its store with a crash there (CRASHES at most, spread
 * over all), every other one before the commit is made; JOBS at once. SEED=n runs one seed, CRASH=k (and
 * MADE=0|1) one crash of it; SIM_TRACE=1 prints what happens. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "world.h"

#define JOBS_MAX 16

static struct totals {
	uint64_t seeds, runs, steps, crashes, writes, creates, destroys, throttles, outages, late,
		refused;
} totals;

static int64_t number(const char *name, int64_t fallback)
{
	const char *text = getenv(name);
	int64_t value;

	if (!text || text[0] == '\0')
		return fallback;
	if (text_to_int64(text, 0, INT64_MAX, &value) < 0) {
		fprintf(stderr, "check-sim: %s=%s is no number\n", name, text);
		exit(2);
	}
	return value;
}

/* Gives whether it held. */
static bool run(uint64_t seed, struct crash crash, struct world *ret_world)
{
	world_run(ret_world, seed, crash);
	totals.runs++;
	totals.steps += ret_world->steps;
	totals.crashes += ret_world->crashes;
	totals.writes += ret_world->commits;
	totals.creates += ret_world->creates;
	totals.destroys += ret_world->destroys;
	totals.throttles += ret_world->throttles;
	totals.outages += ret_world->outages;
	totals.late += ret_world->late;
	totals.refused += ret_world->refused;
	if (!ret_world->violation[0])
		return true;
	printf("check-sim: seed %llu", (unsigned long long)seed);
	if (crash.commit)
		printf(", crash %s write %llu", crash.made ? "after" : "before",
		       (unsigned long long)crash.commit);
	printf(": %s\n", ret_world->violation);
	printf("again: make check-sim SEED=%llu CRASH=%llu MADE=%d\n", (unsigned long long)seed,
	       (unsigned long long)crash.commit, crash.made);
	return false;
}

static bool same_again(uint64_t seed, struct crash crash, uint64_t trace)
{
	struct world world;

	if (!run(seed, crash, &world))
		return false;
	if (world.trace == trace)
		return true;
	printf("check-sim: seed %llu, crash %llu: two runs of it differ\n",
	       (unsigned long long)seed, (unsigned long long)crash.commit);
	return false;
}

static bool run_seed(uint64_t seed, int64_t most_crashes)
{
	struct world world;
	uint64_t commits;

	totals.seeds++;
	if (!run(seed, (struct crash){0}, &world) ||
	    !same_again(seed, (struct crash){0}, world.trace))
		return false;
	commits = world.commits;
	for (int64_t i = 0; i < most_crashes && i < (int64_t)commits; i++) {
		int64_t n = most_crashes < (int64_t)commits ? most_crashes : (int64_t)commits;
		struct crash crash = {.commit = 1 + (uint64_t)i * commits / (uint64_t)n,
				      .made = ((uint64_t)i + seed) % 2 == 1};

		if (!run(seed, crash, &world))
			return false;
		if (i == n / 2 && !same_again(seed, crash, world.trace))
			return false;
	}
	return true;
}

/* ---- Several at once ---- */

/* What the workers share. */
struct shared {
	atomic_bool failed;
	struct totals totals[JOBS_MAX];
};

static void work(struct shared *shared, int64_t job, int64_t jobs, int64_t first, int64_t seeds,
		 int64_t crashes)
{
	for (int64_t i = job; i < seeds && !atomic_load(&shared->failed); i += jobs)
		if (!run_seed((uint64_t)(first + i), crashes))
			atomic_store(&shared->failed, true);
	shared->totals[job] = totals;
}

static void add_up(const struct totals *more)
{
	totals.seeds += more->seeds;
	totals.runs += more->runs;
	totals.steps += more->steps;
	totals.crashes += more->crashes;
	totals.writes += more->writes;
	totals.creates += more->creates;
	totals.destroys += more->destroys;
	totals.throttles += more->throttles;
	totals.outages += more->outages;
	totals.late += more->late;
	totals.refused += more->refused;
}

static bool run_seeds(int64_t first, int64_t seeds, int64_t crashes, int64_t jobs)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t workers[JOBS_MAX];
	bool held = true;
	int status;

	if (shared == MAP_FAILED) {
		perror("mmap");
		return false;
	}
	for (int64_t job = 0; job < jobs; job++) {
		workers[job] = fork();
		if (workers[job] == 0) {
			work(shared, job, jobs, first, seeds, crashes);
			exit(0);
		}
	}
	for (int64_t job = 0; job < jobs; job++)
		if (workers[job] < 0 || waitpid(workers[job], &status, 0) < 0 || status != 0)
			held = false;
	held = held && !atomic_load(&shared->failed);
	for (int64_t job = 0; job < jobs; job++)
		add_up(&shared->totals[job]);
	munmap(shared, sizeof(*shared));
	return held;
}

static int64_t processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? n : 1;
}

int main(void)
{
	int64_t seeds = number("SEEDS", 5), first = number("SEED_FIRST", 1);
	int64_t seed = number("SEED", 0), crashes = number("CRASHES", 10);
	int64_t jobs = number("JOBS", processors());
	struct crash crash = {.commit = (uint64_t)number("CRASH", 0),
			      .made = number("MADE", 1) == 1};
	struct world world;
	bool held = true;

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Faults are injected by the thousand; what they do is in the trace. */
	log_setup(getenv("SIM_TRACE") ? LOG_LEVEL_DEBUG : LOG_LEVEL_NONE, LOG_FORMAT_TEXT);
	if (jobs > JOBS_MAX)
		jobs = JOBS_MAX;
	if (seed > 0 && getenv("CRASH"))
		held = run((uint64_t)seed, crash, &world);
	else if (seed > 0)
		held = run_seed((uint64_t)seed, crashes);
	else
		held = run_seeds(first, seeds, crashes, jobs < seeds ? jobs : seeds);
	printf("check-sim: %llu seeds, %llu runs, %llu steps, %llu crashes, %llu writes, %llu "
	       "creates, %llu destroys, %llu calls throttled, %llu in outages; %llu waited too long, %llu were refused by breakers: %s\n",
	       (unsigned long long)totals.seeds, (unsigned long long)totals.runs,
	       (unsigned long long)totals.steps, (unsigned long long)totals.crashes,
	       (unsigned long long)totals.writes, (unsigned long long)totals.creates,
	       (unsigned long long)totals.destroys, (unsigned long long)totals.throttles,
	       (unsigned long long)totals.outages, (unsigned long long)totals.late,
	       (unsigned long long)totals.refused, held ? "every invariant held" : "failed");
	return held ? 0 : 1;
}
