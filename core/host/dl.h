/* SPDX-License-Identifier: Apache-2.0 */
/* Shared objects: open one, find a symbol. The only way to the system's loader, so that it can be
 * changed in one place. Not here: what a module must be (core/host/loader.c). */
#ifndef HR_HOST_DL_H
#define HR_HOST_DL_H

#include <stddef.h>

#include "base/error.h"

struct dl;

/* Opens the file of an absolute path, all its references bound, its symbols invisible to others; of an
 * archive NAME.a, what of that name was linked into this program. The object stays in memory for the life of
 * the process. HR_INVALID: its message is the system's
 * own reason ("libfoo.so.1: cannot open shared object file: ..."), without the path. Any thread. */
int dl_open(const char *path, struct dl **ret_dl, struct hr_error *err);

/* The address of a symbol, NULL when there is none. ret_size (may be NULL) gets its size in bytes
 * as the object says, 0 when it does not say. Any thread. */
const void *dl_symbol(struct dl *dl, const char *name, size_t *ret_size);

/* Forgets the handle; the object stays. */
void dl_close(struct dl *dl);

#endif
