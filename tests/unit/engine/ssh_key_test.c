/* SPDX-License-Identifier: Apache-2.0 */
/* Key pairs, judged by OpenSSH's own ssh-keygen, and which public keys are accepted. */
#include "engine/ssh_key.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

#define ED25519 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPdkzlAHsFVFNsXKcYEeMIw8QbQDjcvZDT7MRlZfs9fM"

/* Runs the program; gives its exit status, and the first line that it printed where buf is given. */
static int run(const char *const argv[], char *buf, size_t size)
{
	FILE *out = NULL;
	int fds[2], status;
	pid_t child;

	ck_assert_int_eq(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		dup2(fds[1], STDOUT_FILENO);
		execvp(argv[0], (char **)(uintptr_t)argv);
		_exit(127);
	}
	close(fds[1]);
	out = fdopen(fds[0], "r");
	ck_assert_ptr_nonnull(out);
	if (buf) {
		ck_assert_ptr_nonnull(fgets(buf, (int)size, out));
		buf[strcspn(buf, "\n")] = '\0';
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	fclose(out);
	return status;
}

/* A folder of the test's own below the system's for temporary files. */
static void make_folder(char *buf, size_t size)
{
	const char *parent = getenv("TMPDIR");

	text_format(buf, size, "%s/ssh-key-test-XXXXXX", parent ? parent : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(buf));
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

/* ssh-keygen gets the public half out of the private one: its own parser takes our container. */
START_TEST(ssh_keygen_reads_the_pair)
{
	char folder[256], path[300], line[1024];
	const char *const derive[] = {"ssh-keygen", "-y", "-P", "", "-f", path, NULL};
	const char *const print[] = {"ssh-keygen", "-l", "-f", path, NULL};
	char *private_key = NULL, *public_key = NULL;
	struct hr_error err = {0};
	uint8_t seed[32];

	for (int i = 0; i < 32; i++)
		seed[i] = (uint8_t)(i * 7 + _i);
	ck_assert_int_eq(
		ssh_key_make(seed, _i == 0 ? "demo-1" : "", &private_key, &public_key, &err), 0);
	ck_assert_int_eq(ssh_key_public_valid(public_key), 1);
	make_folder(folder, sizeof(folder));
	text_format(path, sizeof(path), "%s/key", folder);
	write_file(path, private_key);
	ck_assert_int_eq(run(derive, line, sizeof(line)), 0);
	ck_assert_str_eq(line, public_key);
	ck_assert_int_eq(run(print, line, sizeof(line)), 0);
	ck_assert_msg(strncmp(line, "256 SHA256:", 11) == 0, "%s", line);
	ck_assert_ptr_nonnull(strstr(line, "(ED25519)"));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(folder), 0);
	free(private_key);
	free(public_key);
}
END_TEST

START_TEST(same_seed_same_pair)
{
	char *private_a = NULL, *public_a = NULL, *private_b = NULL, *public_b = NULL;
	uint8_t seed[32] = {1}, other[32] = {2};

	ck_assert_int_eq(ssh_key_make(seed, "x", &private_a, &public_a, NULL), 0);
	ck_assert_int_eq(ssh_key_make(seed, "x", &private_b, &public_b, NULL), 0);
	ck_assert_str_eq(private_a, private_b);
	ck_assert_str_eq(public_a, public_b);
	free(private_b);
	free(public_b);
	ck_assert_int_eq(ssh_key_make(other, "x", &private_b, &public_b, NULL), 0);
	ck_assert_str_ne(public_a, public_b);
	ck_assert_str_ne(private_a, private_b);
	free(private_a);
	free(public_a);
	free(private_b);
	free(public_b);
}
END_TEST

/* RFC 8032, test 1: this seed has this public key. */
START_TEST(known_answer)
{
	static const uint8_t seed[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60,
					 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
					 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19,
					 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
	char *private_key = NULL, *public_key = NULL;

	ck_assert_int_eq(ssh_key_make(seed, "", &private_key, &public_key, NULL), 0);
	ck_assert_str_eq(public_key,
			 "ssh-ed25519 "
			 "AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea");
	free(private_key);
	free(public_key);
}
END_TEST

/* Whether we take the public key of this type and size that ssh-keygen makes. */
static int keygen_accepted(const char *type, const char *bits)
{
	char folder[256], path[300], public_path[310], line[2048];
	const char *const make[] = {"ssh-keygen", "-q", "-N", "",   "-C", "root@a host", "-t",
				    type,         "-b", bits, "-f", path, NULL};
	FILE *file;

	make_folder(folder, sizeof(folder));
	text_format(path, sizeof(path), "%s/key", folder);
	text_format(public_path, sizeof(public_path), "%s.pub", path);
	ck_assert_int_eq(run(make, NULL, 0), 0);
	file = fopen(public_path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(unlink(public_path), 0);
	ck_assert_int_eq(rmdir(folder), 0);
	return ssh_key_public_valid(line);
}

START_TEST(keys_that_ssh_keygen_makes_are_accepted)
{
	ck_assert_int_eq(keygen_accepted("ed25519", "256"), 1);
	ck_assert_int_eq(keygen_accepted("ecdsa", "256"), 1);
	ck_assert_int_eq(keygen_accepted("ecdsa", "384"), 1);
	ck_assert_int_eq(keygen_accepted("ecdsa", "521"), 1);
	ck_assert_int_eq(keygen_accepted("rsa", "2048"), 1);
	/* Too short for us, though OpenSSH can make it. */
	ck_assert_int_eq(keygen_accepted("rsa", "1024"), 0);
}
END_TEST

START_TEST(other_texts_are_refused)
{
	char long_text[1200] = ED25519 " ";
	static const char *const texts[] = {
		"",
		"ssh-ed25519",
		"ssh-ed25519 ",
		"ssh-dss AAAAB3NzaC1kc3MAAAA=",
		ED25519 "\n",
		ED25519 "\nssh-rsa x",
		"command=\"x\" " ED25519,
		" " ED25519,
		"ssh-ed25519  AAAAC3NzaC1lZDI1NTE5AAAAIPdkzlAHsFVFNsXKcYEeMIw8QbQDjcvZDT7MRlZfs9fM",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPdkzlAHsFVFNsXKcYEeMIw8QbQDjcvZDT7MRlZfs9f",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPdkzlAHsFVFNsXKcYEeMIw8QbQDjcvZDT7MRlZfs9fMAAAA",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPdk=lAHsFVFNsXKcYEeMIw8QbQDjcvZDT7MRlZfs9fM",
		"ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIPdkzlAHsFVFNsXKcYEeMIw8QbQDjcvZDT7MRlZfs9fM",
		"ssh-ed25519 ====",
		"ssh-ed25519 AAAA",
		ED25519 " \x1b[2J",
		ED25519 " \xff",
	};

	ck_assert_int_eq(ssh_key_public_valid(NULL), 0);
	ck_assert_int_eq(ssh_key_public_valid(ED25519), 1);
	ck_assert_int_eq(ssh_key_public_valid(ED25519 " root@host"), 1);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(ssh_key_public_valid(texts[i]) == 0, "%zu: %s", i, texts[i]);
	memset(long_text + strlen(long_text), 'x', sizeof(long_text) - strlen(long_text) - 1);
	ck_assert_int_eq(ssh_key_public_valid(long_text), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ssh_key");
	TCase *tests = tcase_create("ssh_key");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tests, ssh_keygen_reads_the_pair, 0, 4);
	tcase_add_test(tests, same_seed_same_pair);
	tcase_add_test(tests, known_answer);
	tcase_add_test(tests, keys_that_ssh_keygen_makes_are_accepted);
	tcase_add_test(tests, other_texts_are_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
