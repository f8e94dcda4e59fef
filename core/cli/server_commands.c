/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on servers, events and tokens. */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/resource.h"

int server_list_run(const struct invocation *invocation, struct hr_error *err)
{
	static const struct filter filters[] = {
		{"--pool", "pool", false}, {"--state", "state", false}, {NULL, NULL, false}};
	static const struct column columns[] = {
		{"NAME", "name"},     {"STATE", "state"},       {"SINCE", "state_since"},
		{"HEALTH", "health"}, {"SESSIONS", "sessions"}, {"ADDRESS", "address"},
		{"PORT", "port"},     {"POOL", "pool"},         {"ID", "id"},
		{NULL, NULL},
	};

	return resource_list(invocation, "servers", filters, columns, err);
}

int server_show_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_show(invocation, "servers", err);
}

int server_drain_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_act(invocation, "POST", "servers", "drain",
			    "server drains; it is destroyed when its last session ends", err);
}

int server_delete_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_act(invocation, "DELETE", "servers", NULL, "server is being destroyed",
			    err);
}

int token_list_run(const struct invocation *invocation, struct hr_error *err)
{
	static const struct column columns[] = {
		{"NAME", "name"},       {"ROLE", "role"},       {"CREATED", "created"},
		{"EXPIRES", "expires"}, {"REVOKED", "revoked"}, {NULL, NULL},
	};

	return resource_list(invocation, "tokens", NULL, columns, err);
}

int token_create_run(const struct invocation *invocation, struct hr_error *err)
{
	const char *expires = invocation_option(invocation, "--expires");
	CLEANUP_FREE char *path = client_path("tokens", NULL, NULL);
	CLEANUP_JSON json_t *answer = NULL;
	CLEANUP_JSON json_t *wish =
		json_pack("{s:s, s:s, s:s*}", "name", invocation_positional(invocation, 0), "role",
			  invocation_option(invocation, "--role"), "expires", expires);

	if (path == NULL || wish == NULL)
		return error_no_memory(err, "asking");
	if (client_call(invocation->client, "POST", path, wish, &answer, err) != 0)
		return -1;
	if (invocation->output == OUTPUT_JSON)
		return table_print_object(invocation->output, answer, err);
	fprintf(stderr, "Keep it: it is not shown again.\n");
	puts(json_string_or(answer, "token", ""));
	return 0;
}

int token_revoke_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_act(invocation, "DELETE", "tokens", NULL, "token revoked", err);
}
