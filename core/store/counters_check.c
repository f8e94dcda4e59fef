/* SPDX-License-Identifier: Apache-2.0 */
/* Recounts what is kept as counts, and compares. Reads every server: for tests and debug builds. */
#include <inttypes.h>
#include <stdlib.h>

#include "store/cohort_key.h"
#include "store/row.h"
#include "store/tx.h"

/* clang-format off */
#define KEY_REST(X) \
	X(ROW_TEXT, config_id, config_id) \
	X(ROW_INT64, config_revision, config_revision) \
	X(ROW_TEXT, zone_id, zone_id) \
	X(ROW_INT32, state, state) \
	X(ROW_BOOL, enabled, enabled) \
	X(ROW_INT32, silence, silence) \
	X(ROW_INT64, max_sessions, settings.max_sessions) \
	X(ROW_INT64, max_users, settings.max_users) \
	X(ROW_BOOL, reusable, settings.reusable) \
	X(ROW_INT64, sessions, sessions) \
	X(ROW_INT64, users, users) \
	X(ROW_INT64, sessions_ever, sessions_ever)
/* clang-format on */
#define ENTRY(type, column, member) ROW_COLUMN(struct server, type, column, member),

/* What cohort_key_of looks at, no more: this runs after each transaction. */
static const struct row_column columns[] = {ENTRY(ROW_TEXT, pool_id, pool_id) KEY_REST(ENTRY)};
static const struct row_shape shape = ROW_SHAPE(struct server, columns);

/* The key of every server not gone, sorted. */
static int list_keys(struct tx *tx, struct cohort_key **ret_keys, size_t *ret_n,
		     struct hr_error *err)
{
	struct cohort_key *keys = NULL, *more;
	struct sql_stmt *stmt;
	struct server server;
	size_t n = 0, room = 0;
	int rc;

	if (sql_prepare(tx->sql, "SELECT pool_id" KEY_REST(ROW_NAME) " FROM servers WHERE live = 1",
			&stmt, err) < 0)
		return -1;
	while ((rc = sql_step(stmt, err)) == 1) {
		if (n == room) {
			room = room ? 2 * room : 64;
			more = reallocarray(keys, room, sizeof(*keys));
			if (!more) {
				rc = error_no_memory(err, "checking the counters");
				break;
			}
			keys = more;
		}
		row_read(stmt, &shape, &server);
		cohort_key_of(&server, &keys[n++]);
	}
	sql_done(stmt);
	if (rc < 0) {
		free(keys);
		return -1;
	}
	if (n > 0)
		qsort(keys, n, sizeof(*keys), cohort_key_compare);
	*ret_keys = keys;
	*ret_n = n;
	return 0;
}

/* Equal keys, which lie together, become one with their count. */
static size_t merge(struct cohort_key *keys, size_t n)
{
	size_t last = 0;

	for (size_t i = 1; i < n; i++) {
		if (cohort_key_compare(&keys[last], &keys[i]) == 0)
			keys[last].count++;
		else
			keys[++last] = keys[i];
	}
	return n > 0 ? last + 1 : 0;
}

static int differ(const struct cohort_key *key, int64_t stored, int64_t real, struct hr_error *err)
{
	return error_set(err, HR_CONFLICT,
			 "the cohort of pool %s, config %s revision %" PRId64
			 ", zone %s, state %s, enabled %d, idle %d, free %" PRId64
			 " is stored as %" PRId64 " servers, there are %" PRId64,
			 key->pool_id, key->config_id, key->config_revision, key->zone_id,
			 server_state_name(key->state), key->enabled, key->idle, key->free, stored,
			 real);
}

static int compare(const struct cohort_key *stored, size_t n_stored, const struct cohort_key *real,
		   size_t n_real, struct hr_error *err)
{
	size_t i = 0, k = 0;

	while (i < n_stored || k < n_real) {
		int order = i == n_stored ? 1
			    : k == n_real ? -1
					  : cohort_key_compare(&stored[i], &real[k]);

		if (order < 0)
			return differ(&stored[i], stored[i].count, 0, err);
		if (order > 0)
			return differ(&real[k], 0, real[k].count, err);
		if (stored[i].count != real[k].count)
			return differ(&real[k], stored[i].count, real[k].count, err);
		i++;
		k++;
	}
	return 0;
}

static int check_cohorts(struct tx *tx, struct hr_error *err)
{
	struct cohort_key *stored = NULL, *real = NULL;
	size_t n_stored = 0, n_real = 0;
	int rc = -1;

	if (list_keys(tx, &real, &n_real, err) == 0 &&
	    cohort_key_list(tx, &stored, &n_stored, err) == 0)
		rc = compare(stored, n_stored, real, merge(real, n_real), err);
	free(stored);
	free(real);
	return rc;
}

static int check_instances(struct tx *tx, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(
		    tx->sql,
		    "SELECT a.provider_config_id, a.instances, COUNT(s.id) FROM account_states a "
		    "LEFT JOIN servers s ON s.provider_config_id = a.provider_config_id AND "
		    "s.live = 1 GROUP BY a.provider_config_id, a.instances "
		    "HAVING COUNT(s.id) <> a.instances UNION ALL "
		    "SELECT s.provider_config_id, 0, COUNT(*) FROM servers s WHERE "
		    "s.live = 1 AND s.provider_config_id NOT IN "
		    "(SELECT provider_config_id FROM account_states) "
		    "GROUP BY s.provider_config_id",
		    &stmt, err) < 0)
		return -1;
	rc = sql_step(stmt, err);
	if (rc == 1)
		rc = error_set(err, HR_CONFLICT,
			       "provider config %s is stored with %" PRId64
			       " instances, its servers not gone are %" PRId64,
			       sql_column_text(stmt, 0), sql_column_int64(stmt, 1),
			       sql_column_int64(stmt, 2));
	sql_done(stmt);
	return rc;
}

int server_counters_check(struct tx *tx, struct hr_error *err)
{
	if (check_cohorts(tx, err) < 0)
		return -1;
	return check_instances(tx, err);
}
