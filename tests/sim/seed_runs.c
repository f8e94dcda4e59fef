/* SPDX-License-Identifier: Apache-2.0 */
/* The runs of one seed. What lies before a crash is simulated once for all of them: a child process
 * made by fork() at the write has the whole world, its store's files too (memory_files.h), crashes
 * its daemon there and goes on to the end, while its parent waits. */
#include "seed_runs.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

/* What a child tells. */
struct outcome {
	bool ended;
	uint64_t trace;
	struct figures figures;
	char violation[1024];
};

struct branches {
	uint64_t seed, commits; /* of the run without a crash */
	int64_t n, next;
	struct outcome *outcome; /* shared with the child */
	uint64_t middle_trace;   /* of the one that is made again */
	struct at_work *at_work;
	struct verdict *verdict;
};

void seed_run_failed(const struct at_work *run, const char *why, struct verdict *ret)
{
	char crash[64] = "";

	if (run->crash.commit)
		text_format(crash, sizeof(crash), ", crash %s write %llu",
			    run->crash.made ? "after" : "before",
			    (unsigned long long)run->crash.commit);
	text_format(ret->wrong, sizeof(ret->wrong),
		    "check-sim: seed %llu%s: %s\n"
		    "again: make check-sim SEED=%llu CRASH=%llu MADE=%d\n",
		    (unsigned long long)run->seed, crash, why, (unsigned long long)run->seed,
		    (unsigned long long)run->crash.commit, run->crash.made);
}

/* Takes a finished run into the verdict. */
static bool judge(const struct figures *figures, const char *violation,
		  const struct at_work *at_work, struct verdict *verdict)
{
	figures_add(&verdict->figures, figures);
	if (violation[0])
		seed_run_failed(at_work, violation, verdict);
	return !violation[0];
}

static bool run_from_start(const struct run *run, struct world *ret_world, struct at_work *at_work,
			   struct verdict *verdict)
{
	struct figures figures;

	at_work->seed = run->seed;
	at_work->crash = run->crash;
	world_run(ret_world, run);
	if (ret_world->branch)
		return true;
	world_clear(ret_world);
	figures = figures_of(ret_world);
	return judge(&figures, ret_world->violation, at_work, verdict);
}

bool seed_run_once(uint64_t seed, const char *folder, struct crash crash, struct at_work *at_work,
		   struct verdict *ret)
{
	struct run run = {.seed = seed, .folder = folder, .crash = crash};
	struct world world;

	return run_from_start(&run, &world, at_work, ret);
}

/* ---- Branches ---- */

static struct crash crash_of(const struct branches *branches, int64_t i)
{
	return (struct crash){.commit = 1 + (uint64_t)i * branches->commits / (uint64_t)branches->n,
			      .made = ((uint64_t)i + branches->seed) % 2 == 1};
}

/* Why no outcome can be had of a child; "" when it can. */
static void wait_for(pid_t child, const struct outcome *outcome, char *ret_why, size_t size)
{
	int status;

	ret_why[0] = '\0';
	if (child < 0 || waitpid(child, &status, 0) != child)
		text_format(ret_why, size, "no process could be made for it");
	else if (WIFSIGNALED(status))
		text_format(ret_why, size, "its process ended by signal %d (%s)", WTERMSIG(status),
			    strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0 || !outcome->ended)
		text_format(ret_why, size, "its process ended with status %d", WEXITSTATUS(status));
}

static void branch(struct world *world, void *context)
{
	struct branches *branches = context;
	struct crash crash;
	pid_t parent = getpid(), child;
	char why[200];

	if (branches->next == branches->n || branches->verdict->wrong[0])
		return;
	crash = crash_of(branches, branches->next);
	if (crash.commit != world->commits)
		return;
	branches->at_work->crash = crash;
	branches->outcome->ended = false;
	fflush(NULL);
	child = fork();
	if (child == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
			_exit(1);
		world->branch = true;
		world->crash = crash;
		return;
	}
	wait_for(child, branches->outcome, why, sizeof(why));
	if (why[0])
		seed_run_failed(branches->at_work, why, branches->verdict);
	else
		judge(&branches->outcome->figures, branches->outcome->violation, branches->at_work,
		      branches->verdict);
	if (branches->next == branches->n / 2)
		branches->middle_trace = branches->outcome->trace;
	branches->next++;
	branches->at_work->crash = (struct crash){0};
}

/* The child's end. What it holds goes with it, but where leaks are looked for. */
static void branch_end(struct world *world, struct outcome *outcome)
{
	outcome->trace = world->trace;
	outcome->figures = figures_of(world);
	text_copy(outcome->violation, sizeof(outcome->violation), world->violation);
	outcome->ended = true;
#ifdef HR_SANITIZERS
	world_clear(world);
	exit(0);
#else
	_exit(0);
#endif
}

/* ---- All ---- */

static bool same(uint64_t trace, uint64_t other, const struct at_work *at_work,
		 struct verdict *verdict)
{
	if (trace != other)
		seed_run_failed(at_work, "two runs of it differ", verdict);
	return trace == other;
}

/* The second run, and those that leave it. */
static bool run_branches(struct run *run, struct branches *branches, uint64_t trace)
{
	struct world world;

	run->before_commit = branch;
	run->context = branches;
	if (!run_from_start(run, &world, branches->at_work, branches->verdict))
		return false;
	if (world.branch)
		branch_end(&world, branches->outcome);
	run->before_commit = NULL;
	/* A branch may have failed while this run held. */
	return !branches->verdict->wrong[0] &&
	       same(world.trace, trace, branches->at_work, branches->verdict);
}

bool seed_runs(uint64_t seed, const char *folder, int64_t most_crashes, struct at_work *at_work,
	       struct verdict *ret)
{
	struct run run = {.seed = seed, .folder = folder};
	struct branches branches = {.seed = seed, .at_work = at_work, .verdict = ret};
	struct world world;
	bool held;

	ret->figures.seeds++;
	branches.outcome = mmap(NULL, sizeof(*branches.outcome), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (branches.outcome == MAP_FAILED)
		abort();
	held = run_from_start(&run, &world, at_work, ret);
	branches.commits = world.commits;
	branches.n = most_crashes < (int64_t)world.commits ? most_crashes : (int64_t)world.commits;
	held = held && run_branches(&run, &branches, world.trace);
	if (held && branches.n > 0) {
		run.crash = crash_of(&branches, branches.n / 2);
		held = run_from_start(&run, &world, at_work, ret) &&
		       same(world.trace, branches.middle_trace, at_work, ret);
	}
	munmap(branches.outcome, sizeof(*branches.outcome));
	return held;
}
