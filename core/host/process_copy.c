/* SPDX-License-Identifier: Apache-2.0 */
/* See process_copy.h. */
#include "host/process_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/open_below.h"
#include "host/owner.h"

#define FILE_BYTES_MAX (256ll << 20)

/* Why the file is not to be copied; NULL: it may be. */
static const char *objection(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "it is not a regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "it does not belong to root";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others may write it";
	if (!(st->st_mode & S_IROTH))
		return "not everybody may read it; if it came with the module, run chmod a+r on it";
	return NULL;
}

int process_copy_open(int dir, const char *path, int *ret_fd, struct hr_error *err)
{
	CLEANUP_CLOSE int fd = open_below(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	const char *why;
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == ENAMETOOLONG))
		return error_set(err, HR_NOT_FOUND, "there is no file %s", path);
	if (fd < 0 || fstat(fd, &st) != 0)
		why = errno == ELOOP || errno == ENOTDIR
			      ? "a part of its path is a symbolic link or no folder"
			      : strerrordesc_np(errno);
	else
		why = objection(&st);
	if (why)
		return error_set(err, HR_INVALID, "cannot copy %s for a process: %s", path, why);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int copy_bytes(int from, int to)
{
	long long left = FILE_BYTES_MAX;
	char buffer[16384];
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		left -= n;
		if (left < 0) {
			errno = EFBIG;
			return -1;
		}
		for (ssize_t done = 0; done < n;) {
			ssize_t written = write(to, buffer + done, (size_t)(n - done));

			if (written < 0 && errno != EINTR)
				return -1;
			done += written > 0 ? written : 0;
		}
	}
	return 0;
}

/* Makes a file of these bytes in the folder `to`, whole or not at all. -1 with errno. */
static int copy_into(int from, int to, const char *name)
{
	char temporary[NAME_MAX + 1];
	int fd, saved;

	if (!text_format(temporary, sizeof(temporary), ".%s.new", name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (unlinkat(to, temporary, 0) != 0 && errno != ENOENT)
		return -1;
	fd = openat(to, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700);
	if (fd < 0)
		return -1;
	if (copy_bytes(from, fd) != 0 || fchmod(fd, 0700) != 0 || fsync(fd) != 0) {
		saved = errno;
		close(fd);
		(void)!unlinkat(to, temporary, 0);
		errno = saved;
		return -1;
	}
	if (close(fd) != 0)
		return -1;
	return renameat(to, temporary, to, name);
}

int process_copy(const struct state_folder *folder, const char *directory,
		 const struct process_copy *files, size_t n, struct hr_error *err)
{
	CLEANUP_CLOSE int to = -1;
	const char *name = directory;
	bool entered = owner_enter_alone(folder);
	int rc, saved;

	to = open_below(folder->fd, directory, O_RDONLY | O_DIRECTORY, 0);
	rc = to < 0 ? -1 : 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		name = files[i].name;
		rc = copy_into(files[i].fd, to, name);
	}
	saved = errno;
	owner_leave(entered);
	if (rc == 0)
		return 0;
	return error_set(err, saved == ENOSPC || saved == EDQUOT ? HR_CAPACITY : HR_INTERNAL,
			 "cannot copy %s into %s/%s: %s", name, folder->path, directory,
			 strerrordesc_np(saved));
}
