/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "schema/ini.h"

#include "../base/suite.h"

static char folder[256];
static char path[300];
static char seen[4096];

static void make_folder(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/ini-test-XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/x.conf", folder);
	seen[0] = '\0';
}

static void remove_folder(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
}

static int note(void *context, const struct ini_entry *entry, struct hr_error *err)
{
	size_t used = strlen(seen);

	(void)context;
	if (strcmp(entry->key, "bad") == 0)
		return error_set_field(err, HR_INVALID, "bad", "good", "not wanted");
	text_format(seen + used, sizeof(seen) - used, "%d:%s.%s=%s|", entry->line, entry->section,
		    entry->key, entry->value);
	return 0;
}

static int read_file(const void *text, size_t len, struct hr_error *err)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	fclose(file);
	return ini_read(path, note, NULL, err);
}

static void gives(const char *text, const char *expected)
{
	struct hr_error err;

	make_folder();
	ck_assert_msg(read_file(text, strlen(text), &err) == 0, "%s", err.message);
	ck_assert_str_eq(seen, expected);
	remove_folder();
}

static void refuses(const char *text, size_t len, const char *after_path)
{
	struct hr_error err;

	make_folder();
	ck_assert_int_eq(read_file(text, len, &err), -1);
	ck_assert_int_eq(strncmp(err.message, path, strlen(path)), 0);
	ck_assert_str_eq(err.message + strlen(path), after_path);
	ck_assert_int_eq(err.class, HR_INVALID);
	remove_folder();
}

#define REFUSES(text, after_path) refuses(text, sizeof(text) - 1, after_path)

START_TEST(reads_sections_and_keys)
{
	gives("", "");
	gives("# comment\n; another\n\n[server]\nlisten = 127.0.0.1:1\n  socket=/a b \t\r\n"
	      "[ log ]\nlevel =\nformat = a=b # c",
	      "5:server.listen=127.0.0.1:1|6:server.socket=/a b|8:log.level=|9:log.format=a=b # c|");
	gives("\xef\xbb\xbf[a]\nb=\"c\"\n", "2:a.b=\"c\"|");
}
END_TEST

START_TEST(form_errors_have_their_line)
{
	REFUSES("[a]\nx\n", ":2: \"x\" is neither a section in brackets, \"key = value\" nor a "
			    "comment after \"#\"");
	REFUSES("\nx = 1\n", ":2: key \"x\" stands before the first section; put a line such as "
			     "[server] above it");
	REFUSES("[a\n",
		":1: a section starts with \"[\" and must end with \"]\", such as [server]");
	REFUSES("[]\n", ":1: \"\" is no name of a section; it has small letters, digits, \"_\" and "
			"\"-\", such as [server]");
	REFUSES("[a]\nBig Key = 1\n", ":2: \"Big Key\" is no name of a key; it has small letters, "
				      "digits, \"_\" and \"-\"");
	REFUSES("[a]\n= 1\n",
		":2: \"\" is no name of a key; it has small letters, digits, \"_\" and "
		"\"-\"");
	REFUSES("[a]\nb = \xff\n", ":2: the line is not valid UTF-8 text");
	REFUSES("[a]\nb = \0c\n", ":2: the line is not valid UTF-8 text");
}
END_TEST

START_TEST(the_callers_errors_get_the_line_too)
{
	struct hr_error err;

	REFUSES("[a]\nb = 1\nbad = 2\n", ":3: not wanted");
	make_folder();
	ck_assert_int_eq(read_file("[a]\nbad = 2\n", 12, &err), -1);
	ck_assert_str_eq(err.field, "bad");
	ck_assert_str_eq(err.example, "good");
	remove_folder();
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
	struct hr_error err;
	char message[600];

	make_folder();
	ck_assert_int_eq(ini_read(path, note, NULL, &err), -1);
	snprintf(message, sizeof(message), "%s: there is no such file", path);
	ck_assert_str_eq(err.message, message);
	ck_assert_int_eq(err.class, HR_NOT_FOUND);

	ck_assert_int_eq(ini_read(folder, note, NULL, &err), -1);
	snprintf(message, sizeof(message), "%s: is not a regular file", folder);
	ck_assert_str_eq(err.message, message);

	/* A name too long for the system: an error other than "not there", as root too. */
	memset(seen, 'x', 300);
	seen[300] = '\0';
	ck_assert_int_eq(ini_read(seen, note, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(
		err.message, ": cannot be read: File name too long; check its owner and mode"));
	remove_folder();
}
END_TEST

START_TEST(large_files_are_refused)
{
	char *text = malloc(INI_SIZE_MAX + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', INI_SIZE_MAX + 1);
	refuses(text, INI_SIZE_MAX + 1, ": is larger than 1048576 bytes");
	free(text);
}
END_TEST

SUITE_MAIN("ini", reads_sections_and_keys, form_errors_have_their_line,
	   the_callers_errors_get_the_line_too, files_that_cannot_be_read, large_files_are_refused)
