/* SPDX-License-Identifier: Apache-2.0 */
/* nghttpd of nghttp2, a server that speaks HTTP/2 and nothing else, on 127.0.0.1. */
#ifndef HR_TESTS_HTTP_H2_SERVER_H
#define HR_TESTS_HTTP_H2_SERVER_H

#include <stdbool.h>

#include <sys/types.h>

#include "certificates.h"

struct h2_server {
	pid_t pid;
	int port;
	char folder[64]; /* of its files */
};

/* Whether nghttpd is there. */
bool h2_server_is_there(void);

/* Serves /hello ("hello"), /large (1 MiB of zeroes) and /huge (17 MiB of them), and sends back what is
 * posted. At most that many requests at once on one connection. */
void h2_server_start(struct h2_server *server, const struct certificate *own, int streams_max);
void h2_server_stop(struct h2_server *server);

/* Ends the process and starts another one on the same port. */
void h2_server_restart(struct h2_server *server, int streams_max);

#endif
