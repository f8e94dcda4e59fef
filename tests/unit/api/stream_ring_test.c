/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes through a small ring, over its end many times. */
#include "api/stream_ring.h"

#include <string.h>

#include "../base/suite.h"

START_TEST(keeps_order_over_its_end)
{
	struct stream_ring ring;
	unsigned char put = 0, want = 0;
	char bytes[7];

	ck_assert_int_eq(stream_ring_open(&ring, 16), 0);
	for (int round = 0; round < 1000; round++) {
		size_t len = 1 + (size_t)round % sizeof(bytes), n;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)put++;
		ck_assert(stream_ring_put(&ring, bytes, len));
		do {
			n = stream_ring_take(&ring, bytes, 1 + (size_t)round % 5);
			for (size_t i = 0; i < n; i++)
				ck_assert_uint_eq((unsigned char)bytes[i], want++);
		} while (stream_ring_room(&ring) < 9);
	}
	stream_ring_close(&ring);
}
END_TEST

START_TEST(takes_all_or_nothing)
{
	struct stream_ring ring;
	char buf[16];

	ck_assert_int_eq(stream_ring_open(&ring, 8), 0);
	ck_assert(stream_ring_put(&ring, "12345", 5));
	ck_assert(!stream_ring_put(&ring, "6789", 4));
	ck_assert_uint_eq(stream_ring_room(&ring), 3);
	ck_assert(stream_ring_put(&ring, "678", 3));
	ck_assert_uint_eq(stream_ring_take(&ring, buf, sizeof(buf)), 8);
	ck_assert_int_eq(memcmp(buf, "12345678", 8), 0);
	ck_assert_uint_eq(stream_ring_take(&ring, buf, sizeof(buf)), 0);
	stream_ring_close(&ring);
}
END_TEST

SUITE_MAIN("stream_ring", keeps_order_over_its_end, takes_all_or_nothing)
