/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "suite.h"

/* The test vectors of RFC 4648. */
static const struct {
	const char *plain;
	const char *base64;
	const char *base64url;
} vectors[] = {
	{"", "", ""},
	{"f", "Zg==", "Zg"},
	{"fo", "Zm8=", "Zm8"},
	{"foo", "Zm9v", "Zm9v"},
	{"foob", "Zm9vYg==", "Zm9vYg"},
	{"fooba", "Zm9vYmE=", "Zm9vYmE"},
	{"foobar", "Zm9vYmFy", "Zm9vYmFy"},
	{"\xfb\xff\xfe", "+//+", "-__-"},
};

START_TEST(vectors_both_ways)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t len = strlen(vectors[i].plain), back_len = 99;
		char *base64 = text_base64(vectors[i].plain, len);
		char *url = text_base64url(vectors[i].plain, len);
		char *back = text_base64url_decode(url, strlen(url), &back_len);

		ck_assert_str_eq(base64, vectors[i].base64);
		ck_assert_str_eq(url, vectors[i].base64url);
		ck_assert_uint_eq(back_len, len);
		ck_assert_str_eq(back, vectors[i].plain);
		free(base64);
		free(url);
		free(back);
	}
}
END_TEST

START_TEST(refuses_other_forms)
{
	static const char *const bad[] = {"Z", "Zg==", "Zm9v+", "Zm 9v", "Zm9vY", "Zh", "Zm9", "é"};
	size_t len;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_ptr_null(text_base64url_decode(bad[i], strlen(bad[i]), &len));
}
END_TEST

START_TEST(hexadecimal)
{
	char buf[9];

	text_hex("\x00\x7f\x80\xff", 4, buf);
	ck_assert_str_eq(buf, "007f80ff");
	text_hex("", 0, buf);
	ck_assert_str_eq(buf, "");
}
END_TEST

SUITE_MAIN("encode", vectors_both_ways, refuses_other_forms, hexadecimal)
