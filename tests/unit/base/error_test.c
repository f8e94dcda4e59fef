/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "suite.h"

START_TEST(fills_and_gives_minus_one)
{
	struct hr_error err;

	memset(&err, 0x55, sizeof(err));
	ck_assert_int_eq(error_set(&err, HR_QUOTA, "pool %s is full", "demo"), -1);
	ck_assert_int_eq(err.class, HR_QUOTA);
	ck_assert_str_eq(err.message, "pool demo is full");
	ck_assert_str_eq(err.field, "");
	ck_assert_str_eq(err.example, "");
	ck_assert_str_eq(err.request_id, "");
	ck_assert_int_eq(err.http_status, 0);
	ck_assert_int_eq(err.retry_after_ms, 0);
	ck_assert_uint_eq(err.flags, 0);
}
END_TEST

START_TEST(names_field_and_example)
{
	struct hr_error err;

	ck_assert_int_eq(error_set_field(&err, HR_INVALID, "a.b", "5m", "no"), -1);
	ck_assert_str_eq(err.field, "a.b");
	ck_assert_str_eq(err.example, "5m");
	ck_assert_str_eq(err.message, "no");
	error_set_field(&err, HR_INVALID, NULL, NULL, "none");
	ck_assert_str_eq(err.field, "");
	ck_assert_str_eq(err.example, "");
}
END_TEST

START_TEST(takes_its_own_texts_as_arguments)
{
	struct hr_error err;

	error_set_field(&err, HR_INVALID, "port", "22", "first");
	error_set_field(&err, HR_CONFLICT, err.field, err.example, "second after %s", err.message);
	ck_assert_str_eq(err.message, "second after first");
	ck_assert_str_eq(err.field, "port");
	ck_assert_str_eq(err.example, "22");
}
END_TEST

START_TEST(no_object_is_fine)
{
	ck_assert_int_eq(error_set(NULL, HR_INVALID, "x"), -1);
	ck_assert_int_eq(error_set_field(NULL, HR_INVALID, "f", "e", "x"), -1);
	ck_assert_int_eq(error_prefix(NULL, "x"), -1);
	ck_assert_int_eq(error_no_memory(NULL, "x"), -1);
	ck_assert_int_eq(error_set_errno(NULL, ENOENT, "x"), -1);
}
END_TEST

START_TEST(long_messages_end_at_a_character)
{
	struct hr_error err;
	char text[1024];

	/* 511 bytes fit: 255 characters of 2 bytes and one byte over. */
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 3);
	error_set(&err, HR_INTERNAL, "%s", text);
	ck_assert_uint_eq(strlen(err.message), 510);
	ck_assert(text_valid_utf8(err.message, strlen(err.message)));
}
END_TEST

START_TEST(a_cut_in_the_midst_is_no_half_character)
{
	struct hr_error err;

	error_set(&err, HR_INVALID, "report this to %.4s, its vendor", "M\xc3\xbc\xc3\x9f");
	ck_assert_str_eq(err.message, "report this to M\xc3\xbc?, its vendor");
	error_prefix(&err, "%.2s", "\xc3\xbc\xc3\xbc");
	ck_assert_str_eq(err.message, "\xc3\xbc: report this to M\xc3\xbc?, its vendor");
	error_prefix(&err, "%.1s", "\xc3\xbc");
	ck_assert_str_eq(err.message, "?: \xc3\xbc: report this to M\xc3\xbc?, its vendor");
}
END_TEST

START_TEST(system_errors_and_memory)
{
	struct hr_error err;

	error_set_errno(&err, ENOENT, "opening %s", "/x");
	ck_assert_str_eq(err.message, "opening /x: No such file or directory");
	ck_assert_int_eq(err.class, HR_INTERNAL);
	error_no_memory(&err, "planning");
	ck_assert_str_eq(err.message, "out of memory while planning");
	ck_assert_int_eq(err.class, HR_INTERNAL);
}
END_TEST

START_TEST(prefix_keeps_the_rest)
{
	struct hr_error err;

	error_set_field(&err, HR_INVALID, "port", "22", "too large");
	ck_assert_int_eq(error_prefix(&err, "pool %s", "demo"), -1);
	ck_assert_str_eq(err.message, "pool demo: too large");
	ck_assert_str_eq(err.field, "port");
	ck_assert_int_eq(err.class, HR_INVALID);
}
END_TEST

START_TEST(class_names_both_ways)
{
	for (int32_t class = HR_AUTH; class <= HR_INTERNAL; class ++)
		ck_assert_int_eq(error_class_number(error_class_name(class)), class);
	ck_assert_str_eq(error_class_name(HR_NOT_FOUND), "not_found");
	ck_assert_str_eq(error_class_name(4711), "internal");
	ck_assert_int_eq(error_class_number("nonsense"), HR_INTERNAL);
	ck_assert_int_eq(error_class_number(NULL), HR_INTERNAL);
}
END_TEST

SUITE_MAIN("error", fills_and_gives_minus_one, names_field_and_example,
	   takes_its_own_texts_as_arguments, no_object_is_fine, long_messages_end_at_a_character,
	   a_cut_in_the_midst_is_no_half_character, system_errors_and_memory, prefix_keeps_the_rest,
	   class_names_both_ways)
