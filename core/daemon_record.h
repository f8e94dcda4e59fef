/* SPDX-License-Identifier: Apache-2.0 */
/* The folder in which HTTP to providers is recorded, as headroom.conf's section [debug] asks. */
#ifndef HR_DAEMON_RECORD_H
#define HR_DAEMON_RECORD_H

#include "http/http.h"
#include "model/daemon_config.h"

/* Fills *ret_options, which refer to config; makes the folder (0700), and says in the log that it is
 * recorded. HR_INVALID: others could read what is there, or it is no folder. */
int daemon_record(const struct daemon_config *config, struct http_service_options *ret_options,
		  struct hr_error *err);

#endif
