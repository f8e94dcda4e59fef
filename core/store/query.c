/* SPDX-License-Identifier: Apache-2.0 */
/* Puts SELECTs together. Which conditions there are: the row files. */
#include "store/query.h"

#include <string.h>

#include "base/text.h"

#define N_VALUES \
	(sizeof(((struct query *)NULL)->values) / sizeof(((struct query *)NULL)->values[0]))

void query_begin(struct query *query, const char *text)
{
	query->len = 0;
	query->n_values = 0;
	query_add(query, text);
}

/* What does not fit leaves len beyond the size, which query_prepare reports. */
void query_add(struct query *query, const char *text)
{
	size_t len = strlen(text);

	if (query->len + len < sizeof(query->text))
		memcpy(query->text + query->len, text, len + 1);
	query->len += len;
}

static void add_value(struct query *query, const char *part, const char *text, int64_t number)
{
	query_add(query, part);
	if (query->n_values < N_VALUES) {
		query->values[query->n_values].text = text;
		query->values[query->n_values].number = number;
	}
	query->n_values++;
}

void query_add_text(struct query *query, const char *part, const char *value)
{
	add_value(query, part, value, 0);
}

void query_add_int64(struct query *query, const char *part, int64_t value)
{
	add_value(query, part, NULL, value);
}

void query_add_states(struct query *query, unsigned states)
{
	bool several = (states & (states - 1)) != 0;
	const char *before = several ? " AND state IN (" : " AND state = ";
	char number[16];

	for (int i = 0; i < 32; i++) {
		if (!(states & 1u << i))
			continue;
		text_format(number, sizeof(number), "%d", i * 10);
		query_add(query, before);
		query_add(query, number);
		before = ", ";
	}
	if (several)
		query_add(query, ")");
}

void query_add_limit(struct query *query, int limit)
{
	query_add_int64(query, " LIMIT ?",
			limit > 0 && limit < QUERY_ROWS_MAX ? limit : QUERY_ROWS_MAX);
}

int query_prepare(const struct query *query, struct sql *sql, struct sql_stmt **ret_stmt,
		  struct hr_error *err)
{
	if (query->len >= sizeof(query->text) || query->n_values > N_VALUES)
		return error_set(err, HR_INTERNAL, "a query has too many conditions");
	if (sql_prepare(sql, query->text, ret_stmt, err) < 0)
		return -1;
	for (size_t i = 0; i < query->n_values; i++) {
		if (query->values[i].text)
			sql_bind_text(*ret_stmt, query->values[i].text);
		else
			sql_bind_int64(*ret_stmt, query->values[i].number);
	}
	return 0;
}
