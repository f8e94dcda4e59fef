/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the daemon's configuration. A value is checked where it is met, so that the message can
 * name file and line, or the variable. */
#include "model/daemon_config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "model/daemon_paths.h"
#include "model/daemon_table.h"
#include "model/daemon_values.h"
#include "schema/ini.h"

struct loader {
	struct daemon_config *config;
	struct daemon_paths defaults;
	struct hr_error no_defaults; /* why defaults could not be told; matters if one is needed */
	char folder[DAEMON_PATH_SIZE]; /* what relative paths count from */
	json_t *lines;                 /* "section.key" -> line in the file */
};

static const char *good_value(const struct hr_setting *row)
{
	return row->example ? row->example : row->default_value;
}

/* One value of text into the configuration; the message gets the key put before it. */
static int take_text(struct loader *loader, const struct daemon_section *section,
		     const struct hr_setting *row, const char *text, struct hr_error *err)
{
	CLEANUP_JSON json_t *value = NULL;
	struct hr_error reason = {0};

	if (schema_value_from_text(row, text, &value, &reason) == 0) {
		if (daemon_value_read(loader->folder, section->name, row->key, value,
				      loader->config, &reason) == 0)
			return 0;
		if (reason.class == HR_INVALID)
			error_set_field(&reason, HR_INVALID, row->key, good_value(row),
					"%s; for example %s", reason.message, good_value(row));
	}
	if (err) {
		*err = reason;
		text_format(err->field, sizeof(err->field), "%s.%s", section->name, row->key);
	}
	return error_prefix(err, "key \"%s\" in section [%s]", row->key, section->name);
}

static const struct daemon_section *find_section(const char *name)
{
	for (const struct daemon_section *section = daemon_sections; section->name; section++)
		if (strcmp(section->name, name) == 0)
			return section;
	return NULL;
}

static int unknown_section(const char *name, struct hr_error *err)
{
	const char *names[16] = {NULL};
	const char *nearest;
	char list[256] = "";
	size_t n = 0, used = 0;

	for (; n < 15 && daemon_sections[n].name; n++) {
		names[n] = daemon_sections[n].name;
		text_format(list + used, sizeof(list) - used, "%s[%s]", n > 0 ? ", " : "",
			    names[n]);
		used += strlen(list + used);
	}
	nearest = text_nearest(name, names);
	if (nearest)
		return error_set_field(err, HR_INVALID, name, nearest,
				       "unknown section [%s]; did you mean [%s]?", name, nearest);
	return error_set_field(err, HR_INVALID, name, NULL,
			       "unknown section [%s]; known sections: %s", name, list);
}

/* A key that stands in the file a second time is a mistake: one of the two would be ignored. */
static int note_line(struct loader *loader, const struct ini_entry *entry, struct hr_error *err)
{
	char name[160];
	long long before;

	text_format(name, sizeof(name), "%s.%s", entry->section, entry->key);
	before = json_integer_or(loader->lines, name, 0);
	if (before > 0)
		return error_set_field(err, HR_INVALID, name, NULL,
				       "key \"%s\" in section [%s] stands on line %lld already; "
				       "keep one of the two",
				       entry->key, entry->section, before);
	if (json_object_set_new(loader->lines, name, json_integer(entry->line)) != 0)
		return error_no_memory(err, "reading the configuration");
	return 0;
}

static int take_entry(void *context, const struct ini_entry *entry, struct hr_error *err)
{
	struct loader *loader = context;
	const struct daemon_section *section = find_section(entry->section);
	const struct hr_setting *row;

	if (!section)
		return unknown_section(entry->section, err);
	row = schema_find(&section->schema, entry->key);
	if (!row)
		return schema_unknown_key(&section->schema, entry->key, err);
	if (note_line(loader, entry, err) != 0)
		return -1;
	return take_text(loader, section, row, entry->value, err);
}

/* Secrets are never taken from the environment: other processes can see it. */
static int take_environment(struct loader *loader, const struct daemon_section *section,
			    const struct hr_setting *row, struct hr_error *err)
{
	char name[160];
	const char *value;

	if (row->type == HR_TYPE_SECRET)
		return 0;
	text_format(name, sizeof(name), "HEADROOM_%s_%s", section->name, row->key);
	for (char *p = name; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	value = getenv(name);
	if (!value || value[0] == '\0')
		return 0;
	if (take_text(loader, section, row, value, err) != 0)
		return error_prefix(err, "environment variable %s", name);
	return 0;
}

typedef int (*row_fn)(struct loader *loader, const struct daemon_section *section,
		      const struct hr_setting *row, struct hr_error *err);

static int each_row(struct loader *loader, row_fn fn, struct hr_error *err)
{
	for (const struct daemon_section *section = daemon_sections; section->name; section++)
		for (size_t i = 0; i < section->schema.n_rows; i++)
			if (fn(loader, section, schema_row(&section->schema, i), err) != 0)
				return -1;
	return 0;
}

static int take_default(struct loader *loader, const struct daemon_section *section,
			const struct hr_setting *row, struct hr_error *err)
{
	return row->default_value ? take_text(loader, section, row, row->default_value, err) : 0;
}

static int need_defaults(const struct loader *loader, struct hr_error *err)
{
	if (err)
		*err = loader->no_defaults;
	return -1;
}

/* Where nothing was given. */
static bool fill_below_state(const struct daemon_config *config, const char *name,
			     char path[DAEMON_PATH_SIZE])
{
	return path[0] != '\0' ||
	       text_format(path, DAEMON_PATH_SIZE, "%s/%s", config->state_dir, name);
}

/* The defaults that depend on who runs the daemon, where nothing was given. */
static int fill_paths(struct loader *loader, struct hr_error *err)
{
	struct daemon_config *config = loader->config;

	if (loader->no_defaults.class != 0 &&
	    (config->socket[0] == '\0' || config->state_dir[0] == '\0'))
		return need_defaults(loader, err);
	if (config->socket[0] == '\0')
		text_copy(config->socket, sizeof(config->socket), loader->defaults.socket);
	if (config->state_dir[0] == '\0')
		text_copy(config->state_dir, sizeof(config->state_dir), loader->defaults.state_dir);
	if (!fill_below_state(config, "master.key", config->master_key) ||
	    !fill_below_state(config, "stop-creates", config->stop_creates_file) ||
	    !fill_below_state(config, "stop-changes", config->stop_changes_file))
		return error_set(err, HR_INVALID, "the path of the state folder is too long");
	if (strlen(config->socket) > DAEMON_SOCKET_MAX)
		return error_set_field(err, HR_INVALID, "server.socket",
				       "/run/headroom/headroom.sock",
				       "the path of the socket, %s, is longer than %zu bytes; set "
				       "key \"socket\" in section [server] to a shorter one",
				       config->socket, DAEMON_SOCKET_MAX);
	return 0;
}

static int read_all(struct loader *loader, const char *path, struct hr_error *err)
{
	const char *file = path ? path : loader->defaults.config_file;
	struct hr_error reason;

	if (!path && loader->no_defaults.class != 0)
		return need_defaults(loader, err);
	if (daemon_path_folder(file, loader->folder, err) != 0 ||
	    each_row(loader, take_default, err) != 0)
		return -1;
	if (ini_read(file, take_entry, loader, &reason) == 0) {
		text_copy(loader->config->file, sizeof(loader->config->file), file);
	} else if (path || reason.class != HR_NOT_FOUND) {
		if (err)
			*err = reason;
		return -1;
	}
	if (each_row(loader, take_environment, err) != 0)
		return -1;
	return fill_paths(loader, err);
}

int daemon_config_load(const char *path, struct daemon_config *ret_config, struct hr_error *err)
{
	struct loader loader = {.config = ret_config};
	int rc;

	memset(ret_config, 0, sizeof(*ret_config));
	loader.lines = json_object();
	if (!loader.lines)
		return error_no_memory(err, "reading the configuration");
	daemon_paths_find(geteuid() == 0, &loader.defaults, &loader.no_defaults);
	rc = read_all(&loader, path, err);
	json_decref(loader.lines);
	if (rc != 0)
		daemon_config_clear(ret_config);
	return rc;
}

const struct schema *daemon_config_section(size_t i, const char **ret_name)
{
	for (size_t n = 0; daemon_sections[n].name; n++) {
		if (n == i) {
			*ret_name = daemon_sections[n].name;
			return &daemon_sections[n].schema;
		}
	}
	return NULL;
}
