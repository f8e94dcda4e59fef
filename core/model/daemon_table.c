/* SPDX-License-Identifier: Apache-2.0 */
/* The config file's sections and keys: the one place for their names, defaults and limits. Paths
 * without a default have one that depends on who runs the daemon (daemon_paths.c). */
#include "model/daemon_table.h"

#include "model/kind.h"

#ifndef HEADROOM_PROVIDERDIR
#define HEADROOM_PROVIDERDIR "/usr/local/lib/headroom/providers"
#endif

#define PATH_LIMITS .minimum = 1, .maximum = 4095

static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const formats[] = {"auto", "text", "json", NULL};

static const struct hr_setting server_rows[] = {
	{
		.key = "listen",
		.type = HR_TYPE_STRING,
		.default_value = "127.0.0.1:8460",
		.minimum = 1,
		.maximum = 255,
		.title = "Address of the API",
		.help = "Host and port on which the API listens. Port 0: any free one.",
	},
	{
		.key = "socket",
		.type = HR_TYPE_STRING,
		PATH_LIMITS,
		.title = "Unix socket",
		.help = "Path of the socket by which the command line reaches the daemon.",
		.example = "/run/headroom/headroom.sock",
	},
};

static const struct hr_setting state_rows[] = {
	{
		.key = "dir",
		.type = HR_TYPE_STRING,
		PATH_LIMITS,
		.title = "State folder",
		.help = "Where the database and the modules' files are.",
		.example = "/var/lib/headroom",
	},
};

static const struct hr_setting providers_rows[] = {
	{
		.key = "path",
		.type = HR_TYPE_STRING,
		.default_value = HEADROOM_PROVIDERDIR,
		PATH_LIMITS,
		.title = "Module folders",
		.help = "Folders that are searched for provider modules, separated by \":\".",
	},
	{
		.key = "local_modules",
		.type = HR_TYPE_LIST,
		.default_value = "local",
		.minimum = 0,
		.maximum = 64,
		.pattern = KIND_MODULE_PATTERN,
		.title = "Modules that may start processes",
		.help = "Ids of the modules that may run processes on this machine, separated by "
			"commas. Others only speak to their provider.",
	},
	{
		.key = "host",
		.type = HR_TYPE_STRING,
		PATH_LIMITS,
		.title = "Host program",
		.help = "Path of headroom-host, the program in which modules run. Unset: the one "
			"beside headroomd, else the installed one.",
		.example = "/usr/lib/headroom/headroom-host",
	},
};

static const struct hr_setting log_rows[] = {
	{
		.key = "level",
		.type = HR_TYPE_ENUM,
		.default_value = "info",
		.choices = levels,
		.title = "Log level",
		.help = "The least important lines that are still written.",
	},
	{
		.key = "format",
		.type = HR_TYPE_ENUM,
		.default_value = "auto",
		.choices = formats,
		.title = "Log format",
		.help = "Lines for people (\"text\") or for programs (\"json\"); \"auto\" takes "
			"text on a terminal and json elsewhere.",
	},
};

static const struct hr_setting engine_rows[] = {
	{
		.key = "safety_pass",
		.type = HR_TYPE_DURATION,
		.default_value = "15s",
		.minimum = 1,
		.maximum = 3600,
		.unit = "s",
		.title = "Time between safety passes",
		.help = "How often every pool is looked at even if nothing seems to have happened.",
	},
	{
		.key = "probe_every",
		.type = HR_TYPE_DURATION,
		.default_value = "60s",
		.minimum = 1,
		.maximum = 3600,
		.unit = "s",
		.title = "Time between rounds of probes",
		.help = "How often the connection ports of servers that run without a check-in are "
			"probed.",
	},
	{
		.key = "keep",
		.type = HR_TYPE_DURATION,
		.default_value = "7d",
		.minimum = 1,
		.maximum = INT64_C(365) * 24 * 3600,
		.unit = "s",
		.title = "Life of what is over",
		.help = "How long servers that are gone and sessions that have ended are still "
			"shown.",
	},
	{
		.key = "stop_creates_file",
		.type = HR_TYPE_STRING,
		PATH_LIMITS,
		.title = "File that stops new servers",
		.help = "While there is a file of this name, no server is begun. Unset: "
			"stop-creates in the state folder.",
		.example = "/var/lib/headroom/stop-creates",
	},
	{
		.key = "stop_changes_file",
		.type = HR_TYPE_STRING,
		PATH_LIMITS,
		.title = "File that stops all changes",
		.help = "While there is a file of this name, nothing is made, changed or destroyed "
			"at any provider, by hand neither. Unset: stop-changes in the state folder.",
		.example = "/var/lib/headroom/stop-changes",
	},
	{
		.key = "dry_run",
		.type = HR_TYPE_BOOLEAN,
		.default_value = "false",
		.title = "Dry run",
		.help = "Whether the daemon only tells what it would make and remove, in every "
			"pool. Nothing is changed at any provider, by hand neither.",
	},
};

static const struct hr_setting security_rows[] = {
	{
		.key = "master_key",
		.type = HR_TYPE_STRING,
		PATH_LIMITS,
		.title = "Master key",
		.help = "The file with the key that stored secrets are encrypted with. Unset: "
			"master.key in the state folder.",
		.example = "/var/lib/headroom/master.key",
	},
	{
		.key = "host_uids",
		.type = HR_TYPE_STRING,
		.default_value = "61184-61439",
		.minimum = 1,
		.maximum = 32,
		.title = "Uids for accounts",
		.help = "As root, each provider account's processes run with an unprivileged uid "
			"of their own out of this range, first-last.",
	},
	{
		.key = "secrets_dir",
		.type = HR_TYPE_STRING,
		PATH_LIMITS,
		.title = "Folder of secrets",
		.help = "A secret setting \"file:NAME\" of a provider config is the content of this "
			"file below the folder, read anew each time. Unset: no such references.",
		.example = "/etc/headroom/secrets",
	},
	{
		.key = "secret_environment",
		.type = HR_TYPE_LIST,
		.minimum = 0,
		.maximum = 64,
		.pattern = "[A-Za-z_][A-Za-z0-9_]*",
		.title = "Environment variables with secrets",
		.help = "Names, separated by commas, that a secret setting \"env:NAME\" of a provider "
			"config may refer to. Unset: none.",
		.example = "AWS_SECRET_ACCESS_KEY",
	},
};

static const struct hr_setting debug_rows[] = {
	{
		.key = "core_files",
		.type = HR_TYPE_BOOLEAN,
		.default_value = "false",
		.title = "Core files",
		.help = "Whether the daemon may leave a core file when it crashes, within the "
			"limit it was started with (ulimit -c). The secrets in its memory are in "
			"it.",
	},
	{
		.key = "record_http",
		.type = HR_TYPE_STRING,
		PATH_LIMITS,
		.title = "Folder of recordings",
		.help = "Where what modules ask their providers is recorded, and what they are "
			"answered, one file for each provider config, secrets masked. For a bug "
			"report; made if it is not there. Unset: nothing is recorded.",
		.example = "/var/lib/headroom/recordings",
	},
	{
		.key = "record_accounts",
		.type = HR_TYPE_LIST,
		.minimum = 0,
		.maximum = 64,
		.pattern = "[0-9a-f-]{36}",
		.title = "Recorded accounts",
		.help = "Ids of the provider configs that are recorded, separated by commas. Unset: "
			"all.",
		.example = "0b6bd0a5-5e0c-4ad4-a3e8-6c8b1f4c2c1d",
	},
};

const struct daemon_section daemon_sections[] = {
	{"server", SCHEMA_OF("section [server]", server_rows)},
	{"state", SCHEMA_OF("section [state]", state_rows)},
	{"providers", SCHEMA_OF("section [providers]", providers_rows)},
	{"log", SCHEMA_OF("section [log]", log_rows)},
	{"engine", SCHEMA_OF("section [engine]", engine_rows)},
	{"security", SCHEMA_OF("section [security]", security_rows)},
	{"debug", SCHEMA_OF("section [debug]", debug_rows)},
	{NULL, {NULL, NULL, 0, 0}},
};
