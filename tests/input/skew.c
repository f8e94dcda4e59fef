/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded: the system's clock, as a test has set it. The file that TEST_CLOCK names holds by how
 * many seconds it is ahead; CLOCK_BOOTTIME and CLOCK_MONOTONIC stay as they are, as on a real system. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long ahead(void)
{
	const char *path = getenv("TEST_CLOCK");
	char text[32] = "";
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strtol(text, NULL, 10);
}

static int real_gettime(clockid_t id, struct timespec *now)
{
	static int (*next)(clockid_t, struct timespec *);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
	return next(id, now);
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	int rc = real_gettime(id, now);

	if (rc == 0 && id == CLOCK_REALTIME)
		now->tv_sec += ahead();
	return rc;
}

time_t time(time_t *ret)
{
	struct timespec now = {0, 0};

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *ret, void *zone)
{
	struct timespec now = {0, 0};

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	ret->tv_sec = now.tv_sec;
	ret->tv_usec = now.tv_nsec / 1000;
	return 0;
}
