/* SPDX-License-Identifier: Apache-2.0 */
/* bench-raw-sessions DATABASE GROUP SECONDS: the least that a session's request and end must write, by
 * prepared statements alone, so many of these changes in one durable commit. In the database of a daemon
 * that is not running: the same tables, indexes and servers. No decision is made and nothing is read. */
#include <unistd.h>

#include <sqlite3.h>

#include "base/text.h"
#include "measure.h"

#define SERVERS_MAX 20000
#define ID 37

enum statement {
	BEGIN,
	COMMIT,
	SESSION,
	TAKE,
	FREE,
	COHORT_LESS,
	COHORT_MORE,
	END,
	EVENT,
	N_STATEMENTS
};

static const char *const texts[N_STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[SESSION] =
		"INSERT INTO sessions (id, pool_id, zone_id, user_name, kind, state, server_id, "
		"queued_ms, expires_ms, assigned_ms, ended_ms, reason, counted) SELECT ?1, "
		"pool_id, '', ?1, 1, 20, id, 1, 9000000000000, 1, 0, '', 1 FROM servers WHERE "
		"id = ?2",
	[TAKE] = "UPDATE servers SET sessions = 1, users = 1, sessions_ever = sessions_ever + 1, "
		 "idle_since_ms = 0, version = version + 1 WHERE id = ?2",
	[FREE] = "UPDATE servers SET sessions = 0, users = 0, idle_since_ms = 1, version = version "
		 "+ 1 WHERE id = ?2",
	[COHORT_LESS] = "UPDATE cohorts SET servers = servers - 1",
	[COHORT_MORE] = "UPDATE cohorts SET servers = servers + 1",
	[END] = "UPDATE sessions SET state = 30, ended_ms = 2, expires_ms = 9223372036854775807, "
		"reason = 'ended by admin' WHERE id = ?1",
	[EVENT] =
		"INSERT INTO events (at_ms, kind, pool_id, config_id, server_id, session_id, "
		"message) SELECT 1, 'session.ended', pool_id, config_id, id, ?1, 'session of ' || "
		"?1 || ' on server ' || name || ': had room' FROM servers WHERE id = ?2",
};

struct raw {
	sqlite3 *db;
	sqlite3_stmt *statements[N_STATEMENTS];
	long group, in_group, next;
	size_t n_servers;
};

static char servers[SERVERS_MAX][ID];

static void run(struct raw *raw, enum statement which, const char *session, const char *server)
{
	sqlite3_stmt *stmt = raw->statements[which];
	int values = sqlite3_bind_parameter_count(stmt);

	if (values >= 1)
		sqlite3_bind_text(stmt, 1, session, -1, SQLITE_STATIC);
	if (values >= 2)
		sqlite3_bind_text(stmt, 2, server, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		measure_fail("%s: %s", texts[which], sqlite3_errmsg(raw->db));
	sqlite3_reset(stmt);
}

static void open_database(struct raw *raw, const char *path)
{
	sqlite3_stmt *stmt;

	if (sqlite3_open(path, &raw->db) != SQLITE_OK ||
	    sqlite3_exec(raw->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", NULL,
			 NULL, NULL) != SQLITE_OK)
		measure_fail("%s: %s", path, sqlite3_errmsg(raw->db));
	for (size_t i = 0; i < N_STATEMENTS; i++)
		if (sqlite3_prepare_v2(raw->db, texts[i], -1, &raw->statements[i], NULL) !=
		    SQLITE_OK)
			measure_fail("%s: %s", texts[i], sqlite3_errmsg(raw->db));
	if (sqlite3_prepare_v2(raw->db, "SELECT id FROM servers WHERE state = 60", -1, &stmt,
			       NULL) != SQLITE_OK)
		measure_fail("%s", sqlite3_errmsg(raw->db));
	while (sqlite3_step(stmt) == SQLITE_ROW && raw->n_servers < SERVERS_MAX)
		text_copy(servers[raw->n_servers++], ID,
			  (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	if (raw->n_servers == 0)
		measure_fail("%s holds no running server", path);
}

static void close_database(struct raw *raw)
{
	for (size_t i = 0; i < N_STATEMENTS; i++)
		sqlite3_finalize(raw->statements[i]);
	sqlite3_close(raw->db);
}

/* One change: what a transaction of the store is. */
static void change(struct raw *raw, const char *session, const char *server, bool begins)
{
	if (raw->in_group == 0)
		run(raw, BEGIN, NULL, NULL);
	if (begins)
		run(raw, SESSION, session, server);
	else
		run(raw, END, session, server);
	run(raw, begins ? TAKE : FREE, session, server);
	run(raw, COHORT_LESS, NULL, NULL);
	run(raw, COHORT_MORE, NULL, NULL);
	run(raw, EVENT, session, server);
	if (++raw->in_group == raw->group) {
		run(raw, COMMIT, NULL, NULL);
		raw->in_group = 0;
	}
}

int main(int argc, char **argv)
{
	struct raw raw = {0};
	int64_t begun_ns, end_ns, now_ns;
	long rounds = 0;
	char session[ID];

	if (argc != 4)
		measure_fail("bench-raw-sessions DATABASE GROUP SECONDS");
	raw.group = measure_count(argv[2]);
	open_database(&raw, argv[1]);
	begun_ns = measure_now_ns();
	end_ns = begun_ns + measure_count(argv[3]) * 1000000000;
	do {
		const char *server = servers[(size_t)rounds % raw.n_servers];

		text_format(session, sizeof(session), "raw-%d-%ld", (int)getpid(), rounds);
		change(&raw, session, server, true);
		change(&raw, session, server, false);
		rounds++;
		now_ns = measure_now_ns();
	} while (now_ns < end_ns || raw.in_group != 0);
	measure_tell("rate", (double)rounds * 1e9 / (double)(now_ns - begun_ns));
	close_database(&raw);
	return 0;
}
