/* SPDX-License-Identifier: Apache-2.0 */
/* What makes servers one cohort, for keeping the counts and for checking them. */
#ifndef HR_STORE_COHORT_KEY_H
#define HR_STORE_COHORT_KEY_H

#include "store/server_rows.h"

struct cohort_key {
	char pool_id[ID_SIZE];
	char config_id[ID_SIZE];
	int64_t config_revision;
	char zone_id[ID_SIZE];
	enum server_state state;
	bool enabled;
	bool idle;
	int64_t free;
	int64_t count; /* not part of the key */
};

/* Of a server not gone; count 1. */
void cohort_key_of(const struct server *server, struct cohort_key *ret_key);

/* In the order of the members, for qsort; count does not matter. */
int cohort_key_compare(const void *left, const void *right);

/* Every stored one in that order. The caller frees. */
int cohort_key_list(struct tx *tx, struct cohort_key **ret_keys, size_t *ret_n,
		    struct hr_error *err);

#endif
