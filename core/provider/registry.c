/* SPDX-License-Identifier: Apache-2.0 */
/* Finds module files in the search path, and has each that its manifest does not
 * tell of looked at by a process of its own, some at once. */
#include "provider/registry.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "provider/host_sandbox.h"
#include "provider/manifest.h"
#include "provider/module_file.h"
#include "provider/module_probe.h"

#define FILES_MAX 1000 /* in all folders, where the options say nothing */
#define PROBES_AT_ONCE 4
#define SANDBOX_KNOWN (1u << 31)

struct entry {
	struct registry_module module; /* first */
	char *id;
	char *path;
	char *reason;
	char *manifest_note;
	char *subject;                   /* of its settings: "settings of provider acme" */
	struct description *description; /* what module points to; NULL: refused */
	struct module_probe probe;
	atomic_uint sandbox; /* what its newest process has said, and SANDBOX_KNOWN; or 0 */
	char *not_loaded; /* why its newest process could not load it, or NULL; under the mutex */
};

struct registry {
	struct entry **entries;
	size_t n;
	char *local_modules;
	char *host_program;
	bool no_manifests;
	char **folders; /* of the search path, in order; NULL-terminated */
	size_t n_folders;
	pthread_mutex_t mutex; /* of the entries' not_loaded */
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

/* The one that counts; where none is usable, the first. */
static struct entry *find_id(const struct registry *registry, const char *id)
{
	struct entry *first = NULL;

	for (size_t i = 0; i < registry->n; i++) {
		struct entry *entry = registry->entries[i];

		if (strcmp(entry->id, id) != 0)
			continue;
		if (entry->module.usable)
			return entry;
		if (!first)
			first = entry;
	}
	return first;
}

static void entry_free(struct entry *entry)
{
	if (!entry)
		return;
	module_probe_free(entry->description);
	free(entry->subject);
	free(entry->id);
	free(entry->path);
	free(entry->reason);
	free(entry->manifest_note);
	free(entry->not_loaded);
	free(entry);
}

/* ---- What they are -------------------------------------------------------------------------- */

/* 0, or -1: no memory. */
static int refuse(struct entry *entry, const struct hr_error *reason)
{
	entry->reason = strdup(reason->message);
	entry->module.reason = entry->reason;
	return entry->reason ? 0 : -1;
}

static void fill_module(struct entry *entry)
{
	const struct description *d = entry->description;
	struct registry_module *m = &entry->module;

	m->title = d->title;
	m->version = d->version;
	m->vendor = d->vendor;
	m->abi_major = d->abi_major;
	m->abi_minor = d->abi_minor;
	m->draft = d->draft;
	m->profile = d->profile;
	m->capabilities = d->capabilities;
	m->thread_model = d->thread_model;
	m->max_concurrency = d->max_concurrency;
	m->rate_per_minute = d->rate_per_minute;
	m->rate_burst = d->rate_burst;
	m->script_max = d->script_max;
	m->linux_scripts = d->linux_scripts;
	m->windows_scripts = d->windows_scripts;
	m->hosts = d->hosts;
	m->n_hosts = d->n_hosts;
	m->schema.subject = entry->subject;
	m->schema.rows = d->settings;
	m->schema.n_rows = d->n_settings;
	m->schema.stride = sizeof(*d->settings);
	m->usable = true;
}

/* The process that read the descriptor ran the module's constructors: it is believed only where what
 * it says is sound. */
static int check_description(const struct entry *entry, bool may_be_local, struct hr_error *err)
{
	const struct description *d = entry->description;
	const struct schema schema = {
		.subject = entry->subject,
		.rows = d->settings,
		.n_rows = d->n_settings,
		.stride = sizeof(*d->settings),
	};
	const char *what = NULL;

	if (!d->module || strcmp(d->module, entry->id) != 0 || !d->title || !d->version ||
	    !d->vendor || d->abi_major != HR_ABI_MAJOR || d->draft != HR_ABI_DRAFT)
		what = "its process describes another module";
	else if (d->profile == HR_PROFILE_LOCAL && !may_be_local)
		what = "it asks for profile local, which is not granted to it";
	else if (d->profile != HR_PROFILE_LOCAL && d->profile != HR_PROFILE_COMPUTE)
		what = "it asks for a profile that there is not";
	else if (schema_check(&schema, err) != 0)
		what = err->message;
	if (!what && d->thread_model < HR_THREADS_SERIAL)
		what = "it has no thread model";
	for (size_t i = 0; !what && i < d->n_settings; i++)
		if (d->settings[i].role == HR_ROLE_REFERENCE)
			what = "a setting has the role reference, which is the daemon's own";
	for (size_t i = 0; !what && i < d->n_hosts; i++)
		what = d->hosts[i].pattern ? NULL : "a rule for hosts has no pattern";
	if (!what)
		return 0;
	return error_set_field(err, HR_INVALID, "provider", NULL,
			       "provider \"%.32s\" (%.160s): %.200s; report this to its vendor",
			       entry->id, entry->path, what);
}

/* In the log and, where there is memory for it, for whoever asks later. */
static void note_manifest(struct entry *entry, enum manifest_state state,
			  const struct hr_error *why)
{
	log_line(state == MANIFEST_UNSAFE ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, NULL,
		 "provider \"%.32s\": %s", entry->id, why->message);
	entry->manifest_note = strdup(why->message);
	entry->module.manifest_note = entry->manifest_note;
}

/* By its manifest, where there is one that holds. Whatever is not as it should be: the module is asked,
 * and its process says what is wrong with it. */
static bool know_by_manifest(const struct registry *registry, struct entry *entry)
{
	bool may_be_local = is_listed(registry->local_modules, entry->id);
	struct hr_error why = {0};
	enum manifest_state state;

	if (registry->no_manifests)
		return false;
	state = manifest_read(entry->path, &entry->description, &why);
	if (state == MANIFEST_FOUND && (entry->description->abi_minor > HR_ABI_MINOR ||
					check_description(entry, may_be_local, &why) != 0)) {
		module_probe_free(entry->description);
		entry->description = NULL;
		state = MANIFEST_STALE;
		error_set(&why, HR_INVALID,
			  "the manifest beside %.160s is not used: it does not suit this Headroom "
			  "or its configuration; the module itself is asked",
			  entry->path);
	}
	if (state == MANIFEST_FOUND) {
		fill_module(entry);
		entry->module.by_manifest = true;
	} else if (state != MANIFEST_MISSING) {
		note_manifest(entry, state, &why);
	} else {
		log_line(LOG_LEVEL_DEBUG, NULL, "provider \"%.32s\": no manifest beside %s",
			 entry->id, entry->path);
	}
	return state == MANIFEST_FOUND;
}

static int probe_begin(const struct registry *registry, struct entry *entry)
{
	struct hr_error reason = {0};

	if (know_by_manifest(registry, entry))
		return 0;
	if (module_probe_begin(&entry->probe, registry->host_program, entry->id, entry->path,
			       is_listed(registry->local_modules, entry->id), &reason) == 0)
		return 0;
	return refuse(entry, &reason);
}

static int probe_end(const struct registry *registry, struct entry *entry)
{
	struct hr_error reason = {0};

	if (module_probe_end(&entry->probe, &entry->description, &reason) == 0 &&
	    check_description(entry, is_listed(registry->local_modules, entry->id), &reason) == 0) {
		fill_module(entry);
		return 0;
	}
	return refuse(entry, &reason);
}

/* 0, or -1: no memory. */
static int describe_all(struct registry *registry)
{
	size_t ended = 0;
	int rc = 0;

	for (size_t begun = 0; ended < registry->n; ended++) {
		while (begun < registry->n && begun < ended + PROBES_AT_ONCE) {
			struct entry *entry = registry->entries[begun++];

			if (rc == 0)
				rc = probe_begin(registry, entry);
			if (rc != 0)
				entry->probe.pid = 0;
		}
		/* What was begun is ended, also without memory. */
		if (registry->entries[ended]->probe.pid > 0 &&
		    probe_end(registry, registry->entries[ended]) != 0)
			rc = -1;
	}
	return rc;
}

/* ---- Several of one id --------------------------------------------------------------------- */

/* Of two modules of one id the newer version counts, of the same one that which was found first. One that is
 * refused and comes first is not silently replaced. */
static int refuse_lesser(struct entry *first, struct entry *second)
{
	int order = first->module.usable ? strverscmp(second->module.version, first->module.version)
					 : 0;
	struct entry *counts = order > 0 ? second : first;
	struct entry *lesser = order > 0 ? first : second;
	struct hr_error reason = {0};

	if (order == 0)
		text_format(reason.message, sizeof(reason.message),
			    "provider \"%.32s\" (%.160s): a module of this id was found before in "
			    "%.160s, which counts; remove one of the two, or change the order of "
			    "the folders",
			    lesser->id, lesser->path, counts->path);
	else
		text_format(reason.message, sizeof(reason.message),
			    "provider \"%.32s\" (%.160s): version %.32s does not count, since "
			    "version %.32s is in %.160s; remove one of the two",
			    lesser->id, lesser->path, lesser->module.version,
			    counts->module.version, counts->path);
	log_line(LOG_LEVEL_WARNING, NULL, "%s", reason.message);
	lesser->module.usable = false;
	return refuse(lesser, &reason);
}

/* 0, or -1: no memory. */
static int settle_duplicates(struct registry *registry)
{
	for (size_t i = 0; i < registry->n; i++) {
		struct entry *entry = registry->entries[i], *first = NULL;

		for (size_t k = 0; k < i && entry->module.usable; k++) {
			if (strcmp(registry->entries[k]->id, entry->id) != 0)
				continue;
			if (!first || registry->entries[k]->module.usable)
				first = registry->entries[k];
		}
		if (first && refuse_lesser(first, entry) != 0)
			return -1;
	}
	return 0;
}

/* ---- Which there are ----------------------------------------------------------------------- */

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
	entry->id = strndup(name, (size_t)(module_file_suffix(name) - name));
	if (asprintf(&entry->path, "%s/%s", folder, name) < 0)
		entry->path = NULL;
	if (asprintf(&entry->subject, "settings of provider %.32s", entry->id ? entry->id : "") < 0)
		entry->subject = NULL;
	if (!entry->id || !entry->path || !entry->subject)
		goto no_memory;
	entry->module.id = entry->id;
	entry->module.path = entry->path;
	registry->entries[registry->n++] = entry;
	return 0;
no_memory:
	entry_free(entry);
	return -1;
}

static int is_module_file(const struct dirent *entry)
{
	return module_file_suffix(entry->d_name) && entry->d_name[0] != '.';
}

/* In the order of names. A folder that is not there has no modules. 0, or -1: no memory. */
static int scan_folder(struct registry *registry, const char *folder, size_t files_max)
{
	struct dirent **files = NULL;
	int n = scandir(folder, &files, is_module_file, alphasort), rc = 0, left_out = 0;

	if (n < 0)
		return errno == ENOMEM ? -1 : 0;
	for (int i = 0; i < n; i++) {
		if (registry->n >= files_max)
			left_out++;
		else if (rc == 0)
			rc = add_file(registry, folder, files[i]->d_name);
		free(files[i]);
	}
	if (left_out > 0)
		log_line(LOG_LEVEL_WARNING, NULL,
			 "%d files of %s are not looked at, since more than %zu files of modules "
			 "are in the folders: remove what are no modules",
			 left_out, folder, files_max);
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
	pthread_mutex_init(&registry->mutex, NULL);
	registry->local_modules = strdup(options->local_modules ? options->local_modules : "");
	registry->host_program = strdup(options->host_program);
	registry->no_manifests = options->no_manifests;
	rc = registry->local_modules && registry->host_program
		     ? note_folders(registry, options->path ? options->path : "")
		     : -1;
	for (size_t i = 0; rc == 0 && i < registry->n_folders; i++)
		rc = scan_folder(registry, registry->folders[i],
				 options->files_max > 0 ? options->files_max : FILES_MAX);
	if (rc == 0)
		rc = describe_all(registry);
	if (rc == 0)
		rc = settle_duplicates(registry);
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
	free(registry->host_program);
	pthread_mutex_destroy(&registry->mutex);
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

void registry_note_sandbox(struct registry *registry, const struct registry_module *module,
			   uint32_t flags)
{
	for (size_t i = 0; i < registry->n; i++)
		if (&registry->entries[i]->module == module)
			atomic_store(&registry->entries[i]->sandbox, flags | SANDBOX_KNOWN);
}

const char *registry_sandbox(const struct registry_module *module)
{
	unsigned flags = atomic_load(&((const struct entry *)module)->sandbox);

	return (flags & SANDBOX_KNOWN) != 0 ? host_sandbox_word(flags) : NULL;
}

void registry_note_loading(struct registry *registry, const struct registry_module *module,
			   const char *refusal)
{
	/* Without memory the last word stays, which is better than none. */
	char *copy = refusal ? strdup(refusal) : NULL;

	pthread_mutex_lock(&registry->mutex);
	for (size_t i = 0; i < registry->n; i++) {
		struct entry *entry = registry->entries[i];

		if (&entry->module != module || (refusal && !copy))
			continue;
		free(entry->not_loaded);
		entry->not_loaded = copy;
		copy = NULL;
	}
	pthread_mutex_unlock(&registry->mutex);
	free(copy);
}

bool registry_refusal(struct registry *registry, const struct registry_module *module, char *buf,
		      size_t size)
{
	const struct entry *entry = (const struct entry *)module;
	const char *reason;

	pthread_mutex_lock(&registry->mutex);
	reason = entry->reason ? entry->reason : entry->not_loaded;
	text_copy(buf, size, reason ? reason : "");
	pthread_mutex_unlock(&registry->mutex);
	return reason != NULL;
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
		"there is no provider module \"%.64s\"%s: looked for %.64s" MODULE_SUFFIX " in %s; "
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
