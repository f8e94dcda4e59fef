/* SPDX-License-Identifier: Apache-2.0 */
/* How many connections one address may have. */
#include "api/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../base/suite.h"

static struct sockaddr_storage address_of(const char *text)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		memcpy(&storage, &v4, sizeof(v4));
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
		memcpy(&storage, &v6, sizeof(v6));
	}
	return storage;
}

static bool admit(struct peers *peers, const char *text)
{
	struct sockaddr_storage address = address_of(text);

	return peers_admit(peers, (struct sockaddr *)&address,
			   address.ss_family == AF_INET ? sizeof(struct sockaddr_in)
							: sizeof(struct sockaddr_in6));
}

static struct peer *add(struct peers *peers, const char *text)
{
	struct sockaddr_storage address = address_of(text);
	struct peer *peer = peers_add(peers, -1, (struct sockaddr *)&address);

	ck_assert_ptr_nonnull(peer);
	/* There is no real connection that could be cut. */
	peers_stop_clock(peers, peer);
	ck_assert(!peer->trusted);
	return peer;
}

START_TEST(addresses_are_limited)
{
	struct peer *peer[6];
	struct peers *peers;

	ck_assert_int_eq(peers_new(30000, 2, &peers, NULL), 0);
	peer[0] = add(peers, "192.0.2.1");
	ck_assert(admit(peers, "192.0.2.1"));
	peer[1] = add(peers, "192.0.2.1");
	ck_assert(!admit(peers, "192.0.2.1"));
	ck_assert(admit(peers, "192.0.2.2"));
	/* Of IPv6 a whole network is one house. */
	peer[2] = add(peers, "2001:db8::1");
	peer[3] = add(peers, "2001:db8::2");
	ck_assert(!admit(peers, "2001:db8::3"));
	ck_assert(admit(peers, "2001:db8:0:1::1"));
	ck_assert_uint_eq(peers_count(peers), 4);
	peers_remove(peers, peer[1]);
	ck_assert(admit(peers, "192.0.2.1"));
	peers_remove(peers, peer[3]);
	peers_remove(peers, peer[0]);
	peers_remove(peers, peer[2]);
	ck_assert_uint_eq(peers_count(peers), 0);
	peers_free(peers);
}
END_TEST

START_TEST(loopback_is_not_limited)
{
	static const char *const own[] = {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"};
	struct peers *peers;

	ck_assert_int_eq(peers_new(30000, 1, &peers, NULL), 0);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		struct peer *peer = add(peers, own[i]);

		ck_assert_msg(admit(peers, own[i]), "%s", own[i]);
		peers_remove(peers, peer);
	}
	peers_free(peers);
}
END_TEST

START_TEST(own_user_is_trusted)
{
	struct peers *peers;
	struct peer *peer;
	int fds[2];

	ck_assert_int_eq(peers_new(30000, 1, &peers, NULL), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	peer = peers_add(peers, fds[0], NULL);
	ck_assert_ptr_nonnull(peer);
	ck_assert(peer->trusted);
	peers_remove(peers, peer);
	close(fds[0]);
	close(fds[1]);
	peers_free(peers);
}
END_TEST

/* Its clock runs out: the connection is shut down; a stopped clock never does. */
START_TEST(late_ones_are_cut)
{
	struct peer *late, *waiting;
	struct peers *peers;
	int a[2], b[2];
	char byte;

	ck_assert_int_eq(peers_new(50, 1, &peers, NULL), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	late = peers_add(peers, a[0], NULL);
	waiting = peers_add(peers, b[0], NULL);
	peers_stop_clock(peers, waiting);
	ck_assert_int_eq(read(a[1], &byte, 1), 0);
	ck_assert_int_eq(recv(b[1], &byte, 1, MSG_DONTWAIT), -1);
	peers_start_clock(peers, waiting);
	ck_assert_int_eq(read(b[1], &byte, 1), 0);
	peers_remove(peers, late);
	peers_remove(peers, waiting);
	peers_free(peers);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}
END_TEST

SUITE_MAIN("peers", addresses_are_limited, loopback_is_not_limited, own_user_is_trusted,
	   late_ones_are_cut)
