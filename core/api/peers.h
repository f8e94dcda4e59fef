/* SPDX-License-Identifier: Apache-2.0 */
/* Who is connected: how many from one address, by when a request must be whole, and who stands
 * behind a unix socket. */
#ifndef HR_API_PEERS_H
#define HR_API_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"

struct peers;

struct peer {
	struct peer *next;
	struct peer **link;
	int fd;              /* the HTTP server's; open as long as the peer is in the list */
	int64_t deadline_ms; /* monotonic; MS_NEVER: none runs */
	struct sockaddr_storage address;
	bool trusted; /* unix socket: root, or our own user */
};

/* Starts the thread that cuts off whoever is late. */
int peers_new(int64_t request_timeout_ms, unsigned max_per_address, struct peers **ret_peers,
	      struct hr_error *err);
/* All connections must be gone. NULL is fine. */
void peers_free(struct peers *peers);

/* Whether one more connection from this address is welcome. */
bool peers_admit(struct peers *peers, const struct sockaddr *address, socklen_t len);

/* NULL: no memory. */
struct peer *peers_add(struct peers *peers, int fd, const struct sockaddr *address);
/* Before fd is closed. */
void peers_remove(struct peers *peers, struct peer *peer);

/* The time for a request, or for the next one, runs from now; or none runs. */
void peers_start_clock(struct peers *peers, struct peer *peer);
void peers_stop_clock(struct peers *peers, struct peer *peer);

unsigned peers_count(struct peers *peers);

#endif
