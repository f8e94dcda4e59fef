/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that signal handlers send, as text. Sending them is their callers' part. */
#ifndef HR_HOST_SIGNAL_HEAD_H
#define HR_HOST_SIGNAL_HEAD_H

#include <stddef.h>

#define SIGNAL_HEAD_SIZE 128

/* The head of WIRE_FORBIDDEN, ended by a NUL; its length. Async-signal-safe. */
size_t signal_head_forbidden(char buf[SIGNAL_HEAD_SIZE], const char *name, unsigned count);

/* That of WIRE_EXHAUSTED. */
size_t signal_head_exhausted(char buf[SIGNAL_HEAD_SIZE], unsigned limit_mib);

#endif
