/* SPDX-License-Identifier: Apache-2.0 */
/* What stands beside a module's file NAME.so: NAME.json, which is what headroom-host --describe has said
 * of that file, with the file's digest in it. Whoever reads it need not start a process to know the
 * module. Not here: making one (the build does, by headroom-host), and whether what it says is sound. */
#ifndef HR_PROVIDER_MANIFEST_H
#define HR_PROVIDER_MANIFEST_H

#include "base/error.h"
#include "provider/description.h"

#define MANIFEST_DIGEST_SIZE 65 /* SHA-256 in hexadecimal, and its end */

/* Of a module's file, from its beginning. HR_INVALID: no regular file, or longer than 256 MiB;
 * HR_INTERNAL. Blocks. */
int manifest_digest(int fd, char ret_digest[MANIFEST_DIGEST_SIZE], uint64_t *ret_size,
		    struct hr_error *err);

enum manifest_state {
	MANIFEST_FOUND,
	MANIFEST_MISSING, /* there is none, or the module's file is none that one can be for */
	MANIFEST_STALE,   /* of another build of the module, or it cannot be understood */
	MANIFEST_UNSAFE   /* others may write it */
};

/* module: its file's absolute path. FOUND: the caller frees *ret_description with module_probe_free.
 * STALE and UNSAFE: ret_why says which file it is, why it is not used, and what to do. Blocks. */
enum manifest_state manifest_read(const char *module, struct description **ret_description,
				  struct hr_error *ret_why);

#endif
