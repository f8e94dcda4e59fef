/* SPDX-License-Identifier: Apache-2.0 */
/* What is recorded has no secrets in it that are known, and yet is nobody's but the administrator's. */
#include "daemon_record.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

int daemon_record(const struct daemon_config *config, struct http_service_options *ret_options,
		  struct hr_error *err)
{
	const char *folder = config->record_http;
	struct stat st;

	*ret_options = (struct http_service_options){0};
	if (folder[0] == '\0')
		return 0;
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return error_set_errno(err, errno, "cannot make the folder %s for recordings",
				       folder);
	if (lstat(folder, &st) != 0)
		return error_set_errno(err, errno, "cannot look at the folder %s", folder);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return error_set(
			err, HR_INVALID,
			"%s, where [debug] record_http has HTTP recorded, must be a folder of "
			"the daemon's own user that nobody else may enter; choose one that is "
			"not there yet, or: chmod 700 %s",
			folder, folder);
	ret_options->record_dir = folder;
	ret_options->record_ids = (const char *const *)config->record_accounts;
	log_line(LOG_LEVEL_WARNING, NULL,
		 "HTTP to providers is recorded in %s; take record_http out of headroom.conf and "
		 "restart when you have what you need",
		 folder);
	return 0;
}
