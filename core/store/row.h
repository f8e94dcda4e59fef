/* SPDX-License-Identifier: Apache-2.0 */
/* Moves plain structs to and from statements, by one list of columns per kind of row. The list is a
 * macro that calls X(type, column, member) for each column but the first; the texts of SELECT,
 * INSERT and UPDATE and the table of members all come from it. */
#ifndef HR_STORE_ROW_H
#define HR_STORE_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "store/sql.h"

enum row_type {
	ROW_TEXT,  /* char[n] */
	ROW_INT64, /* int64_t */
	ROW_INT32, /* int32_t, or an enum */
	ROW_BOOL   /* bool */
};

struct row_column {
	const char *name;
	enum row_type type;
	size_t offset;
	size_t size;
};

struct row_shape {
	const struct row_column *columns;
	size_t n_columns;
	size_t size; /* of the struct */
};

#define ROW_COLUMN(owner, column_type, column, member)                                     \
	{                                                                                  \
		.name = #column, .type = (column_type), .offset = offsetof(owner, member), \
		.size = sizeof(((owner *)NULL)->member)                                    \
	}
#define ROW_SHAPE(owner, table)                                                      \
	{                                                                            \
		.columns = (table), .n_columns = sizeof(table) / sizeof((table)[0]), \
		.size = sizeof(owner)                                                \
	}

/* For X in SQL: ", name", ", ?", ", name = ?". */
#define ROW_NAME(type, column, member) ", " #column
#define ROW_MARK(type, column, member) ", ?"
#define ROW_SET(type, column, member) ", " #column " = ?"

/* Binds every member in order. row must live until sql_done. */
void row_bind(struct sql_stmt *stmt, const struct row_shape *shape, const void *row);

/* Fills *ret_row from the present row's first columns. */
void row_read(struct sql_stmt *stmt, const struct row_shape *shape, void *ret_row);

/* Writes the columns in which the row differs from what it was, found by its id, which is the first column and
 * stays. Only those: SQLite writes an index anew for each of its columns that is named, changed or not. */
int row_update(struct sql *sql, const char *table, const struct row_shape *shape, const void *old,
	       const void *new, struct hr_error *err);

/* Steps once, fills *ret_row if there is a row, and gives the statement back, also on failure. 1: there
 * is one, 0: none, -1. */
int row_get(struct sql_stmt *stmt, const struct row_shape *shape, void *ret_row,
	    struct hr_error *err);

/* Steps to the end and appends every row to *rows (realloc'ed, *n of them so far; NULL and 0 to
 * begin with), then gives the statement back, also on failure. On failure *rows is freed and NULL. */
int row_append_all(struct sql_stmt *stmt, const struct row_shape *shape, void **rows, size_t *n,
		   struct hr_error *err);

#endif
