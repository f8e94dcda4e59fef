/* SPDX-License-Identifier: Apache-2.0 */
/* What the host offers to modules by name: see <headroom/log.h>, clock.h, process.h. */
#ifndef HR_HOST_SERVICES_H
#define HR_HOST_SERVICES_H

#include <headroom/provider.h>

/* The host as a module of that profile (HR_PROFILE_*) sees it. Constant, never freed. */
const struct hr_host *services_host(uint32_t profile);

#endif
