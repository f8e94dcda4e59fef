/* SPDX-License-Identifier: Apache-2.0 */
/* headroom apply: definitions from files to the daemon, in the order in which they refer to one
 * another. Idempotent. */
#ifndef HR_CLI_APPLY_H
#define HR_CLI_APPLY_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/client.h"

/* path: a YAML or JSON file, "-" for standard input, or a folder whose *.yaml, *.yml and *.json
 * files are taken by name. Prints a line per definition. */
int apply_path(struct client *client, const char *path, bool dry_run, struct hr_error *err);

#endif
