/* SPDX-License-Identifier: Apache-2.0 */
/* See process_signal.h. */
#include "host/process_signal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/process_record.h"
#include "host/process_stat.h"

#define SIGNAL_MAX 64

int process_look(const struct hr_process *process, struct hr_error *err)
{
	uint64_t start_time;
	char state;

	if (process->pid <= 0 || process->pid > INT32_MAX)
		return error_set(err, HR_INVALID, "%lld is no process id", (long long)process->pid);
	if (process_stat((pid_t)process->pid, &state, &start_time) != 0 ||
	    start_time != process->start_time || state == 'Z' || state == 'X')
		return error_set(err, HR_NOT_FOUND,
				 "process %lld, started at tick %llu, is no more",
				 (long long)process->pid, (unsigned long long)process->start_time);
	return 0;
}

/* Whether the process is one that the account may have: of its user, not ours, and started for it. */
static int check_owner(const struct state_folder *folder, const struct hr_process *process,
		       struct hr_error *err)
{
	uid_t uid;

	if (process_uid((pid_t)process->pid, &uid) != 0)
		return error_set(err, HR_NOT_FOUND, "process %lld is no more",
				 (long long)process->pid);
	if (!folder || uid != folder->uid || process->pid == getpid() ||
	    process->pid == getppid() || (folder->records && !process_record_has(folder, process)))
		return error_set(err, HR_INVALID,
				 "process %lld is not one of the account's: no signal is sent",
				 (long long)process->pid);
	return 0;
}

static int refuse_signal(const struct hr_process *process, int32_t number, int errno_value,
			 struct hr_error *err)
{
	char reason_buf[128];

	if (errno_value == ESRCH || errno_value == EINVAL)
		return error_set(err, HR_NOT_FOUND, "process %lld is no more",
				 (long long)process->pid);
	return error_set(err, HR_INTERNAL, "cannot send signal %d to process %lld: %s", number,
			 (long long)process->pid,
			 strerror_r(errno_value, reason_buf, sizeof(reason_buf)));
}

int process_signal(const struct state_folder *folder, const struct hr_process *process,
		   int32_t number, struct hr_error *err)
{
	CLEANUP_CLOSE int fd = -1;

	if (number < 1 || number > SIGNAL_MAX)
		return error_set(err, HR_INVALID, "%d is no signal", number);
	if (process_look(process, err) != 0)
		return -1;
	fd = (int)syscall(SYS_pidfd_open, (pid_t)process->pid, 0);
	if (fd < 0)
		return refuse_signal(process, number, errno, err);
	/* Looked at again now that the descriptor is had: what it means cannot change any more. */
	if (process_look(process, err) != 0 || check_owner(folder, process, err) != 0)
		return -1;
	if (syscall(SYS_pidfd_send_signal, fd, number, NULL, 0) != 0)
		return refuse_signal(process, number, errno, err);
	return 0;
}
