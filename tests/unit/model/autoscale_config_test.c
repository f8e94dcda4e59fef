/* SPDX-License-Identifier: Apache-2.0 */
#include "body.h"
#include "model/autoscale_config.h"

#define NEEDED "'name': 'a', 'pool': 'p', 'zone': 'z', 'provider_config': 'c'"

static struct document config_with(const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text), "{" NEEDED "%s%s}", more[0] ? ", " : "", more);
	return body_document(DOCUMENT_AUTOSCALE_CONFIG, text);
}

static void refused(const char *more, const char *field, const char *message)
{
	char text[2048];

	snprintf(text, sizeof(text), "{" NEEDED ", %s}", more);
	body_refused(DOCUMENT_AUTOSCALE_CONFIG, text, field, message);
}

START_TEST(defaults)
{
	struct document document = config_with("");
	struct autoscale_config config;

	autoscale_config_read(&document, &config);
	ck_assert_str_eq(config.id, document.id);
	ck_assert_str_eq(config.name, "a");
	ck_assert_int_eq(config.revision, 7);
	ck_assert_str_eq(config.pool_id, "p");
	ck_assert_str_eq(config.zone_id, "z");
	ck_assert_str_eq(config.provider_config_id, "c");
	ck_assert(config.enabled);
	ck_assert_int_eq(config.priority, 100);
	ck_assert(config.stand_in);
	ck_assert(config.probe);
	ck_assert(!config.server.heartbeat);
	ck_assert_int_eq(config.server.missing_after_ms, 600000);
	ck_assert_int_eq(config.server.dead_after_ms, 3600000);
	ck_assert(config.aggressive_scaling);
	ck_assert(config.aggressive_pooling);
	ck_assert_int_eq(config.minimum_available_sessions, 0);
	ck_assert_int_eq(config.downscale_backoff_ms, 1800000);
	ck_assert_int_eq(config.downscale_step, 0);
	ck_assert_int_eq(config.provision_timeout_ms, 1800000);
	ck_assert_int_eq(config.create_timeout_ms, 1800000);
	ck_assert_int_eq(config.boot_timeout_ms, 1800000);
	ck_assert_int_eq(config.checkin_timeout_ms, 1800000);
	ck_assert_int_eq(config.checkin_token_ms, 14400000);
	ck_assert_int_eq(config.keep_failed, 0);
	ck_assert(!config.require_checkin);
	ck_assert_int_eq(config.server.connection_type, CONNECTION_KASMVNC);
	ck_assert_int_eq(config.server.connection_port, 0);
	ck_assert_str_eq(config.server.connection_username, "");
	ck_assert_int_eq(config.server.max_sessions, 1);
	ck_assert_int_eq(config.server.max_users, 1);
	ck_assert(!config.server.reusable);
	ck_assert_str_eq(config.startup_script, "");
	ck_assert_str_eq(config.guest_os, "linux");
	document_clear(&document);
}
END_TEST

START_TEST(all_fields)
{
	struct document document = config_with(
		"'enabled': false, 'priority': 5, 'stand_in': false, 'aggressive_scaling': false, "
		"'aggressive_pooling': false, 'minimum_available_sessions': 2, "
		"'max_simultaneous_sessions_per_server': 4, 'max_simultaneous_users': 3, 'reusable': "
		"true, 'downscale_backoff': '30s', 'downscale_step': 2, 'provision_timeout': '5h', "
		"'create_timeout': '1m', 'boot_timeout': '2m', 'checkin_timeout': '3m', "
		"'checkin_token_life': '6h', 'keep_failed': 1, 'require_checkin': true, "
		"'connection_type': 'SSH', 'connection_port': 2222, 'connection_username': 'd.e-f', 'probe': false, "
		"'heartbeat': 'expected', 'missing_after': '5m', 'dead_after': '20m', "
		"'guest_os': 'windows', 'startup_script': 'echo'");
	struct autoscale_config config;

	autoscale_config_read(&document, &config);
	ck_assert(!config.enabled);
	ck_assert(!config.probe);
	ck_assert(config.server.heartbeat);
	ck_assert_int_eq(config.server.missing_after_ms, 300000);
	ck_assert_int_eq(config.server.dead_after_ms, 1200000);
	ck_assert_int_eq(config.priority, 5);
	ck_assert(!config.stand_in);
	ck_assert(!config.aggressive_scaling);
	ck_assert(!config.aggressive_pooling);
	ck_assert_int_eq(config.minimum_available_sessions, 2);
	ck_assert_int_eq(config.downscale_backoff_ms, 30000);
	ck_assert_int_eq(config.downscale_step, 2);
	ck_assert_int_eq(config.provision_timeout_ms, 18000000);
	ck_assert_int_eq(config.create_timeout_ms, 60000);
	ck_assert_int_eq(config.boot_timeout_ms, 120000);
	ck_assert_int_eq(config.checkin_timeout_ms, 180000);
	ck_assert_int_eq(config.checkin_token_ms, 21600000);
	ck_assert_int_eq(config.keep_failed, 1);
	ck_assert(config.require_checkin);
	ck_assert_int_eq(config.server.connection_type, CONNECTION_SSH);
	ck_assert_int_eq(config.server.connection_port, 2222);
	ck_assert_str_eq(config.server.connection_username, "d.e-f");
	ck_assert_int_eq(config.server.max_sessions, 4);
	ck_assert_int_eq(config.server.max_users, 3);
	ck_assert(config.server.reusable);
	ck_assert_str_eq(config.startup_script, "echo");
	ck_assert_str_eq(config.guest_os, "windows");
	document_clear(&document);
}
END_TEST

START_TEST(what_hangs_on_provision_timeout)
{
	struct document document = config_with("'provision_timeout': '5h'");
	struct autoscale_config config;

	autoscale_config_read(&document, &config);
	ck_assert_int_eq(config.checkin_token_ms, 18000000);
	ck_assert_int_eq(config.boot_timeout_ms, 18000000);
	document_clear(&document);
}
END_TEST

START_TEST(other_names_are_taken)
{
	struct document document = body_document(
		DOCUMENT_AUTOSCALE_CONFIG,
		"{'autoscale_config_name': 'a', 'server_pool_id': 'p', 'zone_id': 'z', "
		"'vm_provider_config_id': 'c', 'minimum_pool_standby_sessions': 3}");

	ck_assert_int_eq(json_integer_or(document.body, "minimum_available_sessions", 0), 3);
	ck_assert_str_eq(json_string_or(document.body, "name", ""), "a");
	ck_assert_ptr_null(json_object_get(document.body, "minimum_pool_standby_sessions"));
	document_clear(&document);
}
END_TEST

START_TEST(one_session_for_vnc)
{
	refused("'max_simultaneous_sessions_per_server': 4", "max_simultaneous_sessions_per_server",
		"field \"max_simultaneous_sessions_per_server\" in autoscale-config is 4, but a "
		"server of connection_type KasmVNC serves one session; set it to 1, or "
		"connection_type to RDP or SSH");
	refused("'connection_type': 'VNC', 'max_simultaneous_users': 2", "max_simultaneous_users",
		"field \"max_simultaneous_users\" in autoscale-config is 2, but a server of "
		"connection_type VNC serves one session; set it to 1, or connection_type to RDP or "
		"SSH");
	document_clear(
		&(struct document){.body = config_with("'connection_type': 'RDP', "
						       "'max_simultaneous_sessions_per_server': 4")
						   .body});
}
END_TEST

START_TEST(users_above_sessions)
{
	refused("'connection_type': 'SSH', 'max_simultaneous_users': 3", "max_simultaneous_users",
		"field \"max_simultaneous_users\" in autoscale-config is 3, above "
		"max_simultaneous_sessions_per_server of 1; each user needs a session, so lower the "
		"one or raise the other");
}
END_TEST

START_TEST(phases_above_the_whole)
{
	static const char *const phases[] = {"create_timeout", "boot_timeout", "checkin_timeout"};
	char more[100], message[300];

	for (size_t i = 0; i < 3; i++) {
		snprintf(more, sizeof(more), "'%s': '1h'", phases[i]);
		snprintf(message, sizeof(message),
			 "field \"%s\" in autoscale-config is 1h, above provision_timeout of 30m, "
			 "which limits all phases together; lower the one or raise the other",
			 phases[i]);
		refused(more, phases[i], message);
	}
}
END_TEST

START_TEST(token_that_dies_too_early)
{
	refused("'checkin_token_life': '20m'", "checkin_token_life",
		"field \"checkin_token_life\" in autoscale-config is 20m, below provision_timeout of "
		"30m: a slow server could not check in any more; raise the one or lower the other");
}
END_TEST

START_TEST(missing_needs_time_to_heal)
{
	refused("'missing_after': '10m', 'dead_after': '11m'", "dead_after",
		"field \"dead_after\" in autoscale-config is 11m, not 120 s above missing_after of 10m: "
		"a server that is missing must have the time to be heard again; raise the one or "
		"lower the other");
	refused("'missing_after': '2h'", "dead_after",
		"field \"dead_after\" in autoscale-config is 1h, not 120 s above missing_after of 2h: a "
		"server that is missing must have the time to be heard again; raise the one or lower "
		"the other");
}
END_TEST

START_TEST(check_in_needs_a_script)
{
	static const char message[] =
		"field \"startup_script\" in autoscale-config is empty, but require_checkin is true: "
		"nothing would ever check in; give a script that calls set_server_status, or set "
		"require_checkin to false";

	refused("'require_checkin': true", "startup_script", message);
	refused("'require_checkin': true, 'startup_script': ' \\n'", "startup_script", message);
}
END_TEST

START_TEST(fields_by_themselves)
{
	refused("'minimun_available_sessions': 2", "minimun_available_sessions",
		"unknown field \"minimun_available_sessions\" in autoscale-config; did you mean "
		"\"minimum_available_sessions\"?");
	refused("'minimum_available_sessions': '2'", "minimum_available_sessions",
		"field \"minimum_available_sessions\" in autoscale-config: expected an integer, not "
		"the text \"2\"; write 2 without quotes");
	refused("'minimum_available_sessions': 100001", "minimum_available_sessions",
		"field \"minimum_available_sessions\" in autoscale-config: 100001 is too large; it "
		"must be from 0 to 100000; for example 2");
	refused("'connection_type': 'ssh'", "connection_type",
		"field \"connection_type\" in autoscale-config: \"ssh\" is none of KasmVNC, RDP, "
		"VNC, SSH; did you mean \"SSH\"?");
	refused("'connection_username': '-oProxyCommand=x'", "connection_username",
		"field \"connection_username\" in autoscale-config: \"-oProxyCommand=x\" does not "
		"have the form [A-Za-z0-9_][A-Za-z0-9_.@$\\\\-]*; for example desktop");
	refused("'connection_port': 65536", "connection_port",
		"field \"connection_port\" in autoscale-config: 65536 is too large; it must be from "
		"1 to 65535; for example 22");
	refused("'provision_timeout': 30", "provision_timeout",
		"field \"provision_timeout\" in autoscale-config: 30s is too small; it must be from "
		"1m to 1d; for example 30m");
	refused("'enabled': 'yes'", "enabled",
		"field \"enabled\" in autoscale-config: expected true or false without quotes, not "
		"the text \"yes\"");
	body_refused(DOCUMENT_AUTOSCALE_CONFIG, "{'name': 'a', 'pool': 'p', 'zone': 'z'}",
		     "provider_config",
		     "field \"provider_config\" in autoscale-config: is required and missing; for "
		     "example this-machine");
}
END_TEST

START_TEST(user_names)
{
	document_clear(&(struct document){
		.body = config_with("'connection_username': 'DOM\\\\user$'").body});
	document_clear(&(struct document){
		.body = config_with("'connection_username': 'user@example.net'").body});
}
END_TEST

SUITE_MAIN("autoscale_config", defaults, all_fields, what_hangs_on_provision_timeout,
	   other_names_are_taken, one_session_for_vnc, users_above_sessions, phases_above_the_whole,
	   token_that_dies_too_early, missing_needs_time_to_heal, check_in_needs_a_script,
	   fields_by_themselves, user_names)
