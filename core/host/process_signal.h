/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at and signalling processes that an account's module knows by pid and start time. Any
 * thread. */
#ifndef HR_HOST_PROCESS_SIGNAL_H
#define HR_HOST_PROCESS_SIGNAL_H

#include <headroom/process.h>

#include "base/error.h"
#include "host/call.h"

/* 0 while that very process runs; -1: HR_NOT_FOUND, HR_INVALID. */
int process_look(const struct hr_process *process, struct hr_error *err);

/* As hr_process_service.signal; folder may be NULL: then no process is the account's. Never this
 * process or its parent; where folder->records, what was started for the account, or by that in its
 * session, only. -1: HR_NOT_FOUND, HR_INVALID, HR_INTERNAL. */
int process_signal(const struct state_folder *folder, const struct hr_process *process,
		   int32_t number, struct hr_error *err);

#endif
