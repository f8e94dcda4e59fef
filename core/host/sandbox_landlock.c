/* SPDX-License-Identifier: Apache-2.0 */
/* See sandbox_landlock.h. By plain system calls, and with the names of kernels newer than the
 * headers here. */
#include "host/sandbox_landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1

#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_MAKE_CHAR (UINT64_C(1) << 6)
#define FS_MAKE_BLOCK (UINT64_C(1) << 11)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)

/* How many rights on files the kernel knows, by version of the interface (from 1). */
static const unsigned char fs_rights[] = {13, 14, 15, 15, 16};

#define NET_ALL UINT64_C(3)   /* bind and connect of TCP, since version 4 */
#define SCOPE_ALL UINT64_C(3) /* abstract sockets and signals, since version 6 */

struct ruleset {
	uint64_t fs, net, scoped;
};

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

static size_t ruleset_size(long version)
{
	return version >= 6 ? 24 : version >= 4 ? 16 : 8;
}

/* What is not there needs no rule. */
static int allow(int ruleset, const char *path, uint64_t rights, struct hr_error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);
	struct path_rule rule = {.allowed = rights, .fd = fd};
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == EACCES
			       ? 0
			       : error_set_errno(err, errno, "Landlock: %s", path);
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= ~FS_READ_DIR; /* refused for a file */
	if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) != 0)
		return error_set_errno(err, errno, "Landlock: %s", path);
	return 0;
}

static int allow_all(int ruleset, const struct sandbox_options *options, uint64_t fs,
		     struct hr_error *err)
{
	static const char *const libraries[] = {
		"/lib",
		"/lib32",
		"/lib64",
		"/libx32",
		"/usr/lib",
		"/usr/lib32",
		"/usr/lib64",
		"/usr/libx32",
		"/usr/local/lib",
		"/etc/ld.so.cache",
		"/etc/ld.so.preload",
	};

	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		if (allow(ruleset, libraries[i], FS_READ_FILE | FS_READ_DIR, err) != 0)
			return -1;
	if (options->module && allow(ruleset, options->module, FS_READ_FILE, err) != 0)
		return -1;
	if (!options->folder)
		return 0;
	return allow(ruleset, options->folder,
		     fs & ~(FS_EXECUTE | FS_MAKE_CHAR | FS_MAKE_BLOCK | FS_IOCTL_DEV), err);
}

int sandbox_landlock(const struct sandbox_options *options, bool *ret_on, struct hr_error *err)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
	CLEANUP_CLOSE int ruleset = -1;
	struct ruleset all = {0};

	*ret_on = false;
	if (version < 1)
		return 0;
	for (size_t i = 0; i < sizeof(fs_rights) && (long)i < version; i++)
		all.fs = (UINT64_C(1) << fs_rights[i]) - 1;
	all.net = version >= 4 ? NET_ALL : 0;
	all.scoped = version >= 6 ? SCOPE_ALL : 0;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, ruleset_size(version), 0);
	if (ruleset < 0)
		return error_set_errno(err, errno, "Landlock is there but makes no rule set");
	if (allow_all(ruleset, options, all.fs, err) != 0)
		return -1;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return error_set_errno(err, errno, "Landlock cannot be entered");
	*ret_on = true;
	return 0;
}
