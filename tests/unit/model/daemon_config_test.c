/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "model/daemon_config.h"

#include "../base/suite.h"

static char folder[256];
static char path[300];

static void setup(void)
{
	static const char *const variables[] = {
		"HEADROOM_SERVER_LISTEN",       "HEADROOM_SERVER_SOCKET",
		"HEADROOM_STATE_DIR",           "HEADROOM_PROVIDERS_PATH",
		"HEADROOM_LOG_LEVEL",           "HEADROOM_PROVIDERS_LOCAL_MODULES",
		"HEADROOM_LOG_FORMAT",          "HEADROOM_ENGINE_SAFETY_PASS",
		"HEADROOM_SECURITY_MASTER_KEY", "HEADROOM_SECURITY_HOST_UIDS",
	};
	const char *base = getenv("TMPDIR");

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	snprintf(folder, sizeof(folder), "%s/config-test-XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/headroom.conf", folder);
	setenv("HOME", folder, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_RUNTIME_DIR");
}

static void remove_all(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void write_config(const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static int load_text(const char *text, struct daemon_config *config, struct hr_error *err)
{
	setup();
	write_config(text);
	return daemon_config_load(path, config, err);
}

/* "<folder>/<name>" in one of a few buffers. */
static const char *below(const char *name)
{
	static char buffers[4][400];
	static unsigned next;
	char *buf = buffers[next++ % 4];

	snprintf(buf, sizeof(buffers[0]), "%s/%s", folder, name);
	return buf;
}

static void refused(const char *text, const char *field, const char *after_path)
{
	struct daemon_config config;
	struct hr_error err;

	ck_assert_int_eq(load_text(text, &config, &err), -1);
	ck_assert_int_eq(strncmp(err.message, path, strlen(path)), 0);
	ck_assert_str_eq(err.message + strlen(path), after_path);
	ck_assert_str_eq(err.field, field);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_ptr_null(config.provider_dirs);
	remove_all();
}

START_TEST(tables_are_sound)
{
	const char *name = NULL;
	const struct schema *schema;
	size_t n = 0;

	for (; (schema = daemon_config_section(n, &name)); n++) {
		struct hr_error err;

		ck_assert_msg(schema_check(schema, &err) == 0, "%s", err.message);
		ck_assert_ptr_nonnull(strstr(schema->subject, name));
	}
	ck_assert_uint_eq(n, 7);
}
END_TEST

START_TEST(defaults)
{
	struct daemon_config config;
	struct hr_error err;

	ck_assert_msg(load_text("", &config, &err) == 0, "%s", err.message);
	ck_assert_str_eq(config.file, path);
	ck_assert_str_eq(config.listen_host, "127.0.0.1");
	ck_assert_int_eq(config.listen_port, 8460);
	ck_assert_int_eq(config.log_level, LOG_LEVEL_INFO);
	ck_assert_int_eq(config.log_format, LOG_FORMAT_AUTO);
	ck_assert_int_eq(config.safety_pass_ms, 15000);
	ck_assert_int_eq(config.probe_every_ms, 60000);
	ck_assert_int_eq(config.keep_ms, INT64_C(604800000));
	ck_assert_int_eq(config.host_uid_first, 61184);
	ck_assert_int_eq(config.host_uid_last, 61439);
	ck_assert_str_eq(config.local_modules[0], "local");
	ck_assert_ptr_null(config.local_modules[1]);
	ck_assert_int_eq(config.provider_dirs[0][0], '/');
	ck_assert_ptr_null(config.provider_dirs[1]);
	if (geteuid() == 0)
		ck_assert_str_eq(config.socket, "/run/headroom/headroom.sock");
	else
		ck_assert_str_eq(config.state_dir, below(".local/state/headroom"));
	ck_assert_ptr_nonnull(strstr(config.master_key, config.state_dir));
	ck_assert_str_eq(config.master_key + strlen(config.state_dir), "/master.key");
	daemon_config_clear(&config);
	ck_assert_ptr_null(config.provider_dirs);
	remove_all();
}
END_TEST

START_TEST(everything_given)
{
	static const char text[] =
		"[server]\nlisten = [::1]:9000\nsocket = run/h.sock\n"
		"[state]\ndir = ./state\n"
		"[providers]\npath = mods:/opt/mods:\nlocal_modules = local, sim\n"
		"[log]\nlevel = debug\nformat = json\n"
		"[engine]\nsafety_pass = 1m\nkeep = 2h\nprobe_every = 90s\n"
		"[security]\nmaster_key = /keys/k\nhost_uids = 1000-1999\n"
		"[debug]\ncore_files = true\nrecord_http = rec\n"
		"record_accounts = 0b6bd0a5-5e0c-4ad4-a3e8-6c8b1f4c2c1d\n";
	struct daemon_config config;
	struct hr_error err;

	ck_assert_msg(load_text(text, &config, &err) == 0, "%s", err.message);
	ck_assert_str_eq(config.listen_host, "::1");
	ck_assert_int_eq(config.listen_port, 9000);
	ck_assert_str_eq(config.socket, below("run/h.sock"));
	ck_assert_str_eq(config.state_dir, below("state"));
	ck_assert_str_eq(config.provider_dirs[0], below("mods"));
	ck_assert_str_eq(config.provider_dirs[1], "/opt/mods");
	ck_assert_ptr_null(config.provider_dirs[2]);
	ck_assert_str_eq(config.local_modules[1], "sim");
	ck_assert_ptr_null(config.local_modules[2]);
	ck_assert_int_eq(config.log_level, LOG_LEVEL_DEBUG);
	ck_assert_int_eq(config.log_format, LOG_FORMAT_JSON);
	ck_assert_int_eq(config.safety_pass_ms, 60000);
	ck_assert_int_eq(config.probe_every_ms, 90000);
	ck_assert_int_eq(config.keep_ms, 7200000);
	ck_assert_int_eq(config.keep_ms, 7200000);
	ck_assert_str_eq(config.master_key, "/keys/k");
	ck_assert_int_eq(config.host_uid_first, 1000);
	ck_assert_int_eq(config.host_uid_last, 1999);
	ck_assert(config.core_files);
	ck_assert_str_eq(config.record_http, below("rec"));
	ck_assert_str_eq(config.record_accounts[0], "0b6bd0a5-5e0c-4ad4-a3e8-6c8b1f4c2c1d");
	ck_assert_ptr_null(config.record_accounts[1]);
	daemon_config_clear(&config);
	remove_all();
}
END_TEST

START_TEST(the_key_is_in_the_state_folder)
{
	struct daemon_config config;

	ck_assert_int_eq(load_text("[state]\ndir = s\n", &config, NULL), 0);
	ck_assert_str_eq(config.master_key, below("s/master.key"));
	daemon_config_clear(&config);
	remove_all();
}
END_TEST

START_TEST(environment_wins)
{
	struct daemon_config config;
	struct hr_error err;

	setup();
	write_config("[server]\nlisten = 127.0.0.1:1\n[log]\nlevel = debug\n");
	setenv("HEADROOM_SERVER_LISTEN", "localhost:0", 1);
	setenv("HEADROOM_LOG_LEVEL", "", 1); /* empty: as if not there */
	setenv("HEADROOM_STATE_DIR", "s", 1);
	setenv("HEADROOM_PROVIDERS_PATH", "/a:/b", 1);
	setenv("HEADROOM_PROVIDERS_LOCAL_MODULES", "sim", 1);
	ck_assert_msg(daemon_config_load(path, &config, &err) == 0, "%s", err.message);
	ck_assert_str_eq(config.listen_host, "localhost");
	ck_assert_int_eq(config.listen_port, 0);
	ck_assert_int_eq(config.log_level, LOG_LEVEL_DEBUG);
	ck_assert_str_eq(config.state_dir, below("s"));
	ck_assert_str_eq(config.provider_dirs[1], "/b");
	ck_assert_str_eq(config.local_modules[0], "sim");
	daemon_config_clear(&config);
	remove_all();
}
END_TEST

START_TEST(environment_errors_name_the_variable)
{
	struct daemon_config config;
	struct hr_error err;

	setup();
	write_config("");
	setenv("HEADROOM_ENGINE_SAFETY_PASS", "0", 1);
	ck_assert_int_eq(daemon_config_load(path, &config, &err), -1);
	ck_assert_str_eq(err.message,
			 "environment variable HEADROOM_ENGINE_SAFETY_PASS: key \"safety_pass\" in "
			 "section [engine]: 0s is too small; it must be from 1s to 1h; for example "
			 "15s");
	ck_assert_str_eq(err.field, "engine.safety_pass");
	remove_all();
}
END_TEST

START_TEST(unknown_names)
{
	refused("[server]\nlisen = 127.0.0.1:1\n", "lisen",
		":2: unknown field \"lisen\" in section [server]; did you mean \"listen\"?");
	refused("[server]\ncolour = red\n", "colour",
		":2: unknown field \"colour\" in section [server]; known fields: listen, socket");
	refused("\n[servr]\nlisten = x:1\n", "servr",
		":3: unknown section [servr]; did you mean [server]?");
	refused("[kitchen]\nsink = 1\n", "kitchen",
		":2: unknown section [kitchen]; known sections: [server], [state], [providers], "
		"[log], [engine], [security], [debug]");
	refused("[log]\nlevel = info\n\nlevel = debug\n", "log.level",
		":4: key \"level\" in section [log] stands on line 2 already; keep one of the two");
}
END_TEST

START_TEST(bad_values)
{
	static const char *const addresses[] = {"127.0.0.1", ":80", "h:", "h:65536", "h:http"};
	char text[200], message[300];

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		snprintf(text, sizeof(text), "[server]\nlisten = %s\n", addresses[i]);
		text_format(message, sizeof(message),
			    ":2: key \"listen\" in section [server]: "
			    "\"%s\" is not host:port with a port from 0 to "
			    "65535; for example 127.0.0.1:8460",
			    addresses[i]);
		refused(text, "server.listen", message);
	}
	refused("[server]\nlisten = ::1:80\n", "server.listen",
		":2: key \"listen\" in section [server]: \"::1:80\": an IPv6 address stands in "
		"brackets, such as [::1]:8460; for example 127.0.0.1:8460");
	refused("[server]\nlisten =\n", "server.listen",
		":2: key \"listen\" in section [server]: the text is empty; for example "
		"127.0.0.1:8460");
	refused("[log]\nlevel = warn\n", "log.level",
		":2: key \"level\" in section [log]: \"warn\" is none of error, warning, info, "
		"debug");
	refused("[log]\nformat = Text\n", "log.format",
		":2: key \"format\" in section [log]: \"Text\" is none of auto, text, json; did you "
		"mean \"text\"?");
	refused("[providers]\nlocal_modules = Local\n", "providers.local_modules",
		":2: key \"local_modules\" in section [providers]: \"Local\" does not have the form "
		"[a-z][a-z0-9]{1,31}; for example local");
	refused("[security]\nhost_uids = 0-5\n", "security.host_uids",
		":2: key \"host_uids\" in section [security]: \"0-5\" is not first-last with uids "
		"from 1 to 4294967294; for example 61184-61439");
	refused("[security]\nhost_uids = 9-5\n", "security.host_uids",
		":2: key \"host_uids\" in section [security]: the first uid 9 is above the last, 5; "
		"for example 61184-61439");
}
END_TEST

/* The example in this message is the folder that the build was configured with. */
START_TEST(no_module_folder)
{
	struct daemon_config config;
	struct hr_error err;

	ck_assert_int_eq(load_text("[providers]\npath = ::\n", &config, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message,
				     "headroom.conf:2: key \"path\" in section "
				     "[providers]: no folder is named; for example /"));
	ck_assert_str_eq(err.field, "providers.path");
	remove_all();
}
END_TEST

START_TEST(long_socket_paths)
{
	char text[300] = "[server]\nsocket = /";
	size_t used = strlen(text);

	memset(text + used, 'a', 150);
	text[used + 150] = '\0';
	refused(text, "server.socket",
		":2: key \"socket\" in section [server]: the path has 151 bytes, a socket's has at "
		"most 107; choose a shorter one; for example /run/headroom/headroom.sock");
}
END_TEST

START_TEST(files_that_are_not_there)
{
	struct daemon_config config;
	struct hr_error err;
	char message[400];

	setup();
	ck_assert_int_eq(daemon_config_load(path, &config, &err), -1);
	snprintf(message, sizeof(message), "%s: there is no such file", path);
	ck_assert_str_eq(err.message, message);
	ck_assert_int_eq(err.class, HR_NOT_FOUND);
	remove_all();
}
END_TEST

/* As an ordinary user the default file is below the home folder, which is empty here. */
START_TEST(the_default_file_may_be_absent)
{
	struct daemon_config config;
	struct hr_error err;

	setup();
	ck_assert_int_eq(chmod(folder, 0755), 0);
	if (geteuid() == 0 && seteuid(65534) != 0)
		ck_abort_msg("cannot become an ordinary user");
	ck_assert_msg(daemon_config_load(NULL, &config, &err) == 0, "%s", err.message);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_str_eq(config.file, "");
	ck_assert_str_eq(config.state_dir, below(".local/state/headroom"));
	ck_assert_str_eq(config.socket, below(".local/state/headroom/headroom.sock"));
	daemon_config_clear(&config);
	remove_all();
}
END_TEST

START_TEST(no_home_matters_only_where_it_is_needed)
{
	struct daemon_config config;
	struct hr_error err;

	setup();
	write_config("[server]\nsocket = s\n[state]\ndir = d\n");
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(chmod(path, 0644), 0);
	if (geteuid() == 0 && seteuid(65534) != 0)
		ck_abort_msg("cannot become an ordinary user");
	unsetenv("HOME");
	ck_assert_msg(daemon_config_load(path, &config, &err) == 0, "%s", err.message);
	daemon_config_clear(&config);
	ck_assert_int_eq(daemon_config_load(NULL, &config, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "set HOME"));
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	remove_all();
}
END_TEST

SUITE_MAIN("daemon_config", tables_are_sound, defaults, everything_given,
	   the_key_is_in_the_state_folder, environment_wins, environment_errors_name_the_variable,
	   unknown_names, bad_values, no_module_folder, long_socket_paths, files_that_are_not_there,
	   the_default_file_may_be_absent, no_home_matters_only_where_it_is_needed)
