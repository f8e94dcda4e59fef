/* SPDX-License-Identifier: Apache-2.0 */
/* Starting of one process below an account's state folder. */
#ifndef HR_HOST_PROCESS_START_H
#define HR_HOST_PROCESS_START_H

#include <headroom/process.h>

#include "base/error.h"
#include "host/call.h"

/* As hr_process_service.start. module: the file of the module that asks; NULL: not known. Errors:
 * HR_INVALID (the request or a path), HR_UNSUPPORTED (the program cannot be run), HR_NOT_FOUND (nor
 * the module's own), HR_CAPACITY (no process to be had), HR_INTERNAL. Any thread. */
int process_start(const struct state_folder *folder, const char *module,
		  const struct hr_process_start *request, struct hr_process *ret_process,
		  struct hr_error *err);

#endif
