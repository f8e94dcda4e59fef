/* SPDX-License-Identifier: Apache-2.0 */
/* Structs to and from statements. What columns there are: each kind's own file. */
#include "store/row.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/query.h"

#define FIRST_ROWS 16u

static void bind_one(struct sql_stmt *stmt, const struct row_column *column, const char *member)
{
	int32_t number;
	int64_t wide;
	bool flag;

	switch (column->type) {
	case ROW_TEXT: sql_bind_text(stmt, member); break;
	case ROW_INT64:
		memcpy(&wide, member, sizeof(wide));
		sql_bind_int64(stmt, wide);
		break;
	case ROW_INT32:
		memcpy(&number, member, sizeof(number));
		sql_bind_int64(stmt, number);
		break;
	case ROW_BOOL:
		memcpy(&flag, member, sizeof(flag));
		sql_bind_int64(stmt, flag ? 1 : 0);
		break;
	}
}

void row_bind(struct sql_stmt *stmt, const struct row_shape *shape, const void *row)
{
	for (size_t i = 0; i < shape->n_columns; i++)
		bind_one(stmt, &shape->columns[i], (const char *)row + shape->columns[i].offset);
}

static bool differs(const struct row_column *column, const void *old, const void *new)
{
	const char *a = (const char *)old + column->offset, *b = (const char *)new + column->offset;

	return column->type == ROW_TEXT ? strcmp(a, b) != 0 : memcmp(a, b, column->size) != 0;
}

int row_update(struct sql *sql, const char *table, const struct row_shape *shape, const void *old,
	       const void *new, struct hr_error *err)
{
	const char *before = " SET ";
	struct sql_stmt *stmt;
	struct query q;

	query_begin(&q, "UPDATE ");
	query_add(&q, table);
	for (size_t i = 1; i < shape->n_columns; i++) {
		if (!differs(&shape->columns[i], old, new))
			continue;
		query_add(&q, before);
		query_add(&q, shape->columns[i].name);
		query_add(&q, " = ?");
		before = ", ";
	}
	if (*before != ',')
		return 0;
	query_add(&q, " WHERE id = ?");
	if (query_prepare(&q, sql, &stmt, err) < 0)
		return -1;
	for (size_t i = 1; i < shape->n_columns; i++)
		if (differs(&shape->columns[i], old, new))
			bind_one(stmt, &shape->columns[i],
				 (const char *)new + shape->columns[i].offset);
	bind_one(stmt, &shape->columns[0], (const char *)new + shape->columns[0].offset);
	return sql_run(stmt, NULL, err);
}

static void read_one(struct sql_stmt *stmt, int i, const struct row_column *column, char *member)
{
	int32_t number;
	int64_t wide;
	bool flag;

	switch (column->type) {
	case ROW_TEXT: text_copy(member, column->size, sql_column_text(stmt, i)); break;
	case ROW_INT64:
		wide = sql_column_int64(stmt, i);
		memcpy(member, &wide, sizeof(wide));
		break;
	case ROW_INT32:
		number = (int32_t)sql_column_int64(stmt, i);
		memcpy(member, &number, sizeof(number));
		break;
	case ROW_BOOL:
		flag = sql_column_int64(stmt, i) != 0;
		memcpy(member, &flag, sizeof(flag));
		break;
	}
}

void row_read(struct sql_stmt *stmt, const struct row_shape *shape, void *ret_row)
{
	memset(ret_row, 0, shape->size);
	for (size_t i = 0; i < shape->n_columns; i++)
		read_one(stmt, (int)i, &shape->columns[i],
			 (char *)ret_row + shape->columns[i].offset);
}

int row_get(struct sql_stmt *stmt, const struct row_shape *shape, void *ret_row,
	    struct hr_error *err)
{
	int rc = sql_step(stmt, err);

	if (rc == 1)
		row_read(stmt, shape, ret_row);
	sql_done(stmt);
	return rc;
}

int row_append_all(struct sql_stmt *stmt, const struct row_shape *shape, void **rows, size_t *n,
		   struct hr_error *err)
{
	size_t room = *n;
	int rc;

	while ((rc = sql_step(stmt, err)) == 1) {
		if (*n == room) {
			void *more;

			room = room ? 2 * room : FIRST_ROWS;
			more = reallocarray(*rows, room, shape->size);
			if (!more) {
				rc = error_no_memory(err, "reading rows");
				break;
			}
			*rows = more;
		}
		row_read(stmt, shape, (char *)*rows + *n * shape->size);
		(*n)++;
	}
	sql_done(stmt);
	if (rc < 0) {
		free(*rows);
		*rows = NULL;
		*n = 0;
	}
	return rc;
}
