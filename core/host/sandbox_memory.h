/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a process that ends by a signal had used up the memory that it may have: whoever gets no
 * memory and does not look crashes, and the signal alone does not tell why. */
#ifndef HR_HOST_SANDBOX_MEMORY_H
#define HR_HOST_SANDBOX_MEMORY_H

#include "base/error.h"

/* Takes the signals of crashes, says what is to be said by sandbox_on_exhausted, and lets them end the
 * process as they would have. After the limits are set. HR_INTERNAL. */
int sandbox_watch_memory(struct hr_error *err);

#endif
