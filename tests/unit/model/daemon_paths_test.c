/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "model/daemon_paths.h"

#include "../base/suite.h"

static void clear_environment(void)
{
	unsetenv("HOME");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_RUNTIME_DIR");
}

START_TEST(root_has_the_systems_folders)
{
	struct daemon_paths paths;
	const char *name;

	clear_environment();
	ck_assert_int_eq(daemon_paths_find(true, &paths, NULL), 0);
	ck_assert_str_eq(paths.socket, "/run/headroom/headroom.sock");
	name = strrchr(paths.config_file, '/');
	ck_assert_str_eq(name, "/headroom.conf");
	name = strrchr(paths.state_dir, '/');
	ck_assert_str_eq(name, "/headroom");
	ck_assert_int_eq(paths.config_file[0], '/');
	ck_assert_int_eq(paths.state_dir[0], '/');
}
END_TEST

START_TEST(users_have_the_xdg_folders)
{
	struct daemon_paths paths;

	clear_environment();
	setenv("XDG_CONFIG_HOME", "/c", 1);
	setenv("XDG_STATE_HOME", "/s", 1);
	setenv("XDG_RUNTIME_DIR", "/r", 1);
	ck_assert_int_eq(daemon_paths_find(false, &paths, NULL), 0);
	ck_assert_str_eq(paths.config_file, "/c/headroom/headroom.conf");
	ck_assert_str_eq(paths.state_dir, "/s/headroom");
	ck_assert_str_eq(paths.socket, "/r/headroom/headroom.sock");
}
END_TEST

START_TEST(home_is_the_fallback)
{
	struct daemon_paths paths;

	clear_environment();
	setenv("HOME", "/h", 1);
	setenv("XDG_CONFIG_HOME", "relative/is/ignored", 1);
	ck_assert_int_eq(daemon_paths_find(false, &paths, NULL), 0);
	ck_assert_str_eq(paths.config_file, "/h/.config/headroom/headroom.conf");
	ck_assert_str_eq(paths.state_dir, "/h/.local/state/headroom");
	ck_assert_str_eq(paths.socket, "/h/.local/state/headroom/headroom.sock");
}
END_TEST

START_TEST(no_home_is_said)
{
	struct daemon_paths paths;
	struct hr_error err;

	clear_environment();
	ck_assert_int_eq(daemon_paths_find(false, &paths, &err), -1);
	ck_assert_str_eq(err.message,
			 "neither XDG_CONFIG_HOME nor HOME is set to an absolute path, "
			 "so there is no folder to use; set HOME");
	ck_assert_int_eq(err.class, HR_INVALID);
}
END_TEST

START_TEST(relative_paths)
{
	char path[DAEMON_PATH_SIZE], longest[DAEMON_PATH_SIZE + 10];
	struct hr_error err;

	ck_assert_int_eq(daemon_path_absolute("/etc/x", "state", path, NULL), 0);
	ck_assert_str_eq(path, "/etc/x/state");
	daemon_path_absolute("/etc/x", "./state", path, NULL);
	ck_assert_str_eq(path, "/etc/x/state");
	daemon_path_absolute("/etc/x", "../state", path, NULL);
	ck_assert_str_eq(path, "/etc/x/../state");
	daemon_path_absolute("/etc/x", "/state", path, NULL);
	ck_assert_str_eq(path, "/state");
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(daemon_path_absolute("/", longest, path, &err), -1);
	ck_assert_str_eq(err.message, "the path is longer than 4095 bytes");
}
END_TEST

START_TEST(folders)
{
	char folder[DAEMON_PATH_SIZE], here[DAEMON_PATH_SIZE];

	ck_assert_int_eq(daemon_path_folder("/etc/x/a.conf", folder, NULL), 0);
	ck_assert_str_eq(folder, "/etc/x");
	daemon_path_folder("/a.conf", folder, NULL);
	ck_assert_str_eq(folder, "/");
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	daemon_path_folder("a.conf", folder, NULL);
	ck_assert_str_eq(folder, here);
	ck_assert_int_eq(chdir("/"), 0);
	daemon_path_folder("a.conf", folder, NULL);
	ck_assert_str_eq(folder, "/");
	daemon_path_folder("x/a.conf", folder, NULL);
	ck_assert_int_eq(folder[0], '/');
	ck_assert_ptr_nonnull(strstr(folder, "/x"));
}
END_TEST

SUITE_MAIN("daemon_paths", root_has_the_systems_folders, users_have_the_xdg_folders,
	   home_is_the_fallback, no_home_is_said, relative_paths, folders)
