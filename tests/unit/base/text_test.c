/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "suite.h"

START_TEST(copies_and_says_when_cut)
{
	char buf[5];

	ck_assert(text_copy(buf, sizeof(buf), "abcd"));
	ck_assert_str_eq(buf, "abcd");
	ck_assert(!text_copy(buf, sizeof(buf), "abcde"));
	ck_assert_str_eq(buf, "abcd");
	ck_assert(text_copy(buf, sizeof(buf), NULL));
	ck_assert_str_eq(buf, "");
	ck_assert(text_copy(buf, 0, ""));
	ck_assert(!text_copy(buf, 0, "a"));
}
END_TEST

START_TEST(cuts_at_characters)
{
	char buf[6];

	text_copy(buf, sizeof(buf), "ab\xe2\x82\xac\xe2\x82\xac"); /* two euro signs */
	ck_assert_str_eq(buf, "ab\xe2\x82\xac");
	text_copy(buf, 5, "ab\xe2\x82\xac");
	ck_assert_str_eq(buf, "ab");
	text_copy(buf, 4, "\xf0\x9f\x98\x80");
	ck_assert_str_eq(buf, "");
	ck_assert(!text_format(buf, 5, "%s", "ab\xe2\x82\xac"));
	ck_assert_str_eq(buf, "ab");
	ck_assert(text_format(buf, sizeof(buf), "%d", 123));
	ck_assert_str_eq(buf, "123");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_cut_too)
{
	char buf[4];

	ck_assert(!text_copy(buf, sizeof(buf), "\x80\x80\x80\x80\x80\x80"));
	ck_assert_uint_eq(strlen(buf), 3);
}
END_TEST

START_TEST(cleaned)
{
	static const struct {
		char text[32];
		const char *expected;
	} tried[] = {
		{"", ""},
		{"a\xc3\xa4\xe2\x82\xac", "a\xc3\xa4\xe2\x82\xac"},
		{"cut \xe2\x82; and on", "cut ?; and on"},
		{"caf\xe9.so", "caf?.so"},
		{"\x80\xff\xc3", "???"},
		{"\xff", "?"},
	};

	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		char buf[32];

		text_copy(buf, sizeof(buf), tried[i].text);
		text_clean(buf);
		ck_assert_str_eq(buf, tried[i].expected);
	}
}
END_TEST

START_TEST(integers)
{
	int64_t value = 7;

	ck_assert_int_eq(text_to_int64("42", 0, 100, &value), 0);
	ck_assert_int_eq(value, 42);
	ck_assert_int_eq(text_to_int64("-5", -5, 0, &value), 0);
	ck_assert_int_eq(value, -5);
	ck_assert_int_eq(text_to_int64("9223372036854775807", 0, INT64_MAX, &value), 0);
	ck_assert(value == INT64_MAX);
	value = 7;
	ck_assert_int_eq(text_to_int64("9223372036854775808", 0, INT64_MAX, &value), -1);
	ck_assert_int_eq(text_to_int64("101", 0, 100, &value), -1);
	ck_assert_int_eq(text_to_int64("-1", 0, 100, &value), -1);
	ck_assert_int_eq(text_to_int64("", 0, 100, &value), -1);
	ck_assert_int_eq(text_to_int64(" 1", 0, 100, &value), -1);
	ck_assert_int_eq(text_to_int64("+1", 0, 100, &value), -1);
	ck_assert_int_eq(text_to_int64("1x", 0, 100, &value), -1);
	ck_assert_int_eq(text_to_int64("-", -9, 100, &value), -1);
	ck_assert_int_eq(text_to_int64(NULL, 0, 100, &value), -1);
	ck_assert_int_eq(value, 7);
}
END_TEST

START_TEST(utf8)
{
	uint32_t code = 0;

	ck_assert(text_valid_utf8("", 0));
	ck_assert(text_valid_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 10));
	ck_assert(!text_valid_utf8("a\0b", 3));
	ck_assert(!text_valid_utf8("\xc3", 1));             /* ends early */
	ck_assert(!text_valid_utf8("\xc0\x80", 2));         /* longer than needed */
	ck_assert(!text_valid_utf8("\xe0\x80\xaf", 3));     /* longer than needed */
	ck_assert(!text_valid_utf8("\xed\xa0\x80", 3));     /* half of a pair */
	ck_assert(!text_valid_utf8("\xf4\x90\x80\x80", 4)); /* beyond the last */
	ck_assert(!text_valid_utf8("\x80", 1));
	ck_assert(!text_valid_utf8("\xff", 1));
	ck_assert_uint_eq(text_utf8_next("\xe2\x82\xac", 3, &code), 3);
	ck_assert_uint_eq(code, 0x20ac);
	ck_assert_uint_eq(text_utf8_next("", 0, NULL), 0);
}
END_TEST

SUITE_MAIN("text", copies_and_says_when_cut, cuts_at_characters, bytes_that_are_no_text_are_cut_too,
	   cleaned, integers, utf8)
