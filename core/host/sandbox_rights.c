/* SPDX-License-Identifier: Apache-2.0 */
/* See sandbox_rights.h. */
#include "host/sandbox_rights.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DATA_MAX (512ull << 20)
#define FILES_MAX_COMPUTE 64
#define FILES_MAX_LOCAL 256
/* A process that comes to HOST_THREADS_MAX is about to be ended, while another may begin. */
#define THREADS_OF_USER ((rlim_t)4 * HOST_THREADS_MAX)

static int close_between(unsigned first, unsigned last)
{
	struct rlimit limit;

	if (first > last)
		return 0;
	if (syscall(SYS_close_range, first, last, 0) == 0)
		return 0;
	if (errno != ENOSYS || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return -1;
	for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; fd++)
		close((int)fd);
	return 0;
}

/* Everything above 2 but the kept ones. */
static int close_others(const struct sandbox_options *options)
{
	unsigned first = 3;

	for (;;) {
		unsigned next = ~0u;

		for (unsigned i = 0; i < options->n_keep_fds; i++)
			if ((unsigned)options->keep_fds[i] >= first &&
			    (unsigned)options->keep_fds[i] < next)
				next = (unsigned)options->keep_fds[i];
		if (next == ~0u)
			return close_between(first, next);
		if (close_between(first, next - 1) != 0)
			return -1;
		first = next + 1;
	}
}

int sandbox_drop_descriptors(const struct sandbox_options *options, bool keep_errors,
			     struct hr_error *err)
{
	int null;

	if (options->n_keep_fds > SANDBOX_KEEP_MAX)
		return error_set(err, HR_INVALID, "the sandbox keeps at most %d descriptors",
				 SANDBOX_KEEP_MAX);
	for (unsigned i = 0; i < options->n_keep_fds; i++)
		if (options->keep_fds[i] < 3 || fcntl(options->keep_fds[i], F_GETFD) < 0)
			return error_set(err, HR_INVALID,
					 "the sandbox cannot keep descriptor %d: it is below 3 or "
					 "not open",
					 options->keep_fds[i]);
	if (close_others(options) != 0)
		return error_set_errno(err, errno, "the sandbox cannot close descriptors");
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return error_set_errno(err, errno, "the sandbox cannot open /dev/null");
	for (int fd = 0; fd < (keep_errors ? 2 : 3); fd++)
		if (null != fd && dup2(null, fd) < 0)
			return error_set_errno(err, errno, "the sandbox cannot open /dev/null");
	if (null > 2)
		close(null);
	return 0;
}

/* Whatever there is, the kernel's newest too. */
static int drop_bounding_set(void)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			return -1;
	return 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[2] = {{0}};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
		return -1;
	return (int)syscall(SYS_capset, &header, none);
}

int sandbox_drop_user(const struct sandbox_options *options, struct hr_error *err)
{
	uid_t uid = options->uid;
	gid_t gid = options->gid;

	if (geteuid() == 0) {
		if (uid == 0 || gid == 0)
			return error_set(err, HR_INVALID,
					 "no module runs as root: it needs a uid of host_uids");
		if (drop_bounding_set() != 0)
			return error_set_errno(err, errno, "the sandbox cannot drop capabilities");
		if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
		    setresuid(uid, uid, uid) != 0)
			return error_set_errno(err, errno, "the sandbox cannot become uid %u",
					       (unsigned)uid);
	}
	if (drop_capabilities() != 0)
		return error_set_errno(err, errno, "the sandbox cannot drop capabilities");
	if (geteuid() == 0 || setresuid((uid_t)-1, 0, (uid_t)-1) == 0)
		return error_set(err, HR_INTERNAL, "the sandbox could become root again");
	return 0;
}

int sandbox_drop_privileges(pid_t parent, bool seen, struct hr_error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    (!seen && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		return error_set_errno(err, errno, "the sandbox cannot drop privileges");
	/* It may have ended before we asked to end with it. */
	if (getppid() != parent)
		return error_set(err, HR_INTERNAL, "the process that started this one is no more");
	return 0;
}

/* The kernel counts by user. One of profile local has its servers' processes too, which may be many, and
 * without root the user is the daemon's: there the daemon alone looks (core/provider/process_reason.c). */
static rlim_t max_threads(const struct sandbox_options *options)
{
	bool has_user = options->uid != 0 && geteuid() == options->uid;

	return has_user && !options->folder ? THREADS_OF_USER : RLIM_INFINITY;
}

int sandbox_set_limits(const struct sandbox_options *options, struct hr_error *err)
{
	const struct {
		__rlimit_resource_t resource;
		rlim_t value;
	} limits[] = {
		{RLIMIT_CORE, 0},
		{RLIMIT_DATA, DATA_MAX},
		{RLIMIT_NOFILE, options->folder ? FILES_MAX_LOCAL : FILES_MAX_COMPUTE},
		{RLIMIT_FSIZE, options->folder ? RLIM_INFINITY : options->file_max},
		{RLIMIT_MEMLOCK, 0},
		{RLIMIT_NPROC, max_threads(options)},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit limit, wanted = {limits[i].value, limits[i].value};

		/* One that is lower already stays. */
		if (getrlimit(limits[i].resource, &limit) != 0)
			return error_set_errno(err, errno, "the sandbox cannot read a limit");
		if (wanted.rlim_max > limit.rlim_max)
			wanted.rlim_cur = wanted.rlim_max = limit.rlim_max;
		if (setrlimit(limits[i].resource, &wanted) != 0)
			return error_set_errno(err, errno, "the sandbox cannot set a limit");
	}
	return 0;
}
