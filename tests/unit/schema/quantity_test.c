/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/schema.h"

#include "../base/suite.h"

START_TEST(durations)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = {{"0", 0},     {"90", 90},    {"90s", 90}, {"5m", 300},
		    {"2h", 7200}, {"1d", 86400}, {"007s", 7}};
	static const char *const bad[] = {"",
					  "s",
					  "-1",
					  "+1",
					  "1.5h",
					  "5 m",
					  "5M",
					  "1h30m",
					  " 5m",
					  "5m ",
					  "0x10",
					  "five",
					  "9223372036854775807d",
					  "99999999999999999999"};
	int64_t seconds;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_int_eq(schema_parse_duration(good[i].text, &seconds), 0);
		ck_assert_int_eq(seconds, good[i].seconds);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(schema_parse_duration(bad[i], &seconds) == -1, "%s", bad[i]);
}
END_TEST

START_TEST(bytes)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} good[] = {{"0", 0},
		    {"512", 512},
		    {"512B", 512},
		    {"1KiB", 1024},
		    {"3MiB", 3 << 20},
		    {"20GiB", INT64_C(20) << 30},
		    {"1TiB", INT64_C(1) << 40},
		    {"1KB", 1000},
		    {"512MB", 512000000},
		    {"2GB", 2000000000},
		    {"1TB", INT64_C(1000000000000)}};
	static const char *const bad[] = {"",   "GiB",    "20gib", "20 GiB",
					  "-1", "1.5GiB", "20G",   "9000000000TiB"};
	int64_t value;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_int_eq(schema_parse_bytes(good[i].text, &value), 0);
		ck_assert_int_eq(value, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(schema_parse_bytes(bad[i], &value) == -1, "%s", bad[i]);
}
END_TEST

START_TEST(texts_are_short_and_exact)
{
	char buf[QUANTITY_SIZE];

	ck_assert_str_eq(schema_duration_text(0, buf), "0s");
	ck_assert_str_eq(schema_duration_text(90, buf), "90s");
	ck_assert_str_eq(schema_duration_text(1800, buf), "30m");
	ck_assert_str_eq(schema_duration_text(7200, buf), "2h");
	ck_assert_str_eq(schema_duration_text(86400, buf), "1d");
	ck_assert_str_eq(schema_bytes_text(1000, buf), "1000B");
	ck_assert_str_eq(schema_bytes_text(INT64_C(20) << 30, buf), "20GiB");
	ck_assert_str_eq(schema_bytes_text(1536, buf), "1536B");
}
END_TEST

SUITE_MAIN("quantity", durations, bytes, texts_are_short_and_exact)
