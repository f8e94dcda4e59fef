/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox of headroom-host: everything that the process gives up before and after it opens a
 * module. What stands where: user, environment, descriptors and limits in sandbox_rights.c, the
 * view of the file system in sandbox_view.c, Landlock in sandbox_landlock.c, the system calls in
 * sandbox_filter.c, what happens at a forbidden one in sandbox_trap.c, and at a
 * crash for want of memory in sandbox_memory.c. */
#ifndef HR_HOST_SANDBOX_H
#define HR_HOST_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "provider/host_sandbox.h"

#define SANDBOX_KEEP_MAX 4
#define SANDBOX_ATTEMPTS_MAX 3

struct sandbox_options {
	/* Absolute path of the module's file, without symbolic links; NULL: a built-in module. */
	const char *module;
	/* Profile local: the account's folder, absolute, without symbolic links; NULL: none. */
	const char *folder;
	uid_t uid; /* as root: switch to these (never 0); else ignored */
	gid_t gid;
	/* The channel, the spawner's socket, ...: everything else is closed. Each above 2, since
	 * 0 to 2 become /dev/null. */
	int keep_fds[SANDBOX_KEEP_MAX];
	unsigned n_keep_fds;
	/* Bytes that a file may get, where a kept descriptor is one; 0: none. Profile local has no
	 * such limit: it writes below its folder. */
	uint64_t file_max;
};

/* Before the module is opened, once, by the only thread, which must be the process's first: the
 * process ends with the one that started it. Errors: HR_INTERNAL (with the reason), HR_INVALID
 * (uid 0, or a path that the user cannot reach). After an error the process must end. */
int sandbox_enter(const struct sandbox_options *options, struct hr_error *err);

/* After dlopen, before the first call of the module: takes away opening of files (profile local
 * keeps it, below its folder) and executable memory, of every thread that there is by now. The same
 * options. After an error the process must end. */
int sandbox_close(const struct sandbox_options *options, struct hr_error *err);

/* Called at every forbidden system call, on its thread, from the signal handler: async-signal-safe
 * and without forbidden calls. name: "socket", "?" where it has none; count: how many network or
 * exec attempts so far; the process ends after the SANDBOX_ATTEMPTS_MAXth. Set before
 * sandbox_enter. A thread that blocks SIGSYS dies with the process instead, without a report. */
extern void (*sandbox_on_forbidden)(const char *name, unsigned count);

/* Called on the thread of a crash where the process had used up its memory, from the signal handler:
 * async-signal-safe. Set before sandbox_enter. */
extern void (*sandbox_on_exhausted)(unsigned limit_mib);

/* Sanitizer builds: no filter, no Landlock, no limit; said once on standard error. */
bool sandbox_is_off(void);

/* Whether the kernel's Landlock is in force. After sandbox_enter. */
bool sandbox_has_landlock(void);

#endif
