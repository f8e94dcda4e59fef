/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/server.h"

#include "../base/suite.h"

START_TEST(state_names_both_ways)
{
	static const struct {
		enum server_state state;
		const char *name;
		bool on_the_way;
	} states[] = {
		{SERVER_PLANNED, "planned", true},         {SERVER_CREATING, "creating", true},
		{SERVER_BOOTING, "booting", true},         {SERVER_INJECTING, "injecting", true},
		{SERVER_CHECKING_IN, "checking_in", true}, {SERVER_RUNNING, "running", false},
		{SERVER_DRAINING, "draining", false},      {SERVER_FAILED, "failed", false},
		{SERVER_DESTROYING, "destroying", false},  {SERVER_GONE, "gone", false},
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		ck_assert_str_eq(server_state_name(states[i].state), states[i].name);
		ck_assert_int_eq(server_state_find(states[i].name), states[i].state);
		ck_assert_int_eq(server_on_the_way(states[i].state), states[i].on_the_way);
	}
	ck_assert_str_eq(server_state_name((enum server_state)5), "unknown");
	ck_assert_int_eq(server_state_find("unknown"), -1);
	ck_assert_int_eq(server_state_find(NULL), -1);
}
END_TEST

START_TEST(connection_types)
{
	static const struct {
		const char *name;
		int64_t port;
	} types[] = {{"KasmVNC", 6901}, {"RDP", 3389}, {"VNC", 5901}, {"SSH", 22}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		int type = connection_type_find(types[i].name);

		ck_assert_int_gt(type, 0);
		ck_assert_str_eq(connection_type_name((enum connection_type)type), types[i].name);
		ck_assert_int_eq(connection_type_port((enum connection_type)type), types[i].port);
	}
	ck_assert_int_eq(connection_type_find("ssh"), -1);
	ck_assert_int_eq(connection_type_find(NULL), -1);
	ck_assert_str_eq(connection_type_name((enum connection_type)9), "unknown");
	ck_assert_int_eq(connection_type_port((enum connection_type)9), 0);
}
END_TEST

static struct server server_with(int64_t max_sessions, int64_t max_users, int64_t sessions,
				 int64_t users)
{
	struct server server;

	memset(&server, 0, sizeof(server));
	server.settings.max_sessions = max_sessions;
	server.settings.max_users = max_users;
	server.settings.reusable = true;
	server.sessions = server.sessions_ever = sessions;
	server.users = users;
	return server;
}

START_TEST(free_is_the_smaller_of_both)
{
	struct server server = server_with(4, 2, 1, 1);

	ck_assert_int_eq(server_free_sessions(&server), 3);
	ck_assert_int_eq(server_free_users(&server), 1);
	ck_assert_int_eq(server_free(&server), 1);
	server = server_with(2, 10, 2, 1);
	ck_assert_int_eq(server_free(&server), 0);
	/* Limits may have been lowered below what is there. */
	server = server_with(1, 1, 3, 2);
	ck_assert_int_eq(server_free_sessions(&server), 0);
	ck_assert_int_eq(server_free_users(&server), 0);
	ck_assert_int_eq(server_free(&server), 0);
}
END_TEST

START_TEST(single_use)
{
	struct server server = server_with(3, 3, 1, 1);

	server.settings.reusable = false;
	ck_assert_int_eq(server_free(&server), 2);
	/* One of two sessions has ended: who is there may open another, nobody new comes. */
	server.sessions_ever = 2;
	ck_assert_int_eq(server_free_users(&server), 0);
	ck_assert_int_eq(server_free(&server), 0);
	ck_assert_int_eq(server_free_sessions(&server), 2);
	server.settings.reusable = true;
	ck_assert_int_eq(server_free(&server), 2);
}
END_TEST

START_TEST(the_providers_port_wins)
{
	struct server server = {.settings.connection_type = CONNECTION_SSH};

	ck_assert_int_eq(server_port(&server), 22);
	server.settings.connection_port = 2222;
	ck_assert_int_eq(server_port(&server), 2222);
	server.provider_port = 40001;
	ck_assert_int_eq(server_port(&server), 40001);
}
END_TEST

SUITE_MAIN("server", the_providers_port_wins, state_names_both_ways, connection_types,
	   free_is_the_smaller_of_both, single_use)
