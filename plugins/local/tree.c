/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removal of a server's files (tree_remove of folder.h). A server's user may leave folders of any
 * mode and of any depth: modes are mended on the way, and folders too deep to hold open all the
 * way down are first moved up.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "folder.h"

#define DEPTH_MAX 48

struct removal {
	int top;
	const char *last;
	bool (*pause)(const void *context);
	const void *context;
	unsigned n_moved;
};

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

/* Mends a folder's mode by descriptor: a name could by now be a link to somewhere else. */
static int mode_mend(int parent, const char *name)
{
	int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char self[64];
	long result;

	if (fd < 0)
		return -1;
	result = syscall(SYS_fchmodat2, fd, "", 0700, AT_EMPTY_PATH);
	if (result && (errno == ENOSYS || errno == EPERM)) {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		result = chmod(self, 0700);
		/* In a sandbox /proc is closed. A link then leads to what this user owns only. */
		if (result && geteuid() != 0)
			result = fchmodat(parent, name, 0700, 0);
	}
	close(fd);
	return result ? -1 : 0;
}

/* Opens a folder whose mode may forbid it. Only its owner or root gets here. */
static int open_any_mode(int parent, const char *name)
{
	int fd = folder_open(parent, name);

	if (fd < 0 && errno == EACCES) {
		if (mode_mend(parent, name)) {
			errno = EACCES;
			return -1;
		}
		fd = folder_open(parent, name);
	}
	if (fd >= 0)
		(void)!fchmod(fd, 0700);
	return fd;
}

static int remove_entries(struct removal *removal, int folder, unsigned depth);

static int remove_folder(struct removal *removal, int parent, const char *name, unsigned depth)
{
	char moved[32];
	int folder;

	folder = open_any_mode(parent, name);
	if (folder < 0)
		return errno == ENOENT ? 0 : -1;
	if (depth >= DEPTH_MAX) {
		close(folder);
		snprintf(moved, sizeof(moved), ".deep-%u", removal->n_moved++);
		return renameat(parent, name, removal->top, moved);
	}
	if (remove_entries(removal, folder, depth + 1))
		return -1;
	return unlinkat(parent, name, AT_REMOVEDIR) && errno != ENOENT ? -1 : 0;
}

/* Takes folder. */
static int remove_entries(struct removal *removal, int folder, unsigned depth)
{
	DIR *dir = fdopendir(folder);
	struct dirent *entry;
	int result = 0, saved;

	if (!dir) {
		close(folder);
		return -1;
	}
	while (result == 0) {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			result = errno ? -1 : 0;
			break;
		}
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (depth == 0 && removal->last && !strcmp(entry->d_name, removal->last))
			continue;
		if (removal->pause && removal->pause(removal->context)) {
			errno = EINTR;
			result = -1;
			break;
		}
		if (unlinkat(folder, entry->d_name, 0) == 0 || errno == ENOENT)
			continue;
		result = errno == EISDIR || errno == EPERM
				 ? remove_folder(removal, folder, entry->d_name, depth)
				 : -1;
	}
	saved = errno;
	closedir(dir);
	errno = saved;
	return result;
}

int tree_remove(int parent, const char *name, const char *last, bool (*pause)(const void *context),
		const void *context)
{
	struct removal removal = {.last = last, .pause = pause, .context = context};
	unsigned n_moved;
	int saved, result, again;

	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	removal.top = open_any_mode(parent, name);
	if (removal.top < 0)
		return errno == ENOENT ? 0 : -1;
	do {
		n_moved = removal.n_moved;
		again = fcntl(removal.top, F_DUPFD_CLOEXEC, 0);
		if (again >= 0)
			lseek(again, 0, SEEK_SET);
		result = again < 0 ? -1 : remove_entries(&removal, again, 0);
	} while (result == 0 && removal.n_moved != n_moved);
	if (result == 0 && last && unlinkat(removal.top, last, 0) && errno != ENOENT)
		result = -1;
	saved = errno;
	close(removal.top);
	errno = saved;
	if (result)
		return -1;
	return unlinkat(parent, name, AT_REMOVEDIR) && errno != ENOENT ? -1 : 0;
}
