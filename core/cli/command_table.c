/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, the words of their usages and other names for them: all that help, parsing and
 * suggestions know. */
#include "cli/command.h"

#include "model/server.h"
#include "model/session.h"

const struct command command_table[] = {
	{"apply", NULL, "-f PATH [--dry-run]", "create or change what a file or folder defines",
	 "-f templates/pools/demo.yaml --dry-run", apply_run},
	{"describe", NULL, "KIND", "the fields of a kind of definition: type, default, limits",
	 "autoscale-config", describe_run},
	{"pool", "list", "", "pools with their servers and sessions", "", pool_list_run},
	{"pool", "show", "POOL", "one pool", "demo", pool_show_run},
	{"pool", "delete", "POOL", "delete a pool that nothing refers to", "demo", pool_delete_run},
	{"zone", "list", "", "zones", "", zone_list_run},
	{"zone", "show", "ZONE", "one zone", "default", zone_show_run},
	{"zone", "delete", "ZONE", "delete a zone that nothing refers to", "default",
	 zone_delete_run},
	{"autoscale", "list", "", "autoscale configs", "", autoscale_list_run},
	{"autoscale", "show", "CONFIG", "one autoscale config", "demo-local", autoscale_show_run},
	{"autoscale", "delete", "CONFIG [--force]",
	 "delete an autoscale config; --force destroys its servers", "demo-local --force",
	 autoscale_delete_run},
	{"provider-config", "list", "", "provider configs", "", provider_config_list_run},
	{"provider-config", "show", "CONFIG", "one provider config", "this-machine",
	 provider_config_show_run},
	{"provider-config", "check", "CONFIG", "test credentials and settings at the provider",
	 "this-machine", provider_config_check_run},
	{"provider-config", "delete", "CONFIG", "delete one that nothing refers to", "this-machine",
	 provider_config_delete_run},
	{"provider", "list", "[--all]", "provider modules; --all: refused ones and why too",
	 "--all", provider_list_run},
	{"provider", "show", "PROVIDER",
	 "one module: its file, who described it, other files of that id", "local",
	 provider_show_run},
	{"provider", "describe", "PROVIDER", "the settings that a module takes", "local",
	 provider_describe_run},
	{"provider", "new", "NAME [--to DIR] [--template DIR]",
	 "begin a provider module of your own, from a template", "acme --to acme",
	 provider_new_run},
	{"server", "list", "[--pool POOL] [--state STATE]", "servers",
	 "--pool demo --state running", server_list_run},
	{"server", "show", "SERVER", "one server with its operations", "demo-local-076bd6b9",
	 server_show_run},
	{"server", "drain", "SERVER", "no new sessions; destroy when empty", "demo-local-076bd6b9",
	 server_drain_run},
	{"server", "delete", "SERVER", "destroy a server now", "demo-local-076bd6b9",
	 server_delete_run},
	{"session", "request", "--pool POOL --user USER [--zone ZONE] [--kind KIND] [--wait]",
	 "ask for a session; --wait: until it is there, then print how to connect",
	 "--pool demo --user ana --wait", session_request_run},
	{"session", "list", "[--pool POOL] [--state STATE]", "sessions", "--state queued",
	 session_list_run},
	{"session", "show", "SESSION", "one session", "410ff7b0-2559-4d6c-a341-c9ce1d86e584",
	 session_show_run},
	{"session", "keepalive", "SESSION", "say that a session is still in use",
	 "410ff7b0-2559-4d6c-a341-c9ce1d86e584", session_keepalive_run},
	{"session", "end", "SESSION", "end a session", "410ff7b0-2559-4d6c-a341-c9ce1d86e584",
	 session_end_run},
	{"event", "list",
	 "[--pool POOL] [--server SERVER] [--session SESSION] [--limit N] [--watch]",
	 "what happened and why, oldest first; --watch: and what happens from now on",
	 "--pool demo --limit 10 --watch", event_list_run},
	{"token", "list", "", "API tokens", "", token_list_run},
	{"token", "create", "NAME --role ROLE [--expires TIME]",
	 "make an API token; it is shown once", "ci --role viewer --expires 30d", token_create_run},
	{"token", "revoke", "NAME", "end an API token", "ci", token_revoke_run},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};

static const char *server_state(int value)
{
	return server_state_name((enum server_state)value);
}

static const char *session_state(int value)
{
	return session_state_name((enum session_state)value);
}

static const char *session_kind(int value)
{
	return session_kind_name((enum session_kind)value);
}

const struct command_word command_words[] = {
	{"apply", "-f", "a YAML or JSON file, a folder of them, or - for standard input", NULL},
	{"apply", "--dry-run", "only say what would change", NULL},
	{"autoscale", "CONFIG", "the autoscale config, by name or id", NULL},
	{"autoscale", "--force", "destroy its servers first, with the sessions on them", NULL},
	{"describe", "KIND", "zone, pool, provider-config or autoscale-config", NULL},
	{"provider", "--all", "also those that were refused, with the reason", NULL},
	{"provider", "NAME", "the module's id: 2 to 32 of a-z and 0-9", NULL},
	{"provider", "--to", "the folder to make; else headroom-provider-NAME", NULL},
	{"provider", "--template", "another template than the one installed", NULL},
	{"provider-config", "CONFIG", "the provider config, by name or id", NULL},
	{"server", "--state", "only those in this state (all: gone ones too)", server_state},
	{"session", "--state", "only those in this state (all: ended ones too)", session_state},
	{"session", "--user", "for whom it is", NULL},
	{"session", "--zone", "where it should be, by name or id; else anywhere", NULL},
	{"session", "--kind", "what it is; else a desktop", session_kind},
	{"session", "--wait", "wait until it is there, then print how to connect", NULL},
	{"event", "--limit", "at most this many, the newest", NULL},
	{"event", "--watch", "go on with each event as it happens, until Ctrl-C", NULL},
	{"token", "NAME", "the token's name", NULL},
	{"token", "--role", "what it may do: viewer, broker, operator or admin", NULL},
	{"token", "--expires", "until when, as a time or from now: 2027-01-31T00:00:00Z, 90d",
	 NULL},
	{NULL, "--pool", "of this pool, by name or id", NULL},
	{NULL, "--server", "of this server, by name or id", NULL},
	{NULL, "--session", "of this session, by id", NULL},
	{NULL, "POOL", "the pool, by name or id", NULL},
	{NULL, "PROVIDER", "the module's id, as in: headroom provider list", NULL},
	{NULL, "SERVER", "the server, by name or id", NULL},
	{NULL, "SESSION", "the session, by id", NULL},
	{NULL, "ZONE", "the zone, by name or id", NULL},
	{NULL, NULL, NULL, NULL},
};

const struct command_alias command_aliases[] = {
	{"autoscale-config", NULL, "autoscale"},
	{"server", "destroy", "delete"},
	{NULL, NULL, NULL},
};
