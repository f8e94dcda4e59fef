/* SPDX-License-Identifier: Apache-2.0 */
/* One value into the daemon's configuration. Only for daemon_config.c. */
#ifndef HR_MODEL_DAEMON_VALUES_H
#define HR_MODEL_DAEMON_VALUES_H

#include <sys/un.h>

#include "model/daemon_config.h"

/* Bytes in a Unix socket's path. */
#define DAEMON_SOCKET_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* Puts a typed value into the configuration, in place of an earlier one. Relative paths count from
 * folder. HR_INVALID with the reason alone. */
int daemon_value_read(const char *folder, const char *section, const char *key, const json_t *value,
		      struct daemon_config *config, struct hr_error *err);

#endif
