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
#include "host/process_copy.h"

static int not_found(const char *name, int errno_value, struct hr_error *err)
{
	char reason_buf[128];

	return error_set(err, HR_NOT_FOUND, "cannot run %s: %s", name,
			 strerror_r(errno_value, reason_buf, sizeof(reason_buf)));
}

/* NULL: it is not there. */
static char *find_in(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return NULL;
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

/* The program of that name in one of the places, whose own path is resolved; NULL: none. */
static char *find_beside(const struct program_request *request)
{
	CLEANUP_FREE char *module = request->module ? realpath(request->module, NULL) : NULL;
	char *slash = module ? strrchr(module, '/') : NULL;
	char *found = NULL;

	if (slash) {
		*slash = '\0';
		found = find_in(module, request->name);
		slash = strrchr(module, '/');
	}
	if (!found && slash) { /* the folder above */
		*slash = '\0';
		found = find_in(module, request->name);
	}
	return found ? found : find_in(HEADROOM_LIBEXECDIR, request->name);
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

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Opens what the program needs beside it; of several with the same last part the first that is
 * there. What was opened is in *files, also after an error. */
static int open_companions(const struct program_request *request, int dir,
			   struct process_copy *files, size_t *n, struct hr_error *err)
{
	for (size_t i = 0; i < COMPANIONS_MAX && request->companions[i]; i++) {
		struct process_copy file = {.name = last_part(request->companions[i]), .fd = -1};
		struct hr_error error = {0};
		bool is_had = false;

		for (size_t j = 0; j < *n; j++)
			is_had = is_had || strcmp(files[j].name, file.name) == 0;
		if (is_had)
			continue;
		if (process_copy_open(dir, request->companions[i], &file.fd, &error) == 0) {
			files[(*n)++] = file;
		} else if (error.class != HR_NOT_FOUND) {
			*err = error;
			return -1;
		}
	}
	return 0;
}

/* Copies the program that was found at path. */
static int copy_all(const struct state_folder *folder, const struct program_request *request,
		    const char *path, char **ret_path, struct hr_error *err)
{
	struct process_copy files[1 + COMPANIONS_MAX] = {{.name = request->name, .fd = -1}};
	CLEANUP_FREE char *place = strndup(path, (size_t)(last_part(path) - path));
	CLEANUP_CLOSE int dir = -1;
	size_t n = 0;
	int rc = -1;

	if (!place)
		return error_no_memory(err, "starting a process");
	dir = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return not_found(request->name, errno, err);
	if (process_copy_open(dir, request->name, &files[0].fd, err) == 0) {
		n = 1;
		rc = open_companions(request, dir, files, &n, err);
	}
	if (rc == 0)
		rc = process_copy(folder, request->directory, files, n, err);
	while (n > 0)
		close(files[--n].fd);
	if (rc == 0 &&
	    asprintf(ret_path, "%s%s%s/%s", folder->path, request->directory[0] ? "/" : "",
		     request->directory, request->name) < 0) {
		*ret_path = NULL;
		rc = error_no_memory(err, "starting a process");
	}
	return rc;
}

/* Whether the path lies in the account's folder, where the account's user made it. */
static bool is_the_accounts(const struct state_folder *folder, const char *path)
{
	size_t len = strlen(folder->path);

	return strncmp(path, folder->path, len) == 0 && path[len] == '/';
}

int process_program(const struct state_folder *folder, const struct program_request *request,
		    char **ret_path, struct hr_error *err)
{
	bool is_path = request->name[0] == '/', has = false;
	CLEANUP_FREE char *path = is_path ? realpath(request->name, NULL) : find_beside(request);
	struct stat st;

	if (!path || stat(path, &st) != 0)
		return not_found(request->name, path ? errno : ENOENT, err);
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return not_found(request->name, EACCES, err);
	if (geteuid() == 0 && has_way(folder, path, &st, &has, err) != 0)
		return -1;
	if (geteuid() == 0 ? !has : access(path, X_OK) != 0) {
		if (geteuid() != 0 || is_path || is_the_accounts(folder, path))
			return not_found(request->name, EACCES, err);
		return copy_all(folder, request, path, ret_path, err);
	}
	*ret_path = path;
	path = NULL;
	return 0;
}
