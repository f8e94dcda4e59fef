/* SPDX-License-Identifier: Apache-2.0 */
/* Finding of barriers, and mounts over them; see barrier.h. */
#include "host/barrier.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096

static bool may_enter(const struct stat *st, uid_t uid, gid_t gid)
{
	if (st->st_uid == uid)
		return st->st_mode & S_IXUSR;
	return st->st_mode & (st->st_gid == gid ? S_IXGRP : S_IXOTH);
}

int barrier_find(const char *path, uid_t uid, gid_t gid, char **ret_barrier, struct hr_error *err)
{
	char *copy = strdup(path);
	struct stat st;

	*ret_barrier = NULL;
	if (!copy)
		return error_no_memory(err, "looking at a folder's rights");
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (stat(copy, &st) == 0 && !may_enter(&st, uid, gid)) {
			*ret_barrier = copy;
			return 0;
		}
		*slash = '/';
	}
	free(copy);
	return 0;
}

int barrier_unshare(void)
{
	if (unshare(CLONE_NEWNS) != 0)
		return -1;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

int barrier_cover(const char *barrier)
{
	return mount("tmpfs", barrier, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k");
}

int barrier_seal(const char *barrier)
{
	return mount(NULL, barrier, NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_RDONLY, NULL);
}

static int make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : close(fd);
}

/* Makes each folder on the way from the barrier to path, and path itself. */
static int make_way(const char *barrier, const char *path, bool is_file)
{
	size_t len = strlen(path), at = strlen(barrier);
	char part[PATH_SIZE];

	if (len >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(part, path, len + 1);
	while (at < len) {
		const char *slash = strchr(part + at + 1, '/');

		at = slash ? (size_t)(slash - part) : len;
		part[at] = '\0';
		if (at == len && is_file)
			return make_file(part);
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return -1;
		part[at] = at < len ? '/' : '\0';
	}
	return 0;
}

/* "/proc/self/fd/N" */
static void fd_path(char buf[32], int fd)
{
	static const char folder[] = "/proc/self/fd/";
	char digits[12];
	size_t at = sizeof(folder) - 1, n = 0;

	memcpy(buf, folder, at);
	do {
		digits[n++] = (char)('0' + fd % 10);
		fd /= 10;
	} while (fd > 0);
	while (n > 0)
		buf[at++] = digits[--n];
	buf[at] = '\0';
}

int barrier_bind(const char *barrier, const char *path, int source, enum barrier_bind how)
{
	bool is_file = how == BARRIER_FILE_READ_ONLY;
	char from[32];

	fd_path(from, source);
	if (make_way(barrier, path, is_file) != 0 ||
	    mount(from, path, NULL, is_file ? MS_BIND : MS_BIND | MS_REC, NULL) != 0)
		return -1;
	if (!is_file)
		return 0;
	return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_RDONLY,
		     NULL);
}
