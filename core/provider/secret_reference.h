/* SPDX-License-Identifier: Apache-2.0 */
/* References that stand for a secret: resolved anew each time, so that a rotated key or a projected
 * token is seen without a restart, and within bounds, so that a reference cannot be used to read what
 * is not a secret of a provider. */
#ifndef HR_PROVIDER_SECRET_REFERENCE_H
#define HR_PROVIDER_SECRET_REFERENCE_H

#include <stddef.h>

#include "base/error.h"

#define SECRET_MAX 65536 /* bytes of what a reference leads to */

struct secret_rules {
	const char *secrets_dir;      /* "file:" below this folder; NULL: no such references */
	const char *const *env_names; /* "env:" of these names only, NULL-terminated; or NULL */
	const char *credentials_dir;  /* "credential:hr-..." ($CREDENTIALS_DIRECTORY); or NULL */
	const char *master_key_path;  /* the store's key, wherever it lies: never given; or NULL */
};

/* file:PATH  a regular file of at most SECRET_MAX bytes below secrets_dir, no symbolic link that
 *            leads out; one line end at its end is left out
 * env:NAME, credential:NAME
 * Anything else is the value itself. The caller frees *ret_value with secret_free. HR_INVALID names
 * the reference, never a secret. Blocks; any thread. */
int secret_resolve(const struct secret_rules *rules, const char *value, char **ret_value,
		   struct hr_error *err);

/* Wipes and frees. NULL is allowed. */
void secret_free(char *value);

#endif
