/* SPDX-License-Identifier: Apache-2.0 */
/* See process_record.h. A line per process, after a line's end, since the line before may be half a one that a
 * full disk left: its pid and when it was started, in ticks since boot; both
 * together name no other one of the same boot, and of another hardly. Each leads a session, whose number
 * the kernel gives to no other process while there is one in it. */
#include "host/process_record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "host/process_stat.h"
#include "provider/account_folder.h"

#define SIZE_TIDIED (16 << 10) /* bytes of the file from which on it is looked through */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static bool path_of(const struct state_folder *folder, const char *suffix, char path[PATH_MAX])
{
	const char *name = strrchr(folder->path, '/');

	return name && text_format(path, PATH_MAX, "%.*s/.%s" ACCOUNT_STARTED "%s",
				   (int)(name - folder->path), folder->path, name + 1, suffix);
}

/* The next line's process. */
static bool next_of(FILE *file, struct hr_process *ret_process)
{
	char line[64];

	while (fgets(line, sizeof(line), file))
		/* NOLINTNEXTLINE(cert-err34-c): what write_to() wrote */
		if (sscanf(line, "%" SCNd64 " %" SCNu64, &ret_process->pid,
			   &ret_process->start_time) == 2)
			return true;
	return false;
}

static bool is_there(pid_t pid, uint64_t *ret_start_time)
{
	char state;

	return process_stat(pid, &state, ret_start_time) == 0 && state != 'Z' && state != 'X';
}

/* It, or another of its group. */
static bool runs(const struct hr_process *process)
{
	uint64_t start_time;

	if (is_there((pid_t)process->pid, &start_time))
		return start_time == process->start_time;
	return kill(-(pid_t)process->pid, 0) == 0 || errno == EPERM;
}

/* Whether it is in the session that the other one, which may have ended since, has begun. */
static bool is_of_session(const struct hr_process *process, const struct hr_process *leader)
{
	uint64_t start_time;
	char state;

	if (getsid((pid_t)process->pid) != (pid_t)leader->pid ||
	    process->start_time < leader->start_time)
		return false;
	return process_stat((pid_t)leader->pid, &state, &start_time) != 0 ||
	       start_time == leader->start_time;
}

static int write_to(FILE *file, const struct hr_process *process)
{
	return fprintf(file, "\n%" PRId64 " %" PRIu64 "\n", process->pid, process->start_time) < 0
		       ? -1
		       : 0;
}

/* For writing. NULL: errno. */
static FILE *open_for(const char *path, int how)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | how, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	int saved = errno;

	if (!file && fd >= 0)
		close(fd);
	errno = saved;
	return file;
}

/* Without those that have ended, by way of a new file; or it stays as it was. */
static void tidy(const struct state_folder *folder, const char *path)
{
	FILE *from = fopen(path, "re"), *to = NULL;
	char fresh[PATH_MAX];
	struct hr_process process;
	int rc = 0;

	if (from && path_of(folder, ".new", fresh))
		to = open_for(fresh, O_TRUNC);
	while (to && rc == 0 && next_of(from, &process))
		if (runs(&process))
			rc = write_to(to, &process);
	if (to && (fclose(to) != 0 || rc != 0 || rename(fresh, path) != 0))
		unlink(fresh);
	if (from)
		fclose(from);
}

static int append(const char *path, const struct hr_process *process)
{
	FILE *file = open_for(path, O_APPEND);
	int rc = file ? write_to(file, process) : -1;

	return file && fclose(file) != 0 ? -1 : rc;
}

int process_record_add(const struct state_folder *folder, const struct hr_process *process,
		       struct hr_error *err)
{
	char path[PATH_MAX];
	struct stat st;
	int rc;

	if (!path_of(folder, "", path))
		return error_set(err, HR_INTERNAL,
				 "the path of the state folder is too long, or not absolute");
	pthread_mutex_lock(&mutex);
	if (stat(path, &st) == 0 && st.st_size >= SIZE_TIDIED)
		tidy(folder, path);
	rc = append(path, process);
	pthread_mutex_unlock(&mutex);
	if (rc == 0)
		return 0;
	if (errno == ENOSPC || errno == EDQUOT)
		return error_set(err, HR_CAPACITY,
				 "there is no room to write down a process, in %s", path);
	return error_set_errno(err, errno, "cannot write down a process, in %s", path);
}

bool process_record_has(const struct state_folder *folder, const struct hr_process *process)
{
	char path[PATH_MAX];
	struct hr_process one;
	bool found = false;
	FILE *file;

	if (!path_of(folder, "", path))
		return false;
	pthread_mutex_lock(&mutex);
	file = fopen(path, "re");
	while (file && !found && next_of(file, &one))
		found = (one.pid == process->pid && one.start_time == process->start_time) ||
			is_of_session(process, &one);
	if (file)
		fclose(file);
	pthread_mutex_unlock(&mutex);
	return found;
}
