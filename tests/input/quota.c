/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded: a full disk. While the file that TEST_FULL names is there, nothing can be written into
 * files of the folder TEST_FULL_BELOW: ENOSPC. Other files, sockets and pipes are as ever. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int is_full(int fd)
{
	const char *mark = getenv("TEST_FULL"), *below = getenv("TEST_FULL_BELOW");
	char link[64], path[4096];
	ssize_t n;

	if (!mark || !below || access(mark, F_OK) != 0)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = '\0';
	return strncmp(path, below, strlen(below)) == 0;
}

#define NEXT(name)                                                \
	do {                                                      \
		if (!next)                                        \
			*(void **)&next = dlsym(RTLD_NEXT, name); \
		if (is_full(fd)) {                                \
			errno = ENOSPC;                           \
			return -1;                                \
		}                                                 \
	} while (0)

ssize_t write(int fd, const void *bytes, size_t n)
{
	static ssize_t (*next)(int, const void *, size_t);

	NEXT("write");
	return next(fd, bytes, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	static ssize_t (*next)(int, const void *, size_t, off_t);

	NEXT("pwrite");
	return next(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
	static ssize_t (*next)(int, const void *, size_t, off64_t);

	NEXT("pwrite64");
	return next(fd, bytes, n, at);
}
