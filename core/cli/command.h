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
	/* 0; -1; or, with err set too, the exit status (over 128: ended by a signal). */
	int (*run)(const struct invocation *invocation, struct hr_error *err);
};

/* All commands, ended by a NULL noun. */
extern const struct command command_table[];

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
int apply_run(const struct invocation *invocation, struct hr_error *err);

#endif
