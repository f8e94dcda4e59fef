/* SPDX-License-Identifier: Apache-2.0 */
/* A table with a row of every type, for the tests of this floor. */
#ifndef HR_TESTS_SCHEMA_TABLE_H
#define HR_TESTS_SCHEMA_TABLE_H

#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "schema/schema.h"

#include "../base/suite.h"

static const char *const table_modes[] = {"plain", "tls", NULL};

static const struct hr_setting table_rows[] = {
	{.key = "name",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_REQUIRED,
	 .minimum = 1,
	 .maximum = 8,
	 .pattern = "[a-z]+",
	 .title = "Name",
	 .help = "A name.",
	 .example = "demo",
	 .alias = "thing_name"},
	{.key = "count",
	 .type = HR_TYPE_INTEGER,
	 .default_value = "3",
	 .minimum = 1,
	 .maximum = 10,
	 .unit = "things",
	 .group = "Numbers",
	 .title = "Count",
	 .help = "How many."},
	{.key = "any_number", .type = HR_TYPE_INTEGER, .title = "Number", .help = "Any."},
	{.key = "on",
	 .type = HR_TYPE_BOOLEAN,
	 .default_value = "true",
	 .title = "On",
	 .help = "Whether."},
	{.key = "mode",
	 .type = HR_TYPE_ENUM,
	 .default_value = "plain",
	 .choices = table_modes,
	 .title = "Mode",
	 .help = "How.",
	 .flags = HR_SETTING_IMMUTABLE},
	{.key = "wait",
	 .type = HR_TYPE_DURATION,
	 .default_value = "5m",
	 .minimum = 10,
	 .maximum = 3600,
	 .unit = "s",
	 .title = "Wait",
	 .help = "How long.",
	 .example = "90s"},
	{.key = "disk",
	 .type = HR_TYPE_BYTES,
	 .minimum = 1024,
	 .maximum = INT64_MAX,
	 .title = "Disk",
	 .help = "How large.",
	 .example = "20GiB"},
	{.key = "password",
	 .type = HR_TYPE_SECRET,
	 .minimum = 4,
	 .maximum = 64,
	 .pattern = "[^ ]*",
	 .title = "Password",
	 .help = "Secret."},
	{.key = "script", .type = HR_TYPE_TEXT, .title = "Script", .help = "Lines."},
	{.key = "tags",
	 .type = HR_TYPE_LIST,
	 .minimum = 1,
	 .maximum = 2,
	 .pattern = "[a-z]+",
	 .title = "Tags",
	 .help = "Words.",
	 .example = "a, b"},
	{.key = "labels", .type = HR_TYPE_MAP, .title = "Labels", .help = "Pairs."},
	{.key = "extra", .type = HR_TYPE_JSON, .maximum = 40, .title = "Extra", .help = "More."},
	{.key = "certificate",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_REQUIRED,
	 .shown_when = "mode=tls",
	 .title = "Certificate",
	 .help = "For TLS."},
	{.key = "verify",
	 .type = HR_TYPE_BOOLEAN,
	 .default_value = "true",
	 .shown_when = "mode=tls",
	 .title = "Verify",
	 .help = "For TLS."},
	{.key = "pin",
	 .type = HR_TYPE_STRING,
	 .shown_when = "verify=true",
	 .title = "Pin",
	 .help = "For TLS."},
	{.key = "reason",
	 .type = HR_TYPE_STRING,
	 .shown_when = "verify=false",
	 .flags = HR_SETTING_ADVANCED,
	 .title = "Reason",
	 .help = "Why not."},
};

static const struct schema table = SCHEMA_OF("thing", table_rows);

/* The object that text holds. */
static inline json_t *table_json(const char *text)
{
	struct hr_error err;
	json_t *json = NULL;

	ck_assert_msg(json_parse(text, strlen(text), "test", &json, &err) == 0, "%s: %s", text,
		      err.message);
	return json;
}

/* Normalising text gives a document with this text. */
static inline void table_gives(const char *text, const char *expected)
{
	CLEANUP_JSON json_t *input = table_json(text);
	CLEANUP_JSON json_t *document = NULL;
	struct hr_error err;
	char *shown;

	ck_assert_msg(schema_normalize(&table, input, 0, &document, &err) == 0, "%s", err.message);
	shown = json_dumps(document, JSON_COMPACT);
	ck_assert_str_eq(shown, expected);
	free(shown);
}

/* Normalising text is refused with exactly this message. */
static inline void table_refuses(const char *text, const char *field, const char *message)
{
	CLEANUP_JSON json_t *input = table_json(text);
	CLEANUP_JSON json_t *document = NULL;
	struct hr_error err;

	ck_assert_int_eq(schema_normalize(&table, input, 0, &document, &err), -1);
	ck_assert_ptr_null(document);
	ck_assert_str_eq(err.message, message);
	ck_assert_str_eq(err.field, field);
	ck_assert_int_eq(err.class, HR_INVALID);
}

#endif
