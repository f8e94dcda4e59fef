/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: what is made, what is refused, and what the administrator is told. */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/migrate.h"

static struct store_options options;

static void setup(void)
{
	folder_setup();
	options = fixture_options(false);
}

static void close_store(void)
{
	store_close(store);
	store = NULL;
}

static void teardown(void)
{
	close_store();
	folder_teardown();
}

static void open_once(void)
{
	struct hr_error err = {0};

	must(store_open(&options, &store, &err));
	close_store();
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

/* As another program would. */
static void run_sql(const char *path, const char *text)
{
	sqlite3 *db = NULL;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, &message) == SQLITE_OK, "%s", message);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static unsigned mode_of(const char *path)
{
	struct stat info;

	ck_assert_int_eq(stat(path, &info), 0);
	return (unsigned)(info.st_mode & 07777);
}

START_TEST(makes_a_new_store)
{
	struct hr_error err = {0};
	char first[ID_SIZE], path[PATH_SIZE];
	struct stat info;

	umask(0);
	must(store_open(&options, &store, &err));
	ck_assert(store_is_new(store));
	ck_assert(!store_moved(store));
	ck_assert(id_valid(store_installation(store)));
	text_copy(first, sizeof(first), store_installation(store));
	ck_assert_uint_eq(mode_of(state_folder), 0700);
	ck_assert_uint_eq(mode_of(database_path), 0600);
	ck_assert_uint_eq(mode_of(below(path, "state/headroom.db-wal")), 0600);
	ck_assert_uint_eq(mode_of(key_path), 0600);
	ck_assert_int_eq(stat(key_path, &info), 0);
	ck_assert_int_eq(info.st_size, 32);
	close_store();
	must(store_open(&options, &store, &err));
	ck_assert(!store_is_new(store));
	ck_assert(!store_moved(store));
	ck_assert_str_eq(store_installation(store), first);
}
END_TEST

START_TEST(goes_on_where_it_was_interrupted)
{
	struct hr_error err = {0};

	/* A start that ended between making the files and the first commit. */
	ck_assert_int_eq(mkdir(state_folder, 0700), 0);
	write_file(database_path, "", 0);
	must(store_open(&options, &store, &err));
	ck_assert(store_is_new(store));
	close_store();
	/* The key was made, the database not. */
	ck_assert_int_eq(unlink(database_path), 0);
	must(store_open(&options, &store, &err));
	ck_assert(store_is_new(store));
}
END_TEST

START_TEST(refuses_a_newer_schema)
{
	struct hr_error err;
	char text[128];

	open_once();
	text_format(text, sizeof(text), "UPDATE schema_version SET version = %d",
		    (int)n_migrations + 1);
	run_sql(database_path, text);
	for (int check = 0; check <= 1; check++) {
		options.read_only_check = check;
		must_fail(store_open(&options, &store, &err), HR_INVALID,
			  "%s has schema version %d, this headroomd knows versions up to %d; start "
			  "the newer headroomd that wrote it, or put back a copy from before its "
			  "upgrade",
			  database_path, (int)n_migrations + 1, (int)n_migrations);
	}
	run_sql(database_path, "UPDATE schema_version SET version = -3");
	must_fail(store_open(&options, &store, &err), HR_INVALID,
		  "%s has schema version -3, which never was; put back a backup of it",
		  database_path);
}
END_TEST

START_TEST(a_failed_migration_changes_nothing)
{
	struct sql *sql = NULL;
	struct hr_error err = {0};
	int64_t version;

	ck_assert_int_eq(mkdir(state_folder, 0700), 0);
	must(sql_open(database_path, SQL_NO_SYNC, &sql, &err));
	/* In the way of a table that the first version makes. */
	must(sql_exec(sql, "CREATE TABLE servers (id TEXT); BEGIN IMMEDIATE", &err));
	must_fail(migrate_forward(sql, database_path, 0, &err), HR_INTERNAL,
		  "cannot bring %s to schema version 1 (it stays as it was): %s: table servers "
		  "already exists (SQLite error 1)",
		  database_path, database_path);
	must(sql_exec(sql, "ROLLBACK", &err));
	must_fail(migrate_version(sql, database_path, &version, &err), HR_INVALID,
		  "%s is a database, but not Headroom's; move it away, or name another state "
		  "folder",
		  database_path);
	must(sql_exec(sql, "DROP TABLE servers", &err));
	must(migrate_version(sql, database_path, &version, &err));
	ck_assert_int_eq(version, 0);
	sql_close(sql);
}
END_TEST

START_TEST(refuses_what_is_no_store)
{
	static const char text[] = "This is a letter to the administrator, not a database. It is "
				   "long enough to be looked at: one hundred bytes are a header.";
	struct hr_error err;

	ck_assert_int_eq(mkdir(state_folder, 0700), 0);
	write_file(database_path, text, sizeof(text));
	must_fail(store_open(&options, &store, &err), HR_INVALID,
		  "%s is not a database; move it away, or put back a copy of the real one",
		  database_path);
	ck_assert_int_eq(unlink(database_path), 0);
	run_sql(database_path, "CREATE TABLE recipes (name TEXT)");
	must_fail(store_open(&options, &store, &err), HR_INVALID,
		  "%s is a database, but not Headroom's; move it away, or name another state "
		  "folder",
		  database_path);
}
END_TEST

START_TEST(refuses_a_damaged_database)
{
	struct hr_error err = {0};
	char junk[4096];
	int fd;

	open_once();
	memset(junk, 0x5a, sizeof(junk));
	fd = open(database_path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	for (int page = 1; page < 60; page++)
		if (pwrite(fd, junk, sizeof(junk), page * 4096) < 0)
			ck_abort_msg("pwrite");
	close(fd);
	must_fail(store_open(&options, &store, &err), HR_INTERNAL,
		  "%s is damaged (database disk image is malformed); put back a backup of it, or "
		  "save what is left with: sqlite3 %s .recover",
		  database_path, database_path);
}
END_TEST

START_TEST(refuses_a_missing_key)
{
	struct hr_error err;

	open_once();
	ck_assert_int_eq(unlink(key_path), 0);
	must_fail(store_open(&options, &store, &err), HR_NOT_FOUND,
		  "the master key file %s is missing; the store's secrets cannot be read without "
		  "it: put back a copy of it (setting master_key)",
		  key_path);
	ck_assert_int_ne(access(key_path, F_OK), 0);
}
END_TEST

START_TEST(refuses_a_wrong_key)
{
	struct hr_error err;
	char other[32] = "another installation's key......";

	open_once();
	write_file(key_path, other, sizeof(other));
	must_fail(store_open(&options, &store, &err), HR_AUTH,
		  "the master key file %s is not this store's; put back the file that the store "
		  "was made with (setting master_key)",
		  key_path);
	write_file(key_path, other, 31);
	must_fail(store_open(&options, &store, &err), HR_INVALID,
		  "the master key file %s holds 31 bytes, a key is 32; put back a copy of the "
		  "right file",
		  key_path);
}
END_TEST

START_TEST(refuses_a_key_that_others_may_read)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0660};
	struct hr_error err = {0};

	open_once();
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		ck_assert_int_eq(chmod(key_path, modes[i]), 0);
		must_fail(
			store_open(&options, &store, &err), HR_INVALID,
			"the master key file %s may be read by others (mode %04o); run: chmod 600 "
			"%s",
			key_path, (unsigned)modes[i], key_path);
	}
	ck_assert_int_eq(chmod(key_path, 0400), 0);
	must(store_open(&options, &store, &err));
}
END_TEST

START_TEST(refuses_a_key_that_cannot_be)
{
	struct hr_error err;
	char path[PATH_SIZE];

	options.master_key = below(path, "nowhere/master.key");
	must_fail(store_open(&options, &store, &err), HR_INTERNAL,
		  "cannot make the master key file %s (setting master_key): No such file or "
		  "directory",
		  path);
	options.master_key = test_folder;
	must_fail(store_open(&options, &store, &err), HR_INVALID,
		  "the master key %s is not a file (setting master_key)", test_folder);
	write_file(below(path, "file"), "", 0);
	options.master_key = below(path, "file/master.key");
	must_fail(store_open(&options, &store, &err), HR_INTERNAL,
		  "cannot open the master key file %s (setting master_key): Not a directory", path);
}
END_TEST

START_TEST(refuses_a_folder_that_cannot_be)
{
	struct hr_error err;
	char path[PATH_SIZE];

	write_file(below(path, "file"), "", 0);
	options.directory = below(path, "file/state");
	must_fail(store_open(&options, &store, &err), HR_INTERNAL,
		  "cannot make the state folder %s (its parent must be there, and the daemon's "
		  "user must be able to write it): Not a directory",
		  path);
	options.directory = below(path, "missing/state");
	must_fail(store_open(&options, &store, &err), HR_INTERNAL,
		  "cannot make the state folder %s (its parent must be there, and the daemon's "
		  "user must be able to write it): No such file or directory",
		  path);
	options.directory = below(path, "file");
	must_fail(
		store_open(&options, &store, &err), HR_INTERNAL,
		"cannot write the lock file %s/headroomd.pid (the daemon's user needs to write it "
		"and its folder): Not a directory",
		path);
}
END_TEST

/* As a user without rights, also where the tests run as root. */
START_TEST(says_when_rights_are_missing)
{
	struct hr_error err;
	bool root = geteuid() == 0;

	ck_assert_int_eq(mkdir(state_folder, root ? 0755 : 0555), 0);
	ck_assert_int_eq(chmod(test_folder, root ? 0755 : 0555), 0);
	if (root)
		ck_assert_int_eq(seteuid(65534), 0);
	must_fail(
		store_open(&options, &store, &err), HR_INTERNAL,
		"cannot write the lock file %s/headroomd.pid (the daemon's user needs to write it "
		"and its folder): Permission denied",
		state_folder);
	options.directory = below((char[PATH_SIZE]){0}, "other");
	must_fail(store_open(&options, &store, &err), HR_INTERNAL,
		  "cannot make the state folder %s (its parent must be there, and the daemon's "
		  "user must be able to write it): Permission denied",
		  options.directory);
	if (root)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(test_folder, 0700), 0);
	ck_assert_int_eq(chmod(state_folder, 0700), 0);
}
END_TEST

START_TEST(a_second_daemon_is_told_who_holds_it)
{
	struct hr_error err = {0};
	struct store *second = NULL;
	int to_child[2], from_child[2];
	char byte = 0, path[PATH_SIZE];
	pid_t child;

	/* Another process. */
	ck_assert_int_eq(pipe(to_child), 0);
	ck_assert_int_eq(pipe(from_child), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		close(to_child[1]);
		byte = store_open(&options, &store, NULL) == 0 ? 'y' : 'n';
		if (write(from_child[1], &byte, 1) != 1 || read(to_child[0], &byte, 1) != 0)
			_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(read(from_child[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'y');
	must_fail(store_open(&options, &second, &err), HR_CONFLICT,
		  "the state folder %s is held by headroomd with pid %ld; stop that one first, or "
		  "name another state folder",
		  state_folder, (long)child);
	close(to_child[1]);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	/* The same process; a refusal does not cost the first its lock. */
	must(store_open(&options, &store, &err));
	for (int i = 0; i < 2; i++)
		must_fail(store_open(&options, &second, &err), HR_CONFLICT,
			  "the state folder %s is held by headroomd with pid %ld; stop that one "
			  "first, or name another state folder",
			  state_folder, (long)getpid());
	close_store();
	ck_assert_int_eq(access(below(path, "state/headroomd.pid"), F_OK), 0);
	must(store_open(&options, &store, &err));
}
END_TEST

/* Looks at the pid file while the store is open. */
START_TEST(the_lock_file_holds_the_pid)
{
	struct hr_error err = {0};
	char path[PATH_SIZE], command[PATH_SIZE + 64];
	pid_t child;
	int status;

	must(store_open(&options, &store, &err));
	below(path, "state/headroomd.pid");
	text_format(command, sizeof(command), "test \"$(cat %s)\" = %ld", path, (long)getpid());
	/* In another process: closing the file here would give up the lock. */
	child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(notices_that_it_was_moved)
{
	struct hr_error err = {0};
	char installation[ID_SIZE], other[PATH_SIZE];

	must(store_open(&options, &store, &err));
	text_copy(installation, sizeof(installation), store_installation(store));
	close_store();
	ck_assert_int_eq(rename(state_folder, below(other, "other")), 0);
	options.directory = other;
	/* Until somebody says which copy is the real one, it stays so. */
	for (int i = 0; i < 2; i++) {
		must(store_open(&options, &store, &err));
		ck_assert(store_moved(store));
		ck_assert(!store_is_new(store));
		ck_assert_str_eq(store_installation(store), installation);
		close_store();
	}
	ck_assert_int_eq(rename(other, state_folder), 0);
	options.directory = state_folder;
	must(store_open(&options, &store, &err));
	ck_assert(!store_moved(store));
	close_store();
	run_sql(database_path, "UPDATE installation SET machine = 'another'");
	must(store_open(&options, &store, &err));
	ck_assert(store_moved(store));
}
END_TEST

static int add_event(struct tx *tx, void *arg, struct hr_error *err)
{
	struct event event = {.at_ms = 1, .kind = "test", .message = "written"};

	(void)arg;
	return event_add(tx, &event, err);
}

static int count_events(struct tx *tx, void *arg, struct hr_error *err)
{
	struct event_query query = {.after_number = 0};
	struct event *events;

	if (event_list(tx, &query, &events, arg, err) < 0)
		return -1;
	free(events);
	return 0;
}

START_TEST(a_check_changes_nothing)
{
	struct hr_error err = {0};
	char path[PATH_SIZE];
	size_t n = 0;

	options.read_only_check = true;
	must_fail(store_open(&options, &store, &err), HR_NOT_FOUND,
		  "there is no store in %s yet; the first start makes it", state_folder);
	ck_assert_int_ne(access(state_folder, F_OK), 0);
	ck_assert_int_eq(mkdir(state_folder, 0700), 0);
	must_fail(store_open(&options, &store, &err), HR_NOT_FOUND,
		  "there is no store in %s yet; the first start makes it", state_folder);
	write_file(database_path, "", 0);
	must_fail(store_open(&options, &store, &err), HR_NOT_FOUND,
		  "the store in %s is empty yet; the first start fills it", state_folder);
	ck_assert_int_ne(access(key_path, F_OK), 0);

	options.read_only_check = false;
	must(store_open(&options, &store, &err));
	commit(add_event, NULL);
	close_store();
	options.read_only_check = true;
	must(store_open(&options, &store, &err));
	must(store_read(store, count_events, &n, &err));
	ck_assert_uint_eq(n, 1);
	must_fail(store_write(store, add_event, NULL, &err), HR_INTERNAL,
		  "the store takes no change now: it is closing, open for a check only, or out of "
		  "memory");
	close_store();
	ck_assert_int_ne(access(below(path, "state/headroom.db-wal"), F_OK), 0);
	ck_assert_int_ne(access(below(path, "state/headroom.db-shm"), F_OK), 0);
}
END_TEST

START_TEST(a_check_works_beside_a_running_daemon)
{
	struct store *check = NULL;
	struct hr_error err = {0};
	size_t n = 0;

	must(store_open(&options, &store, &err));
	commit(add_event, NULL);
	options.read_only_check = true;
	must(store_open(&options, &check, &err));
	ck_assert_str_eq(store_installation(check), store_installation(store));
	must(store_read(check, count_events, &n, &err));
	ck_assert_uint_eq(n, 1);
	store_close(check);
	commit(add_event, NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		makes_a_new_store,
		goes_on_where_it_was_interrupted,
		refuses_a_newer_schema,
		a_failed_migration_changes_nothing,
		refuses_what_is_no_store,
		refuses_a_damaged_database,
		refuses_a_missing_key,
		refuses_a_wrong_key,
		refuses_a_key_that_others_may_read,
		refuses_a_key_that_cannot_be,
		refuses_a_folder_that_cannot_be,
		says_when_rights_are_missing,
		a_second_daemon_is_told_who_holds_it,
		the_lock_file_holds_the_pid,
		notices_that_it_was_moved,
		a_check_changes_nothing,
		a_check_works_beside_a_running_daemon,
	};

	return run_tests("open", tests, sizeof(tests) / sizeof(tests[0]), setup, teardown);
}
