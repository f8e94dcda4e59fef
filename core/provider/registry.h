/* SPDX-License-Identifier: Apache-2.0 */
/* Which provider modules there are: found in the search path, described by their manifests or by a
 * process that loads them, refused ones with the reason. What the API and the documents' validation ask. */
#ifndef HR_PROVIDER_REGISTRY_H
#define HR_PROVIDER_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "schema/schema.h"

struct registry;

struct registry_options {
	const char *path;          /* folders, ':' between them, in order of precedence */
	const char *local_modules; /* comma-separated ids that may have profile local */
	const char *host_program;  /* headroom-host, absolute */
	bool no_manifests;         /* each module is asked itself */
	size_t files_max;          /* in all folders; 0: as many as there usually can be */
};

/* One module file, described or refused. Borrowed; lives as long as the registry. */
struct registry_module {
	const char *id; /* from the file's name */
	const char *path;
	bool usable;
	const char *reason; /* why not: the whole refusal, or NULL */
	bool by_manifest;   /* its manifest describes it, else a process that loaded it */
	/* Why the manifest beside it was not used, and what to do; NULL: it was, there is none, or none
	 * was looked for. */
	const char *manifest_note;
	const char *title;
	const char *version;
	const char *vendor;
	unsigned abi_major, abi_minor, draft;
	uint32_t profile;
	uint64_t capabilities;
	uint32_t thread_model;
	uint32_t max_concurrency;
	uint32_t rate_per_minute; /* where its rate budget begins; 0: the host's choice */
	uint32_t rate_burst;
	const struct hr_host_rule *hosts; /* sizeof(struct hr_host_rule) apart */
	size_t n_hosts;
	uint64_t script_max;
	uint32_t linux_scripts;
	uint32_t windows_scripts;
	struct schema schema; /* of its settings */
};

/* Looks at every module's file (*.so) of the path, up to files_max: of more the log tells. A refused module
 * is no error: it is listed with its reason. */
int registry_open(const struct registry_options *options, struct registry **ret_registry,
		  struct hr_error *err);
void registry_close(struct registry *registry);

size_t registry_count(const struct registry *registry);
const struct registry_module *registry_at(const struct registry *registry, size_t i);

/* What a process of the module has said of its sandbox: WIRE_SANDBOX_*. Any thread. */
void registry_note_sandbox(struct registry *registry, const struct registry_module *module,
			   uint32_t flags);

/* As a word of host_sandbox_word, or NULL: no process of it has run yet. Any thread. */
const char *registry_sandbox(const struct registry_module *module);

/* What the newest process of the module has said of loading it: the whole refusal, or NULL: it is
 * loaded. A manifest tells what a module is, not that this machine can load it. Any thread. */
void registry_note_loading(struct registry *registry, const struct registry_module *module,
			   const char *refusal);

/* Whether it is unusable, or could not be loaded when it was last tried: then its whole refusal is in buf,
 * else "". Any thread. */
bool registry_refusal(struct registry *registry, const struct registry_module *module, char *buf,
		      size_t size);

/* The usable module of that id, also one that could not be loaded: that may have been mended. Else
 * HR_INVALID that says whether the file is missing (and where it was looked for) or why it was refused;
 * field "provider". */
int registry_find(const struct registry *registry, const char *id,
		  const struct registry_module **ret_module, struct hr_error *err);

#endif
