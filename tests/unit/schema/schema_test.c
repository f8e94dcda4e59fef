/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

START_TEST(finds_rows_by_key_and_alias)
{
	ck_assert_str_eq(schema_find(&table, "name")->key, "name");
	ck_assert_str_eq(schema_find(&table, "thing_name")->key, "name");
	ck_assert_ptr_null(schema_find(&table, "nam"));
	ck_assert_str_eq(schema_row(&table, 1)->key, "count");
}
END_TEST

/* A module that was built with a later header has longer rows. */
struct long_row {
	struct hr_setting row;
	const char *more;
	const char *and_more;
};

START_TEST(longer_rows_are_read_too)
{
	static const struct long_row rows[] = {
		{{.key = "a", .type = HR_TYPE_STRING, .title = "A", .help = "A."}, "x", "y"},
		{{.key = "b", .type = HR_TYPE_INTEGER, .title = "B", .help = "B."}, "x", "y"},
	};
	struct schema longer = {"long", &rows[0].row, 2, sizeof(rows[0])};
	struct hr_error err;

	ck_assert_int_eq(schema_check(&longer, &err), 0);
	ck_assert_str_eq(schema_row(&longer, 1)->key, "b");
	ck_assert_ptr_eq(schema_find(&longer, "b"), &rows[1].row);
}
END_TEST

START_TEST(unknown_keys_are_named_with_the_nearest)
{
	static const struct schema empty = {"nothing", NULL, 0, sizeof(struct hr_setting)};
	struct hr_error err;

	ck_assert_int_eq(schema_unknown_key(&table, "coumt", &err), -1);
	ck_assert_str_eq(err.message, "unknown field \"coumt\" in thing; did you mean \"count\"?");
	ck_assert_str_eq(err.field, "coumt");
	ck_assert_str_eq(err.example, "count");
	schema_unknown_key(&table, "thing-name", &err);
	ck_assert_str_eq(err.message,
			 "unknown field \"thing-name\" in thing; did you mean \"thing_name\"?");
	schema_unknown_key(&table, "colour", &err);
	ck_assert_str_eq(
		err.message,
		"unknown field \"colour\" in thing; known fields: name, count, any_number, "
		"on, mode, wait, disk, password, script, tags, labels, extra, certificate, "
		"verify, pin, reason");
	schema_unknown_key(&empty, "colour", &err);
	ck_assert_str_eq(err.message, "unknown field \"colour\" in nothing; known fields: none");
}
END_TEST

SUITE_MAIN("schema", finds_rows_by_key_and_alias, longer_rows_are_read_too,
	   unknown_keys_are_named_with_the_nearest)
