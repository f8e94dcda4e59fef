/* SPDX-License-Identifier: Apache-2.0 */
/* The spawner: a small process beside the sandboxed one of a module of profile local. It starts,
 * signals and looks at process trees below the account's folder on request, since a sandbox would
 * bind the servers too. It believes nothing that it is told: the other side is a module's process.
 * Not here: the work itself (process_start.c, process_signal.c, which serve a module in process as
 * well) and the messages (spawner_wire.h). */
#ifndef HR_HOST_SPAWNER_H
#define HR_HOST_SPAWNER_H

#include <headroom/process.h>

#include "base/error.h"
#include "host/call.h"

/* Forks it. Before sandbox_enter and before any secret arrives, by the only thread. folder and
 * module (the module's file, whose own programs may be started) are copied by the fork. *ret_fd is
 * the socket to it: kept through the sandbox and given to process_use_spawner. It ends when the
 * last such descriptor is closed; what it started lives on. -1: HR_INTERNAL, HR_CAPACITY. */
int spawner_start(const struct state_folder *folder, const char *module, int *ret_fd,
		  struct hr_error *err);

/* Ask it, one request at a time. As hr_process_service, with HR_TRANSIENT when it is no more and
 * HR_TIMEOUT when it does not answer; after both it is of no use any more. Any thread. */
int spawner_ask_start(int fd, const struct hr_process_start *request,
		      struct hr_process *ret_process, struct hr_error *err);
int spawner_ask_signal(int fd, const struct hr_process *process, int32_t number,
		       struct hr_error *err);
int spawner_ask_probe(int fd, const struct hr_process *process, struct hr_error *err);

/* From here on the process does not outlive its spawner: when it has ended, or does not answer,
 * on_lost is called with the reason, from any thread. It ends the process, so that both are started
 * anew: whatever was asked has an outcome that nobody knows. fd as for process_use_spawner. Once,
 * after sandbox_close. Errors: HR_CAPACITY (no thread to be had). */
int spawner_watch(int fd, void (*on_lost)(const char *reason), struct hr_error *err);

#endif
