/* SPDX-License-Identifier: Apache-2.0 */
/* How an active session is reached. */
#ifndef HR_ENGINE_CONNECTION_H
#define HR_ENGINE_CONNECTION_H

#include "model/server.h"
#include "model/session.h"
#include "store/store.h"

struct connection {
	enum connection_type type;
	char host[256];
	int64_t port;
	char username[128];
	char host_key[1024]; /* SSH: "ssh-ed25519 AAAA…"; "" where the server told none */
	char *private_key;   /* OpenSSH form; NULL unless asked for; wiped by connection_clear */
};

/* HR_CONFLICT while the session is not active. */
int connection_get(struct tx *tx, const struct session *session, bool with_secret,
		   struct connection *ret, struct hr_error *err);
void connection_clear(struct connection *connection);

#endif
