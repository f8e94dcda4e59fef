/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine has of a server, by its id: looked for in /proc and in the file system,
 * without asking the module. */
#ifndef TEST_TRACES_H
#define TEST_TRACES_H

#include <stdbool.h>

/* Processes that bear the id in their command line, environment, working folder, root folder or
 * mounts. */
unsigned traces_processes(const char *id);

/* Processes 1 of that server: headroom-local-server that serves, in namespaces or without. */
unsigned traces_inits(const char *id);

/* A pid among them, 0 for none. */
int traces_init_pid(const char *id);

/* Files and folders below folder whose name holds the id. */
unsigned traces_files(const char *folder, const char *id);

/* Whether somebody listens on 127.0.0.1. */
bool traces_port(unsigned port);

#endif
