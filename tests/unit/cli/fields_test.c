/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fields.h"

#include <string.h>

#include "../base/suite.h"
#include "model/document.h"
#include "printed.h"

static const char one_field[] =
	"{\"properties\": {\"size\": {\"settingType\": \"bytes\", \"description\": \"How much.\", "
	"\"anyOf\": [{\"minimum\": 1048576, \"maximum\": 1073741824}, {}], \"default\": 2097152, "
	"\"examples\": [\"20MiB\"], \"group\": \"Disk\", \"immutable\": true, "
	"\"shownWhen\": {\"key\": \"mode\", \"value\": \"disk\"}}, "
	"\"mode\": {\"settingType\": \"enum\", \"enum\": [\"a|b\", \"disk\"], "
	"\"description\": \"Odd\\u001b[2J.\", \"alias\": \"kind\", \"writeOnly\": true}}, "
	"\"required\": [\"mode\"]}";

static json_t *schema_of(enum document_kind kind)
{
	json_t *schema = schema_describe(document_schema(kind));

	ck_assert_ptr_nonnull(schema);
	return schema;
}

static void holds(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is missing in: %s", part, text);
}

START_TEST(fields_are_told_as_people_write_them)
{
	json_t *schema = json_loads(one_field, 0, NULL);
	char *text;

	fields_print(printed_open(), schema);
	text = printed_text();
	ck_assert_str_eq(text, "size: bytes, 1MiB to 1GiB; default 2MiB\n"
			       "    How much.\n"
			       "    example: 20MiB\n"
			       "    cannot be changed later; only where mode is disk\n"
			       "mode: a|b or disk; required\n"
			       "    Odd?[2J.\n"
			       "    secret: never shown again; also kind\n");
	free(text);
	json_decref(schema);
}
END_TEST

START_TEST(a_page_has_a_table_for_each_group)
{
	json_t *schema = json_loads(one_field, 0, NULL);
	char *text;

	fields_markdown(printed_open(), schema, 3);
	text = printed_text();
	ck_assert_str_eq(
		text, "\n### Disk\n"
		      "\n| field | type | default | limits | meaning | example |\n"
		      "|---|---|---|---|---|---|\n"
		      "| `size` | bytes | `2MiB` | 1MiB to 1GiB | How much. (cannot be changed "
		      "later; only where mode is disk) | `20MiB` |\n"
		      "\n| field | type | default | limits | meaning | example |\n"
		      "|---|---|---|---|---|---|\n"
		      "| `mode` | a\\|b or disk | required |  | Odd\033[2J. (secret: never shown "
		      "again; also kind) |  |\n");
	free(text);
	json_decref(schema);
}
END_TEST

START_TEST(what_surprises_is_told)
{
	json_t *schema = schema_of(DOCUMENT_AUTOSCALE_CONFIG);
	char *text;

	fields_print(printed_open(), schema);
	text = printed_text();
	holds(text, "\nreusable: boolean; default false\n");
	holds(text, "\nrequire_checkin: boolean; default false\n");
	holds(text, "\ndownscale_backoff: duration, 0s to 7d; default 30m\n");
	holds(text, "\nconnection_port: integer, 1 to 65535; unset\n");
	holds(text, "\npool: string, 1 to 63 bytes; required\n");
	holds(text, "\nstartup_script: text, at most 262144 bytes; unset\n");
	holds(text, "\nconnection_type: KasmVNC, RDP, VNC or SSH; default KasmVNC\n");
	free(text);
	json_decref(schema);
}
END_TEST

/* Whatever the tables hold: no field is left out, and no cell is broken by what is in it. */
START_TEST(every_field_of_every_kind_has_a_row)
{
	for (int kind = 0; kind < DOCUMENT_KINDS; kind++) {
		json_t *schema = schema_of((enum document_kind)kind), *row;
		const char *key;
		char *text;

		fields_markdown(printed_open(), schema, 3);
		text = printed_text();
		json_object_foreach (json_object_get(schema, "properties"), key, row) {
			char begin[80];
			const char *at;
			int bars = 0;

			snprintf(begin, sizeof(begin), "\n| `%s` | ", key);
			at = strstr(text, begin);
			ck_assert_msg(at != NULL, "%s", key);
			for (at++; *at != '\n'; at++)
				bars += *at == '|' && at[-1] != '\\';
			ck_assert_msg(bars == 7, "%s has %d bars", key, bars);
		}
		free(text);
		json_decref(schema);
	}
}
END_TEST

SUITE_MAIN("fields", fields_are_told_as_people_write_them, a_page_has_a_table_for_each_group,
	   what_surprises_is_told, every_field_of_every_kind_has_a_row)
