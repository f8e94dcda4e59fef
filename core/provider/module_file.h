/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a module's file: its id and a suffix. Not here: what an id may look like
 * (core/host/file_check.c). */
#ifndef HR_PROVIDER_MODULE_FILE_H
#define HR_PROVIDER_MODULE_FILE_H

#include <stddef.h>
#include <string.h>

#define MODULE_SUFFIX ".so"

/* In a build without shared libraries: the archive that a module was linked into headroom-host from, and
 * stands for it in the folders of modules (docs/decisions/0021). */
#define MODULE_SUFFIX_PREOPENED ".a"

/* Where the suffix of a path begins; NULL: no module's file has such a name. */
static inline const char *module_file_suffix(const char *path)
{
	static const char *const suffixes[] = {
		MODULE_SUFFIX,
#ifdef HR_PREOPENED
		MODULE_SUFFIX_PREOPENED,
#endif
	};
	size_t len = strlen(path);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t n = strlen(suffixes[i]);

		if (len > n && strcmp(path + len - n, suffixes[i]) == 0)
			return path + len - n;
	}
	return NULL;
}

#endif
