/* SPDX-License-Identifier: Apache-2.0 */
/* Makes and reads the installation's row. */
#include "store/installation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/text.h"

#define MACHINE_SIZE 64

/* The machine's id, "unknown" where it has none (containers): then only the folder tells. */
static void read_machine(char machine[MACHINE_SIZE])
{
	int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, machine, MACHINE_SIZE - 1);

	if (fd >= 0)
		close(fd);
	machine[n > 0 ? n : 0] = '\0';
	machine[strcspn(machine, "\r\n")] = '\0';
	if (!machine[0])
		text_copy(machine, MACHINE_SIZE, "unknown");
}

static void place_of_key(const char *id, const char *place[3])
{
	place[0] = "installation";
	place[1] = id;
	place[2] = "data_key";
}

static int insert_row(struct sql *sql, const char *folder, const char *id, const void *wrapped,
		      size_t len, struct hr_error *err)
{
	char machine[MACHINE_SIZE];
	struct sql_stmt *stmt;

	if (sql_prepare(sql,
			"INSERT INTO installation (one, id, machine, folder, data_key, created_ms) "
			"VALUES (1, ?, ?, ?, ?, ?)",
			&stmt, err) < 0)
		return -1;
	read_machine(machine);
	sql_bind_text(stmt, id);
	sql_bind_text(stmt, machine);
	sql_bind_text(stmt, folder);
	sql_bind_blob(stmt, wrapped, len);
	sql_bind_int64(stmt, clock_now().wall_ms);
	return sql_run(stmt, NULL, err);
}

int installation_make(struct sql *sql, const char *folder, const struct seal_key *master,
		      struct installation *ret_installation, struct hr_error *err)
{
	struct installation new = {.moved = false};
	struct id_source source;
	uint8_t *wrapped = NULL;
	const char *place[3];
	size_t len;
	int rc = -1;

	if (id_source_init(&source, random_system, NULL) < 0 ||
	    random_system(NULL, new.data_key.bytes, sizeof(new.data_key.bytes)) < 0)
		return error_set(err, HR_INTERNAL,
				 "the system gives no random bytes for the store");
	id_new(&source, new.id);
	place_of_key(new.id, place);
	if (seal_close(master, place, new.data_key.bytes, sizeof(new.data_key.bytes), &wrapped,
		       &len, err) == 0 &&
	    insert_row(sql, folder, new.id, wrapped, len, err) == 0) {
		*ret_installation = new;
		rc = 0;
	}
	OPENSSL_cleanse(&new, sizeof(new));
	OPENSSL_cleanse(&source, sizeof(source));
	free(wrapped);
	return rc;
}

/* Unwraps the present row's key. */
static int unwrap(struct sql_stmt *stmt, const struct seal_key *master, const char *master_path,
		  struct installation *installation, struct hr_error *err)
{
	struct hr_error reason = {0};
	const char *place[3];
	const void *wrapped;
	char *value = NULL;
	size_t len;

	place_of_key(installation->id, place);
	wrapped = sql_column_blob(stmt, 3, &len);
	if (seal_open(master, place, wrapped, len, &value, &len, &reason) < 0) {
		if (reason.class != HR_AUTH) {
			*err = reason;
			return -1;
		}
		return error_set(err, HR_AUTH,
				 "the master key file %s is not this store's; put back the file "
				 "that the store was made with (setting master_key)",
				 master_path);
	}
	if (len == sizeof(installation->data_key.bytes))
		memcpy(installation->data_key.bytes, value, len);
	OPENSSL_clear_free(value, len + 1);
	if (len != sizeof(installation->data_key.bytes))
		return error_set(err, HR_INTERNAL, "the store's data key has a wrong length");
	return 0;
}

int installation_load(struct sql *sql, const char *folder, const struct seal_key *master,
		      const char *master_path, struct installation *ret_installation,
		      struct hr_error *err)
{
	char machine[MACHINE_SIZE];
	struct sql_stmt *stmt;
	int rc;

	if (sql_prepare(sql, "SELECT id, machine, folder, data_key FROM installation", &stmt, err) <
	    0)
		return -1;
	rc = sql_step(stmt, err);
	if (rc == 1) {
		read_machine(machine);
		text_copy(ret_installation->id, sizeof(ret_installation->id),
			  sql_column_text(stmt, 0));
		ret_installation->moved = strcmp(machine, sql_column_text(stmt, 1)) != 0 ||
					  strcmp(folder, sql_column_text(stmt, 2)) != 0;
		rc = unwrap(stmt, master, master_path, ret_installation, err);
	} else if (rc == 0) {
		rc = error_set(err, HR_INTERNAL,
			       "the store has no installation row; put back a backup of it");
	}
	sql_done(stmt);
	return rc;
}

int installation_confirm(struct sql *sql, const char *folder, struct hr_error *err)
{
	char machine[MACHINE_SIZE];
	struct sql_stmt *stmt;

	if (sql_prepare(sql, "UPDATE installation SET machine = ?, folder = ?", &stmt, err) < 0)
		return -1;
	read_machine(machine);
	sql_bind_text(stmt, machine);
	sql_bind_text(stmt, folder);
	return sql_run(stmt, NULL, err);
}

int installation_commits(struct sql *sql, uint64_t *ret_commits, struct hr_error *err)
{
	struct sql_stmt *stmt;
	int64_t commits = 0;

	if (sql_prepare(sql, "SELECT commits FROM installation", &stmt, err) < 0 ||
	    sql_get_int64(stmt, &commits, err) < 0)
		return -1;
	*ret_commits = (uint64_t)commits;
	return 0;
}

int installation_count(struct sql *sql, uint64_t commits, struct hr_error *err)
{
	struct sql_stmt *stmt;

	if (sql_prepare(sql, "UPDATE installation SET commits = ?", &stmt, err) < 0)
		return -1;
	sql_bind_int64(stmt, (int64_t)commits);
	return sql_run(stmt, NULL, err);
}
