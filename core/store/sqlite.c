/* SPDX-License-Identifier: Apache-2.0 */
/* Connections and statements by SQLite: the only file that includes its header. Not here: when
 * transactions begin and end (group.c, readers.c), and what is in the tables. */
#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/text.h"

#define BUSY_TIMEOUT_MS 10000
#define CACHE_BUCKETS 128u
/* Texts are few (they are built from closed sets of parts); more would be a defect, and cost only
 * time. */
#define CACHE_MAX 512u
#define HASHED_END 48u

struct sql_stmt {
	struct sql_stmt *next; /* in its bucket */
	struct sql *sql;
	sqlite3_stmt *stmt;
	char *text;
	int bound;
	int failure; /* of binding */
	bool cached;
	bool in_use;
};

struct sql {
	sqlite3 *db;
	char *path;
	struct sql_stmt *buckets[CACHE_BUCKETS];
	size_t n_cached;
};

static int set_error(const struct sql *sql, int code, struct hr_error *err)
{
	const char *path = sql->path;
	const char *reason = sql->db ? sqlite3_errmsg(sql->db) : sqlite3_errstr(code);

	switch (code & 0xff) {
	case SQLITE_NOMEM: return error_no_memory(err, "using the database");
	case SQLITE_FULL:
		return error_set(err, HR_TRANSIENT,
				 "%s cannot grow: the disk is full; free space on it", path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_set(err, HR_TRANSIENT,
				 "%s is locked by another program; end whatever has it open (such "
				 "as an sqlite3 shell)",
				 path);
	case SQLITE_CONSTRAINT: return error_set(err, HR_CONFLICT, "%s: %s", path, reason);
	case SQLITE_READONLY:
		return error_set(err, HR_INTERNAL,
				 "%s may only be read here (%s); if the daemon should write, check "
				 "owner and mode of the file and its folder",
				 path, reason);
	case SQLITE_NOTADB:
		return error_set(err, HR_INVALID,
				 "%s is not a database; move it away, or put back a copy of the "
				 "real one",
				 path);
	case SQLITE_CORRUPT:
		return error_set(err, HR_INTERNAL,
				 "%s is damaged (%s); put back a backup of it, or save what is "
				 "left with: sqlite3 %s .recover",
				 path, reason, path);
	case SQLITE_IOERR:
		return error_set(err, HR_INTERNAL,
				 "cannot read or write %s (%s, SQLite error %d); look at the disk "
				 "and the system's log",
				 path, reason, code);
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return error_set(err, HR_INTERNAL,
				 "cannot open %s (%s); the daemon's user needs to read and write "
				 "it and its folder",
				 path, reason);
	default: return error_set(err, HR_INTERNAL, "%s: %s (SQLite error %d)", path, reason, code);
	}
}

/* "file:" URI of a path, for immutable. The caller frees it. */
static char *uri_of(const char *path)
{
	static const char prefix[] = "file:", suffix[] = "?immutable=1";
	size_t len = strlen(path);
	char *uri = malloc(sizeof(prefix) + 3 * len + sizeof(suffix));
	char *at = uri;

	if (!uri)
		return NULL;
	memcpy(at, prefix, sizeof(prefix) - 1);
	at += sizeof(prefix) - 1;
	for (size_t i = 0; i < len; i++) {
		if (strchr("?#%", path[i])) {
			*at++ = '%';
			text_hex(&path[i], 1, at);
			at += 2;
		} else {
			*at++ = path[i];
		}
	}
	memcpy(at, suffix, sizeof(suffix));
	return uri;
}

/* SQLite would make the file by the umask; beside it, it copies the file's mode. */
static int make_file(const char *path, struct hr_error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0) {
		int code = errno;

		error_set_errno(err, code,
				"cannot open %s (the daemon's user needs to read and write it and "
				"its folder)",
				path);
		return -1;
	}
	close(fd);
	return 0;
}

static int open_handle(struct sql *sql, unsigned flags, struct hr_error *err)
{
	int open_flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	char *uri = NULL;
	int code;

	if (flags & SQL_READ_ONLY)
		open_flags |= SQLITE_OPEN_READONLY;
	else
		open_flags |= SQLITE_OPEN_READWRITE;
	if (flags & SQL_IMMUTABLE) {
		uri = uri_of(sql->path);
		if (!uri)
			return error_no_memory(err, "opening the database");
		open_flags |= SQLITE_OPEN_URI;
	}
	code = sqlite3_open_v2(uri ? uri : sql->path, &sql->db, open_flags, NULL);
	free(uri);
	if (code != SQLITE_OK)
		return set_error(sql, code, err);
	sqlite3_busy_timeout(sql->db, BUSY_TIMEOUT_MS);
	return 0;
}

static int configure(struct sql *sql, unsigned flags, struct hr_error *err)
{
	static const char both[] = "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;";
	/* Nothing is waited for, so the log is copied back often and stays small. */
	static const char no_sync[] = "PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 64;";
	static const char writer[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				     "PRAGMA journal_size_limit = 67108864;";

	if (sql_exec(sql, both, err) < 0)
		return -1;
	if (flags & SQL_READ_ONLY)
		return sql_exec(sql, "PRAGMA query_only = ON", err);
	if (sql_exec(sql, writer, err) < 0)
		return -1;
	return flags & SQL_NO_SYNC ? sql_exec(sql, no_sync, err) : 0;
}

/* Once for the process, before its first connection. What a savepoint would have to put back stays in
 * memory: it is little, and from 64 KiB on it would go to a file, for the rest of the commit. Memory is not
 * counted: nobody asks. Where another has begun to use SQLite before, this fails and only costs time. */
static void configure_library(void)
{
	sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

bool sql_file_exists(const char *path)
{
	sqlite3_vfs *files = sqlite3_vfs_find(NULL);
	int there = 0;

	return !files || files->xAccess(files, path, SQLITE_ACCESS_EXISTS, &there) != SQLITE_OK ||
	       there;
}

int sql_open(const char *path, unsigned flags, struct sql **ret_sql, struct hr_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct sql *sql = NULL;

	pthread_once(&once, configure_library);
	if (!(flags & SQL_READ_ONLY) && make_file(path, err) < 0)
		return -1;
	sql = calloc(1, sizeof(*sql));
	if (!sql)
		return error_no_memory(err, "opening the database");
	sql->path = strdup(path);
	if (!sql->path) {
		error_no_memory(err, "opening the database");
		goto fail;
	}
	if (open_handle(sql, flags, err) < 0 || configure(sql, flags, err) < 0)
		goto fail;
	*ret_sql = sql;
	return 0;
fail:
	sql_close(sql);
	return -1;
}

static void statement_free(struct sql_stmt *stmt)
{
	sqlite3_finalize(stmt->stmt);
	free(stmt->text);
	free(stmt);
}

void sql_close(struct sql *sql)
{
	if (!sql)
		return;
	for (size_t i = 0; i < CACHE_BUCKETS; i++) {
		while (sql->buckets[i]) {
			struct sql_stmt *stmt = sql->buckets[i];

			sql->buckets[i] = stmt->next;
			statement_free(stmt);
		}
	}
	sqlite3_close_v2(sql->db);
	free(sql->path);
	free(sql);
}

int sql_exec(struct sql *sql, const char *text, struct hr_error *err)
{
	int code = sqlite3_exec(sql->db, text, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : set_error(sql, code, err);
}

/* FNV-1a of the length and the end, where texts differ: they are long, and this is done for each use. */
static size_t bucket_of(const char *text)
{
	size_t len = strlen(text);
	uint32_t hash = 2166136261u ^ (uint32_t)len;

	for (size_t i = len > HASHED_END ? len - HASHED_END : 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash % CACHE_BUCKETS;
}

int sql_prepare(struct sql *sql, const char *text, struct sql_stmt **ret_stmt, struct hr_error *err)
{
	struct sql_stmt **bucket = &sql->buckets[bucket_of(text)];
	struct sql_stmt *stmt;
	int code;

	for (stmt = *bucket; stmt; stmt = stmt->next) {
		if (!stmt->in_use && strcmp(stmt->text, text) == 0) {
			stmt->in_use = true;
			*ret_stmt = stmt;
			return 0;
		}
	}
	stmt = calloc(1, sizeof(*stmt));
	if (!stmt)
		return error_no_memory(err, "preparing a statement");
	stmt->sql = sql;
	stmt->text = strdup(text);
	code = stmt->text ? sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT,
					       &stmt->stmt, NULL)
			  : SQLITE_NOMEM;
	if (code != SQLITE_OK) {
		set_error(sql, code, err);
		statement_free(stmt);
		return -1;
	}
	stmt->in_use = true;
	if (sql->n_cached < CACHE_MAX) {
		stmt->cached = true;
		stmt->next = *bucket;
		*bucket = stmt;
		sql->n_cached++;
	}
	*ret_stmt = stmt;
	return 0;
}

static void keep_failure(struct sql_stmt *stmt, int code)
{
	if (code != SQLITE_OK && stmt->failure == SQLITE_OK)
		stmt->failure = code;
}

void sql_bind_text(struct sql_stmt *stmt, const char *text)
{
	int i = ++stmt->bound;

	keep_failure(stmt, text ? sqlite3_bind_text(stmt->stmt, i, text, -1, SQLITE_STATIC)
				: sqlite3_bind_null(stmt->stmt, i));
}

void sql_bind_int64(struct sql_stmt *stmt, int64_t value)
{
	keep_failure(stmt, sqlite3_bind_int64(stmt->stmt, ++stmt->bound, value));
}

void sql_bind_blob(struct sql_stmt *stmt, const void *bytes, size_t len)
{
	keep_failure(stmt, sqlite3_bind_blob64(stmt->stmt, ++stmt->bound, len ? bytes : "", len,
					       SQLITE_STATIC));
}

int sql_step(struct sql_stmt *stmt, struct hr_error *err)
{
	int code;

	if (stmt->failure != SQLITE_OK)
		return set_error(stmt->sql, stmt->failure, err);
	code = sqlite3_step(stmt->stmt);
	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE)
		return 0;
	return set_error(stmt->sql, code, err);
}

int sql_run(struct sql_stmt *stmt, int64_t *ret_changed, struct hr_error *err)
{
	int rc = sql_step(stmt, err);

	if (rc == 1)
		rc = error_set(err, HR_INTERNAL, "a statement that gives no row gave one: %s",
			       stmt->text);
	else if (rc == 0 && ret_changed)
		*ret_changed = sqlite3_changes(stmt->sql->db);
	sql_done(stmt);
	return rc;
}

int sql_do(struct sql *sql, const char *text, struct hr_error *err)
{
	struct sql_stmt *stmt;

	return sql_prepare(sql, text, &stmt, err) < 0 ? -1 : sql_run(stmt, NULL, err);
}

int sql_get_int64(struct sql_stmt *stmt, int64_t *ret_value, struct hr_error *err)
{
	int rc = sql_step(stmt, err);

	*ret_value = rc == 1 ? sql_column_int64(stmt, 0) : 0;
	sql_done(stmt);
	return rc < 0 ? -1 : 0;
}

const char *sql_column_text(struct sql_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt->stmt, column);

	return text ? (const char *)text : "";
}

int64_t sql_column_int64(struct sql_stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt->stmt, column);
}

const void *sql_column_blob(struct sql_stmt *stmt, int column, size_t *ret_len)
{
	const void *bytes = sqlite3_column_blob(stmt->stmt, column);

	*ret_len = (size_t)sqlite3_column_bytes(stmt->stmt, column);
	return bytes ? bytes : "";
}

void sql_done(struct sql_stmt *stmt)
{
	if (!stmt)
		return;
	if (!stmt->cached) {
		statement_free(stmt);
		return;
	}
	sqlite3_reset(stmt->stmt);
	sqlite3_clear_bindings(stmt->stmt);
	stmt->bound = 0;
	stmt->failure = SQLITE_OK;
	stmt->in_use = false;
}

int64_t sql_total_changes(const struct sql *sql)
{
	return sqlite3_total_changes64(sql->db);
}

bool sql_in_transaction(const struct sql *sql)
{
	return sqlite3_get_autocommit(sql->db) == 0;
}

const char *sql_cached_text(const struct sql *sql, size_t i)
{
	for (size_t b = 0; b < CACHE_BUCKETS; b++)
		for (struct sql_stmt *stmt = sql->buckets[b]; stmt; stmt = stmt->next)
			if (i-- == 0)
				return stmt->text;
	return NULL;
}
