/* SPDX-License-Identifier: Apache-2.0 */
/* The command line's way to the daemon: JSON over HTTP, by the unix socket or by URL and token. */
#ifndef HR_CLI_CLIENT_H
#define HR_CLI_CLIENT_H

#include <signal.h>
#include <stdbool.h>

#include <jansson.h>

#include "base/error.h"

struct client;

#define CLIENT_REQUEST_S 60 /* the time limit of a request at first */

struct client_options {
	const char *socket;     /* path of the daemon's socket; NULL with url */
	const char *url;        /* "https://host:port"; NULL: by socket */
	const char *token_file; /* file with the bearer token for url; NULL: none */
};

int client_open(const struct client_options *options, struct client **ret_client,
		struct hr_error *err);
void client_close(struct client *client);

/* The socket's path or the URL: tells one daemon from another. Borrowed. */
const char *client_daemon(const struct client *client);

/* Each request from now on takes at most so many seconds, and is given up soon after *stop is no
 * longer 0 (NULL: never). At first: CLIENT_REQUEST_S, NULL. */
void client_limit(struct client *client, long seconds, const volatile sig_atomic_t *stop);

/* One request. path begins with '/' and is already encoded (client_path). body may be NULL.
 * Answers of 2xx: 0 and *ret_body (may be NULL for no content; the
 * caller unrefs; ret_body itself may be NULL). Others: -1 with the daemon's own words; not
 * reachable: says which socket or address, and how to start the daemon. */
int client_call(struct client *client, const char *method, const char *path, const json_t *body,
		json_t **ret_body, struct hr_error *err);

/* One Server-Sent Event; its texts are valid during the call. */
struct client_event {
	const char *id; /* the last that came; "": none yet */
	const char *name;
	const char *data;
};

/* GET of a stream of events, from after last_id on ("": as path says), until it ends. Each event is
 * given to take; a number other than 0 ends the stream, and is given. ret_id is the last id that came,
 * also without an event. 0: it has ended, or broke, or the daemon was not reached; then *ret_reached
 * says whether it had begun, and err why it ended. -1: the daemon refused, in its own words. */
#define CLIENT_ID_SIZE 64
int client_stream(struct client *client, const char *path, char ret_id[CLIENT_ID_SIZE],
		  int (*take)(void *context, const struct client_event *event), void *context,
		  bool *ret_reached, struct hr_error *err);

/* "/api/v1/<a>" or "/api/v1/<a>/<b>" or with /<c>, each part percent-encoded; NULL parts end it.
 * The caller frees. NULL: no memory. */
char *client_path(const char *a, const char *b, const char *c);

/* Appends "key=value" with the right separator, value percent-encoded; nothing when value is NULL.
 * *path is reallocated. 0 or -1: no memory. */
int client_query(char **path, const char *key, const char *value);

#endif
