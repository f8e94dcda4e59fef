/* SPDX-License-Identifier: Apache-2.0 */
/* The table of hosts in a module's descriptor. */
#ifndef HR_HOST_HOSTS_CHECK_H
#define HR_HOST_HOSTS_CHECK_H

#include "host/loader.h"

/* Copies and checks it; the settings' rows are there already. Refusals as loader_open gives them. */
int hosts_check(struct module *module, struct hr_error *err);

#endif
