/* SPDX-License-Identifier: Apache-2.0 */
/* What a create sends. Every attempt renders the same row and kept revisions, so it sends the same
 * bytes; what is not revisioned is put on the row by the first. */
#include "engine/create_request.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "engine/checkin.h"
#include "engine/life_parts.h"
#include "engine/script.h"
#include "model/pool.h"
#include "store/document_rows.h"

void step_from_server(const struct server *server, struct dispatch_step *ret_step)
{
	*ret_step = (struct dispatch_step){0};
	text_copy(ret_step->server_id, sizeof(ret_step->server_id), server->id);
	text_copy(ret_step->server_name, sizeof(ret_step->server_name), server->name);
	text_copy(ret_step->config_id, sizeof(ret_step->config_id), server->config_id);
	text_copy(ret_step->idempotency_token, sizeof(ret_step->idempotency_token),
		  server->idempotency_token);
	text_copy(ret_step->instance_id, sizeof(ret_step->instance_id), server->instance_id);
	text_copy(ret_step->host_name, sizeof(ret_step->host_name), server->name);
}

/* Texts that a script is told, besides those on the row. */
struct texts {
	char provider[33];
	char url[8192];
	char port[24];
};

/* Zone, pool and the daemon's own address may be edited between two attempts, so what they are now
 * goes onto the row, once. */
static int fix_on_row(struct tx *tx, struct server *server, const struct create_address *address,
		      struct hr_error *err)
{
	struct document document = {0};
	struct zone zone;

	if (server->callback[0])
		return 0;
	if (document_get(tx, DOCUMENT_POOL, server->pool_id, &document, err) < 0)
		return -1;
	text_copy(server->pool_name, sizeof(server->pool_name), document.name);
	document_clear(&document);
	document = (struct document){0};
	if (document_get(tx, DOCUMENT_ZONE, server->zone_id, &document, err) < 0)
		return -1;
	zone_read(&document, &zone);
	document_clear(&document);
	text_copy(server->zone_name, sizeof(server->zone_name), zone.name);
	text_format(server->callback, sizeof(server->callback), "%s://%s", address->own_scheme,
		    zone.upstream_auth_address[0] ? zone.upstream_auth_address
						  : address->own_address);
	return 0;
}

static int read_provider(struct tx *tx, const struct server *server, struct texts *texts,
			 struct hr_error *err)
{
	struct document document = {0};
	struct provider_config provider;

	if (document_get_revision(tx, DOCUMENT_PROVIDER_CONFIG, server->provider_config_id,
				  server->provider_revision, &document, err) < 0)
		return -1;
	provider_config_read(&document, &provider);
	text_copy(texts->provider, sizeof(texts->provider), provider.provider);
	document_clear(&document);
	return 0;
}

static int render(const struct server *server, const struct autoscale_config *config,
		  const char *token, struct texts *texts, char **ret_script, struct hr_error *err)
{
	const char *address = strstr(server->callback, "://");
	int64_t port = server->settings.connection_port;
	struct script_values values = {
		.server_id = server->id,
		.server_hostname = server->name,
		.upstream_auth_address = address ? address + 3 : "",
		.checkin_jwt = token,
		.checkin_url = texts->url,
		.provider_name = texts->provider,
		.zone_name = server->zone_name,
		.pool_name = server->pool_name,
		.connection_username = server->settings.connection_username,
		.connection_port = texts->port,
		.ssh_key = server->public_key,
	};
	size_t len;

	if (port == 0)
		port = connection_type_port(server->settings.connection_type);
	text_format(texts->port, sizeof(texts->port), "%lld", (long long)port);
	text_format(texts->url, sizeof(texts->url), "%s/api/set_server_status?token=%s",
		    server->callback, token);
	return script_render(config->startup_script ? config->startup_script : "", &values,
			     ret_script, &len, err);
}

int create_request_render(struct tx *tx, struct server *server,
			  const struct create_address *address, char **ret_script,
			  uint32_t *ret_guest_os, struct hr_error *err)
{
	struct document document = {0};
	struct autoscale_config config;
	struct texts *texts = calloc(1, sizeof(*texts));
	char *token = NULL;
	int result = -1;

	*ret_script = NULL;
	if (!texts)
		return error_no_memory(err, "rendering a startup script");
	if (life_config(tx, server, &document, &config, err) < 0)
		goto out;
	if (fix_on_row(tx, server, address, err) < 0 || read_provider(tx, server, texts, err) < 0 ||
	    checkin_token_make(tx, server, &token, err) < 0 ||
	    render(server, &config, token, texts, ret_script, err) < 0)
		goto out;
	*ret_guest_os = config.guest_os && strcmp(config.guest_os, "windows") == 0
				? HR_GUEST_WINDOWS
				: HR_GUEST_LINUX;
	result = 0;
out:
	if (token)
		OPENSSL_clear_free(token, strlen(token));
	OPENSSL_cleanse(texts, sizeof(*texts));
	free(texts);
	document_clear(&document);
	return result;
}
