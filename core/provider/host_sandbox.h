/* SPDX-License-Identifier: Apache-2.0 */
/* What a host says of its sandbox (struct wire_ready), in words. Not here: the sandbox
 * (core/host/sandbox.h). */
#ifndef HR_PROVIDER_HOST_SANDBOX_H
#define HR_PROVIDER_HOST_SANDBOX_H

#include <stdint.h>

/* WIRE_SANDBOX_* as a word: "whole", "no Landlock", "off". */
const char *host_sandbox_word(uint32_t flags);

/* What is weaker, and what to do; NULL: nothing is. */
const char *host_sandbox_warning(uint32_t flags);

#endif
