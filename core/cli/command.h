/* SPDX-License-Identifier: Apache-2.0 */
/* The commands as a table: noun, verb, usage, what runs it. The usage text is also what arguments
 * are parsed by, so that help and behaviour cannot differ. */
#ifndef HR_CLI_COMMAND_H
#define HR_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/client.h"
#include "cli/table.h"

#define COMMAND_ARGUMENTS_MAX 8

struct argument {
	const char *name;  /* "--pool"; NULL for a positional one */
	const char *value; /* NULL for a flag */
};

/* What a command is run with. Borrowed. */
struct invocation {
	struct client *client;
	enum output output;
	struct argument arguments[COMMAND_ARGUMENTS_MAX];
	size_t n_arguments;
};

struct command {
	const char *noun;
	const char *verb;  /* NULL: the noun alone is the command */
	const char *usage; /* "NAME", "--pool POOL --user USER [--zone ZONE] [--wait]" */
	const char *summary;
	const char *example; /* what follows noun and verb; parsed by the tests */
	/* 0; -1; or, with err set too, the exit status (over 128: ended by a signal). */
	int (*run)(const struct invocation *invocation, struct hr_error *err);
};

/* All commands, those of a noun together, ended by a NULL noun. */
extern const struct command command_table[];

/* What an option or an argument of a usage is. */
struct command_word {
	const char *noun; /* only there; NULL: everywhere else */
	const char *word; /* "--pool", "POOL" */
	const char *help;
	const char *(*value_name)(int value); /* names its values, "unknown" for others; or NULL */
};

/* Ended by a NULL word. */
extern const struct command_word command_words[];

/* Other words for a noun (verb NULL), or for a noun's verb. */
struct command_alias {
	const char *noun;
	const char *verb;
	const char *means;
};

/* Ended by a NULL noun. */
extern const struct command_alias command_aliases[];

/* A word of a usage text: start and length without brackets. Gives the text after it; NULL at the
 * end. */
const char *usage_word(const char *usage, const char **ret_word, size_t *ret_len,
		       bool *ret_optional);

/* Whether the rest of a usage begins with the value of the option before it. */
bool usage_value_next(const char *usage);

/* Whether --help or -h is among the arguments, and is no option's value. */
bool command_asks_help(const struct command *command, int argc, char *const *argv);

/* Parses argv by the command's usage: options may stand anywhere, "--name=value" works. Unknown
 * options, missing, empty or repeated ones, superfluous arguments: HR_INVALID with the usage. argv's
 * texts are cut at "=" and borrowed. */
int command_parse(const struct command *command, int argc, char **argv,
		  struct invocation *invocation, struct hr_error *err);

/* Value of an option (never empty), NULL when it is not there; of a flag: "" when it is there. */
const char *invocation_option(const struct invocation *invocation, const char *name);

/* The i-th positional argument, or NULL. */
const char *invocation_positional(const struct invocation *invocation, size_t i);

/* Each noun's own file. */
int pool_list_run(const struct invocation *invocation, struct hr_error *err);
int pool_show_run(const struct invocation *invocation, struct hr_error *err);
int pool_delete_run(const struct invocation *invocation, struct hr_error *err);
int zone_list_run(const struct invocation *invocation, struct hr_error *err);
int zone_show_run(const struct invocation *invocation, struct hr_error *err);
int zone_delete_run(const struct invocation *invocation, struct hr_error *err);
int autoscale_list_run(const struct invocation *invocation, struct hr_error *err);
int autoscale_show_run(const struct invocation *invocation, struct hr_error *err);
int autoscale_delete_run(const struct invocation *invocation, struct hr_error *err);
int provider_config_list_run(const struct invocation *invocation, struct hr_error *err);
int provider_config_show_run(const struct invocation *invocation, struct hr_error *err);
int provider_config_delete_run(const struct invocation *invocation, struct hr_error *err);
int provider_config_check_run(const struct invocation *invocation, struct hr_error *err);
int provider_list_run(const struct invocation *invocation, struct hr_error *err);
int provider_describe_run(const struct invocation *invocation, struct hr_error *err);
int provider_show_run(const struct invocation *invocation, struct hr_error *err);
int provider_new_run(const struct invocation *invocation, struct hr_error *err);
int server_list_run(const struct invocation *invocation, struct hr_error *err);
int server_show_run(const struct invocation *invocation, struct hr_error *err);
int server_drain_run(const struct invocation *invocation, struct hr_error *err);
int server_delete_run(const struct invocation *invocation, struct hr_error *err);
int session_request_run(const struct invocation *invocation, struct hr_error *err);
int session_list_run(const struct invocation *invocation, struct hr_error *err);
int session_show_run(const struct invocation *invocation, struct hr_error *err);
int session_keepalive_run(const struct invocation *invocation, struct hr_error *err);
int session_end_run(const struct invocation *invocation, struct hr_error *err);
int event_list_run(const struct invocation *invocation, struct hr_error *err);
int token_list_run(const struct invocation *invocation, struct hr_error *err);
int token_create_run(const struct invocation *invocation, struct hr_error *err);
int token_revoke_run(const struct invocation *invocation, struct hr_error *err);
int describe_run(const struct invocation *invocation, struct hr_error *err);
int apply_run(const struct invocation *invocation, struct hr_error *err);

#endif
