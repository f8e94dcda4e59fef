/* SPDX-License-Identifier: Apache-2.0 */
/* Brings a database's schema to this program's version, and refuses one that it does not know. */
#include "store/migrate.h"

#include <inttypes.h>

static int query_number(struct sql *sql, const char *text, int64_t *ret_number,
			struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(sql, text, &stmt, err) < 0)
		return -1;
	return sql_get_int64(stmt, ret_number, err);
}

int migrate_version(struct sql *sql, const char *path, int64_t *ret_version, struct hr_error *err)
{
	int64_t tables, ours;

	if (query_number(sql, "SELECT COUNT(*) FROM sqlite_master", &tables, err) < 0 ||
	    query_number(sql,
			 "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name IN "
			 "('schema_version', 'installation')",
			 &ours, err) < 0)
		return -1;
	*ret_version = 0;
	if (tables == 0)
		return 0;
	if (ours != 2)
		return error_set(err, HR_INVALID,
				 "%s is a database, but not Headroom's; move it away, or name "
				 "another state folder",
				 path);
	if (query_number(sql, "SELECT version FROM schema_version", ret_version, err) < 0)
		return -1;
	if (*ret_version > n_migrations)
		return error_set(
			err, HR_INVALID,
			"%s has schema version %" PRId64
			", this headroomd knows versions up to %" PRId64
			"; start the newer headroomd that wrote it, or put back a copy from "
			"before its upgrade",
			path, *ret_version, n_migrations);
	if (*ret_version < 1)
		return error_set(err, HR_INVALID,
				 "%s has schema version %" PRId64
				 ", which never was; put back a backup of it",
				 path, *ret_version);
	return 0;
}

static int set_version(struct sql *sql, int64_t version, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(sql, "UPDATE schema_version SET version = ?", &stmt, err) < 0)
		return -1;
	sql_bind_int64(stmt, version);
	return sql_run(stmt, NULL, err);
}

int migrate_forward(struct sql *sql, const char *path, int64_t version, struct hr_error *err)
{
	if (version == 0 &&
	    sql_exec(sql,
		     "CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;"
		     "INSERT INTO schema_version (version) VALUES (0)",
		     err) < 0)
		return -1;
	for (; version < n_migrations; version++) {
		if (sql_exec(sql, migrations[version], err) < 0 ||
		    set_version(sql, version + 1, err) < 0)
			return error_prefix(err,
					    "cannot bring %s to schema version %" PRId64
					    " (it stays as it was)",
					    path, version + 1);
	}
	return 0;
}
