/* SPDX-License-Identifier: Apache-2.0 */
/* Starting headroom-local-server by the host's process service. The module starts nothing
 * itself: where it runs it may not. */
#ifndef LOCAL_START_H
#define LOCAL_START_H

#include "account.h"

enum program_task {
	PROGRAM_LAUNCH, /* becomes a server */
	PROGRAM_SWEEP,  /* ends what is left of a server without namespaces */
	PROGRAM_PROBE   /* tells whether servers can be run */
};

/* Starts the program in servers/<name>, whose folder is open. HR_OK with the process, or an
 * error with details reported. */
int32_t program_start(const struct hr_account *account, const struct hr_call *call,
		      enum program_task task, int folder, const char *name,
		      struct hr_span host_name, struct hr_process *ret_process);

/* Absolute path of headroom-local-server, to be freed: the setting's value when it is not empty,
 * else the one beside the module, else the installed one. NULL: out of memory. */
char *program_find(struct hr_span setting);

#endif
