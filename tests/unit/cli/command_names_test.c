/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/command_names.h"
#include "../base/suite.h"

static struct hr_error err;

static void unknown_noun(const char *word, const char *message)
{
	err = (struct hr_error){0};
	ck_assert_ptr_null(command_noun(word, &err));
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_str_eq(err.message, message);
}

static void unknown_verb(const char *noun, const char *verb, const char *message)
{
	err = (struct hr_error){0};
	ck_assert_ptr_null(command_find(noun, verb, &err));
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_str_eq(err.message, message);
}

START_TEST(every_row_is_found_by_its_words)
{
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		ck_assert_str_eq(command_noun(c->noun, &err), c->noun);
		ck_assert_ptr_eq(command_find(c->noun, c->verb, &err), c);
	}
}
END_TEST

START_TEST(every_alias_means_a_command)
{
	for (const struct command_alias *a = command_aliases; a->noun != NULL; a++) {
		if (a->verb == NULL) {
			ck_assert_str_eq(command_noun(a->noun, &err), a->means);
			continue;
		}
		ck_assert_str_eq(command_find(a->noun, a->verb, &err)->verb, a->means);
	}
	ck_assert_str_eq(command_noun("autoscale-config", &err), "autoscale");
	ck_assert_ptr_eq(command_find("server", "destroy", &err),
			 command_find("server", "delete", &err));
	/* Of that noun only. */
	ck_assert_ptr_null(command_find("pool", "destroy", NULL));
}
END_TEST

START_TEST(a_noun_alone_is_a_command_or_not)
{
	ck_assert_str_eq(command_find("apply", "-f", &err)->noun, "apply");
	ck_assert_str_eq(command_find("apply", NULL, &err)->noun, "apply");
	unknown_verb(
		"pool", NULL,
		"a verb is missing after \"pool\": list, show, delete; see: headroom help pool");
}
END_TEST

START_TEST(mistakes_are_told_what_was_meant)
{
	unknown_noun("pol", "unknown command \"pol\"; did you mean \"pool\"?; see: headroom help");
	unknown_noun("hlep",
		     "unknown command \"hlep\"; did you mean \"help\"?; see: headroom help");
	unknown_noun("autoscale-confg", "unknown command \"autoscale-confg\"; did you mean "
					"\"autoscale-config\"?; see: headroom help");
	unknown_noun("xyzzy", "unknown command \"xyzzy\"; see: headroom help");
	unknown_noun("po\033l", "unknown command \"po?l\"; did you mean \"pool\"?; "
				"see: headroom help");
	unknown_verb("pool", "lst",
		     "unknown verb \"lst\"; did you mean \"list\"?; see: headroom help pool");
	unknown_verb(
		"server", "destory",
		"unknown verb \"destory\"; did you mean \"destroy\"?; see: headroom help server");
	unknown_verb("pool", "xyzzy", "unknown verb \"xyzzy\"; see: headroom help pool");
}
END_TEST

SUITE_MAIN("command names", every_row_is_found_by_its_words, every_alias_means_a_command,
	   a_noun_alone_is_a_command_or_not, mistakes_are_told_what_was_meant)
