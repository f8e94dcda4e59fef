/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of address a name has resolved to. */
#ifndef HR_HTTP_ADDRESS_H
#define HR_HTTP_ADDRESS_H

#include <sys/socket.h>

enum address_kind {
	ADDRESS_USUAL = 0,  /* public and private networks */
	ADDRESS_LOOPBACK,   /* this machine: 127.0.0.0/8, ::1, and 0.0.0.0/8, :: which lead there */
	ADDRESS_LINK_LOCAL, /* 169.254.0.0/16, fe80::/10: metadata services */
	ADDRESS_NOBODY      /* multicast, reserved, broadcast; and what is no IP address */
};

/* IPv4 inside of IPv6 (mapped, compatible, NAT64, 6to4) counts as that IPv4 address. */
enum address_kind address_kind(const struct sockaddr *address);

/* The same of an address as text; ADDRESS_NOBODY where it is none. */
enum address_kind address_kind_of_text(const char *text);

#endif
