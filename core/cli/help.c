/* SPDX-License-Identifier: Apache-2.0 */
/* What `headroom help` prints. */
#include "cli/help.h"

#include <string.h>

#include "base/text.h"
#include "cli/command_names.h"

#define VALUES_END 256 /* above every value of the enums that words are about */

const struct global global_options[] = {
	[GLOBAL_SOCKET] = {"--socket", NULL, "PATH", "the daemon's socket (also HEADROOM_SOCKET)"},
	[GLOBAL_URL] = {"--url", NULL, "URL", "the daemon's address instead (also HEADROOM_URL)"},
	[GLOBAL_TOKEN_FILE] = {"--token-file", NULL, "PATH",
			       "file with an API token, for --url (also HEADROOM_TOKEN_FILE)"},
	[GLOBAL_OUTPUT] = {"-o", NULL, "FORMAT", "table, json or name"},
	{"--version", NULL, NULL, "the version of this program"},
	{"--help", "-h", NULL, "this; behind a command: what that one takes"},
	{NULL, NULL, NULL, NULL},
};

static const struct {
	enum exit_code code;
	const char *means;
} exit_codes[] = {
	{EXIT_OK, "done"},
	{EXIT_FAILED, "failed; the message says why"},
	{EXIT_USAGE, "wrong usage; nothing was sent"},
	{EXIT_UNREACHABLE, "the daemon cannot be reached"},
	{EXIT_NOT_FOUND, "no such object"},
};

static void print_row(FILE *out, const char *left, int width, const char *right)
{
	fprintf(out, "  %-*s  %s\n", width, left, right);
}

/* "pool list"; gives buf. */
static const char *full_name(const struct command *command, char *buf, size_t size)
{
	text_format(buf, size, "%s%s%s", command->noun, command->verb != NULL ? " " : "",
		    command->verb != NULL ? command->verb : "");
	return buf;
}

static void print_commands(FILE *out, const char *noun)
{
	char name[64];
	int width = 0;

	for (const struct command *c = command_table; c->noun != NULL; c++) {
		int len = (int)strlen(full_name(c, name, sizeof(name)));

		if ((noun == NULL || strcmp(c->noun, noun) == 0) && len > width)
			width = len;
	}
	for (const struct command *c = command_table; c->noun != NULL; c++)
		if (noun == NULL || strcmp(c->noun, noun) == 0)
			print_row(out, full_name(c, name, sizeof(name)), width, c->summary);
}

static void print_aliases(FILE *out, const char *noun)
{
	for (const struct command_alias *a = command_aliases; a->noun != NULL; a++) {
		if (a->verb != NULL && (noun == NULL || strcmp(a->noun, noun) == 0))
			fprintf(out, "\"%s %s\" is \"%s %s\".\n", a->noun, a->verb, a->noun,
				a->means);
		else if (a->verb == NULL && (noun == NULL || strcmp(a->means, noun) == 0))
			fprintf(out, "\"%s\" is \"%s\".\n", a->noun, a->means);
	}
}

void help_print(FILE *out)
{
	fputs("usage: headroom [options] NOUN VERB [arguments]\n"
	      "       headroom help [NOUN [VERB]]\n\nOptions, anywhere:\n",
	      out);
	for (const struct global *g = global_options; g->name != NULL; g++) {
		char left[64];

		text_format(left, sizeof(left), "%s%s%s%s%s", g->name, g->other != NULL ? ", " : "",
			    g->other != NULL ? g->other : "", g->value != NULL ? " " : "",
			    g->value != NULL ? g->value : "");
		print_row(out, left, 17, g->help);
	}
	fputs("\nCommands:\n", out);
	print_commands(out, NULL);
	print_aliases(out, NULL);
	fputs("\nExit codes:\n", out);
	for (size_t i = 0; i < sizeof(exit_codes) / sizeof(exit_codes[0]); i++)
		fprintf(out, "  %-5d  %s\n", (int)exit_codes[i].code, exit_codes[i].means);
	fputs("  128+N  interrupted by signal N\n", out);
}

void help_noun(FILE *out, const char *noun)
{
	fprintf(out, "usage: headroom %s VERB [arguments]\n\n", noun);
	print_commands(out, noun);
	print_aliases(out, noun);
	fprintf(out, "\nMore on one: headroom help %s VERB\n", noun);
}

static const struct command_word *word_find(const char *noun, const char *word, size_t len)
{
	const struct command_word *general = NULL;

	for (const struct command_word *w = command_words; w->word != NULL; w++) {
		if (strlen(w->word) != len || strncmp(w->word, word, len) != 0)
			continue;
		if (w->noun == NULL)
			general = w;
		else if (strcmp(w->noun, noun) == 0)
			return w;
	}
	return general;
}

static void print_word(FILE *out, const struct command_word *word, const char *left)
{
	const char *separator = ": ";

	fprintf(out, "  %-17s  %s", left, word->help);
	for (int value = 0; word->value_name != NULL && value < VALUES_END; value++) {
		const char *name = word->value_name(value);

		if (strcmp(name, "unknown") == 0)
			continue;
		fprintf(out, "%s%s", separator, name);
		separator = ", ";
	}
	fputc('\n', out);
}

static void print_words(FILE *out, const struct command *command)
{
	const char *usage = command->usage, *word;
	bool optional, is_value = false;
	size_t len;

	while ((usage = usage_word(usage, &word, &len, &optional)) != NULL) {
		const struct command_word *row;
		char left[64];

		if (is_value) {
			is_value = false;
			continue;
		}
		text_format(left, sizeof(left), "%.*s", (int)len, word);
		row = word_find(command->noun, word, len);
		is_value = word[0] == '-' && word[len] != ']' && usage_value_next(usage);
		if (is_value)
			text_format(left, sizeof(left), "%.*s %.*s", (int)len, word,
				    (int)strcspn(usage + 1, " ]"), usage + 1);
		if (row != NULL)
			print_word(out, row, left);
	}
}

void help_command(FILE *out, const struct command *command)
{
	char name[64];

	full_name(command, name, sizeof(name));
	fprintf(out, "usage: headroom %s%s%s\n\n%s\n", name, command->usage[0] != '\0' ? " " : "",
		command->usage, command->summary);
	if (command->usage[0] != '\0') {
		fputc('\n', out);
		print_words(out, command);
	}
	fprintf(out,
		"\nexample: headroom %s%s%s\n"
		"\nOptions of every command and exit codes: headroom help\n",
		name, command->example[0] != '\0' ? " " : "", command->example);
}

int help_run(FILE *out, int n, char *const *words, struct hr_error *err)
{
	const struct command *command;
	const char *noun;

	if (n == 0 || (n == 1 && strcmp(words[0], "help") == 0)) {
		help_print(out);
		return 0;
	}
	noun = command_noun(words[0], err);
	if (noun == NULL)
		return -1;
	command = command_find(noun, n > 1 ? words[1] : NULL, n > 1 ? err : NULL);
	if (command == NULL && n > 1)
		return -1;
	if (n > (command != NULL && command->verb == NULL ? 1 : 2))
		return error_set(err, HR_INVALID,
				 "help is about one command; usage: headroom help [NOUN [VERB]]");
	if (command != NULL)
		help_command(out, command);
	else
		help_noun(out, noun);
	return 0;
}
