/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's values that have a form of their own: addresses, paths, lists, ranges. Each
 * gets a typed value that the key's row has passed, and puts it into the configuration. */
#include "model/daemon_values.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/daemon_paths.h"

#define MAX_DIRS 64

/* One key whose text has a form of its own. The row's checks have passed. */
struct key_reader {
	const char *section;
	const char *key;
	int (*read)(const char *folder, const json_t *value, struct daemon_config *config,
		    struct hr_error *err);
};

static void strings_free(char **strings)
{
	for (size_t i = 0; strings && strings[i]; i++)
		free(strings[i]);
	free(strings);
}

static int read_listen(const char *folder, const json_t *value, struct daemon_config *config,
		       struct hr_error *err)
{
	const char *text = json_string_value(value);
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	(void)folder;
	if (!colon || text_to_int64(colon + 1, 0, 65535, &config->listen_port) != 0 || len == 0)
		return error_set(err, HR_INVALID,
				 "\"%.100s\" is not host:port with a port from 0 to 65535", text);
	if (text[0] == '[' && len > 2 && text[len - 1] == ']')
		text++, len -= 2;
	else if (memchr(text, ':', len))
		return error_set(err, HR_INVALID,
				 "\"%.100s\": an IPv6 address stands in brackets, such as "
				 "[::1]:8460",
				 text);
	text_format(config->listen_host, sizeof(config->listen_host), "%.*s", (int)len, text);
	return 0;
}

static int read_path(const char *folder, const json_t *value, char ret_path[DAEMON_PATH_SIZE],
		     struct hr_error *err)
{
	return daemon_path_absolute(folder, json_string_value(value), ret_path, err);
}

static int read_socket(const char *folder, const json_t *value, struct daemon_config *config,
		       struct hr_error *err)
{
	char *path = config->socket;

	if (read_path(folder, value, path, err) != 0)
		return -1;
	if (strlen(path) <= DAEMON_SOCKET_MAX)
		return 0;
	return error_set(err, HR_INVALID,
			 "the path has %zu bytes, a socket's has at most %zu; choose a shorter one",
			 strlen(path), DAEMON_SOCKET_MAX);
}

static int read_state_dir(const char *folder, const json_t *value, struct daemon_config *config,
			  struct hr_error *err)
{
	return read_path(folder, value, config->state_dir, err);
}

static int read_master_key(const char *folder, const json_t *value, struct daemon_config *config,
			   struct hr_error *err)
{
	return read_path(folder, value, config->master_key, err);
}

/* Adds the folder named by len bytes of text to dirs[*n]. */
static int add_dir(const char *folder, const char *text, size_t len, char **dirs, size_t *n,
		   struct hr_error *err)
{
	char name[DAEMON_PATH_SIZE], path[DAEMON_PATH_SIZE];

	if (*n == MAX_DIRS)
		return error_set(err, HR_INVALID, "more than %d folders", MAX_DIRS);
	text_format(name, sizeof(name), "%.*s", (int)len, text);
	if (daemon_path_absolute(folder, name, path, err) != 0)
		return -1;
	dirs[*n] = strdup(path);
	if (!dirs[*n])
		return error_no_memory(err, "reading the configuration");
	(*n)++;
	return 0;
}

static int read_provider_dirs(const char *folder, const json_t *value, struct daemon_config *config,
			      struct hr_error *err)
{
	const char *text = json_string_value(value);
	char **dirs = calloc(MAX_DIRS + 1, sizeof(*dirs));
	size_t n = 0;
	int rc = dirs ? 0 : error_no_memory(err, "reading the configuration");

	while (rc == 0 && *text) {
		size_t len = strcspn(text, ":");

		if (len > 0)
			rc = add_dir(folder, text, len, dirs, &n, err);
		text += len + (text[len] == ':');
	}
	if (rc == 0 && n == 0)
		rc = error_set(err, HR_INVALID, "no folder is named");
	if (rc != 0) {
		strings_free(dirs);
		return -1;
	}
	strings_free(config->provider_dirs);
	config->provider_dirs = dirs;
	return 0;
}

static int read_names(const json_t *value, char ***ret_names, struct hr_error *err)
{
	size_t n = json_array_size(value);
	char **names = calloc(n + 1, sizeof(*names));

	for (size_t i = 0; names && i < n; i++) {
		names[i] = strdup(json_string_value(json_array_get(value, i)));
		if (!names[i]) {
			strings_free(names);
			names = NULL;
		}
	}
	if (!names)
		return error_no_memory(err, "reading the configuration");
	strings_free(*ret_names);
	*ret_names = names;
	return 0;
}

static int read_local_modules(const char *folder, const json_t *value, struct daemon_config *config,
			      struct hr_error *err)
{
	(void)folder;
	return read_names(value, &config->local_modules, err);
}

static int read_host(const char *folder, const json_t *value, struct daemon_config *config,
		     struct hr_error *err)
{
	return read_path(folder, value, config->host_program, err);
}

static int read_secrets_dir(const char *folder, const json_t *value, struct daemon_config *config,
			    struct hr_error *err)
{
	return read_path(folder, value, config->secrets_dir, err);
}

static int read_secret_environment(const char *folder, const json_t *value,
				   struct daemon_config *config, struct hr_error *err)
{
	(void)folder;
	return read_names(value, &config->secret_environment, err);
}

static int read_host_uids(const char *folder, const json_t *value, struct daemon_config *config,
			  struct hr_error *err)
{
	const char *text = json_string_value(value);
	const char *dash = strchr(text, '-');
	char first[16];

	(void)folder;
	/* 0 is root; the largest number means "none" to the system. */
	if (!dash || !text_format(first, sizeof(first), "%.*s", (int)(dash - text), text) ||
	    text_to_int64(first, 1, UINT32_MAX - 1, &config->host_uid_first) != 0 ||
	    text_to_int64(dash + 1, 1, UINT32_MAX - 1, &config->host_uid_last) != 0)
		return error_set(err, HR_INVALID,
				 "\"%.40s\" is not first-last with uids from 1 to %lld", text,
				 (long long)UINT32_MAX - 1);
	if (config->host_uid_first > config->host_uid_last)
		return error_set(err, HR_INVALID, "the first uid %lld is above the last, %lld",
				 (long long)config->host_uid_first,
				 (long long)config->host_uid_last);
	return 0;
}

static int read_level(const char *folder, const json_t *value, struct daemon_config *config,
		      struct hr_error *err)
{
	(void)folder;
	(void)err;
	config->log_level = (enum log_level)log_level_number(json_string_value(value));
	return 0;
}

static int read_format(const char *folder, const json_t *value, struct daemon_config *config,
		       struct hr_error *err)
{
	const char *text = json_string_value(value);

	(void)folder;
	(void)err;
	config->log_format = strcmp(text, "text") == 0   ? LOG_FORMAT_TEXT
			     : strcmp(text, "json") == 0 ? LOG_FORMAT_JSON
							 : LOG_FORMAT_AUTO;
	return 0;
}

static int read_stop_creates(const char *folder, const json_t *value, struct daemon_config *config,
			     struct hr_error *err)
{
	return read_path(folder, value, config->stop_creates_file, err);
}

static int read_stop_changes(const char *folder, const json_t *value, struct daemon_config *config,
			     struct hr_error *err)
{
	return read_path(folder, value, config->stop_changes_file, err);
}

static int read_dry_run(const char *folder, const json_t *value, struct daemon_config *config,
			struct hr_error *err)
{
	(void)folder;
	(void)err;
	config->dry_run = json_is_true(value);
	return 0;
}

static int read_core_files(const char *folder, const json_t *value, struct daemon_config *config,
			   struct hr_error *err)
{
	(void)folder;
	(void)err;
	config->core_files = json_is_true(value);
	return 0;
}

static int read_record_http(const char *folder, const json_t *value, struct daemon_config *config,
			    struct hr_error *err)
{
	return read_path(folder, value, config->record_http, err);
}

static int read_record_accounts(const char *folder, const json_t *value,
				struct daemon_config *config, struct hr_error *err)
{
	(void)folder;
	return read_names(value, &config->record_accounts, err);
}

static const struct key_reader key_readers[] = {
	{"server", "listen", read_listen},
	{"server", "socket", read_socket},
	{"state", "dir", read_state_dir},
	{"providers", "path", read_provider_dirs},
	{"providers", "local_modules", read_local_modules},
	{"providers", "host", read_host},
	{"log", "level", read_level},
	{"log", "format", read_format},
	{"engine", "stop_creates_file", read_stop_creates},
	{"engine", "stop_changes_file", read_stop_changes},
	{"engine", "dry_run", read_dry_run},
	{"security", "master_key", read_master_key},
	{"security", "host_uids", read_host_uids},
	{"security", "secrets_dir", read_secrets_dir},
	{"security", "secret_environment", read_secret_environment},
	{"debug", "core_files", read_core_files},
	{"debug", "record_http", read_record_http},
	{"debug", "record_accounts", read_record_accounts},
};

#define N_KEY_READERS (sizeof(key_readers) / sizeof(key_readers[0]))

/* Durations, which the file has in seconds. */
static const struct {
	const char *section;
	const char *key;
	size_t ms_at; /* an int64_t of struct daemon_config */
} durations[] = {
	{"engine", "safety_pass", offsetof(struct daemon_config, safety_pass_ms)},
	{"engine", "probe_every", offsetof(struct daemon_config, probe_every_ms)},
	{"engine", "keep", offsetof(struct daemon_config, keep_ms)},
};

#define N_DURATIONS (sizeof(durations) / sizeof(durations[0]))

static bool is_key(const char *section, const char *key, const char *of, const char *named)
{
	return strcmp(section, of) == 0 && strcmp(key, named) == 0;
}

int daemon_value_read(const char *folder, const char *section, const char *key, const json_t *value,
		      struct daemon_config *config, struct hr_error *err)
{
	for (size_t i = 0; i < N_KEY_READERS; i++)
		if (is_key(section, key, key_readers[i].section, key_readers[i].key))
			return key_readers[i].read(folder, value, config, err);
	for (size_t i = 0; i < N_DURATIONS; i++) {
		int64_t ms = json_integer_value(value) * MS_PER_S;

		if (!is_key(section, key, durations[i].section, durations[i].key))
			continue;
		memcpy((char *)config + durations[i].ms_at, &ms, sizeof(ms));
		return 0;
	}
	return error_set(err, HR_INTERNAL, "nothing reads this key");
}

void daemon_config_clear(struct daemon_config *config)
{
	strings_free(config->provider_dirs);
	strings_free(config->local_modules);
	strings_free(config->secret_environment);
	strings_free(config->record_accounts);
	memset(config, 0, sizeof(*config));
}
