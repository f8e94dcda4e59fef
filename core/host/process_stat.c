/* SPDX-License-Identifier: Apache-2.0 */
/* Reads /proc without allocating, so that it can be done between fork and exec too. */
#include "host/process_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FIELD_STATE 3
#define FIELD_START_TIME 22

/* Decimal digits at *text; moves past them. -1: none, or too many. */
static int read_number(const char **text, uint64_t *ret)
{
	uint64_t value = 0;
	const char *at = *text;

	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
			return -1;
	if (at == *text)
		return -1;
	*text = at;
	*ret = value;
	return 0;
}

int process_stat_parse(const char *text, char *ret_state, uint64_t *ret_start_time)
{
	const char *at = strrchr(text, ')');

	if (!at || at[1] != ' ' || at[2] == '\0' || at[3] != ' ')
		return -1;
	*ret_state = at[2];
	at += 3;
	for (int field = FIELD_STATE + 1; field < FIELD_START_TIME; field++) {
		at = strchr(at + 1, ' ');
		if (!at)
			return -1;
	}
	at++;
	return read_number(&at, ret_start_time);
}

/* Decimal text of a number that is not negative; gives its length. */
static size_t put_number(char *buf, unsigned long value)
{
	char digits[24];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	for (size_t i = 0; i < n; i++)
		buf[i] = digits[n - 1 - i];
	return n;
}

/* The first bytes of /proc/PID/NAME, with a NUL. -1: not to be had. */
static int read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64] = "/proc/";
	size_t at = strlen(path), n = strlen(name), len = 0;
	ssize_t got;
	int fd;

	if (pid == 0) {
		memcpy(path + at, "self", 4);
		at += 4;
	} else {
		at += put_number(path + at, (unsigned long)pid);
	}
	path[at++] = '/';
	memcpy(path + at, name, n + 1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	do {
		got = read(fd, buf + len, size - 1 - len);
		if (got > 0)
			len += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	close(fd);
	buf[len] = '\0';
	return len > 0 ? 0 : -1;
}

int process_stat(pid_t pid, char *ret_state, uint64_t *ret_start_time)
{
	char text[1024];

	if (read_proc(pid, "stat", text, sizeof(text)) != 0)
		return -1;
	return process_stat_parse(text, ret_state, ret_start_time);
}

int process_uid(pid_t pid, uid_t *ret_uid)
{
	char text[4096];
	const char *at;
	uint64_t uid;

	if (read_proc(pid, "status", text, sizeof(text)) != 0)
		return -1;
	at = strstr(text, "\nUid:\t");
	if (!at)
		return -1;
	at += strlen("\nUid:\t");
	if (read_number(&at, &uid) != 0)
		return -1;
	*ret_uid = (uid_t)uid;
	return 0;
}
