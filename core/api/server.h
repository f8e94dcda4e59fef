/* SPDX-License-Identifier: Apache-2.0 */
/* The running API as its own files see it. */
#ifndef HR_API_SERVER_H
#define HR_API_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include "api/api.h"
#include "api/peers.h"
#include "store/secret_rows.h"

#define HTTP_STATUS_MAX 600

struct exchange;
struct streams;

/* A token as it was when the store had made so many commits: it holds until the next one. */
struct known_token {
	uint64_t commits;
	uint8_t hash[32];
	struct api_token token; /* id "": none */
};

#define TOKENS_KNOWN 16

/* One way in: what its daemon's callbacks are given. Whole before the daemon takes connections, which it
 * does before MHD_start_daemon has said which it is. */
struct listener {
	struct api *api;
	struct peers *peers;
	struct known_token tokens[TOKENS_KNOWN]; /* by their hashes; its thread's */
};

struct api {
	struct api_options options;
	char address[API_ADDRESS_SIZE];
	char *socket_path;
	struct MHD_Daemon *tcp;
	struct MHD_Daemon *local;
	struct listener on_tcp;
	struct listener on_local;
	struct streams *streams;
	int64_t started_ms; /* wall time, for people */
	int64_t started_mono_ms;
	char request_prefix[12];
	atomic_uint_fast64_t last_request;

	pthread_mutex_t mutex; /* for what follows */
	pthread_cond_t fewer;  /* one of the two counts fell to 0 */
	/* Requests handed to others (store, engine): none may be left when the daemons stop. */
	unsigned waiting;
	/* Requests begun and not answered to the end. */
	unsigned under_way;
	bool stopping;
	struct check_wait *checks; /* account checks that the engine has not answered */

	atomic_uint_fast64_t answers[HTTP_STATUS_MAX];
	atomic_uint_fast64_t checkins;
	atomic_uint_fast64_t checkins_refused;
};

/* A request is handed to another thread, and came back. False: the API is stopping. */
bool api_wait_begin(struct api *api);
void api_wait_end(struct api *api);

/* A request begins, and is answered or broken off. */
void api_request_begin(struct api *api);
void api_request_end(struct api *api);

#endif
