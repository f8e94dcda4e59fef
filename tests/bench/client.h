/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP client that costs little, so that what is measured is the server: connections that stay, one
 * request at a time on each, bodies with a Content-Length. Not a client for anything else. */
#ifndef TESTS_BENCH_CLIENT_H
#define TESTS_BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_ANSWER_MAX 16384

struct client_conn {
	int fd;
	size_t index;
	bool busy;  /* waits for an answer */
	int status; /* of the last answer */
	size_t len; /* of what is read of the answer */
	char *body; /* of the last answer, ends with NUL */
	char answer[CLIENT_ANSWER_MAX];
	/* The caller's. */
	int step;
	int64_t sent_ns;
	long number;
	char id[40];
};

struct client {
	int epoll_fd;
	struct client_conn *conns;
	size_t n;
	char token[128]; /* "": none is sent */
};

/* token_file: NULL, or a file whose first line is the bearer token. Fails the program. */
void client_open(struct client *client, int port, const char *token_file, size_t n);
void client_close(struct client *client);

/* body: JSON, or NULL. */
void client_send(struct client *client, struct client_conn *conn, const char *method,
		 const char *path, const char *body);

/* Waits for at most so long, and calls done for each answer that is whole. */
void client_wait(struct client *client, int timeout_ms,
		 void (*done)(void *context, struct client_conn *conn), void *context);

#endif
