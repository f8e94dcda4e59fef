/* SPDX-License-Identifier: Apache-2.0 */
/* The simulation's program: SEEDS seeds from SEED_FIRST on, each with CRASHES crashes at most (what
 * that means: seed_runs.h), JOBS at once. SEED=n runs one seed, CRASH=k (and MADE=0|1) one crash of
 * it; SIM_TRACE=1 prints what happens. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "memory_files.h"
#include "workers.h"

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

static int64_t processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? n : 1;
}

/* As many as there is work for. */
static int64_t jobs_for(const struct assignment *assignment)
{
	int64_t jobs = number("JOBS", processors());

	if (jobs > WORKERS_MAX)
		jobs = WORKERS_MAX;
	if ((uint64_t)jobs > assignment->n)
		jobs = (int64_t)assignment->n;
	return jobs > 0 ? jobs : 1;
}

int main(void)
{
	int64_t seed = number("SEED", 0);
	struct assignment assignment = {
		.first = (uint64_t)(seed > 0 ? seed : number("SEED_FIRST", 1)),
		.n = seed > 0 ? 1 : (uint64_t)number("SEEDS", 5),
		.most_crashes = number("CRASHES", 10),
		.once = seed > 0 && getenv("CRASH"),
		.crash = {.commit = (uint64_t)number("CRASH", 0), .made = number("MADE", 1) == 1}};
	struct figures figures = {0};
	int result;

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Faults are injected by the thousand; what they do is in the trace. */
	log_setup(getenv("SIM_TRACE") ? LOG_LEVEL_DEBUG : LOG_LEVEL_NONE, LOG_FORMAT_TEXT);
	memory_files_use();
	result = workers_run(&assignment, jobs_for(&assignment), &figures);
	figures_print(&figures, result == 0   ? "every invariant held"
				: result == 1 ? "failed"
					      : "interrupted");
	return result;
}
