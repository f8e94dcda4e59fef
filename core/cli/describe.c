/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of definitions, as this program knows them, and of a module's settings, as the daemon
 * does. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/fields.h"
#include "cli/resource.h"
#include "model/document.h"

static int show(const struct invocation *invocation, const json_t *schema, struct hr_error *err)
{
	if (invocation->output == OUTPUT_JSON)
		return table_print_object(invocation->output, schema, err);
	fields_print(stdout, schema);
	return 0;
}

/* Also by the noun that its commands have: "autoscale". */
static int kind_find(const char *name)
{
	int kind = document_kind_find(name);

	for (const struct command_alias *a = command_aliases; kind < 0 && a->noun != NULL; a++)
		if (a->verb == NULL && strcmp(a->means, name) == 0)
			kind = document_kind_find(a->noun);
	return kind;
}

int describe_run(const struct invocation *invocation, struct hr_error *err)
{
	const char *name = invocation_positional(invocation, 0), *near;
	const char *known[DOCUMENT_KINDS + 1] = {NULL};
	int kind = kind_find(name);
	CLEANUP_JSON json_t *schema = NULL;

	for (int i = 0; i < DOCUMENT_KINDS; i++)
		known[i] = document_kind_name((enum document_kind)i);
	near = text_nearest(name, known);
	if (kind < 0)
		return error_set(err, HR_NOT_FOUND,
				 "there is no kind \"%s\" of definition%s%s%s; there are %s, %s, "
				 "%s and %s",
				 name, near != NULL ? "; did you mean \"" : "",
				 near != NULL ? near : "", near != NULL ? "\"?" : "", known[0],
				 known[1], known[2], known[3]);
	schema = schema_describe(document_schema((enum document_kind)kind));
	if (schema == NULL)
		return error_no_memory(err, "describing");
	return show(invocation, schema, err);
}

int provider_describe_run(const struct invocation *invocation, struct hr_error *err)
{
	const char *id = invocation_positional(invocation, 0);
	CLEANUP_FREE char *path = client_path("providers", id, "schema");
	CLEANUP_JSON json_t *schema = NULL;

	if (path == NULL)
		return error_no_memory(err, "asking");
	if (client_call(invocation->client, "GET", path, NULL, &schema, err) != 0)
		return -1;
	return show(invocation, schema, err);
}
