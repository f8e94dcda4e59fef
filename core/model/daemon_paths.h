/* SPDX-License-Identifier: Apache-2.0 */
/* Where the daemon's files are when nothing says otherwise: the system's folders as root, the XDG
 * folders as an ordinary user. */
#ifndef HR_MODEL_DAEMON_PATHS_H
#define HR_MODEL_DAEMON_PATHS_H

#include "model/daemon_config.h"

struct daemon_paths {
	char config_file[DAEMON_PATH_SIZE];
	char state_dir[DAEMON_PATH_SIZE];
	char socket[DAEMON_PATH_SIZE];
};

/* For root, or for the user whose folders the environment names. HR_INVALID: neither XDG variables
 * nor HOME say where. */
int daemon_paths_find(bool as_root, struct daemon_paths *ret_paths, struct hr_error *err);

/* path as it is when absolute, else below folder (absolute); "." and ".." in front are resolved by
 * the system, not here. HR_INVALID when it is too long. */
int daemon_path_absolute(const char *folder, const char *path, char ret_path[DAEMON_PATH_SIZE],
			 struct hr_error *err);

/* The absolute folder that the file stands in. */
int daemon_path_folder(const char *file, char ret_folder[DAEMON_PATH_SIZE], struct hr_error *err);

#endif
