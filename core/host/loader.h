/* SPDX-License-Identifier: Apache-2.0 */
/* From a file to a module that may be called: every check of the provider ABI, in order. A file
 * that fails one is refused with a message that states file, what is wanted, what is offered and
 * what to do. Not here: which files there are (core/provider/registry.c). */
#ifndef HR_HOST_LOADER_H
#define HR_HOST_LOADER_H

#include <stdbool.h>

#include <headroom/provider.h>

#include "base/error.h"
#include "schema/schema.h"

#define MODULE_ID_SIZE 33
#define DESCRIPTOR_SIZE_MAX 65536

struct call;
struct dispatch_probe;

/* A module, loaded and found good. Read only, so any thread. */
struct module {
	char id[MODULE_ID_SIZE];
	char *path;
	char subject[64]; /* "settings of provider acme" */
	/* The host's own copy, zero beyond what the module has; calls go through it only. Its
	 * strings lie in the module, which stays in memory. */
	struct hr_provider provider;
	struct hr_setting *rows; /* copies likewise */
	struct schema schema;
	struct hr_host_rule *hosts; /* copies likewise; provider.n_hosts of them */
	/* Built-in modules only: asks on a connection what speaks there. HR_OK with call->text, or an
	 * error's class. Blocks; any thread. */
	int32_t (*probe)(struct call *call, const struct dispatch_probe *probe);
};

enum {
	LOADER_MAY_BE_LOCAL = 1u << 0 /* profile local is granted to this file */
};

/* path: absolute. HR_INVALID `provider "acme" (PATH): ...; ...`, field "provider". */
int loader_open(const char *path, unsigned flags, struct module **ret_module, struct hr_error *err);

/* Frees the host's side. The shared object stays in memory; no account may be open. */
void loader_close(struct module *module);

#endif
