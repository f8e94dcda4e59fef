/* SPDX-License-Identifier: Apache-2.0 */
/* Starting headroom-local-server by the host's process service. The module starts nothing
 * itself: where it runs it may not. */
#ifndef LOCAL_START_H
#define LOCAL_START_H

#include "account.h"
#include "protocol.h"

enum program_task {
	PROGRAM_LAUNCH, /* becomes a server */
	PROGRAM_SWEEP,  /* ends what is left of a server without namespaces */
	PROGRAM_PROBE   /* tells whether servers can be run */
};

/* Starts the program in servers/<name>. HR_OK with the process, or an error with details reported. */
int32_t program_start(const struct hr_account *account, const struct hr_call *call,
		      enum program_task task, const char *name, struct hr_span host_name,
		      struct hr_process *ret_process);

/* The same, but HR_NOT_FOUND, for the caller to report, when the program is not there or cannot be
 * run. */
int32_t program_try(const struct hr_account *account, const struct hr_call *call,
		    enum program_task task, const char *name, struct hr_span host_name,
		    struct hr_process *ret_process);

/* What is to be said then, by a format with the program's name. */
#define PROGRAM_MISSING                                                                 \
	"The program %s is not there or cannot be run. Install Headroom again, or set " \
	"'helper' to where " SERVER_PROGRAM " is."

#endif
