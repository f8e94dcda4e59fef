/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "suite.h"

static int saved_stderr;
static FILE *file;
static char captured[65536];

static void start_capture(void)
{
	fflush(stderr);
	file = tmpfile();
	ck_assert_ptr_nonnull(file);
	saved_stderr = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
}

/* What was written since, as text. */
static const char *end_capture(void)
{
	ssize_t n;

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	n = pread(fileno(file), captured, sizeof(captured) - 1, 0);
	fclose(file);
	ck_assert_int_ge(n, 0);
	captured[n] = '\0';
	return captured;
}

/* A text line without its time, which is checked here. */
static const char *after_time(const char *line)
{
	char time[25];
	int64_t ms;

	text_format(time, sizeof(time), "%.24s", line);
	ck_assert_int_eq(time_parse(time, &ms), 0);
	ck_assert_int_eq(line[24], ' ');
	return line + 25;
}

START_TEST(text_lines)
{
	struct log_subject subject = {.pool = "demo", .server = "s1"};

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	start_capture();
	log_line(LOG_LEVEL_INFO, &subject, "server is %s", "ready");
	ck_assert_str_eq(after_time(end_capture()), "info pool=demo server=s1 server is ready\n");
	start_capture();
	log_line(LOG_LEVEL_WARNING, NULL, "late");
	ck_assert_str_eq(after_time(end_capture()), "warning late\n");
}
END_TEST

START_TEST(text_escapes_what_could_fool_a_reader)
{
	struct log_subject subject = {.session = "a\nb"};

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	start_capture();
	log_line(LOG_LEVEL_ERROR, &subject, "one\ntwo\t\x1b[31m\xff\xc2\x9b\xc3\xa4");
	ck_assert_str_eq(after_time(end_capture()),
			 "error session=a\\nb one\\ntwo\\t\\x1b[31m?\\x9b\xc3\xa4\n");
}
END_TEST

START_TEST(json_lines)
{
	struct log_subject subject = {.pool = "p",
				      .server = "s",
				      .session = "n",
				      .operation = "o",
				      .call = "7",
				      .account = "a",
				      .request = "r"};
	json_t *json;
	int64_t ms;

	log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_JSON);
	start_capture();
	log_line(LOG_LEVEL_DEBUG, &subject, "say \"%s\"", "x\xffy");
	json = json_loads(end_capture(), JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(json);
	ck_assert_uint_eq(json_object_size(json), 10);
	ck_assert_str_eq(json_string_value(json_object_get(json, "level")), "debug");
	ck_assert_str_eq(json_string_value(json_object_get(json, "message")), "say \"x?y\"");
	ck_assert_str_eq(json_string_value(json_object_get(json, "pool")), "p");
	ck_assert_str_eq(json_string_value(json_object_get(json, "server")), "s");
	ck_assert_str_eq(json_string_value(json_object_get(json, "session")), "n");
	ck_assert_str_eq(json_string_value(json_object_get(json, "operation")), "o");
	ck_assert_str_eq(json_string_value(json_object_get(json, "call")), "7");
	ck_assert_str_eq(json_string_value(json_object_get(json, "account")), "a");
	ck_assert_str_eq(json_string_value(json_object_get(json, "request")), "r");
	ck_assert_int_eq(time_parse(json_string_value(json_object_get(json, "time")), &ms), 0);
	json_decref(json);
}
END_TEST

START_TEST(auto_is_json_where_no_terminal_is)
{
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	start_capture();
	log_line(LOG_LEVEL_INFO, NULL, "hello");
	ck_assert_int_eq(end_capture()[0], '{');
}
END_TEST

START_TEST(levels)
{
	log_setup(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
	ck_assert(log_enabled(LOG_LEVEL_ERROR));
	ck_assert(log_enabled(LOG_LEVEL_WARNING));
	ck_assert(!log_enabled(LOG_LEVEL_INFO));
	start_capture();
	log_line(LOG_LEVEL_INFO, NULL, "not seen");
	ck_assert_str_eq(end_capture(), "");
	ck_assert_int_eq(log_level_number("error"), LOG_LEVEL_ERROR);
	ck_assert_int_eq(log_level_number("warning"), LOG_LEVEL_WARNING);
	ck_assert_int_eq(log_level_number("info"), LOG_LEVEL_INFO);
	ck_assert_int_eq(log_level_number("debug"), LOG_LEVEL_DEBUG);
	ck_assert_int_eq(log_level_number("loud"), -1);
	ck_assert_int_eq(log_level_number(NULL), -1);
}
END_TEST

START_TEST(long_lines_stay_one_line)
{
	char text[9000];
	const char *out;

	memset(text, '\n', sizeof(text) - 1); /* each takes two characters */
	text[sizeof(text) - 1] = '\0';
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	start_capture();
	errno = ENOENT;
	log_line(LOG_LEVEL_INFO, NULL, "%s", text);
	ck_assert_int_eq(errno, ENOENT);
	out = end_capture();
	ck_assert_uint_gt(strlen(out), 4000);
	ck_assert_uint_lt(strlen(out), 8192);
	ck_assert_ptr_eq(strchr(out, '\n'), out + strlen(out) - 1);
}
END_TEST

SUITE_MAIN("log", text_lines, text_escapes_what_could_fool_a_reader, json_lines,
	   auto_is_json_where_no_terminal_is, levels, long_lines_stay_one_line)
