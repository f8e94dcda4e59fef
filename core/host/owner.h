/* SPDX-License-Identifier: Apache-2.0 */
/* While a module with a state folder is at work in a process that runs as root, its thread touches
 * files as the folder's owner: what it makes belongs to the account's user, and nothing that a
 * server of that user puts in its way (a symbolic link) makes it write elsewhere. */
#ifndef HR_HOST_OWNER_H
#define HR_HOST_OWNER_H

#include <stdbool.h>

#include "host/call.h"

/* For the calling thread. true: owner_leave must follow. folder may be NULL or hold none. Passing and
 * reading stays allowed everywhere: the way to the folder may be closed to its owner. */
bool owner_enter(const struct state_folder *folder);

/* The same without that right: for paths below the folder's descriptor. */
bool owner_enter_alone(const struct state_folder *folder);

void owner_leave(bool entered);

#endif
