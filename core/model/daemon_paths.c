/* SPDX-License-Identifier: Apache-2.0 */
/* The default folders. Only names are made here; nothing is opened or created. */
#include "model/daemon_paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* As the build was configured. */
#ifndef HEADROOM_SYSCONFDIR
#define HEADROOM_SYSCONFDIR "/etc/headroom"
#endif
#ifndef HEADROOM_STATEDIR
#define HEADROOM_STATEDIR "/var/lib/headroom"
#endif
#define RUN_DIR "/run/headroom"
#define SOCKET_NAME "headroom.sock"
#define CONFIG_NAME "headroom.conf"

static int too_long(struct hr_error *err)
{
	return error_set(err, HR_INVALID, "the path is longer than %d bytes", DAEMON_PATH_SIZE - 1);
}

/* An XDG variable counts only when its path is absolute. */
static const char *absolute_variable(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

/* $variable/headroom, or $HOME/fallback/headroom. */
static int user_folder(const char *variable, const char *fallback, char ret_path[DAEMON_PATH_SIZE],
		       struct hr_error *err)
{
	const char *folder = absolute_variable(variable);
	const char *home = absolute_variable("HOME");
	bool fits;

	if (!folder && !home)
		return error_set(err, HR_INVALID,
				 "neither %s nor HOME is set to an absolute path, so there is no "
				 "folder to use; set HOME",
				 variable);
	if (folder)
		fits = text_format(ret_path, DAEMON_PATH_SIZE, "%s/headroom", folder);
	else
		fits = text_format(ret_path, DAEMON_PATH_SIZE, "%s/%s/headroom", home, fallback);
	return fits ? 0 : too_long(err);
}

static int user_paths(struct daemon_paths *paths, struct hr_error *err)
{
	const char *runtime = absolute_variable("XDG_RUNTIME_DIR");
	char folder[DAEMON_PATH_SIZE];
	bool fits;

	if (user_folder("XDG_CONFIG_HOME", ".config", folder, err) != 0 ||
	    user_folder("XDG_STATE_HOME", ".local/state", paths->state_dir, err) != 0)
		return -1;
	fits = text_format(paths->config_file, sizeof(paths->config_file), "%s/" CONFIG_NAME,
			   folder);
	/* Where nobody made a runtime folder (no login session), the state folder is as private. */
	if (runtime)
		fits = fits && text_format(paths->socket, sizeof(paths->socket),
					   "%s/headroom/" SOCKET_NAME, runtime);
	else
		fits = fits && text_format(paths->socket, sizeof(paths->socket), "%s/" SOCKET_NAME,
					   paths->state_dir);
	return fits ? 0 : too_long(err);
}

int daemon_paths_find(bool as_root, struct daemon_paths *ret_paths, struct hr_error *err)
{
	memset(ret_paths, 0, sizeof(*ret_paths));
	if (!as_root)
		return user_paths(ret_paths, err);
	text_copy(ret_paths->config_file, sizeof(ret_paths->config_file),
		  HEADROOM_SYSCONFDIR "/" CONFIG_NAME);
	text_copy(ret_paths->state_dir, sizeof(ret_paths->state_dir), HEADROOM_STATEDIR);
	text_copy(ret_paths->socket, sizeof(ret_paths->socket), RUN_DIR "/" SOCKET_NAME);
	return 0;
}

int daemon_path_absolute(const char *folder, const char *path, char ret_path[DAEMON_PATH_SIZE],
			 struct hr_error *err)
{
	bool fits;

	if (path[0] == '/')
		fits = text_copy(ret_path, DAEMON_PATH_SIZE, path);
	else if (strncmp(path, "./", 2) == 0)
		fits = text_format(ret_path, DAEMON_PATH_SIZE, "%s/%s", folder, path + 2);
	else
		fits = text_format(ret_path, DAEMON_PATH_SIZE, "%s/%s", folder, path);
	return fits ? 0 : too_long(err);
}

int daemon_path_folder(const char *file, char ret_folder[DAEMON_PATH_SIZE], struct hr_error *err)
{
	char here[DAEMON_PATH_SIZE] = "/";
	char *slash;

	if (file[0] != '/' && !getcwd(here, sizeof(here)))
		return error_set_errno(err, errno, "the working folder cannot be read");
	if (daemon_path_absolute(here, file, ret_folder, err) != 0)
		return -1;
	slash = strrchr(ret_folder, '/');
	slash[slash == ret_folder ? 1 : 0] = '\0';
	return 0;
}
