/* SPDX-License-Identifier: Apache-2.0 */
/* The cloud's books as SQL. A failure stays until the transaction's end, which reports it; until then
 * statements do nothing, so that only the end needs to be looked at. */
#ifndef HR_SIM_CLOUD_STORE_H
#define HR_SIM_CLOUD_STORE_H

#include <sqlite3.h>

#include "cloud.h"
#include "sim_random.h"

#define CLOUD_STATEMENTS 64

struct cloud {
	sqlite3 *db;
	struct {
		const char *sql;
		sqlite3_stmt *stmt;
	} statements[CLOUD_STATEMENTS];
	size_t n_statements;
	struct sim_random random; /* within a transaction */
	int64_t requests;         /* likewise: counts the calls */
	int64_t born_ms;
	int failed; /* SQLite's code */
};

int cloud_begin(struct cloud *cloud, struct hr_error *err);
/* Commits, or rolls back where something failed: -1. */
int cloud_end(struct cloud *cloud, struct hr_error *err);

/* A statement with its values: types has an 'i' for each int64_t, a 't' for each text. The sql is a
 * constant: its address is the key under which the statement is kept. */
sqlite3_stmt *cloud_sql(struct cloud *cloud, const char *sql, const char *types, ...);
/* The next row of it; at the end, or on a failure, false. */
bool cloud_row(struct cloud *cloud, sqlite3_stmt *stmt);
/* Runs one that gives no rows: how many it changed. */
int64_t cloud_run(struct cloud *cloud, sqlite3_stmt *stmt);
/* The integer that its only row gives; or fallback. */
int64_t cloud_integer(struct cloud *cloud, sqlite3_stmt *stmt, int64_t fallback);

/* Columns of a machine, in this order. */
#define CLOUD_MACHINE_COLUMNS                                                                      \
	"row, account, id, token, name, zone, size, image, installation, config, server, address," \
	" asked_ms, made_ms, runs_ms, stops_ms, delete_ms, ended_ms, shown_ms, hidden_ms, fails, busy"
/* The row as a machine, with its true state. */
void cloud_machine_read(sqlite3_stmt *stmt, int64_t now_ms, struct cloud_machine *ret);
/* Adds one to the answer; NULL: no memory, a failure of the transaction. */
struct cloud_machine *cloud_machine_add(struct cloud *cloud, struct cloud_answer *answer);

/* Plans the visits of a new machine. (cloud_guests.c) */
struct cloud_behaviour;
void cloud_guest_plan(struct cloud *cloud, const struct cloud_behaviour *behaviour,
		      const struct cloud_machine *machine, const char *user_data);

#endif
