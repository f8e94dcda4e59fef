/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's own configuration: file, environment (HEADROOM_SECTION_KEY, which wins) and
 * defaults. */
#ifndef HR_MODEL_DAEMON_CONFIG_H
#define HR_MODEL_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "schema/schema.h"

#define DAEMON_PATH_SIZE 4096

/* All paths are absolute. */
struct daemon_config {
	char file[DAEMON_PATH_SIZE]; /* what was read; "": nothing was there */

	char listen_host[256];         /* without the brackets of an IPv6 address */
	int64_t listen_port;           /* 0: any free one */
	char socket[DAEMON_PATH_SIZE]; /* fits struct sockaddr_un */

	char state_dir[DAEMON_PATH_SIZE];
	char master_key[DAEMON_PATH_SIZE];

	char **provider_dirs;                /* NULL-terminated, in order of search; owned */
	char **local_modules;                /* module ids, NULL-terminated; owned */
	char host_program[DAEMON_PATH_SIZE]; /* headroom-host; "": where it is looked for */

	char secrets_dir[DAEMON_PATH_SIZE]; /* of "file:" references; "": none */
	char **secret_environment;          /* names of "env:" references, NULL-terminated; owned */

	bool core_files;
	char record_http[DAEMON_PATH_SIZE]; /* folder of recordings; "": none */
	char **record_accounts; /* provider config ids, NULL-terminated; NULL: all; owned */

	enum log_level log_level;
	enum log_format log_format;

	int64_t safety_pass_ms;
	int64_t probe_every_ms;
	int64_t keep_ms;                          /* what is over */
	char stop_creates_file[DAEMON_PATH_SIZE]; /* while it is there, no server is begun */
	char stop_changes_file[DAEMON_PATH_SIZE]; /* and nothing at all is changed */
	bool dry_run;
	int64_t host_uid_first; /* both ends belong to the range */
	int64_t host_uid_last;
};

/* path NULL: the default file, which may be absent. HR_NOT_FOUND: the file named is not there.
 * HR_INVALID: "FILE:LINE: ..." or "environment variable HEADROOM_...: ...", with field
 * ("server.listen") and example. Relative paths count from the config file's folder, those of the
 * environment too. */
int daemon_config_load(const char *path, struct daemon_config *ret_config, struct hr_error *err);

void daemon_config_clear(struct daemon_config *config);

/* The sections and their tables, for documents and tests; NULL after the last. */
const struct schema *daemon_config_section(size_t i, const char **ret_name);

#endif
