/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a server's states and connection types, and what room a server has. Which changes of
 * state are made, and when, is the engine's. */
#include "model/server.h"

#include <string.h>

static const struct {
	enum server_state state;
	const char *name;
} state_names[] = {
	{SERVER_PLANNED, "planned"},         {SERVER_CREATING, "creating"},
	{SERVER_BOOTING, "booting"},         {SERVER_INJECTING, "injecting"},
	{SERVER_CHECKING_IN, "checking_in"}, {SERVER_RUNNING, "running"},
	{SERVER_DRAINING, "draining"},       {SERVER_FAILED, "failed"},
	{SERVER_DESTROYING, "destroying"},   {SERVER_GONE, "gone"},
};

static const struct {
	enum connection_type type;
	const char *name;
	int64_t port;
} connection_types[] = {
	{CONNECTION_KASMVNC, "KasmVNC", 6901},
	{CONNECTION_RDP, "RDP", 3389},
	{CONNECTION_VNC, "VNC", 5901},
	{CONNECTION_SSH, "SSH", 22},
};

#define N_STATES (sizeof(state_names) / sizeof(state_names[0]))
#define N_TYPES (sizeof(connection_types) / sizeof(connection_types[0]))

const char *server_state_name(enum server_state state)
{
	for (size_t i = 0; i < N_STATES; i++)
		if (state_names[i].state == state)
			return state_names[i].name;
	return "unknown";
}

int server_state_find(const char *name)
{
	for (size_t i = 0; name && i < N_STATES; i++)
		if (strcmp(state_names[i].name, name) == 0)
			return (int)state_names[i].state;
	return -1;
}

bool server_on_the_way(enum server_state state)
{
	return state >= SERVER_PLANNED && state <= SERVER_CHECKING_IN;
}

int64_t server_free_sessions(const struct server *server)
{
	int64_t room = server->settings.max_sessions - server->sessions;

	return room > 0 ? room : 0;
}

int64_t server_free_users(const struct server *server)
{
	int64_t room = server->settings.max_users - server->users;
	bool one_has_ended = server->sessions_ever > server->sessions;

	/* A single-use server takes no new user once a session on it has ended. */
	if (!server->settings.reusable && one_has_ended)
		return 0;
	return room > 0 ? room : 0;
}

int64_t server_free(const struct server *server)
{
	int64_t sessions = server_free_sessions(server);
	int64_t users = server_free_users(server);

	return sessions < users ? sessions : users;
}

int64_t server_port(const struct server *server)
{
	if (server->provider_port != 0)
		return server->provider_port;
	if (server->settings.connection_port != 0)
		return server->settings.connection_port;
	return connection_type_port(server->settings.connection_type);
}

const char *connection_type_name(enum connection_type type)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (connection_types[i].type == type)
			return connection_types[i].name;
	return "unknown";
}

int connection_type_find(const char *name)
{
	for (size_t i = 0; name && i < N_TYPES; i++)
		if (strcmp(connection_types[i].name, name) == 0)
			return (int)connection_types[i].type;
	return -1;
}

int64_t connection_type_port(enum connection_type type)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (connection_types[i].type == type)
			return connection_types[i].port;
	return 0;
}

bool server_available(const struct server *server)
{
	return server->enabled && server->silence == SILENCE_NONE;
}

const char *server_health(const struct server *server)
{
	if (server->silence == SILENCE_NONE)
		return "good";
	if (server->silence == SILENCE_UNANSWERED)
		return "unanswered";
	return server->silence == SILENCE_MISSING ? "missing" : "silent";
}
