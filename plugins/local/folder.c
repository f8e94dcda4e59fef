/* SPDX-License-Identifier: Apache-2.0 */
/* Folders and files below the account's folder; see folder.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int close_and_fail(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

/* As root, what the module makes belongs to the uid that servers run with. */
static int give_away(const struct hr_account *account, int fd)
{
	return geteuid() == 0 ? fchown(fd, account->uid, account->gid) : 0;
}

int folder_open(int parent, const char *name)
{
	return openat(parent, name, FOLDER_FLAGS);
}

int folder_make(const struct hr_account *account, int parent, const char *name, unsigned mode)
{
	int fd;

	if (mkdirat(parent, name, mode) && errno != EEXIST)
		return -1;
	fd = folder_open(parent, name);
	if (fd < 0)
		return -1;
	if (give_away(account, fd) || fchmod(fd, mode))
		return close_and_fail(fd);
	return fd;
}

int folder_make_path(const struct hr_account *account, int parent, const char *path)
{
	int folder = fcntl(parent, F_DUPFD_CLOEXEC, 0);

	while (folder >= 0 && *path) {
		size_t n = strcspn(path, "/");
		char name[64];
		int next;

		if (n >= sizeof(name)) {
			errno = ENAMETOOLONG;
			return close_and_fail(folder);
		}
		memcpy(name, path, n);
		name[n] = '\0';
		next = folder_make(account, folder, name, 0755);
		if (next < 0)
			return close_and_fail(folder);
		close(folder);
		folder = next;
		path += n + (path[n] == '/');
	}
	return folder;
}

int folder_servers(const struct hr_account *account)
{
	return folder_make(account, account->state_fd, FOLDER_SERVERS, 0700);
}

static int write_all(int fd, const char *bytes, size_t n_bytes)
{
	while (n_bytes > 0) {
		ssize_t n = write(fd, bytes, n_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		n_bytes -= (size_t)n;
	}
	return 0;
}

/* Opens a new file under a temporary name. */
static int temporary_open(int folder, const char *name, char *temporary, size_t size)
{
	snprintf(temporary, size, ".%s.new", name);
	if (unlinkat(folder, temporary, 0) && errno != ENOENT)
		return -1;
	return openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      0600);
}

/* Makes a temporary file the real one. Takes fd. */
static int temporary_commit(const struct hr_account *account, int fd, int folder,
			    const char *temporary, const char *name, unsigned mode)
{
	if (give_away(account, fd) || fchmod(fd, mode) || fsync(fd))
		return close_and_fail(fd);
	if (close(fd) || renameat(folder, temporary, folder, name))
		return -1;
	return fsync(folder);
}

int file_write(const struct hr_account *account, int folder, const char *name, unsigned mode,
	       const char *bytes, size_t n_bytes)
{
	char temporary[64];
	int fd = temporary_open(folder, name, temporary, sizeof(temporary));

	if (fd < 0)
		return -1;
	if (write_all(fd, bytes, n_bytes))
		return close_and_fail(fd);
	return temporary_commit(account, fd, folder, temporary, name, mode);
}

int file_touch(const struct hr_account *account, int folder, const char *name, unsigned mode)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return errno == EEXIST ? 0 : -1;
	if (give_away(account, fd) || fchmod(fd, mode))
		return close_and_fail(fd);
	return close(fd);
}

ssize_t file_read_end(int folder, const char *name, char *buffer, size_t size)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t have = 0;
	off_t from;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st))
		return close_and_fail(fd);
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return close_and_fail(fd);
	}
	from = st.st_size > (off_t)(size - 1) ? st.st_size - (off_t)(size - 1) : 0;
	while (have < size - 1) {
		ssize_t n = pread(fd, buffer + have, size - 1 - have, from + (off_t)have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return close_and_fail(fd);
		if (n == 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	buffer[have] = '\0';
	return (ssize_t)have;
}
