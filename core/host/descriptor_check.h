/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a module's descriptor can be used here: version, size, what must be in it. Reads memory
 * of the module, calls nothing of it. */
#ifndef HR_HOST_DESCRIPTOR_CHECK_H
#define HR_HOST_DESCRIPTOR_CHECK_H

#include "host/loader.h"

/* The descriptor as it stands in the module, whose symbol has symbol_size bytes (0: not known).
 * Copies min(its size, ours) into the zeroed *ret. Refusals as loader_open gives them. */
int descriptor_copy(const char *id, const char *path, const void *symbol, size_t symbol_size,
		    struct hr_provider *ret, struct hr_error *err);

/* The copy's contents: id, operations, texts, settings table (copied too), profile. module has id,
 * path and provider; rows and schema are filled in. */
int descriptor_check(struct module *module, unsigned flags, struct hr_error *err);

#endif
