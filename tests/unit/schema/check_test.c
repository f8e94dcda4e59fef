/* SPDX-License-Identifier: Apache-2.0 */
/* Every way in which a settings table can be wrong, and its message. */
#include "table.h"

#define GOOD(name) .key = (name), .title = "T", .help = "H."

static const char *const some[] = {"a", "b", NULL};
static const char *const garbage[] = {"a", "\xff", NULL};
static const char *const none[] = {NULL};

static void table_is_bad(const struct hr_setting *rows, size_t n, const char *message)
{
	struct schema schema = {"t", rows, n, sizeof(*rows)};
	struct hr_error err;

	ck_assert_int_eq(schema_check(&schema, &err), -1);
	ck_assert_str_eq(err.message, message);
	ck_assert_int_eq(err.class, HR_INVALID);
}

static void row_is_bad(struct hr_setting row, const char *message)
{
	table_is_bad(&row, 1, message);
}

START_TEST(a_good_table_passes)
{
	struct hr_error err;

	ck_assert_msg(schema_check(&table, &err) == 0, "%s", err.message);
}
END_TEST

START_TEST(names)
{
	char longest[65];
	const struct hr_setting twice[] = {{GOOD("a"), .type = HR_TYPE_STRING, .alias = "b"},
					   {GOOD("b"), .type = HR_TYPE_STRING}};

	row_is_bad((struct hr_setting){GOOD(NULL), .type = HR_TYPE_STRING},
		   "table \"t\", row 1 (\"\"): the key must be [a-z][a-z0-9_]{0,62}");
	row_is_bad((struct hr_setting){GOOD("Key"), .type = HR_TYPE_STRING},
		   "table \"t\", row 1 (\"Key\"): the key must be [a-z][a-z0-9_]{0,62}");
	memset(longest, 'a', sizeof(longest) - 1);
	longest[64] = '\0';
	row_is_bad(
		(struct hr_setting){GOOD(longest), .type = HR_TYPE_STRING},
		"table \"t\", row 1 (\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaa\"): the key must be [a-z][a-z0-9_]{0,62}");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_STRING, .alias = "b c"},
		   "table \"t\", row 1 (\"a\"): the alias must be [a-z][a-z0-9_]{0,62}");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_STRING, .alias = "a"},
		   "table \"t\", row 1 (\"a\"): the alias equals the key");
	table_is_bad(twice, 2, "table \"t\", row 2 (\"b\"): \"b\" is taken by row 1");
}
END_TEST

START_TEST(shapes)
{
	row_is_bad((struct hr_setting){GOOD("a"), .type = 99},
		   "table \"t\", row 1 (\"a\"): type 99 is unknown");
	row_is_bad((struct hr_setting){GOOD("a")}, "table \"t\", row 1 (\"a\"): type 0 is unknown");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_STRING, .flags = 1u << 9},
		   "table \"t\", row 1 (\"a\"): flags 0x200 are unknown");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_STRING, .role = 77},
		   "table \"t\", row 1 (\"a\"): role 77 is unknown");
	row_is_bad((struct hr_setting){.key = "a", .type = HR_TYPE_STRING, .title = "T"},
		   "table \"t\", row 1 (\"a\"): the help is missing");
	row_is_bad((struct hr_setting){.key = "a", .type = HR_TYPE_STRING, .help = "H."},
		   "table \"t\", row 1 (\"a\"): the title is missing");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_ENUM},
		   "table \"t\", row 1 (\"a\"): an enum needs choices");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_ENUM, .choices = none},
		   "table \"t\", row 1 (\"a\"): an enum needs choices");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_STRING, .choices = some},
		   "table \"t\", row 1 (\"a\"): only an enum has choices");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_STRING, .unit = "\xc3\x28"},
		   "table \"t\", row 1 (\"a\"): one of its texts is not UTF-8");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_ENUM, .choices = garbage},
		   "table \"t\", row 1 (\"a\"): one of its choices is not UTF-8");
}
END_TEST

START_TEST(limits_and_patterns)
{
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_STRING, .pattern = "(a*)**b"},
		   "table \"t\", row 1 (\"a\"): the pattern repeats a repetition: (a*)**b");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_INTEGER, .minimum = 5},
		   "table \"t\", row 1 (\"a\"): the minimum 5 is above the maximum 0");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_BOOLEAN, .maximum = 5},
		   "table \"t\", row 1 (\"a\"): this type has no minimum and maximum");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_DURATION, .minimum = -5},
		   "table \"t\", row 1 (\"a\"): the minimum is negative");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_INTEGER, .pattern = "x"},
		   "table \"t\", row 1 (\"a\"): this type has no pattern");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_STRING, .pattern = "[a"},
		   "table \"t\", row 1 (\"a\"): the pattern is no extended regular expression: [a");
}
END_TEST

START_TEST(source_of_the_environment)
{
	const struct hr_setting rows[] = {
		{GOOD("source"), .type = HR_TYPE_ENUM, .choices = some, .default_value = "a"},
		{GOOD("key"), .type = HR_TYPE_SECRET, .default_value = "env:KEY", .minimum = 20,
		 .maximum = 40, .pattern = "[0-9]+", .shown_when = "source=b"},
	};
	struct schema schema = {"t", rows, 2, sizeof(rows[0])};
	struct hr_error err;

	ck_assert_msg(schema_check(&schema, &err) == 0, "%s", err.message);
}
END_TEST

START_TEST(values)
{
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_INTEGER, .default_value = "1",
				       .flags = HR_SETTING_REQUIRED},
		   "table \"t\", row 1 (\"a\"): what is required has no default");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_SECRET, .default_value = "x"},
		   "table \"t\", row 1 (\"a\"): a secret has no default but env:NAME");
	row_is_bad(
		(struct hr_setting){GOOD("a"), .type = HR_TYPE_SECRET, .default_value = "file:key"},
		"table \"t\", row 1 (\"a\"): a secret has no default but env:NAME");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_SECRET, .default_value = "env:"},
		   "table \"t\", row 1 (\"a\"): a secret has no default but env:NAME");
	row_is_bad(
		(struct hr_setting){GOOD("a"), .type = HR_TYPE_SECRET, .default_value = "env:KEY"},
		"table \"t\", row 1 (\"a\"): the default env:KEY needs a shown_when: it is for the "
		"source that a person chooses");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_INTEGER, .default_value = "50",
				       .maximum = 9},
		   "table \"t\", row 1 (\"a\"): the default \"50\" is refused: 50 is too large; it "
		   "must be from 0 to 9");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_INTEGER, .example = "many"},
		   "table \"t\", row 1 (\"a\"): the example \"many\" is refused: \"many\" is no "
		   "integer");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_BOOLEAN, .example = "yes"},
		   "table \"t\", row 1 (\"a\"): the example \"yes\" is refused: \"yes\" is neither "
		   "true nor false");
}
END_TEST

START_TEST(conditions)
{
	const struct hr_setting circle[] = {
		{GOOD("a"), .type = HR_TYPE_STRING, .shown_when = "b=x"},
		{GOOD("b"), .type = HR_TYPE_STRING, .shown_when = "a=x"},
	};
	const struct hr_setting never[] = {
		{GOOD("a"), .type = HR_TYPE_BOOLEAN},
		{GOOD("b"), .type = HR_TYPE_STRING, .shown_when = "a=maybe"},
	};

	row_is_bad(
		(struct hr_setting){GOOD("a"), .type = HR_TYPE_STRING, .shown_when = "b"},
		"table \"t\", row 1 (\"a\"): shown_when \"b\" is not \"key=value\" with a key of "
		"this table");
	row_is_bad((struct hr_setting){GOOD("a"), .type = HR_TYPE_STRING, .shown_when = "b=c"},
		   "table \"t\", row 1 (\"a\"): shown_when \"b=c\" is not \"key=value\" with a key "
		   "of this table");
	table_is_bad(circle, 2,
		     "table \"t\", row 1 (\"a\"): shown_when goes in a circle, or over more than 8 "
		     "rows");
	table_is_bad(never, 2,
		     "table \"t\", row 2 (\"b\"): shown_when \"a=maybe\" can never be true");
}
END_TEST

START_TEST(the_table_itself)
{
	struct schema schema = {"t", table_rows, 1, 8};
	struct hr_error err;

	ck_assert_int_eq(schema_check(&schema, &err), -1);
	ck_assert_ptr_nonnull(strstr(
		err.message, "table \"t\": rows of 8 bytes cannot be read; they have at least"));
	schema.n_rows = 100000;
	schema.stride = sizeof(table_rows[0]);
	ck_assert_int_eq(schema_check(&schema, &err), -1);
	ck_assert_str_eq(err.message, "table \"t\" has 100000 rows; at most 512 are possible");
	schema.n_rows = 1;
	schema.rows = NULL;
	ck_assert_int_eq(schema_check(&schema, &err), -1);
}
END_TEST

SUITE_MAIN("check", a_good_table_passes, names, shapes, limits_and_patterns,
	   source_of_the_environment, values, conditions, the_table_itself)
