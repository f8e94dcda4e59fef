/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile module: tries what its task says, in its constructor or in its operation `check`, and
 * tells what the attempt gave. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <headroom/provider.h>

#include "attempt.h"

static struct attempt_task task;

static void tell(int32_t value, int32_t errno_value)
{
	struct attempt_line line = {.kind = 'r', .value = value, .errno_value = errno_value};

	if (write(HOSTILE_FD, &line, sizeof(line)) != (ssize_t)sizeof(line))
		_exit(99);
}

static void run(int where)
{
	long value;

	if (task.where != where)
		return;
	errno = 0;
	value = attempt_try(task.which);
	tell(value < 0 ? -1 : task.which < TRY_THREADS ? 0 : (int32_t)value, value < 0 ? errno : 0);
}

__attribute__((constructor)) static void begin(void)
{
	if (read(HOSTILE_FD, &task, sizeof(task)) != (ssize_t)sizeof(task))
		return;
	attempt_folder = task.folder;
	attempt_is_local = task.is_local;
	attempt_spare_fd = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
	run(IN_CONSTRUCTOR);
}

static int32_t hostile_check(struct hr_account *account, const struct hr_call *call,
			     const struct hr_check_sink *sink)
{
	(void)account;
	(void)call;
	(void)sink;
	run(IN_OPERATION);
	return HR_OK;
}

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {
	HR_PROVIDER_HEADER,
	.id = "hostile",
	.title = "Hostile",
	.check = hostile_check,
};
