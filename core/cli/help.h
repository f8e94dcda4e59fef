/* SPDX-License-Identifier: Apache-2.0 */
/* Help in words, all of it from the tables: commands, their words, global options, exit codes. */
#ifndef HR_CLI_HELP_H
#define HR_CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_NOT_FOUND = 4
};

enum global_option { GLOBAL_SOCKET, GLOBAL_URL, GLOBAL_TOKEN_FILE, GLOBAL_OUTPUT, GLOBAL_VALUES };

/* Options of every command: first those that take a value, in the order of the enum. */
struct global {
	const char *name;
	const char *other; /* name, or NULL */
	const char *value; /* NULL: takes none */
	const char *help;
};

/* Ended by a NULL name. */
extern const struct global global_options[];

/* All commands, or one noun's, or one command. */
void help_print(FILE *out);
void help_noun(FILE *out, const char *noun);
void help_command(FILE *out, const struct command *command);

/* "help [NOUN [VERB]]": n words after "help". HR_INVALID for a word that is unknown or too much. */
int help_run(FILE *out, int n, char *const *words, struct hr_error *err);

#endif
