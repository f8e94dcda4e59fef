/* SPDX-License-Identifier: Apache-2.0 */
/* The REST API: docs/api.md. Starts the HTTP servers and knows nothing of the daemon around it. */
#ifndef HR_API_API_H
#define HR_API_API_H

#include <stdbool.h>

#include "engine/engine.h"
#include "http/http.h"
#include "provider/module_metrics.h"
#include "provider/registry.h"
#include "store/store.h"

struct api;
struct streams_options;

struct api_options {
	struct store *store; /* borrowed, like engine and registry: must outlive the API */
	struct engine *engine;
	struct registry *registry;
	struct http_service *http;      /* for its counters; borrowed likewise; NULL: none */
	struct module_metrics *metrics; /* likewise */
	const char *listen; /* "127.0.0.1:8460", "[::1]:8460"; port 0: any free; NULL: none */
	int listen_fd;      /* above 0: from api_listen, used instead; taken over in any case */
	const char *socket_path;    /* unix socket; NULL: none */
	int64_t request_timeout_ms; /* for a whole request; 0: 30 s */
	unsigned max_connections;   /* 0: 1,000 */
	unsigned max_per_address;   /* 0: 64; loopback and the unix socket are not limited */
	const struct streams_options *streams; /* of the event stream; NULL: the defaults */
};

#define API_ADDRESS_SIZE 128
#define API_TOKEN_SIZE 48

/* Opens the TCP socket before anything else is started, so that the port is known. The caller
 * closes *ret_fd unless api_start takes it. HR_INVALID, HR_CONFLICT (in use), HR_AUTH (no rights):
 * the message names the address and what to do. */
int api_listen(const char *address, int *ret_fd, char ret_address[API_ADDRESS_SIZE],
	       struct hr_error *err);

/* Serves until api_stop. The errors of api_listen; for the socket: its path is too long, no rights,
 * another daemon answers there. */
int api_start(const struct api_options *options, struct api **ret_api, struct hr_error *err);

/* Takes no more requests, lets those under way end, frees. The store must still run what it is
 * given. NULL is fine. */
void api_stop(struct api *api);

/* "127.0.0.1:8460", with the real port; "" without TCP. */
const char *api_address(const struct api *api);

/* The text of a new token, which the caller wipes. HR_INTERNAL: no random numbers. Any thread. */
int api_token_make(char ret_token[API_TOKEN_SIZE], struct hr_error *err);

/* Makes that text a token of role admin: for the first start. Stored is its hash alone. Waits for the
 * store; its errors. */
int api_token_create_admin(struct store *store, const char *name, const char *token,
			   struct hr_error *err);

#endif
