/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

START_TEST(keeps_what_an_edit_shows_hidden)
{
	CLEANUP_JSON json_t *stored = table_json("{\"name\": \"demo\", \"password\": \"hunter2\"}");
	CLEANUP_JSON json_t *input = table_json("{\"name\": \"other\", \"password\": \"***\"}");
	CLEANUP_JSON json_t *edited = NULL;
	struct hr_error err;

	ck_assert_int_eq(schema_normalize(&table, input, SCHEMA_ALLOW_MASKED, &edited, &err), 0);
	ck_assert_int_eq(schema_keep_secrets(&table, edited, stored, &err), 0);
	ck_assert_str_eq(json_string_value(json_object_get(edited, "password")), "hunter2");
	ck_assert_str_eq(json_string_value(json_object_get(edited, "name")), "other");
}
END_TEST

START_TEST(a_new_secret_replaces_the_old)
{
	CLEANUP_JSON json_t *stored = table_json("{\"password\": \"hunter2\"}");
	CLEANUP_JSON json_t *edited = table_json("{\"password\": \"better\"}");

	ck_assert_int_eq(schema_keep_secrets(&table, edited, stored, NULL), 0);
	ck_assert_str_eq(json_string_value(json_object_get(edited, "password")), "better");
}
END_TEST

START_TEST(nothing_to_keep_is_an_error)
{
	CLEANUP_JSON json_t *edited = table_json("{\"password\": \"***\"}");
	struct hr_error err;

	ck_assert_int_eq(schema_keep_secrets(&table, edited, NULL, &err), -1);
	ck_assert_str_eq(
		err.message,
		"field \"password\" in thing: \"***\" stands for a secret that is kept, and "
		"there is none yet; give the secret itself");
	ck_assert_str_eq(err.field, "password");
}
END_TEST

static void edit(const char *before, const char *after, int rc, const char *message)
{
	CLEANUP_JSON json_t *was = table_json(before);
	CLEANUP_JSON json_t *is = table_json(after);
	struct hr_error err = {0};

	ck_assert_int_eq(schema_check_edit(&table, was, is, &err), rc);
	ck_assert_str_eq(err.message, message);
	ck_assert_str_eq(err.field, rc == 0 ? "" : "mode");
}

START_TEST(what_cannot_change)
{
	edit("{\"name\": \"a\", \"mode\": \"tls\"}", "{\"name\": \"b\", \"mode\": \"tls\"}", 0, "");
	edit("{}", "{}", 0, "");
	edit("{\"mode\": \"tls\"}", "{\"mode\": \"plain\"}", -1,
	     "field \"mode\" in thing cannot be changed, here from the text \"tls\" to the text "
	     "\"plain\"; leave it as it is, or create a new thing");
	edit("{\"mode\": \"tls\"}", "{}", -1,
	     "field \"mode\" in thing cannot be changed, here from the text \"tls\" to nothing; "
	     "leave it as it is, or create a new thing");
}
END_TEST

SUITE_MAIN("edit", keeps_what_an_edit_shows_hidden, a_new_secret_replaces_the_old,
	   nothing_to_keep_is_an_error, what_cannot_change)
