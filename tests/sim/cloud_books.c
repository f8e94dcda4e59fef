/* SPDX-License-Identifier: Apache-2.0 */
/* What judges ask of the books: how many machines there were at once, for one server and in one
 * account. A machine counts from its create's commit until it is gone, whatever its state. */
#include <string.h>

#include "cloud_store.h"

int cloud_set_busy(struct cloud *cloud, const char *server, bool busy, int64_t now_ms,
		   struct hr_error *err)
{
	int64_t changed;

	if (cloud_begin(cloud, err) != 0)
		return -1;
	changed = cloud_run(cloud, cloud_sql(cloud,
					     "UPDATE machine SET busy = ?2 WHERE server = ?1"
					     " AND delete_ms > ?3",
					     "tii", server, (int64_t)busy, now_ms));
	if (cloud_end(cloud, err) != 0)
		return -1;
	return changed > 0 ? 0 : error_set(err, HR_NOT_FOUND, "server %s has no machine", server);
}

/* Rows of the query as objects: its columns' names are the keys. */
static json_t *rows(struct cloud *cloud, sqlite3_stmt *stmt)
{
	json_t *array = json_array();

	while (cloud_row(cloud, stmt)) {
		json_t *object = json_object();

		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			bool number = sqlite3_column_type(stmt, i) == SQLITE_INTEGER;
			json_t *value =
				number ? json_integer(sqlite3_column_int64(stmt, i))
				       : json_string((const char *)sqlite3_column_text(stmt, i));

			if (json_object_set_new(object, sqlite3_column_name(stmt, i),
						value ? value : json_null()) != 0)
				cloud->failed = SQLITE_NOMEM;
		}
		if (json_array_append_new(array, object) != 0)
			cloud->failed = SQLITE_NOMEM;
	}
	return array;
}

/* Each account with the most machines that it ever had at once. */
static json_t *accounts(struct cloud *cloud, int64_t now_ms)
{
	/* At one moment an end comes before a beginning. */
	return rows(cloud,
		    cloud_sql(cloud,
			      "WITH edge (account, at_ms, change) AS (SELECT account, asked_ms, 1"
			      " FROM machine UNION ALL SELECT account, ended_ms, -1 FROM machine"
			      " WHERE ended_ms <= ?1), level (account, n) AS (SELECT account,"
			      " sum(change) OVER (PARTITION BY account ORDER BY at_ms, change"
			      " ROWS UNBOUNDED PRECEDING) FROM edge),"
			      " own AS (SELECT account, (SELECT count(*) FROM machine m"
			      " WHERE m.account = k.account) AS made,"
			      " (SELECT count(*) FROM machine m WHERE m.account = k.account"
			      " AND ended_ms > ?1) AS alive,"
			      " (SELECT coalesce(max(n), 0) FROM level l"
			      " WHERE l.account = k.account) AS peak,"
			      " CAST(coalesce((SELECT value FROM setting WHERE key = 'judge_max'"
			      " AND account IN ('', k.account) ORDER BY account DESC LIMIT 1),"
			      " '0') AS INTEGER) AS \"limit\""
			      " FROM setting k WHERE key = 'key')"
			      " SELECT *, \"limit\" > 0 AND peak > \"limit\" AS over FROM own",
			      "i", now_ms));
}

/* Machines that began while another one of the same server was there. */
static json_t *doubled(struct cloud *cloud)
{
	return rows(cloud,
		    cloud_sql(cloud,
			      "SELECT account, server, id, asked_ms FROM (SELECT *,"
			      " max(ended_ms) OVER (PARTITION BY server ORDER BY row"
			      " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_ms"
			      " FROM machine) WHERE before_ms > asked_ms",
			      ""));
}

/* Within a transaction. */
static void read_machines(struct cloud *cloud, int64_t now_ms, struct cloud_answer *ret)
{
	sqlite3_stmt *stmt =
		cloud_sql(cloud, "SELECT " CLOUD_MACHINE_COLUMNS " FROM machine ORDER BY row", "");

	while (cloud_row(cloud, stmt)) {
		struct cloud_machine *machine = cloud_machine_add(cloud, ret);

		if (machine)
			cloud_machine_read(stmt, now_ms, machine);
	}
}

int cloud_machines(struct cloud *cloud, int64_t now_ms, struct cloud_answer *ret,
		   struct hr_error *err)
{
	*ret = (struct cloud_answer){0};
	if (cloud_begin(cloud, err) != 0)
		return -1;
	read_machines(cloud, now_ms, ret);
	return cloud_end(cloud, err);
}

int cloud_keep_running(struct cloud *cloud, int64_t now_ms, struct hr_error *err)
{
	if (cloud_begin(cloud, err) != 0)
		return -1;
	cloud_run(cloud, cloud_sql(cloud, "UPDATE machine SET stops_ms = ?2 WHERE stops_ms > ?1",
				   "ii", now_ms, CLOUD_NEVER));
	return cloud_end(cloud, err);
}

static json_t *machines(struct cloud *cloud, int64_t now_ms)
{
	struct cloud_answer all = {0};
	json_t *array = json_array();

	read_machines(cloud, now_ms, &all);
	for (size_t i = 0; i < all.n_machines; i++) {
		const struct cloud_machine *m = &all.machines[i];
		json_t *object =
			json_pack("{ss ss ss ss ss ss ss sI sI sb}", "account", m->account, "id",
				  m->id, "server", m->server, "config", m->config, "token",
				  m->token, "zone", m->zone, "state", cloud_state_name(m->state),
				  "asked_ms", (json_int_t)m->asked_ms, "made_ms",
				  (json_int_t)m->made_ms, "busy", m->busy);

		if (object && m->delete_ms != CLOUD_NEVER)
			json_object_update_new(
				object, json_pack("{sI sI}", "delete_ms", (json_int_t)m->delete_ms,
						  "ended_ms", (json_int_t)m->ended_ms));
		if (json_array_append_new(array, object) != 0)
			cloud->failed = SQLITE_NOMEM;
	}
	cloud_answer_clear(&all);
	return array;
}

static size_t count_over(const json_t *all)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(all); i++)
		n += json_integer_value(json_object_get(json_array_get(all, i), "over")) != 0;
	return n;
}

int cloud_books(struct cloud *cloud, int64_t now_ms, json_t **ret_books, struct hr_error *err)
{
	json_t *all, *twice, *busy, *books = NULL;

	if (cloud_begin(cloud, err) != 0)
		return -1;
	all = accounts(cloud, now_ms);
	twice = doubled(cloud);
	busy = rows(cloud, cloud_sql(cloud,
				     "SELECT account, server, id, delete_ms FROM machine"
				     " WHERE busy_ended ORDER BY row",
				     ""));
	books = json_pack(
		"{s{sI sI sI} so so so so so}", "verdict", "doubled",
		(json_int_t)json_array_size(twice), "over_limit", (json_int_t)count_over(all),
		"busy_destroyed", (json_int_t)json_array_size(busy), "accounts", all, "doubled",
		twice, "busy_destroyed", busy, "calls",
		rows(cloud, cloud_sql(cloud,
				      "SELECT account, kind, code, delivery, count(*) AS n"
				      " FROM call GROUP BY account, kind, code, delivery",
				      "")),
		"machines", machines(cloud, now_ms));
	if (!books)
		cloud->failed = SQLITE_NOMEM;
	if (cloud_end(cloud, err) != 0) {
		json_decref(books);
		return -1;
	}
	*ret_books = books;
	return 0;
}
