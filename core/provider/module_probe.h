/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a process what a module file is: headroom-host --describe loads it there, sandboxed. Nothing in
 * the daemon ever opens a module. */
#ifndef HR_PROVIDER_MODULE_PROBE_H
#define HR_PROVIDER_MODULE_PROBE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "provider/description.h"

#define PROBE_TIME_MS 10000
#define PROBE_OUTPUT_MAX (4u << 20)

/* A file that is being looked at. */
struct module_probe {
	const char *id;   /* borrowed */
	const char *path; /* borrowed; absolute */
	pid_t pid;
	int fd;
	int64_t until_ms; /* monotonic */
};

/* Starts. -1: HR_INVALID (no such program), HR_INTERNAL; then there is nothing to end. */
int module_probe_begin(struct module_probe *probe, const char *host_program, const char *id,
		       const char *path, bool may_be_local, struct hr_error *err);

/* Waits for the answer, PROBE_TIME_MS from the beginning at most, and ends the process. The caller
 * frees *ret_description with module_probe_free. -1: HR_INVALID with the refusal
 * `provider "acme" (PATH): ...; ...`. Blocks. */
int module_probe_end(struct module_probe *probe, struct description **ret_description,
		     struct hr_error *err);

void module_probe_free(struct description *description);

#endif
