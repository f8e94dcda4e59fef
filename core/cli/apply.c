/* SPDX-License-Identifier: Apache-2.0 */
/* headroom apply. The daemon decides what changed; here is only the order and the telling. */
#include "cli/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/definitions.h"
#include "cli/table.h"

struct applied {
	struct client *client;
	const struct definition **new_ones; /* what was not there before; borrowed */
	size_t n_new;
};

/* The stored object, or NULL where there is none yet. */
static int fetch_present(struct client *client, const struct definition *definition,
			 json_t **ret_present, struct hr_error *err)
{
	CLEANUP_FREE char *path =
		client_path(document_kind_plural(definition->kind), definition->name, NULL);
	struct hr_error own = {0};

	*ret_present = NULL;
	if (path == NULL)
		return error_no_memory(err, "applying");
	if (client_call(client, "GET", path, NULL, ret_present, &own) == 0 ||
	    own.http_status == 404)
		return 0;
	if (err != NULL)
		*err = own;
	return -1;
}

static bool is_bookkeeping(const char *key)
{
	return strcmp(key, "revision") == 0 || strcmp(key, "created") == 0 ||
	       strcmp(key, "changed") == 0 || strcmp(key, "warnings") == 0 ||
	       strcmp(key, "status") == 0 || strcmp(key, "id") == 0;
}

static void print_value(const json_t *value)
{
	CLEANUP_FREE char *text = value != NULL ? json_text(value) : NULL;
	char shown[200];
	bool whole = text_copy(shown, sizeof(shown), text != NULL ? text : "(none)");

	printf("%s%s", terminal_safe(shown, false), whole ? "" : "...");
}

static void print_field(const json_t *before, const json_t *after, const char *key)
{
	const json_t *old = json_object_get(before, key);
	const json_t *fresh = json_object_get(after, key);

	if (is_bookkeeping(key) || old == fresh ||
	    (old != NULL && fresh != NULL && json_equal(old, fresh)))
		return;
	printf("    %s: ", key);
	if (before != NULL) {
		print_value(old);
		printf(" -> ");
	}
	print_value(fresh);
	printf("\n");
}

/* Fields that differ, one a line; those that go last. */
static void print_difference(json_t *before, json_t *after)
{
	const char *key;
	json_t *value;

	json_object_foreach (after, key, value)
		print_field(before, after, key);
	json_object_foreach (before, key, value) {
		if (json_object_get(after, key) == NULL)
			print_field(before, after, key);
	}
}

static void print_warnings(const json_t *after)
{
	const json_t *warnings = json_object_get(after, "warnings");
	const json_t *warning;
	size_t i;

	json_array_foreach (warnings, i, warning) {
		char text[512];

		text_copy(text, sizeof(text),
			  json_string_value(warning) != NULL
				  ? json_string_value(warning)
				  : json_string_or(warning, "message", ""));
		printf("    warning: %s\n", terminal_safe(text, false));
	}
}

/* In a dry run what a definition refers to may be missing only because it was just not created: the
 * definition that would be, or NULL. */
static const struct definition *refers_to_new(const struct applied *applied,
					      const struct definition *definition,
					      const struct hr_error *problem)
{
	const json_t *reference = json_object_get(definition->body, problem->field);

	for (size_t i = 0; json_is_string(reference) && i < applied->n_new; i++) {
		const struct definition *other = applied->new_ones[i];
		char field[64];

		text_copy(field, sizeof(field), document_kind_name(other->kind));
		for (char *c = field; *c != '\0'; c++)
			if (*c == '-')
				*c = '_';
		if (strcmp(problem->field, field) == 0 &&
		    strcmp(json_string_value(reference), other->name) == 0)
			return other;
	}
	return NULL;
}

/* *ret_other: what kept the daemon from checking it whole, or NULL. */
static int put_dry(const struct applied *applied, const struct definition *definition,
		   const char *path, json_t **ret_after, const struct definition **ret_other,
		   struct hr_error *err)
{
	const struct definition *other;
	struct hr_error own = {0};

	if (client_call(applied->client, "PUT", path, definition->body, ret_after, &own) == 0)
		return 0;
	other = refers_to_new(applied, definition, &own);
	if (other == NULL) {
		if (err != NULL)
			*err = own;
		return -1;
	}
	*ret_other = other;
	return 0;
}

static const char *outcome(const json_t *before, const json_t *after, bool dry_run)
{
	if (before == NULL)
		return dry_run ? "would be created" : "created";
	if (json_integer_or(before, "revision", 0) == json_integer_or(after, "revision", 0))
		return "unchanged";
	return dry_run ? "would be changed" : "changed";
}

static int apply_one(struct applied *applied, const struct definition *definition, bool dry_run,
		     struct hr_error *err)
{
	const char *kind = document_kind_name(definition->kind);
	CLEANUP_JSON json_t *before = NULL;
	CLEANUP_JSON json_t *after = NULL;
	CLEANUP_FREE char *path = NULL;
	const struct definition *other = NULL;
	int failed;

	if (fetch_present(applied->client, definition, &before, err) != 0)
		return -1;
	path = client_path(document_kind_plural(definition->kind), definition->name, NULL);
	if (path == NULL || (dry_run && client_query(&path, "dry_run", "true") != 0))
		return error_no_memory(err, "applying");
	failed = dry_run ? put_dry(applied, definition, path, &after, &other, err)
			 : client_call(applied->client, "PUT", path, definition->body, &after, err);
	if (failed != 0)
		return error_prefix(err, "%s (%s \"%s\")", definition->origin, kind,
				    definition->name);
	if (before == NULL)
		applied->new_ones[applied->n_new++] = definition;
	printf("%s %s %s\n", kind, definition->name, outcome(before, after, dry_run));
	if (other != NULL)
		printf("    checked in full once there is %s \"%s\"\n",
		       document_kind_name(other->kind), other->name);
	if (dry_run && after != NULL)
		print_difference(before, after);
	print_warnings(after);
	return 0;
}

int apply_path(struct client *client, const char *path, bool dry_run, struct hr_error *err)
{
	struct applied applied = {.client = client};
	struct definition *definitions = NULL;
	size_t n = 0;
	int failed;

	if (definitions_read(path, &definitions, &n, err) != 0)
		return -1;
	applied.new_ones = calloc(n, sizeof(struct definition *));
	failed = applied.new_ones != NULL ? 0 : error_no_memory(err, "applying");
	for (size_t i = 0; i < n && failed == 0; i++)
		failed = apply_one(&applied, &definitions[i], dry_run, err);
	free(applied.new_ones);
	definitions_free(definitions, n);
	return failed;
}
