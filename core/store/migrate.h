/* SPDX-License-Identifier: Apache-2.0 */
/* The schema's versions: forward only. */
#ifndef HR_STORE_MIGRATE_H
#define HR_STORE_MIGRATE_H

#include <stdint.h>

#include "store/sql.h"

/* The texts of migrations/, version 1 first. Made at build time. */
extern const char *const migrations[];
extern const int64_t n_migrations;

/* The database's schema version, 0 for an empty one. HR_INVALID: of a newer program, or not this
 * program's; the message names both versions and the remedy. */
int migrate_version(struct sql *sql, const char *path, int64_t *ret_version, struct hr_error *err);

/* From version to the newest, in the caller's transaction. */
int migrate_forward(struct sql *sql, const char *path, int64_t version, struct hr_error *err);

#endif
