/* SPDX-License-Identifier: Apache-2.0 */
/* The folder that an account of profile local has for itself, and whose it is. */
#ifndef HR_PROVIDER_ACCOUNT_FOLDER_H
#define HR_PROVIDER_ACCOUNT_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The file beside a folder NAME, which names the processes that were started for the account
 * (core/host/process_record.h), is .NAME.started: no folder of an account is called so. */
#define ACCOUNT_STARTED ".started"

struct account_folders {
	const char *state_dir;
	int64_t uid_first; /* as root: the range of uids, each of one account */
	int64_t uid_last;
};

/* Makes <state_dir>/accounts/<id> (0700) where it is not there yet. As root it is given to a uid
 * of the range that no other account's folder belongs to, and so stays; the owner of the folder is
 * the record. The caller frees *ret_path (absolute). Blocks; any thread, one at a time per state
 * folder is seen to here. HR_QUOTA: no uid is left. */
int account_folder_make(const struct account_folders *folders, const char *id, char **ret_path,
			struct hr_error *err);

/* Removes the folder if nothing is in it, and with it what was written down of its processes. */
void account_folder_remove(const struct account_folders *folders, const char *id);

#endif
