/* SPDX-License-Identifier: Apache-2.0 */
/* What headroom-host --describe says: one line of JSON, a description or a refusal. */
#ifndef HR_HOST_DESCRIBE_H
#define HR_HOST_DESCRIBE_H

#include "host/loader.h"
#include "provider/manifest.h"

/* Which file is described; "" and 0: it could not be read. */
struct describe_file {
	char sha256[MANIFEST_DIGEST_SIZE];
	uint64_t size;
};

/* Before the sandbox, in which files cannot be opened. */
struct describe_file describe_look(const char *path);

/* Writes it to the descriptor. 0, or -1. */
int describe_module(int fd, const struct module *module, const struct describe_file *file);
int describe_refusal(int fd, const struct hr_error *error);

/* For sandbox_on_forbidden and sandbox_on_exhausted: a line for each, before that, in the channel's form. To
 * the descriptor that was given last. Async-signal-safe. */
void describe_signals_to(int fd);
void describe_forbidden(const char *name, unsigned count);
void describe_exhausted(unsigned limit_mib);

#endif
