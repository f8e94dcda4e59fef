/* SPDX-License-Identifier: Apache-2.0 */
/* Cohorts: counts of servers that the planner treats alike, so that it reads tens of rows whatever
 * the pool's size. That they are right: counters_check.c. */
#include <stdlib.h>
#include <string.h>

#include "store/cohort.h"
#include "store/cohort_key.h"
#include "store/row.h"
#include "store/tx.h"

/* clang-format off */
#define COHORT_REST(X) \
	X(ROW_INT64, config_revision, config_revision) \
	X(ROW_TEXT, zone_id, zone_id) \
	X(ROW_INT32, state, state) \
	X(ROW_BOOL, enabled, enabled) \
	X(ROW_BOOL, idle, idle) \
	X(ROW_INT64, free, free)
/* clang-format on */
#define KEY_COLUMNS "pool_id, config_id" COHORT_REST(ROW_NAME)
#define COHORT_COLUMNS "config_id" COHORT_REST(ROW_NAME) ", servers"
#define MATCH(type, column, member) " AND " #column " = ?"

#define ENTRY(type, column, member) ROW_COLUMN(struct cohort_key, type, column, member),
static const struct row_column key_columns[] = {ENTRY(ROW_TEXT, pool_id, pool_id) ENTRY(
	ROW_TEXT, config_id, config_id) COHORT_REST(ENTRY) ENTRY(ROW_INT64, servers, count)};
const struct row_shape cohort_key_shape = ROW_SHAPE(struct cohort_key, key_columns);
/* All but the count. */
static const struct row_shape match_shape = {
	.columns = key_columns,
	.n_columns = sizeof(key_columns) / sizeof(key_columns[0]) - 1,
	.size = sizeof(struct cohort_key)};
#undef ENTRY

#define ENTRY(type, column, member) ROW_COLUMN(struct cohort, type, column, member),
static const struct row_column columns[] = {ENTRY(ROW_TEXT, config_id, config_id) COHORT_REST(ENTRY)
						    ENTRY(ROW_INT64, servers, count)};
static const struct row_shape shape = ROW_SHAPE(struct cohort, columns);

void cohort_key_of(const struct server *server, struct cohort_key *ret_key)
{
	memset(ret_key, 0, sizeof(*ret_key));
	memcpy(ret_key->pool_id, server->pool_id, sizeof(ret_key->pool_id));
	memcpy(ret_key->config_id, server->config_id, sizeof(ret_key->config_id));
	memcpy(ret_key->zone_id, server->zone_id, sizeof(ret_key->zone_id));
	ret_key->config_revision = server->config_revision;
	ret_key->state = server->state;
	ret_key->enabled = server_available(server);
	ret_key->idle = server->sessions == 0;
	ret_key->free = server_free(server);
	ret_key->count = 1;
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int cohort_key_compare(const void *left, const void *right)
{
	const struct cohort_key *a = left, *b = right;
	int order = strcmp(a->pool_id, b->pool_id);

	if (order == 0)
		order = strcmp(a->config_id, b->config_id);
	if (order == 0)
		order = compare_numbers(a->config_revision, b->config_revision);
	if (order == 0)
		order = strcmp(a->zone_id, b->zone_id);
	if (order == 0)
		order = compare_numbers(a->state, b->state);
	if (order == 0)
		order = compare_numbers(a->enabled, b->enabled);
	if (order == 0)
		order = compare_numbers(a->idle, b->idle);
	return order ? order : compare_numbers(a->free, b->free);
}

static int add_one(struct tx *tx, const struct cohort_key *key, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql,
			"INSERT INTO cohorts (" KEY_COLUMNS ", servers) VALUES (?, ?" COHORT_REST(
				ROW_MARK) ", ?) ON CONFLICT (" KEY_COLUMNS
					  ") DO UPDATE SET servers = cohorts.servers + 1",
			&stmt, err) < 0)
		return -1;
	row_bind(stmt, &cohort_key_shape, key);
	return sql_run(stmt, NULL, err);
}

static int run_matching(struct tx *tx, const char *text, const struct cohort_key *key,
			struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql, text, &stmt, err) < 0)
		return -1;
	row_bind(stmt, &match_shape, key);
	return sql_run(stmt, NULL, err);
}

static int remove_one(struct tx *tx, const struct cohort_key *key, struct hr_error *err)
{
	if (run_matching(tx,
			 "UPDATE cohorts SET servers = servers - 1 WHERE pool_id = ? AND "
			 "config_id = ?" COHORT_REST(MATCH),
			 key, err) < 0)
		return -1;
	return run_matching(tx,
			    "DELETE FROM cohorts WHERE pool_id = ? AND config_id = ?" COHORT_REST(
				    MATCH) " AND servers <= 0",
			    key, err);
}

int cohort_move(struct tx *tx, const struct server *old, const struct server *new,
		struct hr_error *err)
{
	bool from = old && old->state != SERVER_GONE, to = new &&new->state != SERVER_GONE;
	struct cohort_key old_key, new_key;

	if (from)
		cohort_key_of(old, &old_key);
	if (to)
		cohort_key_of(new, &new_key);
	if (from && to && cohort_key_compare(&old_key, &new_key) == 0)
		return 0;
	if (from && remove_one(tx, &old_key, err) < 0)
		return -1;
	return to ? add_one(tx, &new_key, err) : 0;
}

int cohort_list(struct tx *tx, const char *pool_id, struct cohort **ret_cohorts, size_t *ret_n,
		struct hr_error *err)
{
	struct sql_stmt *stmt;
	void *rows = NULL;
	size_t n = 0;

	if (sql_prepare(tx->sql,
			"SELECT " COHORT_COLUMNS
			" FROM cohorts WHERE pool_id = ? ORDER BY config_id" COHORT_REST(ROW_NAME),
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, pool_id);
	if (row_append_all(stmt, &shape, &rows, &n, err) < 0)
		return -1;
	*ret_cohorts = rows;
	*ret_n = n;
	return 0;
}

int cohort_key_list(struct tx *tx, struct cohort_key **ret_keys, size_t *ret_n,
		    struct hr_error *err)
{
	struct sql_stmt *stmt;
	void *rows = NULL;
	size_t n = 0;

	if (sql_prepare(tx->sql,
			"SELECT " KEY_COLUMNS ", servers FROM cohorts ORDER BY " KEY_COLUMNS, &stmt,
			err) < 0 ||
	    row_append_all(stmt, &cohort_key_shape, &rows, &n, err) < 0)
		return -1;
	*ret_keys = rows;
	*ret_n = n;
	return 0;
}
