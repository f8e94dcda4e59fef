/* SPDX-License-Identifier: Apache-2.0 */
/* What happens once at the daemon's start: keys, first token, modules found, and --check. */
#ifndef HR_DAEMON_START_H
#define HR_DAEMON_START_H

#include "model/daemon_config.h"
#include "provider/registry.h"
#include "provider/secret_reference.h"
#include "store/store.h"

/* From now on a crash leaves no core file, neither of this process nor of those that it starts: the
 * secrets in memory would be in it. */
void start_forbid_core_files(void);

/* Whether the state folder may be opened: HR_NOT_FOUND where folders of accounts are left of a
 * database that is not there. A new one in its place would forget servers that cost money. */
int start_check_database(const char *state_dir, struct hr_error *err);

/* Makes the key that signs check-in tokens, where there is none yet; and the event that says how the store
 * was moved, unless moved is "". */
int start_rows(struct store *store, const char *moved, struct hr_error *err);

/* Where the configuration does not say, finds the program in which modules run. */
void start_find_host(struct daemon_config *config);

/* Where references to secrets lead. The strings are the configuration's and the environment's. */
struct secret_rules start_secret_rules(const struct daemon_config *config);

/* Opens the registry and logs each module that was refused. by_manifest: without starting a process
 * where a module's manifest says what it is. */
int start_registry(const struct daemon_config *config, bool by_manifest,
		   struct registry **ret_registry, struct hr_error *err);

/* Says where the daemon listens. With a new store (or one that has no token yet) makes the admin
 * token: printed on a terminal, else written to <state_dir>/admin-token (0600), whose path is
 * logged. */
int start_token(struct store *store, const char *state_dir, const char *address,
		struct hr_error *err);

/* --check: store and modules, changing nothing; says what is well. */
int start_check(const struct daemon_config *config, struct hr_error *err);

#endif
