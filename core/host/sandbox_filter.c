/* SPDX-License-Identifier: Apache-2.0 */
/* See sandbox_filter.h: rules over libseccomp. What is permitted is what the C library, memory,
 * threads, loading, OpenSSL and the serve loop need on descriptors that are there already. */
#include "host/sandbox_filter.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/cleanup.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
#define OPEN_WRITES ((scmp_datum_t)(O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE_BIT))
#define CLONE_NAMESPACES                                                              \
	((scmp_datum_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
			CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE))
#define EXEC ((scmp_datum_t)PROT_EXEC)

#define NUMBER_FCHMODAT2 452 /* on every architecture; newer than some libseccomp */

struct sandbox_program {
	unsigned short n;
	struct sock_filter filter[];
};

/* Where a name is unknown on this architecture, there is no such call to permit. */
static const char *const permitted[] = {
	/* descriptors that are there */
	"read",
	"readv",
	"pread64",
	"preadv",
	"preadv2",
	"write",
	"writev",
	"pwrite64",
	"pwritev",
	"pwritev2",
	"recvmsg",
	"recvfrom",
	"shutdown",
	"getsockopt",
	"lseek",
	"close",
	"dup",
	"dup2",
	"dup3",
	"fstat",
	"fadvise64",
	"pipe",
	"pipe2",
	"eventfd2",
	/* waiting */
	"poll",
	"ppoll",
	"select",
	"pselect6",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"pause",
	"nanosleep",
	"clock_nanosleep",
	"restart_syscall",
	/* memory */
	"munmap",
	"mremap",
	"brk",
	"madvise",
	"membarrier",
	"mincore",
	/* threads */
	"futex",
	"futex_waitv",
	"set_robust_list",
	"get_robust_list",
	"rseq",
	"sched_yield",
	"sched_getaffinity",
	"sched_getparam",
	"sched_getscheduler",
	"sched_get_priority_max",
	"sched_get_priority_min",
	"set_tid_address",
	"getcpu",
	"exit",
	"exit_group",
	/* signals; SIGSYS itself below */
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigpending",
	"rt_sigsuspend",
	"rt_sigtimedwait",
	"sigaltstack",
	/* what the process and the machine are */
	"getpid",
	"gettid",
	"getppid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getresuid",
	"getresgid",
	"getgroups",
	"getpgrp",
	"getpgid",
	"getsid",
	"getrlimit",
	"getrusage",
	"times",
	"uname",
	"sysinfo",
	"clock_gettime",
	"clock_getres",
	"gettimeofday",
	"time",
	"getrandom",
	/* looking at files, for the loader */
	"newfstatat",
	"statx",
	"stat",
	"lstat",
	"access",
	"faccessat",
	"faccessat2",
	"readlink",
	"readlinkat",
	"getdents64",
	"getcwd",
	"statfs",
	"fstatfs",
};

/* Profile local: below its folder, by Landlock and by the rights of its user. */
static const char *const permitted_local[] = {
	"open",      "openat",          "creat",     "mkdir",    "mkdirat",   "rmdir",
	"unlink",    "unlinkat",        "rename",    "renameat", "renameat2", "link",
	"linkat",    "symlink",         "symlinkat", "chmod",    "fchmod",    "fchmodat",
	"truncate",  "ftruncate",       "fallocate", "fsync",    "fdatasync", "flock",
	"utimensat", "copy_file_range", "sendfile",  "umask",
};

/* Profile compute, once the module is loaded. */
static const char *const closed_compute[] = {
	"open",       "openat",   "stat",       "lstat",      "statx",  "access", "faccessat",
	"faccessat2", "readlink", "readlinkat", "getdents64", "getcwd", "statfs", "fstatfs",
};

static const unsigned fcntl_commands[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,
					  F_SETFD, F_GETFL,         F_SETFL};
static const unsigned lock_commands[] = {F_GETLK,     F_SETLK,     F_SETLKW,
					 F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW};
static const unsigned prctl_commands[] = {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA};

/* A rule being added; the first failure stays. */
struct rules {
	scmp_filter_ctx context;
	int failed; /* -errno */
};

static void add(struct rules *rules, uint32_t action, const char *name, unsigned n,
		const struct scmp_arg_cmp *args)
{
	int number = seccomp_syscall_resolve_name(name);
	int rc;

	/* Negative: not a call of this architecture. */
	if (rules->failed != 0 || number < 0)
		return;
	rc = seccomp_rule_add_array(rules->context, action, number, n, args);
	if (rc != 0)
		rules->failed = rc;
}

static void add_all(struct rules *rules, uint32_t action, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add(rules, action, list[i], 0, NULL);
}

/* Permits a call whose argument is one of these numbers. */
static void permit_each(struct rules *rules, const char *name, unsigned arg, const unsigned *list,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct scmp_arg_cmp is = SCMP_CMP(arg, SCMP_CMP_EQ, list[i], 0);

		add(rules, SCMP_ACT_ALLOW, name, 1, &is);
	}
}

/* Memory that is executable comes out of files only, and is not writable. */
static void add_memory(struct rules *rules)
{
	const struct scmp_arg_cmp data = SCMP_CMP(2, SCMP_CMP_MASKED_EQ, EXEC, 0);
	const struct scmp_arg_cmp code[] = {
		SCMP_CMP(2, SCMP_CMP_MASKED_EQ, EXEC | PROT_WRITE, PROT_EXEC),
		SCMP_CMP(3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0),
	};

	add(rules, SCMP_ACT_ALLOW, "mmap", 1, &data);
	add(rules, SCMP_ACT_ALLOW, "mmap", 2, code);
	add(rules, SCMP_ACT_ALLOW, "mprotect", 1, &data);
	add(rules, SCMP_ACT_ALLOW, "pkey_mprotect", 1, &data);
}

/* Of all signals but SIGSYS. The kernel looks at the lower half of the argument only, so a plain "not
 * equal" would let SIGSYS pass with anything in the upper one: one of the bits has to differ. */
static void add_other_signals(struct rules *rules)
{
	for (unsigned bit = 1; bit < 2 * _NSIG; bit <<= 1) {
		const struct scmp_arg_cmp differs =
			SCMP_CMP(0, SCMP_CMP_MASKED_EQ, bit, ~(unsigned)SIGSYS & bit);

		add(rules, SCMP_ACT_ALLOW, "rt_sigaction", 1, &differs);
	}
}

static void add_threads(struct rules *rules)
{
	const struct scmp_arg_cmp thread =
		SCMP_CMP(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_NAMESPACES, CLONE_THREAD);
	const struct scmp_arg_cmp own = SCMP_CMP(0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
	const struct scmp_arg_cmp read_only[] = {
		SCMP_CMP(0, SCMP_CMP_EQ, 0, 0),
		SCMP_CMP(2, SCMP_CMP_EQ, 0, 0),
	};

	add(rules, SCMP_ACT_ALLOW, "clone", 1, &thread);
	/* Its flags lie in memory, out of a filter's sight; the C library then takes clone. */
	add(rules, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
	add(rules, SCMP_ACT_ALLOW, "tgkill", 1, &own);
	add_other_signals(rules);
	add(rules, SCMP_ACT_ALLOW, "prlimit64", 2, read_only);
}

static void add_descriptors(struct rules *rules, const struct sandbox_options *options)
{
	const struct scmp_arg_cmp reads = SCMP_CMP(1, SCMP_CMP_MASKED_EQ, OPEN_WRITES, O_RDONLY);
	const struct scmp_arg_cmp reads_at = SCMP_CMP(2, SCMP_CMP_MASKED_EQ, OPEN_WRITES, O_RDONLY);
	const struct scmp_arg_cmp sends[] = {
		SCMP_CMP(3, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0),
		SCMP_CMP(4, SCMP_CMP_EQ, 0, 0),
	};
	const struct scmp_arg_cmp sends_message = SCMP_CMP(2, SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0);
	static const unsigned ioctls[] = {TCGETS, FIONREAD};

	/* Sending on a connection, but not the sending that makes one. */
	add(rules, SCMP_ACT_ALLOW, "sendto", 2, sends);
	add(rules, SCMP_ACT_ALLOW, "sendmsg", 1, &sends_message);
	permit_each(rules, "fcntl", 1, fcntl_commands,
		    sizeof(fcntl_commands) / sizeof(fcntl_commands[0]));
	permit_each(rules, "ioctl", 1, ioctls, sizeof(ioctls) / sizeof(ioctls[0]));
	permit_each(rules, "prctl", 0, prctl_commands,
		    sizeof(prctl_commands) / sizeof(prctl_commands[0]));
	if (options->folder) {
		permit_each(rules, "fcntl", 1, lock_commands,
			    sizeof(lock_commands) / sizeof(lock_commands[0]));
		add_all(rules, SCMP_ACT_ALLOW, permitted_local,
			sizeof(permitted_local) / sizeof(permitted_local[0]));
		if (rules->failed == 0)
			rules->failed = seccomp_rule_add(rules->context, SCMP_ACT_ALLOW,
							 NUMBER_FCHMODAT2, 0);
	} else {
		add(rules, SCMP_ACT_ALLOW, "open", 1, &reads);
		add(rules, SCMP_ACT_ALLOW, "openat", 1, &reads_at);
	}
}

/* What loads the second filter. */
static void add_filter(struct rules *rules)
{
	const struct scmp_arg_cmp args[] = {
		SCMP_CMP(0, SCMP_CMP_EQ, SECCOMP_SET_MODE_FILTER, 0),
		SCMP_CMP(1, SCMP_CMP_EQ, SECCOMP_FILTER_FLAG_TSYNC, 0),
	};

	add(rules, SCMP_ACT_ALLOW, "seccomp", 2, args);
}

/* Out of libseccomp's hands, by way of a file in memory. */
static int export(struct rules *rules, struct sandbox_program **ret_program)
{
	CLEANUP_CLOSE int fd = memfd_create("filter", MFD_CLOEXEC);
	struct sandbox_program *program;
	struct stat st;
	size_t size;
	int rc;

	if (fd < 0)
		return -errno;
	rc = seccomp_export_bpf(rules->context, fd);
	if (rc != 0)
		return rc;
	if (fstat(fd, &st) != 0)
		return -errno;
	size = (size_t)st.st_size;
	if (size == 0 || size % sizeof(struct sock_filter) != 0 ||
	    size / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return -EINVAL;
	program = calloc(1, sizeof(*program) + size);
	if (!program)
		return -ENOMEM;
	program->n = (unsigned short)(size / sizeof(struct sock_filter));
	if (pread(fd, program->filter, size, 0) != (ssize_t)size) {
		free(program);
		return -EIO;
	}
	*ret_program = program;
	return 0;
}

/* Ends a list: exports and frees it. */
static int finish(struct rules *rules, struct sandbox_program **ret_program, struct hr_error *err)
{
	if (rules->failed == 0)
		rules->failed = export(rules, ret_program);
	seccomp_release(rules->context);
	if (rules->failed != 0)
		return error_set_errno(err, -rules->failed,
				       "the sandbox's filter of system calls cannot be made");
	return 0;
}

static int begin(struct rules *rules, uint32_t action, struct hr_error *err)
{
	*rules = (struct rules){.context = seccomp_init(action)};
	if (!rules->context)
		return error_no_memory(err, "making a filter of system calls");
	/* Another architecture's calls (32 bit, x32) have numbers that mean something else. */
	rules->failed =
		seccomp_attr_set(rules->context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	return 0;
}

int sandbox_filter_open(const struct sandbox_options *options, struct sandbox_program **ret_program,
			struct hr_error *err)
{
	struct rules rules;

	if (begin(&rules, SCMP_ACT_TRAP, err) != 0)
		return -1;
	add_all(&rules, SCMP_ACT_ALLOW, permitted, sizeof(permitted) / sizeof(permitted[0]));
	add_memory(&rules);
	add_threads(&rules);
	add_descriptors(&rules, options);
	add_filter(&rules);
	return finish(&rules, ret_program, err);
}

int sandbox_filter_closed(const struct sandbox_options *options,
			  struct sandbox_program **ret_program, struct hr_error *err)
{
	const struct scmp_arg_cmp code = SCMP_CMP(2, SCMP_CMP_MASKED_EQ, EXEC, PROT_EXEC);
	/* fstat of the C library is this call with that flag and an empty path. A filter does not see the
	 * path: with one, a module can still ask what a file is like (not what is in it). */
	const struct scmp_arg_cmp by_path = SCMP_CMP(3, SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0);
	struct rules rules;

	if (begin(&rules, SCMP_ACT_ALLOW, err) != 0)
		return -1;
	add(&rules, SCMP_ACT_TRAP, "mmap", 1, &code);
	add(&rules, SCMP_ACT_TRAP, "seccomp", 0, NULL);
	if (!options->folder) {
		add_all(&rules, SCMP_ACT_TRAP, closed_compute,
			sizeof(closed_compute) / sizeof(closed_compute[0]));
		add(&rules, SCMP_ACT_TRAP, "newfstatat", 1, &by_path);
	}
	return finish(&rules, ret_program, err);
}

int sandbox_filter_load(struct sandbox_program *program, struct hr_error *err)
{
	const struct sock_fprog fprog = {.len = program->n, .filter = program->filter};
	long rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &fprog);

	free(program);
	if (rc > 0)
		return error_set(err, HR_INTERNAL,
				 "a thread of the module has a filter of its own: the sandbox "
				 "cannot be closed");
	return rc == 0 ? 0 : error_set_errno(err, errno, "the filter of system calls is refused");
}
