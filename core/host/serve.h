/* SPDX-License-Identifier: Apache-2.0 */
/* What a host process does once its module is loaded: operations come over the channel, run on
 * threads, and are answered. Not here: loading, sandbox (core/host/headroom_host.c). */
#ifndef HR_HOST_SERVE_H
#define HR_HOST_SERVE_H

#include "host/loader.h"
#include "provider/lane.h"

/* Calls, an OPEN and a CLOSE beside them, and one thread that reads. */
#define SERVE_WORKERS (LANE_CALLS_MAX + 3)

struct serve_options {
	const struct module *module;
	const char *state_dir; /* profile local: the account's folder, absolute; else NULL */
	uint32_t sandbox;      /* WIRE_SANDBOX_*: what the daemon is told */
};

/* First of all: the channel, which blocks. */
void serve_prepare(int fd);

/* Until the daemon closes the channel; then the process ends. */
_Noreturn void serve_run(const struct serve_options *options);

/* Tells the daemon that a system call was refused to the module. From the signal handler, before
 * serve_run too. */
void serve_forbidden(const char *name, unsigned count);

/* Likewise, that it had used up its memory when it crashed. */
void serve_exhausted(unsigned limit_mib);

/* Of spawner_watch: tells the daemon, and ends the process. */
_Noreturn void serve_lost_spawner(const char *reason);

/* Tells the daemon why the module cannot be used; the caller ends the process. */
void serve_refuse(const struct hr_error *error);

#endif
