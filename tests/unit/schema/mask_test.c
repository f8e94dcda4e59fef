/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

static void shows(json_t *json, const char *expected)
{
	char *text = json_text(json);

	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(hides_secrets_only)
{
	CLEANUP_JSON json_t *document =
		table_json("{\"name\": \"demo\", \"password\": \"hunter2\"}");
	CLEANUP_JSON json_t *masked = schema_mask(&table, document);

	shows(masked, "{\"name\":\"demo\",\"password\":\"***\"}");
	shows(document, "{\"name\":\"demo\",\"password\":\"hunter2\"}");
}
END_TEST

START_TEST(hides_everything_without_a_table)
{
	CLEANUP_JSON json_t *document = table_json(
		"{\"a\": \"x\", \"b\": [1, \"y\", {\"c\": \"z\"}], \"d\": true, \"e\": null}");
	CLEANUP_JSON json_t *masked = schema_mask_all(document);

	shows(masked,
	      "{\"a\":\"***\",\"b\":[\"***\",\"***\",{\"c\":\"***\"}],\"d\":true,\"e\":null}");
}
END_TEST

SUITE_MAIN("mask", hides_secrets_only, hides_everything_without_a_table)
