/* SPDX-License-Identifier: Apache-2.0 */
/* From the words of a command line to the command they name. */
#ifndef HR_CLI_COMMAND_NAMES_H
#define HR_CLI_COMMAND_NAMES_H

#include "cli/command.h"

/* The noun as the table has it, also from another word for it; NULL: HR_INVALID with the nearest
 * one. The text is not changed. */
const char *command_noun(const char *word, struct hr_error *err);

/* The command of a noun of the table and a verb, or another word for it (NULL: none was given).
 * NULL: HR_INVALID with the nearest one, or with all where none was given. */
const struct command *command_find(const char *noun, const char *verb, struct hr_error *err);

#endif
