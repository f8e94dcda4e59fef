/* SPDX-License-Identifier: Apache-2.0 */
/* Reads how an active session is reached out of its server's row. */
#include "engine/connection.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "store/secret_rows.h"
#include "store/server_rows.h"

static int get_private_key(struct tx *tx, const struct server *server, struct connection *ret,
			   struct hr_error *err)
{
	size_t len = 0;

	if (secret_get(tx, "server", server->id, "ssh_private_key", &ret->private_key, &len, err) !=
	    0)
		return error_prefix(err, "the key of server %s", server->name);
	return 0;
}

int connection_get(struct tx *tx, const struct session *session, bool with_secret,
		   struct connection *ret, struct hr_error *err)
{
	const struct server_settings *settings;
	struct server server;

	memset(ret, 0, sizeof(*ret));
	if (session->state != SESSION_ACTIVE)
		return error_set(err, HR_CONFLICT,
				 "session %s is %s; only an active session has a connection",
				 session->id, session_state_name(session->state));
	if (server_get(tx, session->server_id, &server, err) != 0)
		return -1;
	settings = &server.settings;
	ret->type = settings->connection_type;
	text_copy(ret->host, sizeof(ret->host), server.address);
	ret->port = server_port(&server);
	text_copy(ret->username, sizeof(ret->username),
		  settings->connection_username[0] ? settings->connection_username : session->user);
	text_copy(ret->host_key, sizeof(ret->host_key), server.host_key);
	if (with_secret && ret->type == CONNECTION_SSH)
		return get_private_key(tx, &server, ret, err);
	return 0;
}

void connection_clear(struct connection *connection)
{
	if (connection->private_key)
		OPENSSL_clear_free(connection->private_key, strlen(connection->private_key));
	connection->private_key = NULL;
}
