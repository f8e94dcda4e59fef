/* SPDX-License-Identifier: Apache-2.0 */
/* The message that a system call was refused, as text. Sending it is its callers' part. */
#ifndef HR_HOST_FORBIDDEN_H
#define HR_HOST_FORBIDDEN_H

#include <stddef.h>

#define FORBIDDEN_SIZE 128

/* The head of WIRE_FORBIDDEN, ended by a NUL; its length. Async-signal-safe. */
size_t forbidden_head(char buf[FORBIDDEN_SIZE], const char *name, unsigned count);

#endif
