/* SPDX-License-Identifier: Apache-2.0 */
/* What a person needs to reach an SSH session: key and known_hosts, mode 0600, in the session's own
 * folder below the runtime folder, gone when the session is. */
#ifndef HR_CLI_SESSION_FILES_H
#define HR_CLI_SESSION_FILES_H

#include <jansson.h>

#include "base/error.h"

/* Writes both from the daemon's connection answer and gives the ssh command that names them, quoted
 * for a shell; the caller frees. daemon: its address, kept beside them. Host checking stays on:
 * HR_CONFLICT when the server told no host key. HR_INVALID: the runtime folder is not ours alone, or
 * its path has characters that ssh would replace. Nothing stays behind on failure. */
int session_files_write(const char *session_id, const char *daemon, const json_t *connection,
			char **ret_command, struct hr_error *err);

/* Removes the session's folder; nothing there is fine. */
void session_files_remove(const char *session_id);

/* Calls each with the ids that have a folder written for this daemon: another daemon's sessions are
 * unknown to this one, and not over. */
void session_files_each(const char *daemon, void (*each)(void *context, const char *session_id),
			void *context);

#endif
