/* SPDX-License-Identifier: Apache-2.0 */
/* What happens between fork and exec: everything is prepared before, nothing there allocates. */
#ifndef HR_HOST_PROCESS_CHILD_H
#define HR_HOST_PROCESS_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_FILES_MAX 10

struct process_file {
	char *path; /* below the folder, without ".", ".." and empty parts */
	int fd;
	bool writable;
};

/* A process to be started. */
struct process_plan {
	char **argv; /* NULL-terminated, as env */
	char **env;
	char *directory; /* as a file's path; "" is the folder itself */
	struct process_file files[PROCESS_FILES_MAX];
	unsigned n_files;
	int folder_fd;
	const char *folder; /* its path */
	bool switches_user;
	uid_t uid;
	gid_t gid;
	/* A folder above that lets the user not in; NULL: none. The process then gets a view of the
	 * file system of its own, where that one holds nothing but the way to our folder. */
	char *barrier;
};

enum process_stage {
	STAGE_RUNNING = 1, /* pid and start_time are known */
	STAGE_FORK,
	STAGE_BARRIER,
	STAGE_USER,
	STAGE_DIRECTORY,
	STAGE_FILE,
	STAGE_DESCRIPTORS,
	STAGE_EXEC
};

/* Comes over the pipe: first STAGE_RUNNING, then nothing (exec succeeded) or what failed. */
struct process_report {
	int32_t stage;
	int32_t errno_value;
	int32_t file; /* STAGE_FILE: which */
	int32_t pid;
	uint64_t start_time;
};

/* In the forked child: forks once more, ends; the grandchild becomes the process. pipe is
 * close-on-exec. Never returns. */
_Noreturn void process_child(const struct process_plan *plan, int pipe);

#endif
