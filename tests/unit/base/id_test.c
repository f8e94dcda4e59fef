/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "suite.h"

/* A source of "randomness" that gives the same byte again and again. */
static int same_byte(void *context, void *buf, size_t len)
{
	memset(buf, *(int *)context, len);
	return 0;
}

static int no_randomness(void *context, void *buf, size_t len)
{
	(void)context, (void)buf, (void)len;
	return -1;
}

START_TEST(follows_from_the_seed)
{
	struct id_source a, b, c;
	char id_a[ID_SIZE], id_b[ID_SIZE], id_c[ID_SIZE], second[ID_SIZE];

	ck_assert_int_eq(id_source_init(&a, same_byte, &(int){1}), 0);
	ck_assert_int_eq(id_source_init(&b, same_byte, &(int){1}), 0);
	ck_assert_int_eq(id_source_init(&c, same_byte, &(int){2}), 0);
	id_new(&a, id_a);
	id_new(&b, id_b);
	id_new(&c, id_c);
	ck_assert_str_eq(id_a, id_b);
	ck_assert_str_ne(id_a, id_c);
	id_new(&a, second);
	ck_assert_str_ne(second, id_a);
}
END_TEST

/* SHA-256 of 32 zero bytes and a counter of 8 zero bytes: fixed, or simulations would differ
 * between versions. */
START_TEST(the_bytes_are_those_of_sha256)
{
	struct id_source source;
	unsigned char bytes[32], more[80], again[80];
	char hex[65];

	id_source_init(&source, same_byte, &(int){0});
	id_source_bytes(&source, bytes, sizeof(bytes));
	text_hex(bytes, sizeof(bytes), hex);
	ck_assert_str_eq(hex, "2c34ce1df23b838c5abf2a7f6437cca3d3067ed509ff25f11df6b11b582b51eb");
	id_source_init(&source, same_byte, &(int){0});
	id_source_bytes(&source, more, sizeof(more));
	ck_assert_mem_eq(more, bytes, sizeof(bytes));
	ck_assert_mem_ne(more + 32, bytes, sizeof(bytes));
	id_source_init(&source, same_byte, &(int){0});
	id_source_bytes(&source, again, sizeof(again));
	ck_assert_mem_eq(more, again, sizeof(more));
}
END_TEST

START_TEST(ids_have_their_form)
{
	struct id_source source;
	char id[ID_SIZE];

	ck_assert_int_eq(id_source_init(&source, random_system, NULL), 0);
	for (int i = 0; i < 100; i++) {
		id_new(&source, id);
		ck_assert_uint_eq(strlen(id), ID_SIZE - 1);
		ck_assert(id_valid(id));
		ck_assert_int_eq(id[14], '4');
		ck_assert_ptr_nonnull(strchr("89ab", id[19]));
	}
	ck_assert(!id_valid(NULL));
	ck_assert(!id_valid(""));
	ck_assert(!id_valid("demo"));
	ck_assert(!id_valid("0195a3b2-1c4d-4e5f-8a6b-7c8d9e0f1a2"));
	ck_assert(!id_valid("0195a3b2-1c4d-4e5f-8a6b-7c8d9e0f1a2b3"));
	ck_assert(!id_valid("0195A3B2-1c4d-4e5f-8a6b-7c8d9e0f1a2b"));
	ck_assert(!id_valid("0195a3b2x1c4d-4e5f-8a6b-7c8d9e0f1a2b"));
	ck_assert(id_valid("0195a3b2-1c4d-4e5f-8a6b-7c8d9e0f1a2b"));
}
END_TEST

START_TEST(secrets_are_plain_text)
{
	struct id_source source;
	char text[201], other[201];
	unsigned seen = 0;

	ck_assert_int_eq(id_source_init(&source, random_system, NULL), 0);
	id_secret_text(&source, text, 200);
	id_secret_text(&source, other, 200);
	ck_assert_uint_eq(strlen(text), 200);
	ck_assert_uint_eq(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_"),
			  200);
	ck_assert_str_ne(text, other);
	/* Of 64 characters some 61 turn up among 200. */
	for (const char *p = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"; *p;
	     p++)
		seen += strchr(text, *p) != NULL;
	ck_assert_uint_gt(seen, 40);
	id_secret_text(&source, text, 0);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(no_randomness_is_said)
{
	struct id_source source;

	ck_assert_int_eq(id_source_init(&source, no_randomness, NULL), -1);
}
END_TEST

SUITE_MAIN("id", follows_from_the_seed, the_bytes_are_those_of_sha256, ids_have_their_form,
	   secrets_are_plain_text, no_randomness_is_said)
