/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a session's states and kinds. */
#include "model/session.h"

#include <stddef.h>
#include <string.h>

static const struct {
	enum session_state state;
	const char *name;
} state_names[] = {
	{SESSION_QUEUED, "queued"},
	{SESSION_ACTIVE, "active"},
	{SESSION_ENDED, "ended"},
	{SESSION_REFUSED, "refused"},
};

static const struct {
	enum session_kind kind;
	const char *name;
} kind_names[] = {
	{SESSION_DESKTOP, "desktop"},
	{SESSION_REMOTEAPP, "remoteapp"},
};

#define N_STATES (sizeof(state_names) / sizeof(state_names[0]))
#define N_KINDS (sizeof(kind_names) / sizeof(kind_names[0]))

const char *session_state_name(enum session_state state)
{
	for (size_t i = 0; i < N_STATES; i++)
		if (state_names[i].state == state)
			return state_names[i].name;
	return "unknown";
}

int session_state_find(const char *name)
{
	for (size_t i = 0; name && i < N_STATES; i++)
		if (strcmp(state_names[i].name, name) == 0)
			return (int)state_names[i].state;
	return -1;
}

const char *session_kind_name(enum session_kind kind)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (kind_names[i].kind == kind)
			return kind_names[i].name;
	return "unknown";
}

int session_kind_find(const char *name)
{
	for (size_t i = 0; name && i < N_KINDS; i++)
		if (strcmp(kind_names[i].name, name) == 0)
			return (int)kind_names[i].kind;
	return -1;
}
