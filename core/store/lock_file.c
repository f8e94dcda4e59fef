/* SPDX-License-Identifier: Apache-2.0 */
/* A POSIX record lock: it belongs to the process, so that children that outlive the daemon (a
 * server's processes) do not hold it. Such a lock does not keep out its own process, and is lost
 * when the process closes any descriptor of the file; hence the list of files held here. */
#include "store/lock_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct lock_file {
	struct lock_file *next;
	dev_t device;
	ino_t inode;
	int fd;
};

static pthread_mutex_t held_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct lock_file *held;

static bool held_here(const char *path)
{
	struct stat info;

	if (stat(path, &info) < 0)
		return false;
	for (struct lock_file *lock = held; lock; lock = lock->next)
		if (lock->device == info.st_dev && lock->inode == info.st_ino)
			return true;
	return false;
}

static int refuse(const char *directory, long pid, struct hr_error *err)
{
	return error_set(err, HR_CONFLICT,
			 "the state folder %s is held by headroomd with pid %ld; stop that one "
			 "first, or name another state folder",
			 directory, pid);
}

static int take(struct lock_file *lock, const char *directory, const char *path,
		struct hr_error *err)
{
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat info;
	char text[32];
	int n;

	lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (lock->fd < 0)
		return error_set_errno(err, errno,
				       "cannot write the lock file %s (the daemon's user needs to "
				       "write it and its folder)",
				       path);
	if (fcntl(lock->fd, F_SETLK, &range) < 0) {
		struct flock holder = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		int code = errno;

		if (code != EACCES && code != EAGAIN)
			return error_set_errno(err, code, "cannot lock %s", path);
		if (fcntl(lock->fd, F_GETLK, &holder) < 0 || holder.l_type == F_UNLCK)
			holder.l_pid = 0;
		return refuse(directory, (long)holder.l_pid, err);
	}
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(lock->fd, 0) < 0 || pwrite(lock->fd, text, (size_t)n, 0) != n ||
	    fstat(lock->fd, &info) < 0)
		return error_set_errno(err, errno, "cannot write the lock file %s", path);
	lock->device = info.st_dev;
	lock->inode = info.st_ino;
	return 0;
}

int lock_file_open(const char *directory, struct lock_file **ret_lock, struct hr_error *err)
{
	struct lock_file *lock = calloc(1, sizeof(*lock));
	char *path = NULL;
	int rc = -1;

	if (!lock || asprintf(&path, "%s/headroomd.pid", directory) < 0) {
		free(lock);
		return error_no_memory(err, "locking the state folder");
	}
	lock->fd = -1;
	pthread_mutex_lock(&held_mutex);
	if (held_here(path)) {
		refuse(directory, (long)getpid(), err);
	} else {
		rc = take(lock, directory, path, err);
		if (rc == 0) {
			lock->next = held;
			held = lock;
		} else if (lock->fd >= 0) {
			close(lock->fd);
		}
	}
	pthread_mutex_unlock(&held_mutex);
	free(path);
	if (rc == 0)
		*ret_lock = lock;
	else
		free(lock);
	return rc;
}

void lock_file_close(struct lock_file *lock)
{
	if (!lock)
		return;
	pthread_mutex_lock(&held_mutex);
	for (struct lock_file **at = &held; *at; at = &(*at)->next) {
		if (*at == lock) {
			*at = lock->next;
			break;
		}
	}
	/* An empty file: no process to be asked about. If it fails, the lock tells the truth. */
	if (ftruncate(lock->fd, 0) < 0)
		errno = 0;
	close(lock->fd);
	pthread_mutex_unlock(&held_mutex);
	free(lock);
}
