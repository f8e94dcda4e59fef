/* SPDX-License-Identifier: Apache-2.0 */
/* Definition files. A definition is an object with "kind" and "name"; beside it, in place of a long
 * script, stands "startup_script_file" with a path relative to the file. */
#include "cli/definitions.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/yaml.h"

#define FILE_MAX (4u << 20)

struct list {
	struct definition *items;
	size_t n;
};

/* A whole file, at most FILE_MAX; the caller frees. */
static int file_read(const char *path, char **ret_text, size_t *ret_len, struct hr_error *err)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = NULL;
	size_t len = 0;
	int ret = -1;

	if (file == NULL)
		return error_set_errno(err, errno, "cannot read %s", path);
	text = malloc(FILE_MAX + 1);
	if (text == NULL) {
		error_no_memory(err, "reading definitions");
		goto out;
	}
	len = fread(text, 1, FILE_MAX + 1, file);
	if (ferror(file)) {
		error_set_errno(err, errno, "cannot read %s", path);
		goto out;
	}
	if (len > FILE_MAX) {
		error_set(err, HR_INVALID, "%s is over 4 MiB: no definition is that long", path);
		goto out;
	}
	text[len] = '\0';
	*ret_text = text;
	*ret_len = len;
	text = NULL;
	ret = 0;
out:
	free(text);
	if (file != stdin)
		fclose(file);
	return ret;
}

/* Puts the text of the file that "startup_script_file" names into "startup_script". */
static int script_put_in(const char *path, struct definition *definition, struct hr_error *err)
{
	const json_t *named = json_object_get(definition->body, "startup_script_file");
	CLEANUP_FREE char *folder_copy = NULL;
	CLEANUP_FREE char *script_path = NULL;
	CLEANUP_FREE char *text = NULL;
	const char *script;
	size_t len;

	if (named == NULL)
		return 0;
	script = json_string_value(named);
	if (script == NULL || script[0] == '\0')
		return error_set_field(
			err, HR_INVALID, "startup_script_file", "../scripts/local-ssh.sh",
			"%s: startup_script_file must be a path", definition->origin);
	if (json_object_get(definition->body, "startup_script") != NULL)
		return error_set_field(err, HR_INVALID, "startup_script_file", NULL,
				       "%s: startup_script and startup_script_file are both given; "
				       "remove one",
				       definition->origin);
	folder_copy = strdup(path);
	if (folder_copy == NULL ||
	    (script[0] == '/' ? asprintf(&script_path, "%s", script)
			      : asprintf(&script_path, "%s/%s", dirname(folder_copy), script)) < 0)
		return error_no_memory(err, "reading definitions");
	if (file_read(script_path, &text, &len, err) != 0)
		return error_prefix(err, "%s, startup_script_file", definition->origin);
	json_object_del(definition->body, "startup_script_file");
	if (json_object_set_new(definition->body, "startup_script", json_stringn(text, len)) != 0)
		return error_set_field(err, HR_INVALID, "startup_script_file", NULL,
				       "%s is not valid UTF-8", script_path);
	return 0;
}

static int kind_take(const json_t *object, struct definition *definition, struct hr_error *err)
{
	static const char kinds[] = "known kinds are zone, provider-config, pool, autoscale-config";
	const char *name = json_string_or(object, "kind", "");
	const char *known[DOCUMENT_KINDS + 1] = {NULL};
	const char *near;
	int kind = document_kind_find(name);

	if (kind >= 0) {
		definition->kind = (enum document_kind)kind;
		return 0;
	}
	if (name[0] == '\0')
		return error_set_field(err, HR_INVALID, "kind", "pool", "%s: kind is missing; %s",
				       definition->origin, kinds);
	for (int i = 0; i < DOCUMENT_KINDS; i++)
		known[i] = document_kind_name((enum document_kind)i);
	near = text_nearest(name, known);
	return error_set_field(err, HR_INVALID, "kind", "pool", "%s: unknown kind \"%s\"; %s%s%s%s",
			       definition->origin, name, kinds,
			       near != NULL ? "; did you mean " : "", near != NULL ? near : "",
			       near != NULL ? "?" : "");
}

static int definition_take(const char *path, json_t *object, struct definition *definition,
			   struct hr_error *err)
{
	const json_t *name = json_object_get(object, "name");

	if (!json_is_object(object))
		return error_set(err, HR_INVALID,
				 "%s: a definition must be a mapping with kind and name",
				 definition->origin);
	if (kind_take(object, definition, err) != 0)
		return -1;
	if (name == NULL || json_is_null(name))
		return error_set_field(err, HR_INVALID, "name", "demo", "%s: name is missing",
				       definition->origin);
	definition->name = json_string_value(name);
	if (definition->name == NULL || definition->name[0] == '\0')
		return error_set_field(err, HR_INVALID, "name", "demo",
				       "%s: name must be text; put it in quotes: name: \"...\"",
				       definition->origin);
	/* It becomes a part of a path, which has limits of its own. */
	if (strlen(definition->name) >= NAME_SIZE)
		return error_set_field(err, HR_INVALID, "name", "demo",
				       "%s: the name has %zu bytes; at most %d are possible",
				       definition->origin, strlen(definition->name), NAME_SIZE - 1);
	definition->body = json_incref(object);
	json_object_del(object, "kind");
	return script_put_in(path, definition, err);
}

/* Two definitions of one thing would be applied over one another, at each apply again. */
static int list_check_twice(const struct list *list, struct hr_error *err)
{
	for (size_t i = 1; i < list->n; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct definition *a = &list->items[j], *b = &list->items[i];

			if (a->kind == b->kind && strcmp(a->name, b->name) == 0)
				return error_set(err, HR_INVALID,
						 "%s: %s \"%s\" is defined already, by %s; remove "
						 "one or give it another name",
						 b->origin, document_kind_name(b->kind), b->name,
						 a->origin);
		}
	}
	return 0;
}

static int list_read_file(struct list *list, const char *path, struct hr_error *err)
{
	CLEANUP_JSON json_t *documents = NULL;
	CLEANUP_FREE char *text = NULL;
	struct definition *longer;
	json_t *object;
	size_t i, len;

	if (file_read(path, &text, &len, err) != 0 ||
	    yaml_parse(text, len, path, &documents, err) != 0)
		return -1;
	longer = realloc(list->items, (list->n + json_array_size(documents) + 1) * sizeof(*longer));
	if (longer == NULL)
		return error_no_memory(err, "reading definitions");
	list->items = longer;
	json_array_foreach (documents, i, object) {
		struct definition *definition = &list->items[list->n];

		*definition = (struct definition){0};
		text_format(definition->origin, sizeof(definition->origin), "%s, definition %zu",
			    path, i + 1);
		list->n++;
		if (definition_take(path, object, definition, err) != 0)
			return -1;
	}
	return 0;
}

static int is_definition_file(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot != NULL &&
	       (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 || strcmp(dot, ".json") == 0);
}

static int list_read_folder(struct list *list, const char *path, struct hr_error *err)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_definition_file, alphasort);
	int ret = 0;

	if (n < 0)
		return error_set_errno(err, errno, "cannot read the folder %s", path);
	if (n == 0)
		ret = error_set(err, HR_INVALID, "%s holds no *.yaml, *.yml or *.json", path);
	for (int i = 0; i < n; i++) {
		CLEANUP_FREE char *file = NULL;

		if (ret == 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
			ret = error_no_memory(err, "reading definitions");
		if (ret == 0)
			ret = list_read_file(list, file, err);
		free(entries[i]);
	}
	free(entries);
	return ret;
}

/* Stable: kinds in their order, definitions of a kind as they were read. */
static void list_sort(struct list *list)
{
	for (size_t i = 1; i < list->n; i++) {
		struct definition moved = list->items[i];
		size_t j = i;

		for (; j > 0 && list->items[j - 1].kind > moved.kind; j--)
			list->items[j] = list->items[j - 1];
		list->items[j] = moved;
	}
}

int definitions_read(const char *path, struct definition **ret_definitions, size_t *ret_n,
		     struct hr_error *err)
{
	struct list list = {0};
	struct stat st;
	bool is_stdin = strcmp(path, "-") == 0;
	int failed;

	if (!is_stdin && stat(path, &st) != 0)
		return error_set_errno(err, errno, "cannot read %s", path);
	if (!is_stdin && S_ISDIR(st.st_mode))
		failed = list_read_folder(&list, path, err);
	else
		failed = list_read_file(&list, path, err);
	if (failed == 0 && list.n == 0)
		failed = error_set(err, HR_INVALID, "%s holds no definition", path);
	if (failed == 0)
		failed = list_check_twice(&list, err);
	if (failed != 0) {
		definitions_free(list.items, list.n);
		return -1;
	}
	list_sort(&list);
	*ret_definitions = list.items;
	*ret_n = list.n;
	return 0;
}

void definitions_free(struct definition *definitions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		json_decref(definitions[i].body);
	free(definitions);
}
