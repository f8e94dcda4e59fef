/* SPDX-License-Identifier: Apache-2.0 */
/* The books' file, its tables, and statements on them. */
#include "cloud_store.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define BUSY_TIMEOUT_MS 10000

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS meta (one INTEGER PRIMARY KEY CHECK (one = 1), random INTEGER,"
	" requests INTEGER, born_ms INTEGER);"
	"CREATE TABLE IF NOT EXISTS setting (account TEXT, key TEXT, value TEXT,"
	" PRIMARY KEY (account, key)) WITHOUT ROWID;"
	"CREATE UNIQUE INDEX IF NOT EXISTS account_key ON setting (value) WHERE key = 'key';"
	"CREATE TABLE IF NOT EXISTS bucket (account TEXT, kind TEXT, tokens_milli INTEGER,"
	" counted_ms INTEGER, PRIMARY KEY (account, kind)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS machine (row INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT,"
	" id TEXT, token TEXT, name TEXT, zone TEXT, size TEXT, image TEXT, installation TEXT,"
	" config TEXT, server TEXT, address TEXT, asked_ms INTEGER, made_ms INTEGER,"
	" runs_ms INTEGER, stops_ms INTEGER, delete_ms INTEGER, ended_ms INTEGER,"
	" shown_ms INTEGER, hidden_ms INTEGER, fails INTEGER, busy INTEGER, busy_ended INTEGER,"
	" user_data TEXT, UNIQUE (account, token));"
	"CREATE INDEX IF NOT EXISTS machine_id ON machine (account, id);"
	"CREATE INDEX IF NOT EXISTS machine_server ON machine (server);"
	"CREATE INDEX IF NOT EXISTS machine_hidden ON machine (account, hidden_ms);"
	/* Creates and destroys only. */
	"CREATE TABLE IF NOT EXISTS call (request INTEGER PRIMARY KEY, at_ms INTEGER, account TEXT,"
	" kind TEXT, code TEXT, delivery INTEGER, token TEXT, server TEXT, machine INTEGER);"
	"CREATE TABLE IF NOT EXISTS visit (row INTEGER PRIMARY KEY, machine INTEGER,"
	" due_ms INTEGER, until_ms INTEGER, status TEXT);"
	"CREATE INDEX IF NOT EXISTS visit_due ON visit (due_ms);"
	"CREATE INDEX IF NOT EXISTS visit_machine ON visit (machine);";

static int set_error(struct cloud *cloud, struct hr_error *err)
{
	return error_set(err, HR_INTERNAL, "the cloud's books: %s",
			 cloud->failed == SQLITE_NOMEM || !cloud->db ? sqlite3_errstr(cloud->failed)
								     : sqlite3_errmsg(cloud->db));
}

static void run_text(struct cloud *cloud, const char *sql)
{
	if (cloud->failed == SQLITE_OK)
		cloud->failed = sqlite3_exec(cloud->db, sql, NULL, NULL, NULL);
}

int cloud_open(const char *path, uint64_t seed, int64_t now_ms, struct cloud **ret_cloud,
	       struct hr_error *err)
{
	struct cloud *cloud = calloc(1, sizeof(*cloud));
	struct sim_random random;

	if (!cloud)
		return error_no_memory(err, "opening the cloud's books");
	cloud->failed = sqlite3_open_v2(
		path, &cloud->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		NULL);
	sqlite3_busy_timeout(cloud->db, BUSY_TIMEOUT_MS);
	run_text(cloud, "PRAGMA journal_mode = WAL");
	run_text(cloud, "PRAGMA synchronous = NORMAL");
	run_text(cloud, "BEGIN IMMEDIATE");
	run_text(cloud, schema);
	sim_random_init(&random, seed, 1);
	cloud_run(cloud, cloud_sql(cloud, "INSERT OR IGNORE INTO meta VALUES (1, ?1, 0, ?2)", "ii",
				   (int64_t)random.state, now_ms));
	cloud->born_ms =
		cloud_integer(cloud, cloud_sql(cloud, "SELECT born_ms FROM meta", ""), now_ms);
	run_text(cloud, "COMMIT");
	if (cloud->failed != SQLITE_OK) {
		set_error(cloud, err);
		cloud_close(cloud);
		return -1;
	}
	*ret_cloud = cloud;
	return 0;
}

void cloud_close(struct cloud *cloud)
{
	if (!cloud)
		return;
	for (size_t i = 0; i < cloud->n_statements; i++)
		sqlite3_finalize(cloud->statements[i].stmt);
	sqlite3_close(cloud->db);
	free(cloud);
}

int cloud_begin(struct cloud *cloud, struct hr_error *err)
{
	sqlite3_stmt *stmt;

	cloud->failed = SQLITE_OK;
	cloud_run(cloud, cloud_sql(cloud, "BEGIN IMMEDIATE", ""));
	stmt = cloud_sql(cloud, "SELECT random, requests FROM meta", "");
	if (cloud_row(cloud, stmt)) {
		cloud->random.state = (uint64_t)sqlite3_column_int64(stmt, 0);
		cloud->requests = sqlite3_column_int64(stmt, 1);
		sqlite3_reset(stmt);
	}
	if (cloud->failed == SQLITE_OK)
		return 0;
	return cloud_end(cloud, err);
}

int cloud_end(struct cloud *cloud, struct hr_error *err)
{
	cloud_run(cloud, cloud_sql(cloud, "UPDATE meta SET random = ?1, requests = ?2", "ii",
				   (int64_t)cloud->random.state, cloud->requests));
	cloud_run(cloud, cloud_sql(cloud, "COMMIT", ""));
	if (cloud->failed == SQLITE_OK)
		return 0;
	set_error(cloud, err);
	/* There is none to roll back where it did not begin. */
	sqlite3_exec(cloud->db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

static sqlite3_stmt *prepared(struct cloud *cloud, const char *sql)
{
	size_t i = 0;

	while (i < cloud->n_statements && cloud->statements[i].sql != sql)
		i++;
	if (i < cloud->n_statements)
		return cloud->statements[i].stmt;
	if (i == CLOUD_STATEMENTS)
		cloud->failed = SQLITE_NOMEM;
	if (cloud->failed == SQLITE_OK)
		cloud->failed = sqlite3_prepare_v3(cloud->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
						   &cloud->statements[i].stmt, NULL);
	if (cloud->failed != SQLITE_OK)
		return NULL;
	cloud->statements[i].sql = sql;
	cloud->n_statements++;
	return cloud->statements[i].stmt;
}

sqlite3_stmt *cloud_sql(struct cloud *cloud, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt = cloud->failed == SQLITE_OK ? prepared(cloud, sql) : NULL;
	va_list args;
	int code = SQLITE_OK;

	if (!stmt)
		return NULL;
	sqlite3_reset(stmt);
	va_start(args, types);
	for (int i = 0; types[i] != '\0' && code == SQLITE_OK; i++)
		if (types[i] == 'i')
			code = sqlite3_bind_int64(stmt, i + 1, va_arg(args, int64_t));
		else
			code = sqlite3_bind_text(stmt, i + 1, va_arg(args, const char *), -1,
						 SQLITE_TRANSIENT);
	va_end(args);
	cloud->failed = code;
	return stmt;
}

bool cloud_row(struct cloud *cloud, sqlite3_stmt *stmt)
{
	int code;

	if (!stmt || cloud->failed != SQLITE_OK)
		return false;
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE)
		cloud->failed = code;
	sqlite3_reset(stmt);
	return false;
}

int64_t cloud_run(struct cloud *cloud, sqlite3_stmt *stmt)
{
	while (cloud_row(cloud, stmt))
		;
	return cloud->failed == SQLITE_OK ? sqlite3_changes(cloud->db) : 0;
}

int64_t cloud_integer(struct cloud *cloud, sqlite3_stmt *stmt, int64_t fallback)
{
	int64_t value = fallback;

	if (cloud_row(cloud, stmt)) {
		value = sqlite3_column_int64(stmt, 0);
		sqlite3_reset(stmt);
	}
	return value;
}

static enum cloud_state state_of(const struct cloud_machine *m, int64_t now_ms)
{
	if (now_ms >= m->ended_ms)
		return CLOUD_GONE;
	if (now_ms >= m->delete_ms)
		return CLOUD_DELETING;
	if (now_ms < m->made_ms)
		return CLOUD_PENDING;
	if (m->fails)
		return CLOUD_ERROR;
	if (now_ms < m->runs_ms)
		return CLOUD_BOOTING;
	return now_ms >= m->stops_ms ? CLOUD_STOPPED : CLOUD_RUNNING;
}

void cloud_machine_read(sqlite3_stmt *stmt, int64_t now_ms, struct cloud_machine *ret)
{
	char *const texts[] = {ret->account, ret->id,    ret->token, ret->name,
			       ret->zone,    ret->size,  ret->image, ret->installation,
			       ret->config,  ret->server};
	int64_t *const times[] = {&ret->asked_ms,  &ret->made_ms,  &ret->runs_ms,  &ret->stops_ms,
				  &ret->delete_ms, &ret->ended_ms, &ret->shown_ms, &ret->hidden_ms};
	int column = 0;

	ret->row = sqlite3_column_int64(stmt, column++);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		text_copy(texts[i], CLOUD_TEXT, (const char *)sqlite3_column_text(stmt, column++));
	text_copy(ret->address, sizeof(ret->address),
		  (const char *)sqlite3_column_text(stmt, column++));
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		*times[i] = sqlite3_column_int64(stmt, column++);
	ret->fails = sqlite3_column_int(stmt, column++) != 0;
	ret->busy = sqlite3_column_int(stmt, column) != 0;
	ret->state = state_of(ret, now_ms);
}

struct cloud_machine *cloud_machine_add(struct cloud *cloud, struct cloud_answer *answer)
{
	/* Grows at each power of two. */
	if ((answer->n_machines & (answer->n_machines - 1)) == 0) {
		size_t n = answer->n_machines ? 2 * answer->n_machines : 1;
		struct cloud_machine *grown =
			reallocarray(answer->machines, n, sizeof(*answer->machines));

		if (!grown) {
			cloud->failed = SQLITE_NOMEM;
			return NULL;
		}
		answer->machines = grown;
	}
	memset(&answer->machines[answer->n_machines], 0, sizeof(*answer->machines));
	return &answer->machines[answer->n_machines++];
}
