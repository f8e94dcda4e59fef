/* SPDX-License-Identifier: Apache-2.0 */
/* Reads beside the writer: a few read-only connections, each used by one caller at a time. None
 * waits for another: where all are in use, one more is opened. */
#include "store/store_parts.h"
#include "store/tx.h"

static struct sql *take_idle(struct readers *readers)
{
	struct sql *sql = NULL;

	pthread_mutex_lock(&readers->mutex);
	if (readers->n_idle > 0)
		sql = readers->idle[--readers->n_idle];
	pthread_mutex_unlock(&readers->mutex);
	return sql;
}

static void give_back(struct readers *readers, struct sql *sql)
{
	pthread_mutex_lock(&readers->mutex);
	if (readers->n_idle < READERS_KEPT) {
		readers->idle[readers->n_idle++] = sql;
		sql = NULL;
	}
	pthread_mutex_unlock(&readers->mutex);
	sql_close(sql);
}

void readers_close(struct readers *readers)
{
	while (readers->n_idle > 0)
		sql_close(readers->idle[--readers->n_idle]);
}

int store_read(struct store *store, store_fn fn, void *arg, struct hr_error *err)
{
	struct tx tx = {.data_key = &store->installation.data_key};
	struct hr_error why = {0};
	int rc = -1;

	if (store_dead(store))
		return store_dead_error(store, err);
	tx.sql = take_idle(&store->readers);
	if (!tx.sql && sql_open(store->path, store->reader_flags, &tx.sql, err) < 0)
		return -1;
	/* The first statement inside fixes the state that all of fn sees. */
	if (sql_do(tx.sql, "BEGIN DEFERRED", &why) == 0) {
		rc = fn(&tx, arg, &why);
		if (rc < 0 && why.class == 0)
			error_set(&why, HR_INTERNAL, "a read failed without a reason");
	}
	if (sql_in_transaction(tx.sql) && sql_do(tx.sql, "ROLLBACK", NULL) < 0)
		sql_close(tx.sql);
	else
		give_back(&store->readers, tx.sql);
	if (rc < 0 && err)
		*err = why;
	return rc < 0 ? -1 : 0;
}
