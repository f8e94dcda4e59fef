/* SPDX-License-Identifier: Apache-2.0 */
/* The list of connections and the thread that watches their clocks. The HTTP library's own time
 * limit starts anew with each byte, so that one slow sender could hold a connection for ever; ours
 * does not. */
#include "api/peers.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_EVERY_MS 200

struct peers {
	int64_t timeout_ms;
	unsigned max_per_address;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t stop;
	bool stopping;
	struct peer *first;
	unsigned n;
};

static bool is_loopback(const struct sockaddr *address)
{
	static const uint8_t mapped[13] = {[10] = 0xff, [11] = 0xff, [12] = 127};
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
	}
	if (address->sa_family != AF_INET6)
		return true; /* a unix socket */
	memcpy(&v6, address, sizeof(v6));
	return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
	       memcmp(&v6.sin6_addr, mapped, sizeof(mapped)) == 0;
}

static bool same_host(const struct sockaddr *a, const struct sockaddr *b)
{
	struct sockaddr_in6 a6, b6;
	struct sockaddr_in a4, b4;

	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET) {
		memcpy(&a4, a, sizeof(a4));
		memcpy(&b4, b, sizeof(b4));
		return a4.sin_addr.s_addr == b4.sin_addr.s_addr;
	}
	memcpy(&a6, a, sizeof(a6));
	memcpy(&b6, b, sizeof(b6));
	/* Who has one IPv6 address has a whole /64 of them. */
	return memcmp(&a6.sin6_addr, &b6.sin6_addr, 8) == 0;
}

static void cut_late_ones(struct peers *peers, int64_t now_ms)
{
	for (struct peer *peer = peers->first; peer; peer = peer->next) {
		if (peer->deadline_ms > now_ms)
			continue;
		/* The HTTP server sees the end of the stream and closes. */
		shutdown(peer->fd, SHUT_RDWR);
		peer->deadline_ms = MS_NEVER;
	}
}

static void *watch(void *context)
{
	struct peers *peers = context;
	struct timespec until;

	pthread_mutex_lock(&peers->mutex);
	while (!peers->stopping) {
		cut_late_ones(peers, clock_now().mono_ms);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += LOOK_EVERY_MS * 1000000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_nsec -= 1000000000L;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&peers->stop, &peers->mutex, &until);
	}
	pthread_mutex_unlock(&peers->mutex);
	return NULL;
}

int peers_new(int64_t request_timeout_ms, unsigned max_per_address, struct peers **ret_peers,
	      struct hr_error *err)
{
	struct peers *peers = calloc(1, sizeof(*peers));
	pthread_condattr_t monotonic;

	if (!peers)
		return error_no_memory(err, "starting the API");
	peers->timeout_ms = request_timeout_ms;
	peers->max_per_address = max_per_address;
	pthread_mutex_init(&peers->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&peers->stop, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&peers->thread, NULL, watch, peers) != 0) {
		pthread_cond_destroy(&peers->stop);
		pthread_mutex_destroy(&peers->mutex);
		free(peers);
		return error_set(err, HR_INTERNAL, "the system gives no more threads");
	}
	*ret_peers = peers;
	return 0;
}

void peers_free(struct peers *peers)
{
	if (!peers)
		return;
	pthread_mutex_lock(&peers->mutex);
	peers->stopping = true;
	pthread_cond_signal(&peers->stop);
	pthread_mutex_unlock(&peers->mutex);
	pthread_join(peers->thread, NULL);
	pthread_cond_destroy(&peers->stop);
	pthread_mutex_destroy(&peers->mutex);
	free(peers);
}

bool peers_admit(struct peers *peers, const struct sockaddr *address, socklen_t len)
{
	struct sockaddr_storage asking = {0};
	unsigned n = 0;

	memcpy(&asking, address, len < sizeof(asking) ? len : sizeof(asking));
	if (is_loopback((const struct sockaddr *)&asking))
		return true;
	pthread_mutex_lock(&peers->mutex);
	for (const struct peer *peer = peers->first; peer; peer = peer->next)
		if (same_host((const struct sockaddr *)&peer->address,
			      (const struct sockaddr *)&asking))
			n++;
	pthread_mutex_unlock(&peers->mutex);
	return n < peers->max_per_address;
}

static bool behind_socket_trusted(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 || len != sizeof(cred))
		return false;
	return cred.uid == 0 || cred.uid == geteuid();
}

struct peer *peers_add(struct peers *peers, int fd, const struct sockaddr *address)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	peer->fd = fd;
	peer->deadline_ms = clock_now().mono_ms + peers->timeout_ms;
	if (address && address->sa_family == AF_INET)
		memcpy(&peer->address, address, sizeof(struct sockaddr_in));
	else if (address && address->sa_family == AF_INET6)
		memcpy(&peer->address, address, sizeof(struct sockaddr_in6));
	else
		peer->address.ss_family = AF_UNIX;
	if (peer->address.ss_family == AF_UNIX)
		peer->trusted = behind_socket_trusted(fd);
	pthread_mutex_lock(&peers->mutex);
	peer->next = peers->first;
	peer->link = &peers->first;
	if (peer->next)
		peer->next->link = &peer->next;
	peers->first = peer;
	peers->n++;
	pthread_mutex_unlock(&peers->mutex);
	return peer;
}

void peers_remove(struct peers *peers, struct peer *peer)
{
	pthread_mutex_lock(&peers->mutex);
	*peer->link = peer->next;
	if (peer->next)
		peer->next->link = peer->link;
	peers->n--;
	pthread_mutex_unlock(&peers->mutex);
	free(peer);
}

static void set_deadline(struct peers *peers, struct peer *peer, int64_t deadline_ms)
{
	pthread_mutex_lock(&peers->mutex);
	peer->deadline_ms = deadline_ms;
	pthread_mutex_unlock(&peers->mutex);
}

void peers_start_clock(struct peers *peers, struct peer *peer)
{
	set_deadline(peers, peer, clock_now().mono_ms + peers->timeout_ms);
}

void peers_stop_clock(struct peers *peers, struct peer *peer)
{
	set_deadline(peers, peer, MS_NEVER);
}

unsigned peers_count(struct peers *peers)
{
	unsigned n;

	pthread_mutex_lock(&peers->mutex);
	n = peers->n;
	pthread_mutex_unlock(&peers->mutex);
	return n;
}
