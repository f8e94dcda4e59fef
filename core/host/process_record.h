/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes were started for an account, in a file beside its state folder, where its module has no
 * way to: other processes of the same user may be anybody's. */
#ifndef HR_HOST_PROCESS_RECORD_H
#define HR_HOST_PROCESS_RECORD_H

#include <headroom/process.h>

#include "base/error.h"
#include "host/call.h"

/* Adds one that runs; those that have ended meanwhile are left out where the file has grown. Any thread,
 * but of one process: an account has one spawner. HR_INTERNAL, HR_CAPACITY: there is no room. */
int process_record_add(const struct state_folder *folder, const struct hr_process *process,
		       struct hr_error *err);

/* Whether it was started for the account, or belongs to the session of one that was. false also where
 * the file cannot be read. */
bool process_record_has(const struct state_folder *folder, const struct hr_process *process);

#endif
