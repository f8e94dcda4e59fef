/* SPDX-License-Identifier: Apache-2.0 */
/* A SELECT put together from conditions, each with its value: only constant texts and "?" go into
 * the SQL. */
#ifndef HR_STORE_QUERY_H
#define HR_STORE_QUERY_H

#include "store/sql.h"

#define QUERY_ROWS_MAX 1000

struct query {
	char text[4096];
	size_t len;
	struct {
		const char *text; /* NULL: number */
		int64_t number;
	} values[32];
	size_t n_values;
};

void query_begin(struct query *query, const char *text);
void query_add(struct query *query, const char *text);

/* A part with one "?". Texts must live until the statement is done. */
void query_add_text(struct query *query, const char *part, const char *value);
void query_add_int64(struct query *query, const char *part, int64_t value);

/* " AND state …" of a mask of 1 << (state / 10). */
void query_add_states(struct query *query, unsigned states);

/* " LIMIT ?": QUERY_ROWS_MAX for 0, below, and above. */
void query_add_limit(struct query *query, int limit);

int query_prepare(const struct query *query, struct sql *sql, struct sql_stmt **ret_stmt,
		  struct hr_error *err);

#endif
