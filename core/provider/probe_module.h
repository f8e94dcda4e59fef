/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's side of the built-in module probe: what the process dispatcher has to know of it, and
 * the connection that a probe asks on. The process that reads from it can make none itself
 * (docs/decisions/0018). */
#ifndef HR_PROVIDER_PROBE_MODULE_H
#define HR_PROVIDER_PROBE_MODULE_H

#include "provider/dispatch.h"
#include "provider/registry.h"

/* As a registry would have it. */
extern const struct registry_module probe_module;

/* Begins to connect; does not block. *ret_fd is the caller's. HR_UNSUPPORTED: the address is a name
 * and no number; HR_TRANSIENT: nobody is there, as far as this machine knows. */
int probe_connect(const struct dispatch_probe *probe, int *ret_fd, struct hr_error *err);

#endif
