/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon knows of a host's sandbox: what it says of it (struct wire_ready), in words, and what
 * both have to agree on. Not here: the sandbox (core/host/sandbox.h). */
#ifndef HR_PROVIDER_HOST_SANDBOX_H
#define HR_PROVIDER_HOST_SANDBOX_H

#include <stdint.h>

#define HOST_EXIT_FORBIDDEN 86 /* exit status after one network or exec attempt too many */
/* Of a process. Its own are at most LANE_CALLS_MAX and some; the rest is for the module's. The
 * daemon ends whatever has come to it. */
#define HOST_THREADS_MAX 256

/* WIRE_SANDBOX_* as a word: "whole", "no Landlock", "off". */
const char *host_sandbox_word(uint32_t flags);

/* What is weaker, and what to do; NULL: nothing is. */
const char *host_sandbox_warning(uint32_t flags);

#endif
