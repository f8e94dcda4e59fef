/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments parsed by a command's usage. Not here: the commands (command_table.c). */
#include "cli/command.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"

const char *usage_word(const char *usage, const char **ret_word, size_t *ret_len,
		       bool *ret_optional)
{
	size_t len;

	usage += strspn(usage, " ");
	if (*usage == '\0')
		return NULL;
	*ret_optional = *usage == '[';
	len = strcspn(usage, " ");
	*ret_word = usage;
	*ret_len = len;
	while (*ret_len > 0 && (**ret_word == '[')) {
		(*ret_word)++;
		(*ret_len)--;
	}
	while (*ret_len > 0 && (*ret_word)[*ret_len - 1] == ']')
		(*ret_len)--;
	return usage + len;
}

bool usage_value_next(const char *usage)
{
	usage += strspn(usage, " ");
	return isupper((unsigned char)*usage);
}

/* Finds an option in the usage: 0 unknown, 1 flag, 2 takes a value. */
static int usage_option(const char *usage, const char *name, size_t name_len)
{
	const char *word;
	size_t len;
	bool optional;

	while ((usage = usage_word(usage, &word, &len, &optional)) != NULL) {
		if (len == name_len && strncmp(word, name, len) == 0)
			return word[len] != ']' && usage_value_next(usage) ? 2 : 1;
	}
	return 0;
}

static int refuse(const struct command *command, struct hr_error *err, const char *what,
		  const char *name)
{
	return error_set(err, HR_INVALID, "%s%s%s; usage: headroom %s%s%s%s%s", what,
			 name[0] != '\0' ? " " : "", name, command->noun,
			 command->verb != NULL ? " " : "",
			 command->verb != NULL ? command->verb : "",
			 command->usage[0] != '\0' ? " " : "", command->usage);
}

/* Nothing twice, nothing empty: "" is what a script gives whose variable was never set. */
static int check_each(const struct command *command, const struct invocation *invocation,
		      struct hr_error *err)
{
	for (size_t i = 0; i < invocation->n_arguments; i++) {
		const struct argument *argument = &invocation->arguments[i];

		for (size_t j = 0; argument->name != NULL && j < i; j++)
			if (invocation->arguments[j].name != NULL &&
			    strcmp(invocation->arguments[j].name, argument->name) == 0)
				return refuse(command, err, "given twice:", argument->name);
		if (argument->value != NULL && argument->value[0] == '\0')
			return refuse(command, err, "empty value for",
				      argument->name != NULL ? argument->name : "an argument");
	}
	return 0;
}

/* Every option that is not in brackets and every positional must be there. */
static int check_complete(const struct command *command, const struct invocation *invocation,
			  struct hr_error *err)
{
	const char *usage = command->usage;
	size_t positionals = 0;
	bool optional, after_option = false;
	const char *word;
	size_t len;

	while ((usage = usage_word(usage, &word, &len, &optional)) != NULL) {
		char name[64] = "";

		if (len < sizeof(name))
			memcpy(name, word, len);
		if (name[0] == '-') {
			if (!optional && invocation_option(invocation, name) == NULL)
				return refuse(command, err, "missing", name);
			after_option = word[len] != ']' && usage_value_next(usage);
			continue;
		}
		if (!after_option && invocation_positional(invocation, positionals++) == NULL)
			return refuse(command, err, "missing", name);
		after_option = false;
	}
	if (invocation_positional(invocation, positionals) != NULL)
		return refuse(command, err, "superfluous argument",
			      invocation_positional(invocation, positionals));
	return 0;
}

int command_parse(const struct command *command, int argc, char **argv,
		  struct invocation *invocation, struct hr_error *err)
{
	for (int i = 0; i < argc; i++) {
		struct argument *argument = &invocation->arguments[invocation->n_arguments];
		char *equals = argv[i][0] == '-' ? strchr(argv[i], '=') : NULL;
		size_t len = equals != NULL ? (size_t)(equals - argv[i]) : strlen(argv[i]);
		int kind = argv[i][0] == '-' ? usage_option(command->usage, argv[i], len) : -1;

		if (invocation->n_arguments == COMMAND_ARGUMENTS_MAX)
			return refuse(command, err, "too many arguments", "");
		if (kind == 0)
			return refuse(command, err, "unknown option", argv[i]);
		*argument = (struct argument){0};
		if (kind == -1)
			argument->value = argv[i];
		else
			argument->name = argv[i];
		if (kind == 1 && equals != NULL)
			return refuse(command, err, "no value belongs to", argv[i]);
		if (kind == 2 && equals == NULL && i + 1 == argc)
			return refuse(command, err, "a value is missing after", argv[i]);
		if (kind == 2)
			argument->value = equals != NULL ? equals + 1 : argv[++i];
		if (equals != NULL)
			*equals = '\0';
		invocation->n_arguments++;
	}
	if (check_each(command, invocation, err) != 0)
		return -1;
	return check_complete(command, invocation, err);
}

bool command_asks_help(const struct command *command, int argc, char *const *argv)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
		/* An option's value may look like anything. */
		if (argv[i][0] == '-' &&
		    usage_option(command->usage, argv[i], strlen(argv[i])) == 2)
			i++;
	}
	return false;
}

const char *invocation_option(const struct invocation *invocation, const char *name)
{
	for (size_t i = 0; i < invocation->n_arguments; i++) {
		const struct argument *argument = &invocation->arguments[i];

		if (argument->name != NULL && strcmp(argument->name, name) == 0)
			return argument->value != NULL ? argument->value : "";
	}
	return NULL;
}

const char *invocation_positional(const struct invocation *invocation, size_t i)
{
	for (size_t k = 0; k < invocation->n_arguments; k++) {
		if (invocation->arguments[k].name == NULL && i-- == 0)
			return invocation->arguments[k].value;
	}
	return NULL;
}
