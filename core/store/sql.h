/* SPDX-License-Identifier: Apache-2.0 */
/* The seam between the store and its database: connections and statements. Row files use this and
 * SQL that SQLite and PostgreSQL share, with "?" in the order of binding; sqlite.c is the only file
 * that knows SQLite. A connection is used by one thread at a time. */
#ifndef HR_STORE_SQL_H
#define HR_STORE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sql;      /* a connection */
struct sql_stmt; /* a statement in use */

enum {
	SQL_READ_ONLY = 1u << 0,
	SQL_NO_SYNC = 1u << 1, /* commits do not wait for the disk: simulation only */
	SQL_IMMUTABLE =
		1u << 2, /* with SQL_READ_ONLY: nobody has it open; leave no file beside it */
};

/* Whether there is a file that holds anything, as SQLite sees it: asked by way of its files, which tests have in
 * memory. What is no regular file counts as there. */
bool sql_file_exists(const char *path);

/* A missing database is made (mode 0600) unless SQL_READ_ONLY. Errors name the path and the
 * remedy: no rights, not a database, damaged. */
int sql_open(const char *path, unsigned flags, struct sql **ret_sql, struct hr_error *err);

/* NULL is fine. */
void sql_close(struct sql *sql);

/* Runs statements that take and give nothing. */
int sql_exec(struct sql *sql, const char *text, struct hr_error *err);

/* Takes the statement of this text from the connection's cache, or prepares it. To be given back
 * with sql_done. */
int sql_prepare(struct sql *sql, const char *text, struct sql_stmt **ret_stmt,
		struct hr_error *err);

/* Prepares and runs a statement that takes and gives nothing: sql_exec for what comes often, such as
 * BEGIN. */
int sql_do(struct sql *sql, const char *text, struct hr_error *err);

/* Values for the next "?"; text and blobs must live until sql_done. NULL text is SQL's NULL. A
 * failure is kept and given by sql_step. */
void sql_bind_text(struct sql_stmt *stmt, const char *text);
void sql_bind_int64(struct sql_stmt *stmt, int64_t value);
void sql_bind_blob(struct sql_stmt *stmt, const void *bytes, size_t len);

/* 1: a row is there; 0: finished; -1: failed. HR_CONFLICT: a uniqueness or reference was broken. */
int sql_step(struct sql_stmt *stmt, struct hr_error *err);

/* Steps a statement that gives no row, gives it back, and says how many rows it changed. */
int sql_run(struct sql_stmt *stmt, int64_t *ret_changed, struct hr_error *err);

/* Steps once and gives the first column of the row, 0 without one; gives the statement back. */
int sql_get_int64(struct sql_stmt *stmt, int64_t *ret_value, struct hr_error *err);

/* Columns from 0 of the present row; borrowed until the next step. NULL reads as "" and 0. */
const char *sql_column_text(struct sql_stmt *stmt, int column);
int64_t sql_column_int64(struct sql_stmt *stmt, int column);
const void *sql_column_blob(struct sql_stmt *stmt, int column, size_t *ret_len);

/* Forgets bound values and gives the statement back. NULL is fine. */
void sql_done(struct sql_stmt *stmt);

/* Rows changed on this connection since it was opened, also by what was rolled back since. */
int64_t sql_total_changes(const struct sql *sql);

/* Whether a transaction is open; some failures (disk full) end it by themselves. */
bool sql_in_transaction(const struct sql *sql);

/* Text of the i-th cached statement, NULL after the last: how tests see what was run. */
const char *sql_cached_text(const struct sql *sql, size_t i);

#endif
