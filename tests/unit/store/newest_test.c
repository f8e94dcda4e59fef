/* SPDX-License-Identifier: Apache-2.0 */
/* A database that is not the one that was in use here is noticed; whatever a crash leaves behind is not taken
 * for one. */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/newest.h"

static char newest_path[PATH_SIZE], kept_path[PATH_SIZE];

static void setup(void)
{
	store_setup();
	below(newest_path, "state/headroom.newest");
	below(kept_path, "kept");
}

static void close_store(void)
{
	store_close(store);
	store = NULL;
}

static int add_event(struct tx *tx, void *arg, struct hr_error *err)
{
	struct event event = {.at_ms = 1, .kind = "test", .message = "written"};

	(void)arg;
	return event_add(tx, &event, err);
}

static int add_and_fail(struct tx *tx, void *arg, struct hr_error *err)
{
	if (add_event(tx, arg, err) == 0)
		error_set(err, HR_CONFLICT, "changed its mind");
	return -1;
}

static int read_bounds(struct tx *tx, void *arg, struct hr_error *err)
{
	int64_t oldest;

	return event_bounds(tx, &oldest, arg, err);
}

static void run_cp(const char *how, const char *from, const char *to)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		execlp("cp", "cp", how, from, to, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

/* A copy of the database, as a backup takes it: nobody has it open. */
static void keep(const char *path)
{
	close_store();
	run_cp("-T", database_path, path);
	reopen(false);
}

static void put_back(const char *path)
{
	close_store();
	run_cp("-T", path, database_path);
	reopen(false);
}

/* It says what happened, and what to do. */
static void expect_tale(const char *what)
{
	char tale[1024];

	ck_assert_str_eq(store_moved_how(store), "put back from a backup");
	store_moved_tell(store, tale, sizeof(tale));
	ck_assert_msg(strstr(tale, what) != NULL, "%s", tale);
	ck_assert_ptr_nonnull(strstr(tale, newest_path));
	ck_assert_ptr_nonnull(strstr(tale, ". Nothing is made or destroyed"));
	ck_assert_ptr_nonnull(strstr(tale, "headroomd --confirm-moved"));
}

static bool says(const char *text, const char *what)
{
	return text && strstr(text, what) != NULL;
}

/* Of a folder that was moved, whose database may be from a backup: both, and what to do. */
static void expect_both(const char *what)
{
	char tale[1024];

	store_moved_tell(store, tale, sizeof(tale));
	ck_assert_msg(says(tale, "was moved or copied since it was made; and ") &&
			      says(tale, what) && says(tale, "Put back the newest headroom.db") &&
			      says(tale, "nothing uses the old one any more") &&
			      says(tale, "does not know are destroyed"),
		      "%s", tale);
	ck_assert(says(store_moved_how(store), "moved or copied") &&
		  says(store_moved_how(store), "put back from a backup"));
	ck_assert(says(store_moved_why(store), "moved or copied") &&
		  says(store_moved_why(store), "put back from a backup") &&
		  says(store_moved_why(store), "--confirm-moved"));
}

static void confirm(void)
{
	struct hr_error err = {0};

	must(store_confirm_moved(store, &err));
	ck_assert(!store_moved(store));
	reopen(false);
	ck_assert(!store_moved(store));
}

START_TEST(an_older_database_is_noticed_until_it_is_confirmed)
{
	int64_t newest = 0;
	struct hr_error err = {0};

	commit(add_event, NULL);
	keep(kept_path);
	commit(add_event, NULL);
	commit(add_event, NULL);
	put_back(kept_path);
	expect_tale("headroom.db has 1 commits, and 3 were made");
	/* Not by going on, as far as it may. */
	for (int i = 0; i < 5; i++)
		commit(add_event, NULL);
	reopen(false);
	expect_tale("headroom.db has 1 commits, and 3 were made");
	confirm();
	/* What was put back, five, and that it was confirmed. */
	must(store_read(store, read_bounds, &newest, &err));
	ck_assert_int_eq(newest, 7);
}
END_TEST

START_TEST(an_old_database_on_a_new_machine_is_told_of_as_both)
{
	sqlite3 *db = NULL;

	commit(add_event, NULL);
	close_store();
	ck_assert_int_eq(sqlite3_open(database_path, &db), SQLITE_OK);
	ck_assert_int_eq(
		sqlite3_exec(db, "UPDATE installation SET machine = 'another'", NULL, NULL, NULL),
		SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	/* A move takes the file along. */
	reopen(false);
	ck_assert_str_eq(store_moved_how(store), "moved or copied");
	keep(kept_path);
	close_store();
	ck_assert_int_eq(unlink(newest_path), 0);
	reopen(false);
	expect_both("which is then beside it, is missing");
	confirm();
	commit(add_event, NULL);
	put_back(kept_path);
	expect_both(" were made (");
	confirm();
}
END_TEST

static bool ends_here(void *context, uint64_t commit)
{
	(void)context;
	(void)commit;
	return false;
}

static void ended_here(void *context, uint64_t commit)
{
	(void)context;
	(void)commit;
	_exit(0);
}

/* Killed before its transaction (0) or after it (1). */
START_TEST(a_confirmation_that_is_killed_is_made_or_not)
{
	struct store_options options = fixture_options(false);
	struct hr_error err = {0};
	pid_t child;
	int status;

	commit(add_event, NULL);
	close_store();
	ck_assert_int_eq(unlink(newest_path), 0);
	if (_i == 0)
		options.hook.before_commit = ends_here;
	else
		options.hook.after_commit = ended_here;
	child = fork();
	if (child == 0) {
		if (store_open(&options, &store, &err) < 0)
			_exit(1);
		_exit(store_confirm_moved(store, &err) < 0 ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	reopen(false);
	ck_assert_int_eq(store_moved(store), _i == 0);
	if (_i == 0)
		expect_tale("headroom.db has 1 commits, and 1000001 were made");
	else
		keep(kept_path);
	confirm();
	commit(add_event, NULL);
	if (_i == 1) {
		put_back(kept_path);
		ck_assert(store_moved(store));
	}
}
END_TEST

START_TEST(a_backup_that_lost_nothing_is_none)
{
	int64_t newest = 0;
	struct hr_error err = {0};

	commit(add_event, NULL);
	keep(kept_path);
	/* Neither reads nor what was rolled back. */
	must(store_read(store, read_bounds, &newest, &err));
	ck_assert_int_eq(store_write(store, read_bounds, &newest, &err), 0);
	ck_assert_int_eq(store_write(store, add_and_fail, NULL, &err), -1);
	put_back(kept_path);
	ck_assert(!store_moved(store));
}
END_TEST

START_TEST(the_newer_one_of_two_is_not_taken_for_the_confirmed_one)
{
	char newer[PATH_SIZE];

	commit(add_event, NULL);
	keep(kept_path);
	for (int i = 0; i < 50; i++)
		commit(add_event, NULL);
	keep(below(newer, "newer"));
	put_back(kept_path);
	confirm();
	commit(add_event, NULL);
	put_back(newer);
	ck_assert(store_moved(store));
	confirm();
}
END_TEST

START_TEST(a_file_that_is_behind_is_what_a_crash_leaves)
{
	char line[64] = "";
	int fd;

	commit(add_event, NULL);
	fd = open(newest_path, O_RDWR | O_CLOEXEC);
	ck_assert_int_gt(read(fd, line, sizeof(line) - 1), 0);
	commit(add_event, NULL);
	commit(add_event, NULL);
	close_store();
	/* As if the last two had not come to the disk. */
	ck_assert_int_eq(pwrite(fd, line, strlen(line), 0), (ssize_t)strlen(line));
	close(fd);
	reopen(false);
	ck_assert(!store_moved(store));
	/* From then on it tells the truth again. */
	keep(kept_path);
	commit(add_event, NULL);
	put_back(kept_path);
	ck_assert(store_moved(store));
}
END_TEST

START_TEST(a_killed_process_leaves_no_doubt)
{
	pid_t child;
	int status;

	for (int i = 0; i < 20; i++) {
		close_store();
		child = fork();
		if (child == 0) {
			reopen(false);
			for (int n = 0; n < i; n++)
				commit(add_event, NULL);
			_exit(store_moved(store));
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
		reopen(false);
		ck_assert(!store_moved(store));
	}
}
END_TEST

START_TEST(a_database_that_was_in_use_has_its_file)
{
	commit(add_event, NULL);
	close_store();
	ck_assert_int_eq(unlink(newest_path), 0);
	for (int i = 0; i < 2; i++) {
		reopen(false);
		expect_tale("which is then beside it, is missing");
		commit(add_event, NULL);
	}
	confirm();
}
END_TEST

START_TEST(one_that_was_not_in_use_gets_it)
{
	/* A start that ended before its first commit. */
	close_store();
	ck_assert_int_eq(unlink(newest_path), 0);
	reopen(false);
	ck_assert(!store_moved(store));
	ck_assert_int_eq(access(newest_path, F_OK), 0);
	/* One that was made, and lost, before its first commit has lost nothing. */
	close_store();
	ck_assert_int_eq(unlink(database_path), 0);
	reopen(false);
	ck_assert(store_is_new(store));
	ck_assert(!store_moved(store));
	reopen(false);
	ck_assert(!store_moved(store));
}
END_TEST

/* Neither a start nor a check takes it for a first start, and neither makes anything. */
static void expect_lost(off_t size)
{
	struct store_options options = fixture_options(false);
	struct hr_error err = {0};
	struct stat info;

	for (int i = 0; i < 2; i++) {
		options.read_only_check = i > 0;
		must_fail(store_open(&options, &store, &err), HR_CONFLICT,
			  "%s is missing or empty, but %s shows that there was one: a new one "
			  "would know none of its servers; put back a backup of it, or remove %s "
			  "to begin anew",
			  database_path, newest_path, newest_path);
		ck_assert_int_eq(stat(database_path, &info), size < 0 ? -1 : 0);
		ck_assert(size < 0 || info.st_size == size);
	}
}

START_TEST(a_database_that_is_lost_is_not_made_anew)
{
	sqlite3 *db = NULL;
	FILE *file;

	commit(add_event, NULL);
	keep(kept_path);
	close_store();
	ck_assert_int_eq(unlink(database_path), 0);
	expect_lost(-1);
	file = fopen(database_path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fclose(file), 0);
	expect_lost(0);
	/* Pages, but no tables. */
	ck_assert_int_eq(sqlite3_open(database_path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL),
			 SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	expect_lost(4096);
	/* A damaged file may have told of commits. */
	file = fopen(newest_path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fclose(file), 0);
	expect_lost(4096);
	/* Either way out leads on. */
	run_cp("-T", kept_path, database_path);
	reopen(false);
	expect_tale(" does not hold what headroomd writes into it");
	close_store();
	ck_assert_int_eq(unlink(database_path), 0);
	ck_assert_int_eq(unlink(newest_path), 0);
	reopen(false);
	ck_assert(store_is_new(store));
	ck_assert(!store_moved(store));
}
END_TEST

START_TEST(what_root_makes_is_the_daemons)
{
	const uid_t user = 65534;
	struct stat info;

	if (geteuid() != 0)
		return;
	commit(add_event, NULL);
	close_store();
	ck_assert_int_eq(unlink(newest_path), 0);
	ck_assert_int_eq(chown(database_path, user, user), 0);
	reopen(false);
	confirm();
	ck_assert_int_eq(stat(newest_path, &info), 0);
	ck_assert_uint_eq(info.st_uid, user);
	ck_assert_uint_eq(info.st_gid, user);
	ck_assert_uint_eq(info.st_mode & 07777, 0600);
}
END_TEST

static const char *const damages[] = {"", "commits 7\n",
				      "commits -0000000000000000001 born 00000000000000000000\n",
				      "commits 18446744073709551615 born 00000000000000000000\n"};

START_TEST(a_file_that_is_damaged_proves_nothing)
{
	FILE *file;

	commit(add_event, NULL);
	close_store();
	file = fopen(newest_path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(damages[_i], file), 0);
	ck_assert_int_eq(fclose(file), 0);
	reopen(false);
	expect_tale(" does not hold what headroomd writes into it");
	confirm();
}
END_TEST

START_TEST(a_whole_folder_that_was_put_back_is_noticed)
{
	struct newest newest;
	struct hr_error err = {0};
	char away[PATH_SIZE];
	bool knows;

	commit(add_event, NULL);
	close_store();
	must(newest_open(state_folder, true, false, &newest, &err));
	knows = newest.born_ns != 0;
	newest_close(&newest);
	run_cp("-a", state_folder, kept_path);
	reopen(false);
	commit(add_event, NULL);
	close_store();
	ck_assert_int_eq(rename(state_folder, below(away, "away")), 0);
	ck_assert_int_eq(rename(kept_path, state_folder), 0);
	reopen(false);
	/* Where files do not know when they were made, it cannot be. */
	ck_assert_int_eq(store_moved(store), knows);
	if (knows) {
		expect_tale(" is a copy of the file that was made here");
		confirm();
	}
}
END_TEST

START_TEST(a_store_of_an_older_schema_is_not_taken_for_one)
{
	sqlite3 *db = NULL;

	close_store();
	ck_assert_int_eq(sqlite3_open(database_path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db,
				      "ALTER TABLE installation DROP COLUMN commits;"
				      "DROP TABLE reapings;"
				      "UPDATE schema_version SET version = 5",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	ck_assert_int_eq(unlink(newest_path), 0);
	reopen(false);
	ck_assert(!store_moved(store));
	keep(kept_path);
	commit(add_event, NULL);
	put_back(kept_path);
	ck_assert(store_moved(store));
}
END_TEST

START_TEST(a_check_tells_it_and_makes_nothing)
{
	struct store_options options = fixture_options(false);
	struct store *check = NULL;
	struct hr_error err = {0};

	options.read_only_check = true;
	commit(add_event, NULL);
	must(store_open(&options, &check, &err));
	ck_assert(!store_moved(check));
	store_close(check);
	close_store();
	ck_assert_int_eq(unlink(newest_path), 0);
	must(store_open(&options, &check, &err));
	ck_assert(store_moved(check));
	store_close(check);
	ck_assert_int_ne(access(newest_path, F_OK), 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_refused)
{
	struct store_options options = fixture_options(false);
	struct hr_error err = {0};

	close_store();
	ck_assert_int_eq(unlink(newest_path), 0);
	ck_assert_int_eq(symlink("headroom.db", newest_path), 0);
	must_fail(store_open(&options, &store, &err), HR_INTERNAL,
		  "cannot open %s (the daemon's user needs to read and write it and its folder): "
		  "Too many levels of symbolic links",
		  newest_path);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("newest");
	Suite *suite = suite_create("newest");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, store_teardown);
	tcase_add_test(tcase, an_older_database_is_noticed_until_it_is_confirmed);
	tcase_add_test(tcase, an_old_database_on_a_new_machine_is_told_of_as_both);
	tcase_add_loop_test(tcase, a_confirmation_that_is_killed_is_made_or_not, 0, 2);
	tcase_add_test(tcase, a_backup_that_lost_nothing_is_none);
	tcase_add_test(tcase, the_newer_one_of_two_is_not_taken_for_the_confirmed_one);
	tcase_add_test(tcase, a_file_that_is_behind_is_what_a_crash_leaves);
	tcase_add_test(tcase, a_killed_process_leaves_no_doubt);
	tcase_add_test(tcase, a_database_that_was_in_use_has_its_file);
	tcase_add_test(tcase, one_that_was_not_in_use_gets_it);
	tcase_add_test(tcase, a_database_that_is_lost_is_not_made_anew);
	tcase_add_test(tcase, what_root_makes_is_the_daemons);
	tcase_add_test(tcase, a_whole_folder_that_was_put_back_is_noticed);
	tcase_add_test(tcase, a_store_of_an_older_schema_is_not_taken_for_one);
	tcase_add_test(tcase, a_check_tells_it_and_makes_nothing);
	tcase_add_test(tcase, a_file_that_cannot_be_opened_is_refused);
	tcase_add_loop_test(tcase, a_file_that_is_damaged_proves_nothing, 0,
			    sizeof(damages) / sizeof(damages[0]));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
