/* SPDX-License-Identifier: Apache-2.0 */
/* headroom/process.h - host service "draft/process": process trees below the account's state
 * folder, for modules of profile HR_PROFILE_LOCAL only (others get NULL). What is started outlives
 * the module's process and the daemon; it is known again by pid and start time. */
#ifndef HEADROOM_PROCESS_H
#define HEADROOM_PROCESS_H

#include <headroom/provider.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HR_PROCESS_SERVICE "draft/process"

/* A process: pid and its start time in clock ticks since boot (field 22 of /proc/PID/stat), so
 * that a reused pid is never taken for it. */
struct hr_process {
	int64_t pid;
	uint64_t start_time;
};

/* A file below the state folder, opened before exec as descriptor number fd (0..9). */
struct hr_process_file {
	struct hr_span path;
	uint32_t fd;
	uint32_t writable; /* 0: read only; else created with mode 0600 and appended to */
};

enum {
	/* argv[0] is a program that came with the module: a name without '/', looked for beside the
	 * module's file, in the folder above that (a build tree) and in Headroom's libexec folder; or
	 * an absolute path. As root, where the account's user has no way to one found by its name, it
	 * is copied into `directory` and runs from there, each of `companions` beside it. HR_NOT_FOUND:
	 * it is not there or cannot be run. HR_INVALID: one of these files does not belong to root, is
	 * not open to all for reading, may be written by others, or is a symbolic link. */
	HR_PROCESS_OWN_PROGRAM = 1u << 0
};

struct hr_process_start {
	uint32_t size;
	uint32_t n_argv;
	const struct hr_span *argv;          /* argv[0] is an absolute path; or see the flag */
	struct hr_span directory;            /* working directory, below the state folder */
	const struct hr_process_file *files; /* descriptors not named here: 0-2 are /dev/null */
	uint32_t n_files;
	uint32_t flags;            /* HR_PROCESS_* */
	const struct hr_span *env; /* the whole environment, "NAME=value" */
	uint32_t n_env;
	/* With HR_PROCESS_OWN_PROGRAM: files that the program needs beside it, by their paths relative
	 * to its folder, at most 4; of several with the same last part the first that is there. */
	uint32_t n_companions;
	const struct hr_span *companions;
};

struct hr_process_service {
	uint64_t size;
	/* Starts a session leader that is nobody's child of interest: HR_OK, or an error with
	 * details by call->fail. As root it runs with the unprivileged uid that owns the state
	 * folder. [this call] [in call] [blocks] until exec has succeeded or failed
	 * [errors: any] */
	int32_t (*start)(const struct hr_call *call, const struct hr_process_start *request,
			 struct hr_process *ret_process);
	/* Sends a signal (a Linux number) to that very process. HR_NOT_FOUND when it is no more.
	 * [this call] [in call] [blocks] [errors: any] */
	int32_t (*signal)(const struct hr_call *call, const struct hr_process *process,
			  int32_t number);
	/* HR_OK while it runs, HR_NOT_FOUND when it is no more (a zombie is no more).
	 * [this call] [in call] [blocks] [errors: any] */
	int32_t (*probe)(const struct hr_call *call, const struct hr_process *process);
};

#ifdef __cplusplus
}
#endif
#endif
