/* SPDX-License-Identifier: Apache-2.0 */
/* What happens at a forbidden system call: it is reported by name and answered EPERM. */
#ifndef HR_HOST_SANDBOX_TRAP_H
#define HR_HOST_SANDBOX_TRAP_H

#include "base/error.h"

/* Learns the names of all system calls and takes the signal SIGSYS. Before the filter; once.
 * -1: HR_INTERNAL. */
int sandbox_trap(struct hr_error *err);

#endif
