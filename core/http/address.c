/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of addresses. Not here: which kind may be reached by whom (policy.c). */
#include "http/address.h"

#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

static enum address_kind kind_of_ipv4(const uint8_t b[4])
{
	if (b[0] == 127 || b[0] == 0)
		return ADDRESS_LOOPBACK;
	if (b[0] == 169 && b[1] == 254)
		return ADDRESS_LINK_LOCAL;
	return b[0] >= 224 ? ADDRESS_NOBODY : ADDRESS_USUAL;
}

static enum address_kind kind_of_ipv6(const uint8_t b[16])
{
	static const uint8_t zeroes[12];
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};

	if (memcmp(b, zeroes, 12) == 0 && b[12] == 0 && b[13] == 0 && b[14] == 0 && b[15] <= 1)
		return ADDRESS_LOOPBACK;
	if (memcmp(b, zeroes, 12) == 0 || memcmp(b, mapped, 12) == 0 || memcmp(b, nat64, 12) == 0)
		return kind_of_ipv4(b + 12);
	if (b[0] == 0x20 && b[1] == 0x02)
		return kind_of_ipv4(b + 2);
	if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
		return ADDRESS_LINK_LOCAL;
	return b[0] == 0xff ? ADDRESS_NOBODY : ADDRESS_USUAL;
}

enum address_kind address_kind(const struct sockaddr *address)
{
	uint8_t bytes[16];

	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		memcpy(bytes, &in.sin_addr, 4);
		return kind_of_ipv4(bytes);
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		memcpy(bytes, &in6.sin6_addr, 16);
		return kind_of_ipv6(bytes);
	}
	return ADDRESS_NOBODY;
}

enum address_kind address_kind_of_text(const char *text)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		return kind_of_ipv4(bytes);
	return inet_pton(AF_INET6, text, bytes) == 1 ? kind_of_ipv6(bytes) : ADDRESS_NOBODY;
}
