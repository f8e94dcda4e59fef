/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of servers, each order by an index of its own (migrations/): conditions stand here word
 * for word as in the index. */
#include <stdlib.h>

#include "base/clock.h"
#include "store/query.h"
#include "store/row.h"
#include "store/server_columns.h"
#include "store/server_rows.h"
#include "store/tx.h"

#define ON_THE_WAY                                                               \
	(SERVER_STATE_BIT(SERVER_PLANNED) | SERVER_STATE_BIT(SERVER_CREATING) |  \
	 SERVER_STATE_BIT(SERVER_BOOTING) | SERVER_STATE_BIT(SERVER_INJECTING) | \
	 SERVER_STATE_BIT(SERVER_CHECKING_IN))
#define RUNNING SERVER_STATE_BIT(SERVER_RUNNING)

static void add_filters(struct query *q, const struct server_query *query)
{
	if (!(query->states & SERVER_STATE_BIT(SERVER_GONE)))
		query_add(q, " AND live = 1");
	query_add_states(q, query->states);
	if (query->pool_id)
		query_add_text(q, " AND pool_id = ?", query->pool_id);
	if (query->config_id)
		query_add_text(q, " AND config_id = ?", query->config_id);
	if (query->zone_id)
		query_add_text(q, " AND zone_id = ?", query->zone_id);
	if (query->provider_config_id)
		query_add_text(q, " AND provider_config_id = ?", query->provider_config_id);
	if (query->user)
		query_add_text(q,
			       " AND id IN (SELECT server_id FROM sessions WHERE user_name = ? AND "
			       "state = 20 AND server_id <> '')",
			       query->user);
	if (query->with_free)
		query_add(q, " AND room = 1 AND silence = 0");
	if (query->order == SERVER_BY_LISTEN)
		query_add_int64(q, " AND heartbeat = 1 AND state = 60 AND listen_ms <= ?",
				query->listen_before_ms);
	if (query->order == SERVER_TO_PROBE)
		query_add(q, " AND heartbeat = 0 AND state = 60 AND address <> ''");
	if (query->deadline_before_ms || query->order == SERVER_BY_DEADLINE)
		query_add_int64(q, " AND deadline_ms < 9223372036854775807 AND deadline_ms <= ?",
				query->deadline_before_ms ? query->deadline_before_ms : MS_NEVER);
}

/* What lets the index of placing stop early, and the few on their way be found without all others. */
static void add_rank(struct query *q, unsigned states)
{
	if (states == RUNNING)
		query_add(q, " AND rank = 0");
	else if (states != 0 && (states & ~ON_THE_WAY) == 0)
		query_add(q, " AND rank = 1");
	else if (states != 0 && (states & ~(RUNNING | ON_THE_WAY)) == 0)
		query_add(q, " AND rank <= 1");
}

static void add_order(struct query *q, const struct server_query *query)
{
	switch (query->order) {
	case SERVER_BY_ID:
		if ((query->states & ~ON_THE_WAY) == 0)
			add_rank(q, query->states);
		query_add(q, " ORDER BY id");
		break;
	case SERVER_TO_PROBE: query_add(q, " ORDER BY id"); break;
	case SERVER_BY_DEADLINE: query_add(q, " ORDER BY deadline_ms, id"); break;
	case SERVER_BY_LISTEN: query_add(q, " ORDER BY listen_ms, id"); break;
	case SERVER_BY_SPREAD:
		add_rank(q, query->states);
		query_add(q, " ORDER BY rank, sessions, idle_since_ms, id");
		break;
	case SERVER_BY_PACK:
		add_rank(q, query->states);
		query_add(q, " ORDER BY rank, sessions DESC, idle_since_ms, id");
		break;
	case SERVER_BY_IDLE:
		query_add(q, " AND sessions = 0 AND idle_since_ms > 0 "
			     "ORDER BY outdated DESC, idle_since_ms, created_ms, id");
		break;
	}
}

int server_list(struct tx *tx, const struct server_query *query, struct server **ret_servers,
		size_t *ret_n, struct hr_error *err)
{
	bool from_id = query->order == SERVER_BY_ID || query->after_id;
	struct sql_stmt *stmt;
	void *rows = NULL;
	size_t n = 0;
	struct query q;

	query_begin(&q, "SELECT " SERVER_COLUMNS " FROM servers WHERE ");
	if (from_id)
		query_add_text(&q, "id > ?", query->after_id ? query->after_id : "");
	else
		query_add(&q, "1 = 1");
	add_filters(&q, query);
	add_order(&q, query);
	query_add_limit(&q, query->limit);
	if (query_prepare(&q, tx->sql, &stmt, err) < 0 ||
	    row_append_all(stmt, &server_shape, &rows, &n, err) < 0)
		return -1;
	*ret_servers = rows;
	*ret_n = n;
	return 0;
}

int server_excuse(struct tx *tx, int64_t until_ms, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql,
			"UPDATE servers SET listen_ms = ? WHERE live = 1 AND state = 60 AND "
			"listen_ms < ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_int64(stmt, until_ms);
	sql_bind_int64(stmt, until_ms);
	return sql_run(stmt, NULL, err);
}

int server_get_by_instance(struct tx *tx, const char *provider_config_id, const char *instance_id,
			   struct server *ret, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql,
			"SELECT " SERVER_COLUMNS " FROM servers WHERE provider_config_id = ? AND "
			"instance_id = ? AND live = 1 AND instance_id <> ''",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, provider_config_id);
	sql_bind_text(stmt, instance_id);
	rc = row_get(stmt, &server_shape, ret, err);
	if (rc == 0)
		return error_set(err, HR_NOT_FOUND, "no server has the instance %s", instance_id);
	return rc < 0 ? -1 : 0;
}

static int first_time(struct tx *tx, const char *text, int64_t *ret_ms, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql, text, &stmt, err) < 0)
		return -1;
	rc = sql_step(stmt, err);
	*ret_ms = rc == 1 ? sql_column_int64(stmt, 0) : MS_NEVER;
	sql_done(stmt);
	return rc < 0 ? -1 : 0;
}

int server_next_deadline(struct tx *tx, int64_t *ret_ms, struct hr_error *err)
{
	int64_t listen_ms;

	if (first_time(tx,
		       "SELECT deadline_ms FROM servers WHERE live = 1 AND "
		       "deadline_ms < 9223372036854775807 ORDER BY deadline_ms LIMIT 1",
		       ret_ms, err) < 0 ||
	    first_time(tx,
		       "SELECT listen_ms FROM servers WHERE heartbeat = 1 AND state = 60 AND "
		       "listen_ms < 9223372036854775807 ORDER BY listen_ms LIMIT 1",
		       &listen_ms, err) < 0)
		return -1;
	if (listen_ms < *ret_ms)
		*ret_ms = listen_ms;
	return 0;
}

int server_ready_times(struct tx *tx, const char *config_id, int64_t ret_ms[50], size_t *ret_n,
		       struct hr_error *err)
{
	struct sql_stmt *stmt;
	size_t n = 0;
	int rc;

	if (sql_prepare(tx->sql,
			"SELECT ready_ms - created_ms FROM servers WHERE config_id = ? AND "
			"ready_ms > 0 ORDER BY ready_ms DESC LIMIT 50",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, config_id);
	while ((rc = sql_step(stmt, err)) == 1 && n < 50)
		ret_ms[n++] = sql_column_int64(stmt, 0);
	sql_done(stmt);
	*ret_n = n;
	return rc < 0 ? -1 : 0;
}
