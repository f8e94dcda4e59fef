/* SPDX-License-Identifier: Apache-2.0 */
/* Key pairs, judged by OpenSSH's own ssh-keygen, and which public keys are accepted. */
#include "engine/ssh_key.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define ED25519 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPdkzlAHsFVFNsXKcYEeMIw8QbQDjcvZDT7MRlZfs9fM"

/* First line that the command prints. */
static void run(const char *command, char *buf, size_t size)
{
	FILE *pipe = popen(command, "re");

	ck_assert_ptr_nonnull(pipe);
	ck_assert_ptr_nonnull(fgets(buf, (int)size, pipe));
	ck_assert_int_eq(pclose(pipe), 0);
	buf[strcspn(buf, "\n")] = '\0';
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
	char folder[256], path[300], command[400], line[1024];
	char *private_key = NULL, *public_key = NULL;
	struct hr_error err = {0};
	uint8_t seed[32];

	for (int i = 0; i < 32; i++)
		seed[i] = (uint8_t)(i * 7 + _i);
	ck_assert_msg(ssh_key_make(seed, _i == 0 ? "demo-1" : "", &private_key, &public_key, &err) == 0,
		      "%s", err.message);
	ck_assert_int_eq(ssh_key_public_valid(public_key), 1);
	make_folder(folder, sizeof(folder));
	text_format(path, sizeof(path), "%s/key", folder);
	write_file(path, private_key);
	text_format(command, sizeof(command), "ssh-keygen -y -P '' -f %s", path);
	run(command, line, sizeof(line));
	ck_assert_str_eq(line, public_key);
	text_format(command, sizeof(command), "ssh-keygen -l -f %s", path);
	run(command, line, sizeof(line));
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
	static const uint8_t seed[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
					 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
					 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
	char *private_key = NULL, *public_key = NULL;

	ck_assert_int_eq(ssh_key_make(seed, "", &private_key, &public_key, NULL), 0);
	ck_assert_str_eq(public_key, "ssh-ed25519 "
				     "AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea");
	free(private_key);
	free(public_key);
}
END_TEST

static void expect_valid(const char *command)
{
	char line[2048];

	run(command, line, sizeof(line));
	ck_assert_msg(ssh_key_public_valid(line) == 1, "%s", line);
}

START_TEST(keys_that_ssh_keygen_makes_are_accepted)
{
	char folder[256], line[2048];
	static const char *const kinds[] = {"ed25519", "ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521",
					    "rsa -b 2048"};
	char command[1400];

	make_folder(folder, sizeof(folder));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		text_format(command, sizeof(command),
			    "ssh-keygen -q -N '' -C 'root@a host' -t %s -f %s/k && cat %s/k.pub && rm %s/k "
			    "%s/k.pub",
			    kinds[i], folder, folder, folder, folder);
		expect_valid(command);
	}
	/* Too short for us, though OpenSSH can make it. */
	text_format(command, sizeof(command),
		    "ssh-keygen -q -N '' -t rsa -b 1024 -f %s/k && cat %s/k.pub && rm %s/k %s/k.pub", folder,
		    folder, folder, folder);
	run(command, line, sizeof(line));
	ck_assert_int_eq(ssh_key_public_valid(line), 0);
	ck_assert_int_eq(rmdir(folder), 0);
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
