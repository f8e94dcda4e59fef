/* SPDX-License-Identifier: Apache-2.0 */
/* The process service as modules see it: whose folder, who does the work, and errors by the call. */
#include "host/process.h"

#include "host/call.h"
#include "host/process_signal.h"
#include "host/process_start.h"
#include "host/spawner.h"

static int spawner_fd = -1;

void process_use_spawner(int fd)
{
	spawner_fd = fd;
}

static int32_t answer(const struct hr_call *abi, int rc, const struct hr_error *error)
{
	return rc == 0 ? HR_OK : call_refuse(abi, error->class, "%s", error->message);
}

static int32_t service_start(const struct hr_call *abi, const struct hr_process_start *request,
			     struct hr_process *ret_process)
{
	const struct call_subject *subject = &call_of(abi)->subject;
	struct hr_error error = {0};
	int rc;

	if (call_is_spent(abi))
		return call_refuse(abi, HR_INTERNAL, CALL_SPENT, "program is started");
	if (spawner_fd >= 0)
		rc = spawner_ask_start(spawner_fd, request, ret_process, &error);
	else if (!subject->folder || subject->folder->fd < 0)
		rc = error_set(&error, HR_UNSUPPORTED,
			       "cannot start a process: the account has no state folder");
	else
		rc = process_start(subject->folder, subject->module ? subject->module->path : NULL,
				   request, ret_process, &error);
	return answer(abi, rc, &error);
}

static int32_t service_signal(const struct hr_call *abi, const struct hr_process *process,
			      int32_t number)
{
	struct hr_error error = {0};
	int rc;

	if (spawner_fd >= 0)
		rc = spawner_ask_signal(spawner_fd, process, number, &error);
	else
		rc = process_signal(call_of(abi)->subject.folder, process, number, &error);
	return answer(abi, rc, &error);
}

static int32_t service_probe(const struct hr_call *abi, const struct hr_process *process)
{
	struct hr_error error = {0};
	int rc;

	if (spawner_fd >= 0)
		rc = spawner_ask_probe(spawner_fd, process, &error);
	else
		rc = process_look(process, &error);
	return answer(abi, rc, &error);
}

const struct hr_process_service process_service = {
	.size = sizeof(process_service),
	.start = service_start,
	.signal = service_signal,
	.probe = service_probe,
};
