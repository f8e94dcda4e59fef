/* SPDX-License-Identifier: Apache-2.0 */
/* References to secrets: what they lead to, and every way out of their bounds. */
#include "provider/secret_reference.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/suite.h"
#include "schema/secret_text.h"

static char top[64], secrets[128], credentials[128], key_path[160];
static const char *const env_names[] = {"HR_TEST_SECRET", "HR_TEST_UNSET", "HR_TEST_EMPTY", NULL};
static struct secret_rules rules;

static void write_file(const char *dir, const char *name, const char *bytes, size_t len)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

static void link_file(const char *target, const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", secrets, name);
	ck_assert_int_eq(symlink(target, path), 0);
}

static void make_dir(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", secrets, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void setup(void)
{
	static char large[SECRET_MAX + 1];

	snprintf(top, sizeof(top), "/tmp/secret-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	snprintf(secrets, sizeof(secrets), "%s/secrets", top);
	snprintf(credentials, sizeof(credentials), "%s/credentials", top);
	snprintf(key_path, sizeof(key_path), "%s/secrets/master.key", top);
	ck_assert_int_eq(mkdir(secrets, 0700), 0);
	ck_assert_int_eq(mkdir(credentials, 0700), 0);
	memset(large, 'a', sizeof(large));
	make_dir("folder");
	make_dir("..data");
	write_file(secrets, "plain", "hunter22", 8);
	write_file(secrets, "line", "hunter22\n", 9);
	write_file(secrets, "lines", "one\ntwo\n\n", 9);
	write_file(secrets, "crlf", "hunter22\r\n", 10);
	write_file(secrets, "folder/deep", "deep one", 8);
	write_file(secrets, "..data/token", "projected", 9);
	write_file(secrets, "empty", "\n", 1);
	write_file(secrets, "nul", "hunter22\0more", 13);
	write_file(secrets, "most", large, SECRET_MAX);
	write_file(secrets, "large", large, SECRET_MAX + 1);
	write_file(secrets, "master.key", "the master key", 14);
	write_file(top, "outside", "hunter22", 8);
	write_file(credentials, "hr-aws", "from systemd\n", 13);
	write_file(credentials, "other", "hunter22", 8);
	link_file("..data/token", "token");
	link_file("../outside", "out");
	link_file("/etc/hostname", "absolute");
	link_file("..", "up");
	link_file("master.key", "key-by-link");
	rules = (struct secret_rules){secrets, env_names, credentials, key_path};
	setenv("HR_TEST_SECRET", "from the environment", 1);
	setenv("HR_TEST_EMPTY", "", 1);
	setenv("HR_TEST_UNLISTED", "hunter22", 1);
	unsetenv("HR_TEST_UNSET");
}

static void teardown(void)
{
	static const char *const names[] = {
		"secrets/plain",
		"secrets/line",
		"secrets/lines",
		"secrets/crlf",
		"secrets/folder/deep",
		"secrets/..data/token",
		"secrets/empty",
		"secrets/nul",
		"secrets/most",
		"secrets/large",
		"secrets/master.key",
		"secrets/token",
		"secrets/out",
		"secrets/absolute",
		"secrets/up",
		"secrets/key-by-link",
		"secrets/key-by-hard-link",
		"secrets/fifo",
		"secrets/folder",
		"secrets/..data",
		"secrets",
		"outside",
		"credentials/hr-aws",
		"credentials/other",
		"credentials",
	};
	char path[300];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", top, names[i]);
		remove(path);
	}
	ck_assert_int_eq(rmdir(top), 0);
}

static const struct {
	const char *value;
	const char *secret;
} good[] = {
	{"", ""},
	{"hunter22", "hunter22"},
	{"File:plain", "File:plain"},
	{"profile:x", "profile:x"},
	{"file:plain", "hunter22"},
	{"file:line", "hunter22"},
	{"file:lines", "one\ntwo\n"},
	{"file:crlf", "hunter22"},
	{"file:./plain", "hunter22"},
	{"file:folder/deep", "deep one"},
	{"file:folder/../plain", "hunter22"},
	{"file:token", "projected"},
	{"env:HR_TEST_SECRET", "from the environment"},
	{"credential:hr-aws", "from systemd"},
};

START_TEST(references_are_resolved)
{
	struct hr_error err = {0};
	char *secret = NULL;

	ck_assert_msg(secret_resolve(&rules, good[_i].value, &secret, &err) == 0, "%s",
		      err.message);
	ck_assert_str_eq(secret, good[_i].secret);
	secret_free(secret);
}
END_TEST

static const char *const bad[] = {
	"file:",
	"file:missing",
	"file:folder",
	"file:.",
	"file:..",
	"file:../outside",
	"file:folder/../../outside",
	"file:out",
	"file:absolute",
	"file:up/outside",
	"file:/etc/hostname",
	"file:/proc/self/environ",
	"file:empty",
	"file:nul",
	"file:large",
	"file:fifo",
	"file:master.key",
	"file:./master.key",
	"file:key-by-link",
	"file:key-by-hard-link",
	"env:",
	"env:HR_TEST_UNLISTED",
	"env:HR_TEST_UNSET",
	"env:HR_TEST_EMPTY",
	"env:PATH",
	"env:HR_TEST",
	"credential:",
	"credential:other",
	"credential:hr-missing",
	"credential:../credentials/other",
	"credential:hr-../other",
	"credential:hr-x/../other",
};

/* Refused with the reference's own text, and nothing of what it would have led to. */
START_TEST(ways_out_are_refused)
{
	struct hr_error err = {0};
	char path[300], *secret = NULL;

	snprintf(path, sizeof(path), "%s/key-by-hard-link", secrets);
	ck_assert_int_eq(link(key_path, path), 0);
	snprintf(path, sizeof(path), "%s/fifo", secrets);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(secret_resolve(&rules, bad[_i], &secret, &err), -1);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_ptr_null(secret);
	ck_assert_msg(strncmp(err.message, bad[_i], strlen(bad[_i])) == 0, "%s", err.message);
	ck_assert_ptr_null(strstr(err.message, "hunter22"));
	ck_assert_ptr_null(strstr(err.message, "the master key"));
}
END_TEST

START_TEST(largest_is_taken)
{
	struct hr_error err = {0};
	char *secret = NULL;

	ck_assert_int_eq(secret_resolve(&rules, "file:most", &secret, &err), 0);
	ck_assert_uint_eq(strlen(secret), SECRET_MAX);
	secret_free(secret);
}
END_TEST

START_TEST(each_time_anew)
{
	struct hr_error err = {0};
	char *secret = NULL;

	write_file(secrets, "plain", "rotated", 7);
	ck_assert_int_eq(secret_resolve(&rules, "file:plain", &secret, &err), 0);
	ck_assert_str_eq(secret, "rotated");
	secret_free(secret);
}
END_TEST

START_TEST(without_rules_nothing_is_resolved)
{
	static const char *const values[] = {"file:plain", "env:HR_TEST_SECRET",
					     "credential:hr-aws"};
	const struct secret_rules none = {0};
	struct hr_error err = {0};
	char *secret = NULL;

	for (size_t i = 0; i < 3; i++) {
		ck_assert(secret_text_is_reference(values[i]));
		ck_assert_int_eq(secret_resolve(&none, values[i], &secret, &err), -1);
		ck_assert_int_eq(err.class, HR_INVALID);
	}
	ck_assert(!secret_text_is_reference("plain"));
	ck_assert_int_eq(secret_resolve(&none, "plain", &secret, &err), 0);
	ck_assert_str_eq(secret, "plain");
	secret_free(secret);
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
	Suite *s = suite_create("secret_reference");
	TCase *t = tcase_create("secret_reference");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, references_are_resolved, 0, COUNT(good));
	tcase_add_loop_test(t, ways_out_are_refused, 0, COUNT(bad));
	tcase_add_test(t, largest_is_taken);
	tcase_add_test(t, each_time_anew);
	tcase_add_test(t, without_rules_nothing_is_resolved);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
