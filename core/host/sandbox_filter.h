/* SPDX-License-Identifier: Apache-2.0 */
/* The two filters of system calls. Both are made at once, while memory and files are still to be
 * had, and loaded one after the other. A call that no rule permits raises SIGSYS
 * (core/host/sandbox_trap.h). */
#ifndef HR_HOST_SANDBOX_FILTER_H
#define HR_HOST_SANDBOX_FILTER_H

#include "host/sandbox.h"

struct sandbox_program; /* a filter as the kernel takes it */

/* The list of what is permitted. -1: HR_INTERNAL. */
int sandbox_filter_open(const struct sandbox_options *options, struct sandbox_program **ret_program,
			struct hr_error *err);

/* The list of what of that is taken away once the module is loaded. */
int sandbox_filter_closed(const struct sandbox_options *options,
			  struct sandbox_program **ret_program, struct hr_error *err);

/* Loads it for every thread of the process and frees it. Needs no-new-privileges. */
int sandbox_filter_load(struct sandbox_program *program, struct hr_error *err);

#endif
