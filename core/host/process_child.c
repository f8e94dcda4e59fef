/* SPDX-License-Identifier: Apache-2.0 */
/* The new process makes itself what it is to be: a session of its own, the account's user, its
 * descriptors and nothing else of ours; then exec. Async-signal-safe calls only, since other
 * threads of ours may have held any lock at the fork. */
#include "host/process_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host/barrier.h"
#include "host/open_below.h"
#include "host/process_stat.h"

#define HIGH_FD 64    /* above all numbers that may be asked for */
#define BUSY_TRIES 50 /* 10 ms apart */

/* glibc's own functions would tell all threads, which are not there any more. */
#ifdef SYS_setresuid32
#define SET_GROUPS SYS_setgroups32
#define SET_GIDS SYS_setresgid32
#define SET_UIDS SYS_setresuid32
#define SET_FSUID SYS_setfsuid32
#else
#define SET_GROUPS SYS_setgroups
#define SET_GIDS SYS_setresgid
#define SET_UIDS SYS_setresuid
#define SET_FSUID SYS_setfsuid
#endif

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1u << 2)
#endif

static void send_report(int pipe, const struct process_report *report)
{
	ssize_t n;

	/* Smaller than PIPE_BUF, so it goes whole or not at all. */
	do
		n = write(pipe, report, sizeof(*report));
	while (n < 0 && errno == EINTR);
}

_Noreturn static void give_up(int pipe, enum process_stage stage, int file)
{
	const struct process_report report = {
		.stage = (int32_t)stage,
		.errno_value = errno,
		.file = file,
	};

	send_report(pipe, &report);
	_exit(127);
}

static int to_high_number(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
	int saved = errno;

	close(fd);
	errno = saved;
	return high;
}

/* Opens one of the plan's files; a FIFO or device in its place would hold us up or worse. */
static int open_file(int folder, const struct process_file *file)
{
	int flags = file->writable ? O_WRONLY | O_CREAT | O_APPEND : O_RDONLY;
	int fd = open_below(folder, file->path, flags | O_NONBLOCK | O_NOCTTY, 0600);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	if (fcntl(fd, F_SETFL, flags & O_APPEND) != 0) {
		close(fd);
		return -1;
	}
	return to_high_number(fd);
}

/* All of them, by the system call: the library keeps two for itself, which may be ignored too. */
static void reset_signals(void)
{
	static const char by_default[64]; /* the kernel's struct sigaction, all zero; not larger */

	for (int i = 1; i < _NSIG; i++)
		syscall(SYS_rt_sigaction, i, by_default, NULL, _NSIG / 8);
}

/* A mount namespace in which the barrier is a folder with nothing but the way to ours. */
static int pass_barrier(const struct process_plan *plan)
{
	int fd;

	syscall(SET_FSUID, geteuid()); /* the thread that forked us may touch files as another */
	if (barrier_unshare() != 0)
		return -1;
	fd = open(plan->folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (barrier_cover(plan->barrier) != 0 ||
	    barrier_bind(plan->barrier, plan->folder, fd, BARRIER_FOLDER_WRITABLE) != 0 ||
	    barrier_seal(plan->barrier) != 0)
		return -1;
	close(fd);
	return open(plan->folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int switch_user(const struct process_plan *plan)
{
	if (plan->switches_user && (syscall(SET_GROUPS, 0, NULL) != 0 ||
				    syscall(SET_GIDS, plan->gid, plan->gid, plan->gid) != 0 ||
				    syscall(SET_UIDS, plan->uid, plan->uid, plan->uid) != 0))
		return -1;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
		return -1;
	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Everything from `first` on closes at exec. */
static int close_from(unsigned first)
{
	struct rlimit limit;

	if (syscall(SYS_close_range, first, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return -1;
	for (unsigned fd = first; fd < limit.rlim_cur; fd++)
		fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* high[i] is what number i is to be; -1: nothing, which for 0 to 2 is /dev/null. */
static int place_descriptors(const int high[PROCESS_FILES_MAX])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -1;
	null = to_high_number(null);
	for (int i = 0; null >= 0 && i < PROCESS_FILES_MAX; i++) {
		int from = i < 3 && high[i] < 0 ? null : high[i];

		if (from < 0)
			close(i);
		else if (dup2(from, i) < 0)
			return -1;
	}
	return null < 0 ? -1 : close_from(PROCESS_FILES_MAX);
}

/* The grandchild, from here on the process itself. */
_Noreturn static void become(const struct process_plan *plan, int pipe)
{
	struct process_report report = {.stage = STAGE_RUNNING, .pid = (int32_t)getpid()};
	int high[PROCESS_FILES_MAX], folder, directory;
	char state;
	sigset_t none;

	setsid();
	reset_signals();
	if (process_stat(0, &state, &report.start_time) != 0)
		give_up(pipe, STAGE_FORK, 0);
	send_report(pipe, &report);
	umask(022); /* the way past the barrier is open to the account's user */
	folder = plan->barrier ? pass_barrier(plan) : plan->folder_fd;
	if (folder < 0)
		give_up(pipe, STAGE_BARRIER, 0);
	if (switch_user(plan) != 0)
		give_up(pipe, STAGE_USER, 0);
	umask(077);
	folder = fcntl(folder, F_DUPFD_CLOEXEC, HIGH_FD);
	directory = open_below(folder, plan->directory, O_PATH | O_DIRECTORY, 0);
	if (directory < 0 || fchdir(directory) != 0)
		give_up(pipe, STAGE_DIRECTORY, 0);
	close(directory);
	for (int i = 0; i < PROCESS_FILES_MAX; i++)
		high[i] = -1;
	for (unsigned i = 0; i < plan->n_files; i++) {
		int fd = open_file(folder, &plan->files[i]);

		if (fd < 0)
			give_up(pipe, STAGE_FILE, (int)i);
		high[plan->files[i].fd] = fd;
	}
	if (place_descriptors(high) != 0)
		give_up(pipe, STAGE_DESCRIPTORS, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Where several threads start programs, another child may for a moment hold the descriptor by which this
	 * one's copy was written. */
	for (int i = 0; i < BUSY_TRIES; i++) {
		execve(plan->argv[0], plan->argv, plan->env);
		if (errno != ETXTBSY)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	give_up(pipe, STAGE_EXEC, 0);
}

_Noreturn void process_child(const struct process_plan *plan, int pipe)
{
	int high = fcntl(pipe, F_DUPFD_CLOEXEC, HIGH_FD);
	pid_t pid;

	if (high < 0)
		give_up(pipe, STAGE_DESCRIPTORS, 0);
	close(pipe);
	pid = fork();
	if (pid < 0)
		give_up(high, STAGE_FORK, 0);
	if (pid > 0)
		_exit(0);
	become(plan, high);
}
