/* SPDX-License-Identifier: Apache-2.0 */
/* The report that a vendor may publish. */
#ifndef HR_CONFORMANCE_REPORT_H
#define HR_CONFORMANCE_REPORT_H

#include "conformance/subject.h"

/* Writes what was shown of which file, as JSON: module, its file's digest, draft, Headroom's version, time, counts,
 * lines. No settings are in it. module: NULL where it could not be loaded. */
int report_write(const char *path, const char *file, const struct registry_module *module,
		 struct hr_error *err);

#endif
