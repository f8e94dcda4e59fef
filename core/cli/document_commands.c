/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on what administrators write: pools, zones, autoscale configs, provider configs; and on
 * provider modules. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/apply.h"
#include "cli/resource.h"

int apply_run(const struct invocation *invocation, struct hr_error *err)
{
	return apply_path(invocation->client, invocation_option(invocation, "-f"),
			  invocation_option(invocation, "--dry-run") != NULL, err);
}

int pool_list_run(const struct invocation *invocation, struct hr_error *err)
{
	static const struct column columns[] = {
		{"NAME", "name"},
		{"RUNNING", "status.running"},
		{"ON THE WAY", "status.on_the_way"},
		{"AVAILABLE", "status.available"},
		{"TARGET", "status.target"},
		{"SESSIONS", "status.sessions"},
		{"QUEUED", "status.queued"},
		{NULL, NULL},
	};

	return resource_list(invocation, "pools", NULL, columns, err);
}

int pool_show_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_show(invocation, "pools", err);
}

int pool_delete_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_act(invocation, "DELETE", "pools", NULL, "pool deleted", err);
}

int zone_list_run(const struct invocation *invocation, struct hr_error *err)
{
	static const struct column columns[] = {
		{"NAME", "name"},
		{"SERVERS CALL BACK", "upstream_auth_address"},
		{"SEARCH ALTERNATE ZONES", "search_alternate_zones"},
		{NULL, NULL},
	};

	return resource_list(invocation, "zones", NULL, columns, err);
}

int zone_show_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_show(invocation, "zones", err);
}

int zone_delete_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_act(invocation, "DELETE", "zones", NULL, "zone deleted", err);
}

int autoscale_list_run(const struct invocation *invocation, struct hr_error *err)
{
	static const struct column columns[] = {
		{"NAME", "name"},         {"POOL", "pool"},
		{"ZONE", "zone"},         {"PROVIDER CONFIG", "provider_config"},
		{"ENABLED", "enabled"},   {"MINIMUM", "minimum_available_sessions"},
		{"REVISION", "revision"}, {NULL, NULL},
	};

	return resource_list(invocation, "autoscale-configs", NULL, columns, err);
}

int autoscale_show_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_show(invocation, "autoscale-configs", err);
}

int autoscale_delete_run(const struct invocation *invocation, struct hr_error *err)
{
	char told[sizeof(err->message)];
	int ret = resource_act(invocation, "DELETE", "autoscale-configs", NULL,
			       "autoscale config deleted", err);

	/* The daemon names its parameter; here it is an option. */
	if (ret != 0 && err != NULL && strcmp(err->field, "force") == 0) {
		text_copy(told, sizeof(told), err->message);
		error_set(err, err->class, "%.300s: headroom autoscale delete %s --force", told,
			  invocation_positional(invocation, 0));
	}
	return ret;
}

int provider_config_list_run(const struct invocation *invocation, struct hr_error *err)
{
	static const struct column columns[] = {
		{"NAME", "name"},
		{"PROVIDER", "provider"},
		{"INSTANCES", "status.instances"},
		{"MAX", "max_instances"},
		{"REVISION", "revision"},
		{NULL, NULL},
	};

	return resource_list(invocation, "provider-configs", NULL, columns, err);
}

int provider_config_show_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_show(invocation, "provider-configs", err);
}

int provider_config_delete_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_act(invocation, "DELETE", "provider-configs", NULL,
			    "provider config deleted", err);
}

int provider_config_check_run(const struct invocation *invocation, struct hr_error *err)
{
	const char *name = invocation_positional(invocation, 0);
	CLEANUP_FREE char *path = client_path("provider-configs", name, "check");
	CLEANUP_JSON json_t *body = NULL;
	const json_t *problems, *problem;
	size_t i;

	if (path == NULL)
		return error_no_memory(err, "asking");
	if (client_call(invocation->client, "POST", path, NULL, &body, err) != 0)
		return -1;
	if (invocation->output == OUTPUT_JSON)
		return table_print_object(invocation->output, body, err);
	problems = json_object_get(body, "problems");
	json_array_foreach (problems, i, problem) {
		char text[1024];

		text_format(text, sizeof(text), "%s: %s",
			    json_string_or(problem, "field", "account"),
			    json_string_or(problem, "message", ""));
		puts(terminal_safe(text, false));
	}
	if (json_array_size(problems) > 0)
		return error_set(err, HR_INVALID, "provider config \"%s\": %zu problem%s", name,
				 json_array_size(problems),
				 json_array_size(problems) == 1 ? "" : "s");
	printf("provider config %s: no problem found\n", name);
	return 0;
}

int provider_list_run(const struct invocation *invocation, struct hr_error *err)
{
	static const struct filter filters[] = {{"--all", "all", true}, {NULL, NULL, false}};
	static const struct column columns[] = {
		{"ID", "id"},       {"TITLE", "title"},     {"VERSION", "version"}, {"ABI", "abi"},
		{"STATE", "state"}, {"SANDBOX", "sandbox"}, {"REASON", "reason"},   {NULL, NULL},
	};

	return resource_list(invocation, "providers", filters, columns, err);
}

int provider_show_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_show(invocation, "providers", err);
}
