/* SPDX-License-Identifier: Apache-2.0 */
/* See process_program.h. */
#include "host/process_program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/barrier.h"
#include "host/open_below.h"
#include "host/owner.h"

#define PROGRAM_BYTES_MAX (256ll << 20)

static int not_found(const char *name, int errno_value, struct hr_error *err)
{
	char reason_buf[128];

	return error_set(err, HR_NOT_FOUND, "cannot run %s: %s", name,
			 strerror_r(errno_value, reason_buf, sizeof(reason_buf)));
}

/* The program of that name below one of the places, resolved; NULL: none. */
static char *find_beside(const struct program_request *request)
{
	static const char *const above[] = {"", "/.."};
	char module[PATH_MAX], path[PATH_MAX + 300], *slash, *found = NULL;

	slash = request->module && realpath(request->module, module) ? strrchr(module, '/') : NULL;
	if (slash)
		*slash = '\0';
	for (size_t i = 0; slash && !found && i < 2; i++)
		if (text_format(path, sizeof(path), "%s%s/%s", module, above[i], request->name) &&
		    access(path, F_OK) == 0)
			found = realpath(path, NULL);
	if (!found && text_format(path, sizeof(path), "%s/%s", HEADROOM_LIBEXECDIR, request->name))
		found = realpath(path, NULL);
	return found;
}

/* Whether the account's user can run the file at path by itself. */
static int has_way(const struct state_folder *folder, const char *path, const struct stat *st,
		   bool *ret_has, struct hr_error *err)
{
	CLEANUP_FREE char *barrier = NULL;

	*ret_has = false;
	if ((st->st_mode & 05) != 05)
		return 0;
	if (barrier_find(path, folder->uid, folder->gid, &barrier, err) != 0)
		return -1;
	*ret_has = !barrier;
	return 0;
}

static int copy_bytes(int from, int to)
{
	long long left = PROGRAM_BYTES_MAX;
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

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Copies what the program needs beside it. */
static int copy_companions(const struct program_request *request, const char *program, int to)
{
	size_t len = (size_t)(last_part(program) - program);
	const char *had[COMPANIONS_MAX];
	size_t n_had = 0;

	for (size_t i = 0; request->companions[i] && i < COMPANIONS_MAX; i++) {
		const char *name = last_part(request->companions[i]);
		CLEANUP_CLOSE int from = -1;
		char path[2 * PATH_MAX];
		bool is_had = false;

		for (size_t j = 0; j < n_had; j++)
			is_had = is_had || strcmp(had[j], name) == 0;
		if (is_had || !text_format(path, sizeof(path), "%.*s%s", (int)len, program,
					   request->companions[i]))
			continue;
		from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (from < 0)
			continue;
		if (copy_into(from, to, name) != 0)
			return -1;
		had[n_had++] = name;
	}
	return 0;
}

/* As the account's user, though with the right to read everything. */
static int copy_all(const struct state_folder *folder, const struct program_request *request,
		    const char *program, const struct stat *looked_at, char **ret_path,
		    struct hr_error *err)
{
	const char *name = last_part(program);
	CLEANUP_CLOSE int from = -1, to = -1;
	bool entered = owner_enter(folder);
	int rc = -1, saved;
	struct stat st;

	from = open(program, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	to = open_below(folder->fd, request->directory, O_RDONLY | O_DIRECTORY, 0);
	/* Another file by now may have another mode. */
	if (from >= 0 && (fstat(from, &st) != 0 || st.st_dev != looked_at->st_dev ||
			  st.st_ino != looked_at->st_ino))
		errno = ESTALE;
	else if (from >= 0 && to >= 0 && copy_into(from, to, name) == 0)
		rc = copy_companions(request, program, to);
	saved = errno;
	owner_leave(entered);
	if (rc != 0)
		return error_set(err,
				 saved == ENOSPC || saved == EDQUOT ? HR_CAPACITY : HR_INTERNAL,
				 "cannot copy %s into %s/%s: %s", program, folder->path,
				 request->directory, strerrordesc_np(saved));
	if (asprintf(ret_path, "%s%s%s/%s", folder->path, request->directory[0] ? "/" : "",
		     request->directory, name) < 0) {
		*ret_path = NULL;
		return error_no_memory(err, "starting a process");
	}
	return 0;
}

int process_program(const struct state_folder *folder, const struct program_request *request,
		    char **ret_path, struct hr_error *err)
{
	bool is_path = request->name[0] == '/', has = false;
	CLEANUP_FREE char *path = is_path ? realpath(request->name, NULL) : find_beside(request);
	struct stat st;

	if (!path || stat(path, &st) != 0)
		return not_found(request->name, errno, err);
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return not_found(request->name, EACCES, err);
	if (geteuid() == 0 && has_way(folder, path, &st, &has, err) != 0)
		return -1;
	if (geteuid() == 0 ? !has : access(path, X_OK) != 0) {
		if (geteuid() != 0 || (is_path && (st.st_mode & 05) != 05))
			return not_found(request->name, EACCES, err);
		return copy_all(folder, request, path, &st, ret_path, err);
	}
	*ret_path = path;
	path = NULL;
	return 0;
}
