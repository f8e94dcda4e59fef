/* SPDX-License-Identifier: Apache-2.0 */
/* Finds module files in the search path. What they are is asked of one function, inline_describe;
 * nothing here knows how it finds out. */
#include "provider/registry.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "provider/inline.h"

#define FILES_MAX 1000 /* in all folders */

struct entry {
	struct registry_module module; /* first */
	char *id;
	char *path;
	char *reason;
	void *keep; /* what the module's description points to */
};

struct registry {
	struct entry **entries;
	size_t n;
	char *local_modules;
	char **folders; /* of the search path, in order; NULL-terminated */
	size_t n_folders;
};

/* Whether text is one of the words of a comma-separated list. */
static bool is_listed(const char *list, const char *text)
{
	size_t len = strlen(text);

	for (const char *at = list; at && *at != '\0';) {
		size_t n;

		at += strspn(at, ", \t");
		n = strcspn(at, ", \t");
		if (n == len && n > 0 && strncmp(at, text, len) == 0)
			return true;
		at += n;
	}
	return false;
}

static const struct entry *find_id(const struct registry *registry, const char *id)
{
	for (size_t i = 0; i < registry->n; i++)
		if (strcmp(registry->entries[i]->id, id) == 0)
			return registry->entries[i];
	return NULL;
}

static void entry_free(struct entry *entry)
{
	if (!entry)
		return;
	inline_description_free(entry->keep);
	free(entry->id);
	free(entry->path);
	free(entry->reason);
	free(entry);
}

/* Loads it, or notes why not. 0, or -1: no memory. */
static int describe(struct registry *registry, struct entry *entry)
{
	const struct entry *first = find_id(registry, entry->id);
	struct hr_error reason = {0};

	if (first) {
		text_format(reason.message, sizeof(reason.message),
			    "provider \"%.32s\" (%.160s): a module of this id was found before in "
			    "%.160s, which counts; remove one of the two, or change the order of "
			    "the folders",
			    entry->id, entry->path, first->path);
	} else if (inline_describe(entry->path, is_listed(registry->local_modules, entry->id),
				   &entry->module, &entry->keep, &reason) == 0) {
		entry->module.usable = true;
		return 0;
	}
	entry->reason = strdup(reason.message);
	entry->module.reason = entry->reason;
	return entry->reason ? 0 : -1;
}

/* 0, or -1: no memory. */
static int add_file(struct registry *registry, const char *folder, const char *name)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	struct entry **more =
		reallocarray(registry->entries, registry->n + 1, sizeof(struct entry *));

	if (more)
		registry->entries = more;
	if (!entry || !more)
		goto no_memory;
	entry->id = strndup(name, strlen(name) - strlen(".so"));
	if (asprintf(&entry->path, "%s/%s", folder, name) < 0)
		entry->path = NULL;
	if (!entry->id || !entry->path)
		goto no_memory;
	entry->module.id = entry->id;
	entry->module.path = entry->path;
	if (describe(registry, entry) != 0)
		goto no_memory;
	registry->entries[registry->n++] = entry;
	return 0;
no_memory:
	entry_free(entry);
	return -1;
}

static int is_module_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 3 && strcmp(entry->d_name + len - 3, ".so") == 0 && entry->d_name[0] != '.';
}

/* In the order of names. A folder that is not there has no modules. 0, or -1: no memory. */
static int scan_folder(struct registry *registry, const char *folder)
{
	struct dirent **files = NULL;
	int n = scandir(folder, &files, is_module_file, alphasort), rc = 0;

	if (n < 0)
		return errno == ENOMEM ? -1 : 0;
	for (int i = 0; i < n; i++) {
		if (rc == 0 && registry->n < FILES_MAX)
			rc = add_file(registry, folder, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	return rc;
}

/* Splits the search path. 0, or -1: no memory. */
static int note_folders(struct registry *registry, const char *path)
{
	while (*path != '\0') {
		size_t len = strcspn(path, ":");
		char **more =
			reallocarray(registry->folders, registry->n_folders + 2, sizeof(*more));

		if (!more)
			return -1;
		registry->folders = more;
		more[registry->n_folders] = NULL;
		more[registry->n_folders + 1] = NULL;
		while (len > 1 && path[len - 1] == '/')
			len--;
		if (len > 0) {
			more[registry->n_folders] = strndup(path, len);
			if (!more[registry->n_folders])
				return -1;
			registry->n_folders++;
		}
		path += strcspn(path, ":");
		path += *path == ':';
	}
	return 0;
}

int registry_open(const struct registry_options *options, struct registry **ret_registry,
		  struct hr_error *err)
{
	struct registry *registry = calloc(1, sizeof(*registry));
	int rc;

	if (!registry)
		return error_no_memory(err, "looking for provider modules");
	registry->local_modules = strdup(options->local_modules ? options->local_modules : "");
	rc = registry->local_modules ? note_folders(registry, options->path ? options->path : "")
				     : -1;
	for (size_t i = 0; rc == 0 && i < registry->n_folders; i++)
		rc = scan_folder(registry, registry->folders[i]);
	if (rc != 0) {
		registry_close(registry);
		return error_no_memory(err, "looking for provider modules");
	}
	*ret_registry = registry;
	return 0;
}

void registry_close(struct registry *registry)
{
	if (!registry)
		return;
	for (size_t i = 0; i < registry->n; i++)
		entry_free(registry->entries[i]);
	for (size_t i = 0; i < registry->n_folders; i++)
		free(registry->folders[i]);
	free(registry->folders);
	free(registry->entries);
	free(registry->local_modules);
	free(registry);
}

size_t registry_count(const struct registry *registry)
{
	return registry->n;
}

const struct registry_module *registry_at(const struct registry *registry, size_t i)
{
	return &registry->entries[i]->module;
}

/* "/a, /b (there is no such folder)" */
static void list_folders(const struct registry *registry, char *buf, size_t size)
{
	size_t used = 0;

	text_copy(buf, size, "no folder at all: the search path is empty");
	for (size_t i = 0; i < registry->n_folders && used + 1 < size; i++) {
		DIR *dir = opendir(registry->folders[i]);
		bool is_missing = !dir && (errno == ENOENT || errno == ENOTDIR);

		text_format(buf + used, size - used, "%s%s%s", i > 0 ? ", " : "",
			    registry->folders[i],
			    dir          ? ""
			    : is_missing ? " (there is no such folder)"
					 : " (which cannot be read)");
		used += strlen(buf + used);
		if (dir)
			closedir(dir);
	}
}

/* A usable module whose id is near, or NULL. */
static const char *nearest_id(const struct registry *registry, const char *id)
{
	CLEANUP_FREE const char **ids = calloc(registry->n + 1, sizeof(*ids));
	size_t n = 0;

	for (size_t i = 0; ids && i < registry->n; i++)
		if (registry->entries[i]->module.usable)
			ids[n++] = registry->entries[i]->id;
	return ids ? text_nearest(id, ids) : NULL;
}

static int refuse_unknown(const struct registry *registry, const char *id, struct hr_error *err)
{
	const char *nearest = nearest_id(registry, id);
	char folders[300], meant[64] = "";

	list_folders(registry, folders, sizeof(folders));
	if (nearest)
		text_format(meant, sizeof(meant), " (did you mean \"%s\"?)", nearest);
	return error_set_field(
		err, HR_INVALID, "provider", nearest ? nearest : "local",
		"there is no provider module \"%.64s\"%s: looked for %.64s.so in %s; "
		"install it, or correct the name",
		id, meant, id, folders);
}

int registry_find(const struct registry *registry, const char *id,
		  const struct registry_module **ret_module, struct hr_error *err)
{
	const struct entry *entry = find_id(registry, id);

	if (!entry)
		return refuse_unknown(registry, id, err);
	if (!entry->module.usable)
		return error_set_field(err, HR_INVALID, "provider", NULL, "%s", entry->reason);
	*ret_module = &entry->module;
	return 0;
}
