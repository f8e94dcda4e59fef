/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "../base/suite.h"

#define WORDS_MAX 16

static struct invocation invocation;
static struct hr_error err;
static char words[512];
static char *word_list[WORDS_MAX];

/* Splits at spaces; "_" stands for an empty argument. */
static int words_split(const char *line)
{
	int n = 0;
	char *rest = words;

	snprintf(words, sizeof(words), "%s", line);
	while (rest != NULL && *rest != '\0' && n < WORDS_MAX) {
		char *word = strsep(&rest, " ");

		word_list[n++] = strcmp(word, "_") == 0 ? word + 1 : word;
	}
	return n;
}

static const struct command *command_of(const char *noun, const char *verb)
{
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		if (strcmp(c->noun, noun) == 0 &&
		    (verb == NULL ? c->verb == NULL
				  : c->verb != NULL && strcmp(c->verb, verb) == 0))
			return c;
	}
	ck_abort_msg("no command %s %s", noun, verb);
	return NULL;
}

static int parse(const char *noun, const char *verb, const char *line)
{
	memset(&invocation, 0, sizeof(invocation));
	memset(&err, 0, sizeof(err));
	return command_parse(command_of(noun, verb), words_split(line), word_list, &invocation,
			     &err);
}

static void refuses(const char *noun, const char *verb, const char *line, const char *message)
{
	ck_assert_int_eq(parse(noun, verb, line), -1);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_str_eq(err.message, message);
}

START_TEST(every_row_parses_its_own_usage)
{
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		char line[256];
		size_t n = 0;

		for (const char *at = c->usage; *at != '\0'; at++) {
			if (*at != '[' && *at != ']')
				line[n++] = *at;
		}
		line[n] = '\0';
		memset(&invocation, 0, sizeof(invocation));
		memset(&err, 0, sizeof(err));
		ck_assert_msg(command_parse(c, words_split(line), word_list, &invocation, &err) ==
				      0,
			      "%s %s: %s", c->noun, c->verb != NULL ? c->verb : "", err.message);
		ck_assert_ptr_nonnull(c->run);
		ck_assert(c->summary[0] != '\0');
	}
}
END_TEST

START_TEST(every_row_needs_what_is_not_in_brackets)
{
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		bool needs = c->usage[0] != '\0' && c->usage[0] != '[';

		memset(&invocation, 0, sizeof(invocation));
		memset(&err, 0, sizeof(err));
		ck_assert_int_eq(command_parse(c, 0, NULL, &invocation, &err), needs ? -1 : 0);
		if (needs)
			ck_assert_msg(strncmp(err.message, "missing ", 8) == 0, "%s", err.message);
	}
}
END_TEST

START_TEST(options_stand_anywhere)
{
	ck_assert_int_eq(parse("token", "create", "--role viewer ci"), 0);
	ck_assert_str_eq(invocation_positional(&invocation, 0), "ci");
	ck_assert_str_eq(invocation_option(&invocation, "--role"), "viewer");
	ck_assert_ptr_null(invocation_option(&invocation, "--expires"));
	ck_assert_int_eq(parse("token", "create", "ci --role=viewer --expires=30d"), 0);
	ck_assert_str_eq(invocation_option(&invocation, "--expires"), "30d");
	ck_assert_str_eq(invocation_option(&invocation, "--role"), "viewer");
	ck_assert_int_eq(parse("session", "request", "--wait --user a=b --pool p"), 0);
	ck_assert_str_eq(invocation_option(&invocation, "--user"), "a=b");
	ck_assert_str_eq(invocation_option(&invocation, "--wait"), "");
	ck_assert_ptr_null(invocation_positional(&invocation, 0));
}
END_TEST

START_TEST(a_value_may_look_like_anything)
{
	ck_assert_int_eq(parse("apply", NULL, "-f -"), 0);
	ck_assert_str_eq(invocation_option(&invocation, "-f"), "-");
	ck_assert_int_eq(parse("session", "request", "--pool=--wait --user -x"), 0);
	ck_assert_str_eq(invocation_option(&invocation, "--pool"), "--wait");
	ck_assert_str_eq(invocation_option(&invocation, "--user"), "-x");
	ck_assert_ptr_null(invocation_option(&invocation, "--wait"));
}
END_TEST

START_TEST(mistakes_name_themselves_and_the_usage)
{
	refuses("pool", "list", "--wide", "unknown option --wide; usage: headroom pool list");
	refuses("pool", "show", "--pol=x a",
		"unknown option --pol=x; usage: headroom pool show POOL");
	refuses("pool", "show", "", "missing POOL; usage: headroom pool show POOL");
	refuses("pool", "show", "a b", "superfluous argument b; usage: headroom pool show POOL");
	refuses("pool", "show", "_", "empty value for an argument; usage: headroom pool show POOL");
	refuses("apply", NULL, "", "missing -f; usage: headroom apply -f PATH [--dry-run]");
	refuses("apply", NULL, "--dry-run -f",
		"a value is missing after -f; usage: headroom apply -f PATH [--dry-run]");
	refuses("apply", NULL, "-f a --dry-run=yes",
		"no value belongs to --dry-run=yes; usage: headroom apply -f PATH [--dry-run]");
	refuses("apply", NULL, "-f= --dry-run",
		"empty value for -f; usage: headroom apply -f PATH [--dry-run]");
	refuses("apply", NULL, "-f a -f b",
		"given twice: -f; usage: headroom apply -f PATH [--dry-run]");
	refuses("token", "create", "ci",
		"missing --role; usage: headroom token create NAME --role ROLE [--expires TIME]");
	refuses("token", "create", "--role viewer",
		"missing NAME; usage: headroom token create NAME --role ROLE [--expires TIME]");
	refuses("pool", "list", "a b c d e f g h i",
		"too many arguments; usage: headroom pool list");
}
END_TEST

START_TEST(every_example_is_well_formed)
{
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		memset(&invocation, 0, sizeof(invocation));
		memset(&err, 0, sizeof(err));
		ck_assert_msg(command_parse(c, words_split(c->example), word_list, &invocation,
					    &err) == 0,
			      "%s", err.message);
	}
}
END_TEST

static bool asks(const char *noun, const char *verb, const char *line)
{
	return command_asks_help(command_of(noun, verb), words_split(line), word_list);
}

START_TEST(help_is_asked_for_behind_any_command)
{
	ck_assert(asks("pool", "list", "--help"));
	ck_assert(asks("pool", "show", "demo -h"));
	ck_assert(asks("session", "request", "--wait --help"));
	ck_assert(asks("session", "request", "--pool=demo -h"));
	ck_assert(!asks("session", "request", "--user -h --pool --help"));
	ck_assert(!asks("pool", "list", ""));
}
END_TEST

SUITE_MAIN("command", every_example_is_well_formed, help_is_asked_for_behind_any_command,
	   every_row_parses_its_own_usage, every_row_needs_what_is_not_in_brackets,
	   options_stand_anywhere, a_value_may_look_like_anything,
	   mistakes_name_themselves_and_the_usage)
