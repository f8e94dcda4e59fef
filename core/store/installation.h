/* SPDX-License-Identifier: Apache-2.0 */
/* The one row that says whose store this is: id, place, and the wrapped data key. */
#ifndef HR_STORE_INSTALLATION_H
#define HR_STORE_INSTALLATION_H

#include <stdbool.h>

#include "base/id.h"
#include "store/seal.h"
#include "store/sql.h"

struct installation {
	char id[ID_SIZE];
	struct seal_key data_key;
	bool moved; /* machine or folder are not those that it was made with */
};

/* Makes the row in the caller's transaction. folder: real path. */
int installation_make(struct sql *sql, const char *folder, const struct seal_key *master,
		      struct installation *ret_installation, struct hr_error *err);

/* Reads it and unwraps the data key; HR_AUTH: the master key is another store's. master_path is
 * for the message. The caller wipes data_key. */
int installation_load(struct sql *sql, const char *folder, const struct seal_key *master,
		      const char *master_path, struct installation *ret_installation,
		      struct hr_error *err);

/* Takes machine and folder for the ones that it belongs to from now on. */
int installation_confirm(struct sql *sql, const char *folder, struct hr_error *err);

/* How many commits that wrote were made, from schema version 6 on. */
int installation_commits(struct sql *sql, uint64_t *ret_commits, struct hr_error *err);

/* In the transaction whose commit is that many'th. */
int installation_count(struct sql *sql, uint64_t commits, struct hr_error *err);

#endif
