/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "../base/suite.h"
#include "base/text.h"
#include "printed.h"

static struct hr_error err;

/* The text of "help" and these words; the caller frees. */
static char *help(int n, char *first, char *second)
{
	char *const words[] = {first, second};

	ck_assert_msg(help_run(printed_open(), n, words, &err) == 0, "%s", err.message);
	return printed_text();
}

static void refuses(int n, char *first, char *second, const char *message)
{
	char *const words[] = {first, second, "more"};

	err = (struct hr_error){0};
	ck_assert_int_eq(help_run(printed_open(), n, words, &err), -1);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_str_eq(err.message, message);
	free(printed_text());
}

static void holds(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is missing in: %s", part, text);
}

START_TEST(help_lists_everything)
{
	char *text = help(0, NULL, NULL);

	for (const struct command *c = command_table; c->noun != NULL; c++) {
		holds(text, c->noun);
		holds(text, c->summary);
	}
	for (const struct global *g = global_options; g->name != NULL; g++)
		holds(text, g->help);
	holds(text, "\"server destroy\" is \"server delete\".\n");
	holds(text, "\"autoscale-config\" is \"autoscale\".\n");
	holds(text, "Exit codes:\n  0      done\n");
	holds(text, "\n  3      the daemon cannot be reached\n");
	holds(text, "\n  128+N  interrupted by signal N\n");
	free(text);
}
END_TEST

START_TEST(help_on_a_noun_lists_its_verbs)
{
	char *text = help(1, "server", NULL);

	ck_assert_str_eq(text, "usage: headroom server VERB [arguments]\n\n"
			       "  server list    servers\n"
			       "  server show    one server with its operations\n"
			       "  server drain   no new sessions; destroy when empty\n"
			       "  server delete  destroy a server now\n"
			       "\"server destroy\" is \"server delete\".\n"
			       "\nMore on one: headroom help server VERB\n");
	free(text);
}
END_TEST

START_TEST(help_on_a_command_explains_its_words)
{
	char *text = help(2, "session", "request");

	ck_assert_str_eq(
		text, "usage: headroom session request --pool POOL --user USER [--zone ZONE] "
		      "[--kind KIND] [--wait]\n\n"
		      "ask for a session; --wait: until it is there, then print how to connect\n\n"
		      "  --pool POOL        of this pool, by name or id\n"
		      "  --user USER        for whom it is\n"
		      "  --zone ZONE        where it should be, by name or id; else anywhere\n"
		      "  --kind KIND        what it is; else a desktop: desktop, remoteapp\n"
		      "  --wait             wait until it is there, then print how to connect\n"
		      "\nexample: headroom session request --pool demo --user ana --wait\n"
		      "\nOptions of every command and exit codes: headroom help\n");
	free(text);
	text = help(2, "server", "list");
	holds(text,
	      "in this state (all: gone ones too): planned, creating, booting, injecting, checking_in, running, "
	      "draining, failed, destroying, gone\n");
	free(text);
	text = help(2, "session", "list");
	holds(text, "in this state (all: ended ones too): queued, active, ended, refused\n");
	free(text);
}
END_TEST

START_TEST(aliases_have_the_help_of_what_they_mean)
{
	char *alias = help(2, "autoscale-config", "delete"), *text;

	text = help(2, "autoscale", "delete");
	ck_assert_str_eq(alias, text);
	holds(text, "  CONFIG             the autoscale config, by name or id\n");
	free(alias);
	free(text);
	alias = help(2, "server", "destroy");
	holds(alias, "usage: headroom server delete SERVER\n");
	free(alias);
}
END_TEST

START_TEST(a_noun_that_is_a_command_needs_no_verb)
{
	char *text = help(1, "apply", NULL);

	holds(text, "usage: headroom apply -f PATH [--dry-run]\n");
	holds(text, "  -f PATH            a YAML or JSON file");
	free(text);
	refuses(2, "apply", "now", "help is about one command; usage: headroom help [NOUN [VERB]]");
}
END_TEST

START_TEST(unknown_words_are_refused)
{
	refuses(1, "pol", NULL,
		"unknown command \"pol\"; did you mean \"pool\"?; see: headroom help");
	refuses(2, "pool", "lst",
		"unknown verb \"lst\"; did you mean \"list\"?; see: headroom help pool");
	refuses(3, "pool", "list", "help is about one command; usage: headroom help [NOUN [VERB]]");
}
END_TEST

/* Which words of a usage have an explanation is seen by the lines that begin with them. */
START_TEST(every_word_of_every_usage_is_explained)
{
	for (const struct command *c = command_table; c->noun != NULL; c++) {
		const char *usage = c->usage, *word;
		bool optional, value = false;
		size_t len;
		char *text;

		help_command(printed_open(), c);
		text = printed_text();
		while ((usage = usage_word(usage, &word, &len, &optional)) != NULL) {
			char line[64];

			text_format(line, sizeof(line), "\n  %.*s ", (int)len, word);
			if (!value)
				holds(text, line);
			value = !value && word[0] == '-' && word[len] != ']' &&
				usage_value_next(usage);
		}
		free(text);
	}
}
END_TEST

START_TEST(every_explanation_is_of_some_usage)
{
	for (const struct command_word *w = command_words; w->word != NULL; w++) {
		bool used = false;

		for (const struct command *c = command_table; c->noun != NULL; c++)
			used |= (w->noun == NULL || strcmp(w->noun, c->noun) == 0) &&
				strstr(c->usage, w->word) != NULL;
		ck_assert_msg(used, "%s %s", w->noun != NULL ? w->noun : "", w->word);
	}
}
END_TEST

SUITE_MAIN("help", help_lists_everything, help_on_a_noun_lists_its_verbs,
	   help_on_a_command_explains_its_words, aliases_have_the_help_of_what_they_mean,
	   a_noun_that_is_a_command_needs_no_verb, unknown_words_are_refused,
	   every_word_of_every_usage_is_explained, every_explanation_is_of_some_usage)
