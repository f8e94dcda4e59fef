/* SPDX-License-Identifier: Apache-2.0 */
/* As root: folders that the account's user may not enter ("barriers"), and a mount namespace in
 * which such a folder holds nothing but the way to what the user is to reach. Not here: who gets
 * such a view (core/host/process_child.c, core/host/sandbox_view.c). */
#ifndef HR_HOST_BARRIER_H
#define HR_HOST_BARRIER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* The uppermost folder above path (absolute, not looked at itself) that lets this user not in;
 * NULL in *ret_barrier: none. Freed by the caller. -1: out of memory. */
int barrier_find(const char *path, uid_t uid, gid_t gid, char **ret_barrier, struct hr_error *err);

/* All below are async-signal-safe, for a process with one thread and root's rights, and give 0 or
 * -1 with errno. In this order: a namespace of our own, then every source opened (what is bound
 * must be of this namespace), then cover, bind what is needed, seal. */
int barrier_unshare(void);

/* Puts an empty file system over the barrier. */
int barrier_cover(const char *barrier);

enum barrier_bind { BARRIER_FOLDER_WRITABLE, BARRIER_FILE_READ_ONLY };

/* Makes the way from the barrier to path, and binds what the O_PATH descriptor `source` means
 * there. A part of the way that is there already is as good. */
int barrier_bind(const char *barrier, const char *path, int source, enum barrier_bind how);

/* Nothing can be made in the cover any more. */
int barrier_seal(const char *barrier);

#endif
