/* SPDX-License-Identifier: Apache-2.0 */
/* The process service as modules see it: whose folder, whose processes, and errors by the call. */
#include "host/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/call.h"
#include "host/process_start.h"
#include "host/process_stat.h"

#define SIGNAL_MAX 64

static int32_t service_start(const struct hr_call *abi, const struct hr_process_start *request,
			     struct hr_process *ret_process)
{
	const struct call *call = call_of(abi);
	struct hr_error error = {0};

	if (!call->subject.folder || call->subject.folder->fd < 0)
		return call_refuse(abi, HR_UNSUPPORTED,
				   "cannot start a process: the account has no state folder");
	if (process_start(call->subject.folder, request, ret_process, &error) != 0)
		return call_refuse(abi, error.class, "%s", error.message);
	return HR_OK;
}

/* HR_OK while that very process runs. */
static int32_t look(const struct hr_call *abi, const struct hr_process *process)
{
	uint64_t start_time;
	char state;

	if (process->pid <= 0 || process->pid > INT32_MAX)
		return call_refuse(abi, HR_INVALID, "%lld is no process id",
				   (long long)process->pid);
	if (process_stat((pid_t)process->pid, &state, &start_time) != 0 ||
	    start_time != process->start_time || state == 'Z' || state == 'X')
		return call_refuse(
			abi, HR_NOT_FOUND, "process %lld, started at tick %llu, is no more",
			(long long)process->pid, (unsigned long long)process->start_time);
	return HR_OK;
}

/* Whether the process is one that the account may have: of its user, and not ours. */
static int32_t check_owner(const struct hr_call *abi, const struct hr_process *process)
{
	const struct state_folder *folder = call_of(abi)->subject.folder;
	uid_t uid;

	if (process_uid((pid_t)process->pid, &uid) != 0)
		return call_refuse(abi, HR_NOT_FOUND, "process %lld is no more",
				   (long long)process->pid);
	if (!folder || uid != folder->uid || process->pid == getpid())
		return call_refuse(abi, HR_INVALID,
				   "process %lld is not one of the account's: no signal is sent",
				   (long long)process->pid);
	return HR_OK;
}

static int32_t refuse_signal(const struct hr_call *abi, const struct hr_process *process,
			     int32_t number, int errno_value)
{
	char reason_buf[128];

	if (errno_value == ESRCH || errno_value == EINVAL)
		return call_refuse(abi, HR_NOT_FOUND, "process %lld is no more",
				   (long long)process->pid);
	return call_refuse(abi, HR_INTERNAL, "cannot send signal %d to process %lld: %s", number,
			   (long long)process->pid,
			   strerror_r(errno_value, reason_buf, sizeof(reason_buf)));
}

static int32_t service_signal(const struct hr_call *abi, const struct hr_process *process,
			      int32_t number)
{
	CLEANUP_CLOSE int fd = -1;
	int32_t rc;

	if (number < 1 || number > SIGNAL_MAX)
		return call_refuse(abi, HR_INVALID, "%d is no signal", number);
	rc = look(abi, process);
	if (rc != HR_OK)
		return rc;
	fd = (int)syscall(SYS_pidfd_open, (pid_t)process->pid, 0);
	if (fd < 0)
		return refuse_signal(abi, process, number, errno);
	/* Looked at again now that the descriptor is had: what it means cannot change any more. */
	rc = look(abi, process);
	if (rc == HR_OK)
		rc = check_owner(abi, process);
	if (rc != HR_OK)
		return rc;
	if (syscall(SYS_pidfd_send_signal, fd, number, NULL, 0) != 0)
		return refuse_signal(abi, process, number, errno);
	return HR_OK;
}

const struct hr_process_service process_service = {
	.size = sizeof(process_service),
	.start = service_start,
	.signal = service_signal,
	.probe = look,
};
