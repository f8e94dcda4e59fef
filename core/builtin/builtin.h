/* SPDX-License-Identifier: Apache-2.0 */
/* The modules that are linked into headroom-host instead of being loaded by it: what blocks and is no
 * HTTP. They run as others do, with the same sandbox, deadlines and end. */
#ifndef HR_BUILTIN_BUILTIN_H
#define HR_BUILTIN_BUILTIN_H

#include "host/loader.h"

/* By name; NULL: there is none. Constant. */
const struct module *builtin_find(const char *name);

#endif
