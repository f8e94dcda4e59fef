/* SPDX-License-Identifier: Apache-2.0 */
/* The master key: a file of 32 random bytes outside the database, which wraps the data key inside
 * it. Without it a stolen database shows no secret. */
#ifndef HR_STORE_MASTER_KEY_H
#define HR_STORE_MASTER_KEY_H

#include <stdbool.h>

#include "store/seal.h"

/* Reads it. Where it is missing: made (0600, on disk before this returns) if may_make, else an
 * error. Refuses one that others may read, or of a wrong length. The caller wipes *ret_key. */
int master_key_load(const char *path, bool may_make, struct seal_key *ret_key,
		    struct hr_error *err);

#endif
