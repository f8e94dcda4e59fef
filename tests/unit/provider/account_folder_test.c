/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of accounts: mode, owner, and a uid for each as long as there are some. */
#include "provider/account_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "../../modules/module_folder.h"

static struct module_folder top;
static struct account_folders folders;

static void setup(void)
{
	umask(077); /* must not matter */
	module_folder_make(&top);
	folders = (struct account_folders){top.path, 61184, 61186};
}

static void teardown(void)
{
	module_folder_remove(&top);
}

static uid_t make(const char *id)
{
	char expected[400], *path = NULL;
	struct hr_error err = {0};
	struct stat st;

	ck_assert_msg(account_folder_make(&folders, id, &path, &err) == 0, "%s", err.message);
	snprintf(expected, sizeof(expected), "%s/accounts/%s", top.path, id);
	ck_assert_str_eq(path, expected);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_uint_eq(st.st_gid, geteuid() == 0 ? (gid_t)st.st_uid : getegid());
	free(path);
	return st.st_uid;
}

START_TEST(one_uid_each)
{
	char message[400], *path = NULL;
	struct hr_error err = {0};
	uid_t a = make("a"), b = make("b"), c = make("c");
	struct stat st;

	ck_assert_uint_eq(make("a"), a);
	if (geteuid() != 0) {
		ck_assert_uint_eq(a, geteuid());
		return;
	}
	ck_assert(a >= 61184 && a <= 61186 && b >= 61184 && b <= 61186);
	ck_assert(a != b && b != c && a != c);
	snprintf(message, sizeof(message), "%s/accounts", top.path);
	ck_assert_int_eq(stat(message, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0711);
	ck_assert_int_ne(account_folder_make(&folders, "d", &path, &err), 0);
	ck_assert_int_eq(err.class, HR_QUOTA);
	ck_assert_str_eq(err.message,
			 "all 3 uids of host_uids (61184 to 61186) belong to accounts; "
			 "delete a provider config, or widen host_uids");
	account_folder_remove(&folders, "b");
	ck_assert_uint_eq(make("d"), b);
	ck_assert_uint_eq(make("a"), a);
}
END_TEST

START_TEST(not_removed_while_used)
{
	char path[400], started[400];

	make("a");
	snprintf(path, sizeof(path), "%s/accounts/a/server", top.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	/* What the spawner writes of it goes with it. */
	module_folder_write(&top, "accounts/.a.started", "1 2\n", started, sizeof(started));
	account_folder_remove(&folders, "a");
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_int_eq(access(started, F_OK), 0);
	ck_assert_int_eq(rmdir(path), 0);
	account_folder_remove(&folders, "a");
	snprintf(path, sizeof(path), "%s/accounts/a", top.path);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_int_ne(access(started, F_OK), 0);
}
END_TEST

START_TEST(mistakes)
{
	char *path = NULL, from[400];
	struct hr_error err = {0};

	ck_assert_int_ne(account_folder_make(&folders, "../x", &path, &err), 0);
	ck_assert_str_eq(err.message, "\"../x\" is no id of an account");
	folders.uid_first = 0;
	if (geteuid() == 0) {
		ck_assert_int_ne(account_folder_make(&folders, "z", &path, &err), 0);
		ck_assert_str_eq(err.message,
				 "0 to 61186 is no range of uids for accounts; correct "
				 "host_uids");
	}
	folders.uid_first = 61184;
	snprintf(from, sizeof(from), "%s/accounts/link", top.path);
	make("a");
	ck_assert_int_eq(symlink("/tmp", from), 0);
	ck_assert_int_ne(account_folder_make(&folders, "link", &path, &err), 0);
	folders.state_dir = "/nonexistent/state";
	ck_assert_int_ne(account_folder_make(&folders, "a", &path, &err), 0);
	ck_assert_str_eq(err.message, "cannot open the state folder /nonexistent/state: No such "
				      "file or directory");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("account_folder");
	TCase *tests = tcase_create("account_folder");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, one_uid_each);
	tcase_add_test(tests, not_removed_while_used);
	tcase_add_test(tests, mistakes);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
