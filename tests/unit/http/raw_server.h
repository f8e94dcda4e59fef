/* SPDX-License-Identifier: Apache-2.0 */
/* A server on 127.0.0.1 that answers with whatever bytes a test gives it, right or wrong, and counts
 * what came. One thread for each connection. */
#ifndef HR_TESTS_HTTP_RAW_SERVER_H
#define HR_TESTS_HTTP_RAW_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define RAW_REQUEST_MAX (1 << 18)
#define RAW_CONNECTIONS_MAX 256 /* in a test; more end it */

struct raw_server;

/* What is done with one request (head and body, NUL added): writes to fd; false closes it. */
typedef bool (*raw_handler)(struct raw_server *server, int fd, const char *request);

struct raw_server {
	int port;
	int listener;
	raw_handler handler;
	atomic_bool hangs_up; /* closes each connection at once */
	pthread_t thread;
	atomic_int n_requests;
	atomic_int n_connections;
	atomic_bool is_ending; /* handlers that wait look at it */
	pthread_mutex_t mutex; /* over all below */
	char last[RAW_REQUEST_MAX + 1];
	int fds[RAW_CONNECTIONS_MAX];
	pthread_t threads[RAW_CONNECTIONS_MAX];
	int n_threads;
};

void raw_server_start(struct raw_server *server, raw_handler handler);
void raw_server_stop(struct raw_server *server);

/* Whether the last request holds the text. */
bool raw_server_saw(struct raw_server *server, const char *text);

/* Writes all of it; a peer that has gone is no failure. */
void raw_write(int fd, const void *bytes, size_t len);
void raw_text(int fd, const char *text);

/* An answer with status line, extra header lines (each with its line end; or ""), and body. */
void raw_answer(int fd, const char *status, const char *headers, const char *body);

/* Whether the request line has that path (up to a blank). */
bool raw_is(const char *request, const char *path);

#endif
