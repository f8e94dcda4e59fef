/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of what came with a module into its account's folder. What is asked for comes from a module
 * and is not believed: nothing is copied that not everybody may read anyway. Not here: which program
 * it is and whether it needs a copy (core/host/process_program.c). */
#ifndef HR_HOST_PROCESS_COPY_H
#define HR_HOST_PROCESS_COPY_H

#include "base/error.h"
#include "host/call.h"

/* Opens a file to copy it: path is relative to the folder dir, without "." and "..", and no symbolic
 * link is followed. HR_NOT_FOUND: it is not there. HR_INVALID: it is no regular file, belongs
 * neither to root nor to the daemon's user, is closed to others or may be written by them. Any
 * thread. */
int process_copy_open(int dir, const char *path, int *ret_fd, struct hr_error *err);

struct process_copy {
	const char *name; /* of the copy: the last part of a path */
	int fd;           /* from process_copy_open */
};

/* Copies them all into `directory` below the folder ("" is the folder itself), mode 0700, as the
 * folder's owner. HR_CAPACITY, HR_INTERNAL. Any thread. */
int process_copy(const struct state_folder *folder, const char *directory,
		 const struct process_copy *files, size_t n, struct hr_error *err);

#endif
