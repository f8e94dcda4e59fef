/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that take one seed after the other, each with a folder of its own. All of them, and
 * those that they make, die with this one. */
#include "workers.h"

#include <ftw.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "seed_runs.h"

struct worker {
	pid_t pid; /* 0: none */
	struct at_work at_work;
	struct verdict verdict;
};

/* What all processes share. */
struct shared {
	_Atomic uint64_t next;
	_Atomic uint64_t failed; /* the lowest that did */
	struct worker workers[WORKERS_MAX];
};

static char folder[256];

/* ---- In the workers ---- */

static void note_failed(struct shared *shared, uint64_t seed)
{
	uint64_t lowest = atomic_load(&shared->failed);

	while (seed < lowest && !atomic_compare_exchange_weak(&shared->failed, &lowest, seed))
		continue;
}

static void work(struct shared *shared, struct worker *worker, const struct assignment *assignment)
{
	uint64_t end = assignment->first + assignment->n, seed;
	char own[300];

	text_format(own, sizeof(own), "%s/%ld", folder, (long)getpid());
	if (mkdir(own, 0700) < 0) {
		perror(own);
		exit(2);
	}
	/* Memory that was touched once is used again: a new page costs more than all that is done
	 * with it. */
	mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
	mallopt(M_TRIM_THRESHOLD, 512 * 1024 * 1024);
	if (assignment->once) {
		seed_run_once(assignment->first, own, assignment->crash, &worker->at_work,
			      &worker->verdict);
		return;
	}
	while ((seed = atomic_fetch_add(&shared->next, 1)) < end &&
	       seed < atomic_load(&shared->failed))
		if (!seed_runs(seed, own, assignment->most_crashes, &worker->at_work,
			       &worker->verdict)) {
			note_failed(shared, seed);
			return;
		}
}

/* ---- Around them ---- */

/* Those that end the run; not those that whoever started it wants ignored. */
static void signals_to_wait_for(sigset_t *ret_set)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action;

	sigemptyset(ret_set);
	sigaddset(ret_set, SIGCHLD);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(ret_set, ending[i]);
}

static void start(struct shared *shared, struct worker *worker, const struct assignment *assignment,
		  const sigset_t *signals)
{
	pid_t parent = getpid(), child;

	fflush(NULL);
	child = fork();
	if (child < 0) {
		perror("check-sim: fork");
		exit(2);
	}
	if (child > 0) {
		worker->pid = child; /* shared: the child itself must not write its 0 */
		return;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(2);
	sigprocmask(SIG_UNBLOCK, signals, NULL);
	work(shared, worker, assignment);
	exit(0);
}

/* A process that died says nothing itself. */
static void note_end(struct shared *shared, pid_t pid, int status)
{
	char why[200];

	for (size_t i = 0; i < WORKERS_MAX; i++) {
		struct worker *worker = &shared->workers[i];

		if (worker->pid != pid)
			continue;
		worker->pid = 0;
		if (status == 0)
			return;
		if (WIFSIGNALED(status))
			text_format(why, sizeof(why), "its process ended by signal %d (%s)",
				    WTERMSIG(status), strsignal(WTERMSIG(status)));
		else
			text_format(why, sizeof(why), "its process ended with status %d",
				    WEXITSTATUS(status));
		if (!worker->verdict.wrong[0])
			seed_run_failed(&worker->at_work, why, &worker->verdict);
		note_failed(shared, worker->at_work.seed);
	}
}

/* Until every process has ended. Gives the signal that ended them before their time; 0: none. */
static int wait_for_all(struct shared *shared, int64_t jobs, const sigset_t *signals)
{
	int interrupted = 0, status, signal;
	pid_t pid;

	for (;;) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (!interrupted)
				note_end(shared, pid, status);
		if (pid < 0)
			return interrupted;
		signal = sigwaitinfo(signals, NULL);
		if (signal <= 0 || signal == SIGCHLD || interrupted)
			continue;
		interrupted = signal;
		for (int64_t i = 0; i < jobs; i++)
			if (shared->workers[i].pid > 0)
				kill(shared->workers[i].pid, SIGKILL);
	}
}

static int by_seed(const void *a, const void *b)
{
	const struct worker *left = a, *right = b;

	return (left->at_work.seed > right->at_work.seed) -
	       (left->at_work.seed < right->at_work.seed);
}

static bool add_up(struct shared *shared, int64_t jobs, struct figures *figures)
{
	bool held = true;

	qsort(shared->workers, (size_t)jobs, sizeof(shared->workers[0]), by_seed);
	for (int64_t i = 0; i < jobs; i++) {
		figures_add(figures, &shared->workers[i].verdict.figures);
		if (!shared->workers[i].verdict.wrong[0])
			continue;
		fputs(shared->workers[i].verdict.wrong, stdout);
		held = false;
	}
	return held;
}

/* ---- The folder ---- */

static void make_folder(void)
{
	const char *parent = getenv("TMPDIR");

	text_format(folder, sizeof(folder), "%s/headroom-sim-XXXXXX", parent ? parent : "/dev/shm");
	if (!mkdtemp(folder)) {
		perror(folder);
		exit(2);
	}
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
	(void)info;
	(void)type;
	(void)place;
	return remove(path);
}

int workers_run(const struct assignment *assignment, int64_t jobs, struct figures *ret_figures)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int interrupted, result;
	sigset_t signals;

	if (shared == MAP_FAILED) {
		perror("check-sim: mmap");
		return 1;
	}
	atomic_init(&shared->next, assignment->first);
	atomic_init(&shared->failed, UINT64_MAX);
	signals_to_wait_for(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* What a killed worker was waiting for becomes a child of this one, and is waited for too. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	make_folder();
	for (int64_t i = 0; i < jobs; i++)
		start(shared, &shared->workers[i], assignment, &signals);
	interrupted = wait_for_all(shared, jobs, &signals);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	result = add_up(shared, jobs, ret_figures) ? 0 : 1;
	munmap(shared, sizeof(*shared));
	return interrupted ? 128 + interrupted : result;
}
