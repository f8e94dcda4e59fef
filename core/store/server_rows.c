/* SPDX-License-Identifier: Apache-2.0 */
/* Server rows one at a time, with the counters that follow them. Lists: server_query.c. */
#include "store/server_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/cohort.h"
#include "store/document_parts.h"
#include "store/row.h"
#include "store/secret_rows.h"
#include "store/server_columns.h"
#include "store/tx.h"

#define ENTRY(type, column, member) ROW_COLUMN(struct server, type, column, member),

static const struct row_column columns[] = {ENTRY(ROW_TEXT, id, id) SERVER_REST(ENTRY)};
const struct row_shape server_shape = ROW_SHAPE(struct server, columns);

static bool live(const struct server *server)
{
	return server->state != SERVER_GONE;
}

/* Raises the count of the provider config's instances, in one statement, so that two can never
 * both see the last free place. */
static int take_instance(struct tx *tx, const struct server *server, int64_t max_instances,
			 struct hr_error *err)
{
	struct sql_stmt *stmt;
	int64_t changed;

	if (sql_prepare(tx->sql,
			"INSERT INTO account_states (provider_config_id, instances, "
			"paused_until_ms, pause_step, pause_reason) VALUES (?, 0, 0, 0, '') "
			"ON CONFLICT (provider_config_id) DO NOTHING",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, server->provider_config_id);
	if (sql_run(stmt, NULL, err) < 0)
		return -1;
	if (sql_prepare(tx->sql,
			"UPDATE account_states SET instances = instances + 1 WHERE "
			"provider_config_id = ? AND instances < ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, server->provider_config_id);
	sql_bind_int64(stmt, max_instances < 0 ? INT64_MAX : max_instances);
	if (sql_run(stmt, &changed, err) < 0)
		return -1;
	if (changed == 0)
		return error_set(err, HR_QUOTA,
				 "the provider config's limit of %" PRId64
				 " instances (max_instances) is reached",
				 max_instances);
	return 0;
}

static int give_instance(struct tx *tx, const struct server *server, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql,
			"UPDATE account_states SET instances = instances - 1 WHERE "
			"provider_config_id = ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, server->provider_config_id);
	return sql_run(stmt, NULL, err);
}

/* The database's own words for a broken rule, in ours. */
static int explain_conflict(const struct server *server, const struct hr_error *why,
			    struct hr_error *err)
{
	if (why->class == HR_CONFLICT)
		return error_set(err, HR_CONFLICT,
				 "server %s cannot be written: its id, its name \"%s\" or its "
				 "instance \"%s\" is another server's",
				 server->id, server->name, server->instance_id);
	if (err)
		*err = *why;
	return -1;
}

static int insert_row(struct tx *tx, const struct server *server, struct hr_error *err)
{
	struct hr_error why = {0};
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql,
			"INSERT INTO servers (" SERVER_COLUMNS ", outdated) VALUES (?" SERVER_REST(
				ROW_MARK) ", (SELECT COUNT(*) FROM documents WHERE id = ? AND "
					  "revision > ?))",
			&stmt, err) < 0)
		return -1;
	row_bind(stmt, &server_shape, server);
	sql_bind_text(stmt, server->config_id);
	sql_bind_int64(stmt, server->config_revision);
	return sql_run(stmt, NULL, &why) < 0 ? explain_conflict(server, &why, err) : 0;
}

int server_insert(struct tx *tx, const struct server *server, int64_t max_instances,
		  struct hr_error *err)
{
	if (live(server) && take_instance(tx, server, max_instances, err) < 0)
		return -1;
	if (insert_row(tx, server, err) < 0) {
		/* For a caller that goes on with something else. */
		if (live(server))
			give_instance(tx, server, NULL);
		return -1;
	}
	return cohort_move(tx, NULL, server, err);
}

int server_get(struct tx *tx, const char *id, struct server *ret, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql, "SELECT " SERVER_COLUMNS " FROM servers WHERE id = ?", &stmt,
			err) < 0)
		return -1;
	sql_bind_text(stmt, id);
	rc = row_get(stmt, &server_shape, ret, err);
	if (rc == 0)
		return error_set(err, HR_NOT_FOUND, "there is no server %s", id);
	return rc < 0 ? -1 : 0;
}

/* new: with its new version. */
static int write_row(struct tx *tx, const struct server *old, const struct server *new,
		     struct hr_error *err)
{
	struct hr_error why = {0};

	return row_update(tx->sql, "servers", &server_shape, old, new, &why) < 0
		       ? explain_conflict(new, &why, err)
		       : 0;
}

/* What only a server not gone needs. */
static int clear_after(struct tx *tx, const struct server *gone, struct hr_error *err)
{
	if (give_instance(tx, gone, err) < 0 ||
	    secret_delete_all(tx, "server", gone->id, err) < 0 ||
	    document_revisions_prune(tx, gone->config_id, err) < 0)
		return -1;
	return document_revisions_prune(tx, gone->provider_config_id, err);
}

static int check_change(const struct server *old, const struct server *new, struct hr_error *err)
{
	if (old->version != new->version)
		return error_set(err, HR_CONFLICT,
				 "server %s was changed meanwhile (version %" PRId64
				 ", not %" PRId64 "); read it again",
				 new->id, old->version, new->version);
	if (!live(old) && live(new))
		return error_set(err, HR_CONFLICT, "server %s is gone and stays gone", new->id);
	if (strcmp(old->provider_config_id, new->provider_config_id) != 0)
		return error_set(err, HR_CONFLICT,
				 "server %s cannot move to another provider config", new->id);
	return 0;
}

int server_update(struct tx *tx, struct server *server, struct hr_error *err)
{
	struct server old;

	if (server_get(tx, server->id, &old, err) < 0 || check_change(&old, server, err) < 0)
		return -1;
	server->version++;
	if (write_row(tx, &old, server, err) < 0 || cohort_move(tx, &old, server, err) < 0 ||
	    (live(&old) && !live(server) && clear_after(tx, server, err) < 0)) {
		server->version--;
		return -1;
	}
	return 0;
}

/* Sessions that came since the last time: each is counted once, whatever is pruned later. */
static int count_new(struct tx *tx, const char *server_id, int64_t *ret_new, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(tx->sql,
			"UPDATE sessions SET counted = 1 WHERE server_id = ? AND counted = 0 AND "
			"state >= 20 AND server_id <> ''",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, server_id);
	return sql_run(stmt, ret_new, err);
}

static int count_active(struct tx *tx, const char *server_id, int64_t *ret_sessions,
			int64_t *ret_users, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(tx->sql,
			"SELECT COUNT(*), COUNT(DISTINCT user_name) FROM sessions WHERE "
			"server_id = ? AND state = 20 AND server_id <> ''",
			&stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, server_id);
	rc = sql_step(stmt, err);
	if (rc == 1) {
		*ret_sessions = sql_column_int64(stmt, 0);
		*ret_users = sql_column_int64(stmt, 1);
	}
	sql_done(stmt);
	return rc < 0 ? -1 : 0;
}

int server_recount_sessions(struct tx *tx, struct server *server, int64_t now_ms,
			    struct hr_error *err)
{
	int64_t sessions = 0, users = 0, new = 0;

	if (count_new(tx, server->id, &new, err) < 0 ||
	    count_active(tx, server->id, &sessions, &users, err) < 0)
		return -1;
	server->sessions = sessions;
	server->users = users;
	server->sessions_ever += new;
	if (sessions > 0)
		server->idle_since_ms = 0;
	else if (server->idle_since_ms == 0 && server->ready_ms > 0)
		server->idle_since_ms = now_ms;
	return server_update(tx, server, err);
}

/* Ids of gone servers that are old enough, as rows of a plain array. */
struct gone_id {
	char id[ID_SIZE];
};

static const struct row_column gone_columns[] = {ROW_COLUMN(struct gone_id, ROW_TEXT, id, id)};
static const struct row_shape gone_shape = ROW_SHAPE(struct gone_id, gone_columns);

static int remove_gone(struct tx *tx, const char *id, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (secret_delete_all(tx, "server", id, err) < 0 ||
	    sql_prepare(tx->sql, "DELETE FROM servers WHERE id = ? AND state = 100", &stmt, err) <
		    0)
		return -1;
	sql_bind_text(stmt, id);
	return sql_run(stmt, NULL, err);
}

int server_prune(struct tx *tx, int64_t before_ms, int64_t counted_ms, int limit, bool *ret_more,
		 struct hr_error *err)
{
	struct gone_id *gone;
	struct sql_stmt *stmt;
	void *rows = NULL;
	size_t n = 0;
	int rc = 0;

	if (sql_prepare(tx->sql,
			"SELECT id FROM servers WHERE state = 100 AND state_since_ms < ? AND NOT "
			"EXISTS (SELECT 1 FROM operations WHERE server_id = servers.id AND "
			"by_person = 0 AND started_ms > ?) ORDER BY state_since_ms LIMIT ?",
			&stmt, err) < 0)
		return -1;
	sql_bind_int64(stmt, before_ms);
	sql_bind_int64(stmt, counted_ms);
	sql_bind_int64(stmt, limit);
	if (row_append_all(stmt, &gone_shape, &rows, &n, err) < 0)
		return -1;
	gone = rows;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = remove_gone(tx, gone[i].id, err);
	free(rows);
	*ret_more = (int)n == limit;
	return rc;
}
