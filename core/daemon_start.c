/* SPDX-License-Identifier: Apache-2.0 */
/* Once at the start: keys, modules, the first token, --check. */
#include "daemon_start.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "api/api.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/checkin.h"
#include "store/operation_rows.h"
#include "store/secret_rows.h"

void start_forbid_core_files(void)
{
	const struct rlimit none = {0};

	setrlimit(RLIMIT_CORE, &none);
}

/* Whether the folder has anything in it. */
static bool has_entries(const char *path)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	bool found = false;

	while (dir != NULL && !found && (entry = readdir(dir)) != NULL)
		found = entry->d_name[0] != '.';
	if (dir != NULL)
		closedir(dir);
	return found;
}

int start_check_database(const char *state_dir, struct hr_error *err)
{
	CLEANUP_FREE char *database = NULL;
	CLEANUP_FREE char *accounts = NULL;
	struct stat st;
	bool exists;

	if (asprintf(&database, "%s/headroom.db", state_dir) < 0)
		database = NULL;
	if (asprintf(&accounts, "%s/accounts", state_dir) < 0)
		accounts = NULL;
	if (database == NULL || accounts == NULL)
		return error_no_memory(err, "starting");
	/* Whatever is no file is looked at when it is opened. */
	exists =
		stat(database, &st) == 0 ? !S_ISREG(st.st_mode) || st.st_size > 0 : errno != ENOENT;
	if (exists || !has_entries(accounts))
		return 0;
	return error_set(err, HR_NOT_FOUND,
			 "%s is missing or empty, but %s shows that there was one: a new one would "
			 "know none of its servers; put back a backup of it, or move %s away to "
			 "begin anew",
			 database, accounts, accounts);
}

struct first_rows {
	struct id_source ids;
	struct event moved;
};

static int ensure_key(struct tx *tx, void *arg, struct hr_error *err)
{
	const struct first_rows *first = arg;
	struct id_source ids = first->ids;

	if (first->moved.message[0] != '\0' && event_add(tx, &first->moved, err) < 0)
		return -1;
	return checkin_key_ensure(tx, &ids, err);
}

int start_rows(struct store *store, const char *moved, struct hr_error *err)
{
	struct first_rows first = {
		.moved = {.at_ms = clock_now().wall_ms, .kind = "installation.moved"}};

	if (id_source_init(&first.ids, random_system, NULL) != 0)
		return error_set(err, HR_INTERNAL, "the system gives no random bytes");
	text_copy(first.moved.message, sizeof(first.moved.message), moved);
	return store_write(store, ensure_key, &first, err);
}

/* The words with a separator between them; the caller frees. */
static char *words_join(char *const *words, char separator)
{
	size_t len = 1;
	char *text;

	for (size_t i = 0; words != NULL && words[i] != NULL; i++)
		len += strlen(words[i]) + 1;
	text = calloc(1, len);
	for (size_t i = 0, at = 0; text != NULL && words != NULL && words[i] != NULL; i++) {
		if (i > 0)
			text[at++] = separator;
		memcpy(text + at, words[i], strlen(words[i]));
		at += strlen(words[i]);
	}
	return text;
}

/* Beside the daemon in a build tree; else where it is installed. */
void start_find_host(struct daemon_config *config)
{
	static const char name[] = "headroom-host";
	char path[DAEMON_PATH_SIZE];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof(name));
	char *slash;

	if (config->host_program[0] != '\0')
		return;
	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		memcpy(slash + 1, name, sizeof(name));
	if (slash == NULL || access(path, X_OK) != 0)
		text_copy(path, sizeof(path), HEADROOM_LIBEXECDIR "/headroom-host");
	text_copy(config->host_program, sizeof(config->host_program), path);
}

struct secret_rules start_secret_rules(const struct daemon_config *config)
{
	const char *secrets_dir = config->secrets_dir[0] != '\0' ? config->secrets_dir : NULL;

	return (struct secret_rules){
		.secrets_dir = secrets_dir,
		.env_names = (const char *const *)config->secret_environment,
		.credentials_dir = getenv("CREDENTIALS_DIRECTORY"),
		.master_key_path = config->master_key,
	};
}

int start_registry(const struct daemon_config *config, bool by_manifest,
		   struct registry **ret_registry, struct hr_error *err)
{
	CLEANUP_FREE char *path = words_join(config->provider_dirs, ':');
	CLEANUP_FREE char *local_modules = words_join(config->local_modules, ',');
	const struct registry_options options = {
		.path = path,
		.local_modules = local_modules,
		.host_program = config->host_program,
		.no_manifests = !by_manifest,
	};

	if (path == NULL || local_modules == NULL)
		return error_no_memory(err, "starting");
	if (registry_open(&options, ret_registry, err) != 0)
		return -1;
	for (size_t i = 0; i < registry_count(*ret_registry); i++) {
		const struct registry_module *module = registry_at(*ret_registry, i);

		if (!module->usable)
			log_line(LOG_LEVEL_WARNING, NULL, "%s", module->reason);
	}
	return 0;
}

static int count_tokens(struct tx *tx, void *arg, struct hr_error *err)
{
	struct api_token *tokens = NULL;

	if (token_list(tx, &tokens, arg, err) != 0)
		return -1;
	free(tokens);
	return 0;
}

/* Replaces the file: a start that was killed before it made the token valid may have left one. */
static int token_write(const char *path, const char *token, struct hr_error *err)
{
	int fd;
	int ret = 0;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set_errno(err, errno, "cannot write the admin token to %s", path);
	if (dprintf(fd, "%s\n", token) < 0 || fsync(fd) != 0)
		ret = error_set_errno(err, errno, "cannot write the admin token to %s", path);
	close(fd);
	return ret;
}

/* The file gets its name once the token is valid: by this start, or the next if this one is killed. */
static int token_reveal(const char *hidden, const char *path, struct hr_error *err)
{
	if (rename(hidden, path) == 0)
		log_line(LOG_LEVEL_INFO, NULL, "the admin token is in %s", path);
	else if (errno != ENOENT)
		return error_set_errno(err, errno, "cannot write the admin token to %s", path);
	return 0;
}

/* Told before it is valid, to a terminal or a file, so that it cannot be valid and known to nobody. */
static int token_first(struct store *store, const char *hidden, struct hr_error *err)
{
	char token[API_TOKEN_SIZE];
	int ret = 0;

	if (api_token_make(token, err) != 0)
		return -1;
	if (isatty(STDOUT_FILENO)) {
		/* One from a start that was killed is not this one's. */
		unlink(hidden);
		printf("admin token (shown once; keep it): %s\n", token);
		fflush(stdout);
	} else {
		ret = token_write(hidden, token, err);
	}
	if (ret == 0)
		ret = api_token_create_admin(store, "admin", token, err);
	OPENSSL_cleanse(token, sizeof(token));
	return ret;
}

int start_token(struct store *store, const char *state_dir, const char *address,
		struct hr_error *err)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *hidden = NULL;
	size_t n_tokens = 0;

	printf("headroomd %s listens on http://%s\n", HEADROOM_VERSION, address);
	fflush(stdout);
	if (asprintf(&path, "%s/admin-token", state_dir) < 0) {
		path = NULL;
		return error_no_memory(err, "starting");
	}
	if (asprintf(&hidden, "%s.new", path) < 0) {
		hidden = NULL;
		return error_no_memory(err, "starting");
	}
	if (store_read(store, count_tokens, &n_tokens, err) != 0 ||
	    (n_tokens == 0 && token_first(store, hidden, err) != 0))
		return -1;
	return token_reveal(hidden, path, err);
}

/* Says how the store is; one that is not there yet is none that is wrong. */
static int check_store(const struct daemon_config *config, bool *ret_moved, struct hr_error *err)
{
	const struct store_options options = {
		.directory = config->state_dir,
		.master_key = config->master_key,
		.read_only_check = true,
	};
	struct store *store = NULL;
	char told[1024];

	*ret_moved = false;
	if (start_check_database(config->state_dir, err) != 0)
		return -1;
	if (store_open(&options, &store, err) != 0) {
		if (err->class != HR_NOT_FOUND)
			return -1;
		printf("store: %s\n", err->message);
		return 0;
	}
	*ret_moved = store_moved(store);
	if (*ret_moved) {
		store_moved_tell(store, told, sizeof(told));
		printf("store: %s was %s: %s\n", config->state_dir, store_moved_how(store), told);
	} else {
		printf("store: %s is well\n", config->state_dir);
	}
	store_close(store);
	return 0;
}

int start_check(const struct daemon_config *config, struct hr_error *err)
{
	struct registry *registry = NULL;
	size_t refused = 0;
	bool moved;

	printf("configuration: %s\n", config->file[0] != '\0' ? config->file : "defaults");
	if (check_store(config, &moved, err) != 0)
		return -1;
	/* A check is to see what is there, not what was written down of it. */
	if (start_registry(config, false, &registry, err) != 0)
		return -1;
	for (size_t i = 0; i < registry_count(registry); i++) {
		const struct registry_module *module = registry_at(registry, i);

		printf("provider %s: %s\n", module->id, module->usable ? "usable" : module->reason);
		refused += !module->usable;
	}
	registry_close(registry);
	if (refused > 0)
		return error_set(err, HR_INVALID, "%zu provider modules are refused; see above",
				 refused);
	if (moved)
		return error_set(err, HR_CONFLICT,
				 "the store was moved, copied or put back, so a start only tells "
				 "what it would do; see above");
	return 0;
}
