/* SPDX-License-Identifier: Apache-2.0 */
/* Landlock: which files the process may touch, whatever its user may. */
#ifndef HR_HOST_SANDBOX_LANDLOCK_H
#define HR_HOST_SANDBOX_LANDLOCK_H

#include "host/sandbox.h"

/* Of the library folders and the module's file: reading. Of the account's folder: everything but
 * running programs and making devices. Of the rest, of TCP, of abstract sockets and of signals to
 * others: nothing, as far as this kernel knows them. *ret_on: false where the kernel has no Landlock
 * (that is no error). Needs no-new-privileges. -1: HR_INTERNAL. */
int sandbox_landlock(const struct sandbox_options *options, bool *ret_on, struct hr_error *err);

#endif
