/* SPDX-License-Identifier: Apache-2.0 */
/* The lock file that keeps a second daemon away from a state folder. */
#ifndef HR_STORE_LOCK_FILE_H
#define HR_STORE_LOCK_FILE_H

#include "base/error.h"

struct lock_file;

/* Locks directory/headroomd.pid, writes this process's id into it, and holds it until
 * lock_file_close or the end of the process, however it ends. HR_CONFLICT names the holder. */
int lock_file_open(const char *directory, struct lock_file **ret_lock, struct hr_error *err);

/* NULL is fine. The file stays, empty: removing it would race with the next daemon. */
void lock_file_close(struct lock_file *lock);

#endif
