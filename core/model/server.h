/* SPDX-License-Identifier: Apache-2.0 */
/* A server: our record of one machine, from the wish for it to its proven absence. A plain row. */
#ifndef HR_MODEL_SERVER_H
#define HR_MODEL_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"

/* planned → creating → booting → checking_in → running → draining → destroying → gone; failed
 * from any of creating..running. Stored as numbers; never renumbered. */
enum server_state {
	SERVER_PLANNED = 10,
	SERVER_CREATING = 20,
	SERVER_BOOTING = 30,
	SERVER_INJECTING = 40,
	SERVER_CHECKING_IN = 50,
	SERVER_RUNNING = 60,
	SERVER_DRAINING = 70,
	SERVER_FAILED = 80,
	SERVER_DESTROYING = 90,
	SERVER_GONE = 100
};

enum connection_type {
	CONNECTION_KASMVNC = 1,
	CONNECTION_RDP = 2,
	CONNECTION_VNC = 3,
	CONNECTION_SSH = 4
};

/* Of a server whose heartbeat is expected, or whose port is asked. Stored as numbers; never renumbered. */
enum server_silence {
	SILENCE_NONE = 0,        /* it is heard */
	SILENCE_MISSING = 10,    /* not for missing_after: no new sessions */
	SILENCE_DEAD = 20,       /* not for dead_after, and kept for its sessions */
	SILENCE_UNANSWERED = 30, /* its port did not speak in three rounds: no new sessions */
};

/* A server's own copy of every per-server setting, taken when it was planned. */
struct server_settings {
	enum connection_type connection_type;
	int64_t connection_port; /* where the provider reports none; 0: the type's default */
	char connection_username[128];
	int64_t max_sessions;
	int64_t max_users;
	bool reusable;
	bool heartbeat; /* expected: it checks in for as long as it lives */
	int64_t missing_after_ms;
	int64_t dead_after_ms;
};

struct server {
	char id[ID_SIZE];
	char name[64]; /* unique; what the provider is given */
	char pool_id[ID_SIZE];
	char zone_id[ID_SIZE];
	char config_id[ID_SIZE];
	int64_t config_revision;
	char provider_config_id[ID_SIZE];
	int64_t provider_revision;
	char idempotency_token[ID_SIZE];

	enum server_state state;
	int64_t state_since_ms;
	int64_t created_ms;  /* planned at */
	int64_t deadline_ms; /* of the present state; MS_NEVER: none */
	int64_t provision_deadline_ms;
	int64_t ready_ms; /* first running at; 0: never */
	bool enabled;
	bool for_session;  /* ordered by a waiting session, not by standby */
	bool ever_created; /* a create may have been sent: only proven absence ends it */

	struct server_settings settings;

	char instance_id[256];   /* "": not known */
	char address[256];       /* as the provider reports it; "": not known */
	int64_t provider_port;   /* 0: not reported */
	int64_t token_issued_ms; /* times in its check-in token */
	int64_t token_expires_ms;
	int64_t checked_in_ms; /* last check-in; 0: never */
	char host_key[1024];   /* SSH host key's public half, from the check-in; "": none */
	char public_key[256];  /* public half of the server's own key pair, OpenSSH form */
	/* What its script is told, fixed before the first create is sent; "": not yet. */
	char callback[320]; /* "http://host:port" */
	char zone_name[64];
	char pool_name[64];

	int64_t sessions; /* assigned now */
	int64_t users;    /* distinct users of those */
	int64_t sessions_ever;
	int64_t idle_since_ms; /* since when sessions is 0; 0: busy or never ready */

	char stage[128];   /* progress for whoever waits */
	int64_t percent;   /* -1: not known */
	char failure[512]; /* why it failed; "": did not */
	enum server_silence silence;
	int64_t listen_ms; /* when its silence is looked at; MS_NEVER: it is not */
	int64_t version;   /* raised by each write; guards read-modify-write */
};

const char *server_state_name(enum server_state state);
/* -1 when the name is none. */
int server_state_find(const char *name);
/* planned .. checking_in: on its way. */
bool server_on_the_way(enum server_state state);
/* Whether it may be given sessions while it runs: enabled, and neither missing nor unanswered. */
bool server_available(const struct server *server);
/* "good", "missing", "silent", "unanswered". */
const char *server_health(const struct server *server);
/* min(free sessions, free users) by the server's own limits, never below 0. Nothing for a
 * single-use server whose first session has ended. */
int64_t server_free(const struct server *server);
int64_t server_free_sessions(const struct server *server);
int64_t server_free_users(const struct server *server);

/* Where its sessions connect: the port that the provider reports (it knows of NAT), else its settings',
 * else its connection type's. */
int64_t server_port(const struct server *server);

const char *connection_type_name(enum connection_type type);
int connection_type_find(const char *name);
/* 22, 3389, 5901, 6901. */
int64_t connection_type_port(enum connection_type type);

#endif
