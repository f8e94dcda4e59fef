/* SPDX-License-Identifier: Apache-2.0 */
/* List, show, act: the same for every noun. */
#include "cli/resource.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"

#define PAGES_MAX 1000

/* One page appended to items; *ret_next is a copy of the cursor or NULL. */
static int fetch_page(struct client *client, const char *path, const char *cursor, json_t *items,
		      char **ret_next, struct hr_error *err)
{
	CLEANUP_FREE char *page = strdup(path);
	CLEANUP_JSON json_t *body = NULL;
	const char *next;

	*ret_next = NULL;
	if (page == NULL || client_query(&page, "cursor", cursor) != 0)
		return error_no_memory(err, "listing");
	if (client_call(client, "GET", page, NULL, &body, err) != 0)
		return -1;
	if (json_array_extend(items, json_object_get(body, "items")) != 0)
		return error_set(err, HR_INTERNAL, "the daemon's answer holds no list");
	next = json_string_value(json_object_get(body, "next"));
	if (next != NULL && next[0] != '\0' && (*ret_next = strdup(next)) == NULL)
		return error_no_memory(err, "listing");
	return 0;
}

int resource_fetch_all(struct client *client, char *path, json_t **ret_items, struct hr_error *err)
{
	json_t *items = json_array();
	char *cursor = NULL;
	int failed = items == NULL || path == NULL ? error_no_memory(err, "listing") : 0;

	for (int page = 0; failed == 0 && page < PAGES_MAX; page++) {
		char *next = NULL;

		failed = fetch_page(client, path, cursor, items, &next, err);
		free(cursor);
		cursor = next;
		if (cursor == NULL)
			break;
	}
	free(cursor);
	free(path);
	if (failed != 0)
		json_decref(items);
	else
		*ret_items = items;
	return failed;
}

int resource_list(const struct invocation *invocation, const char *plural,
		  const struct filter *filters, const struct column *columns, struct hr_error *err)
{
	CLEANUP_JSON json_t *items = NULL;
	char *path = client_path(plural, NULL, NULL);

	for (; filters != NULL && filters->option != NULL; filters++) {
		const char *value = invocation_option(invocation, filters->option);

		if (value != NULL && filters->is_flag)
			value = "true";
		if (path == NULL || client_query(&path, filters->query, value) != 0) {
			free(path);
			return error_no_memory(err, "listing");
		}
	}
	if (resource_fetch_all(invocation->client, path, &items, err) != 0)
		return -1;
	return table_print(invocation->output, columns, items, err);
}

int resource_show(const struct invocation *invocation, const char *plural, struct hr_error *err)
{
	CLEANUP_FREE char *path = client_path(plural, invocation_positional(invocation, 0), NULL);
	CLEANUP_JSON json_t *body = NULL;

	if (path == NULL)
		return error_no_memory(err, "asking");
	if (client_call(invocation->client, "GET", path, NULL, &body, err) != 0)
		return -1;
	return table_print_object(invocation->output, body, err);
}

int resource_act(const struct invocation *invocation, const char *method, const char *plural,
		 const char *action, const char *done, struct hr_error *err)
{
	CLEANUP_FREE char *path = client_path(plural, invocation_positional(invocation, 0), action);
	CLEANUP_JSON json_t *body = NULL;
	char told[512];

	if (path == NULL || (invocation_option(invocation, "--force") != NULL &&
			     client_query(&path, "force", "true") != 0))
		return error_no_memory(err, "asking");
	if (client_call(invocation->client, method, path, NULL, &body, err) != 0)
		return -1;
	/* What is only begun, the daemon says itself. */
	text_copy(told, sizeof(told), json_string_or(body, "message", done != NULL ? done : ""));
	if (told[0] != '\0')
		puts(terminal_safe(told, false));
	return 0;
}
