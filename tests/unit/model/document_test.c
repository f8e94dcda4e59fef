/* SPDX-License-Identifier: Apache-2.0 */
#include "body.h"

START_TEST(every_table_is_sound)
{
	for (int kind = 0; kind < DOCUMENT_KINDS; kind++) {
		const struct schema *schema = document_schema((enum document_kind)kind);
		json_t *description = schema_describe(schema);
		struct hr_error err;

		ck_assert_msg(schema_check(schema, &err) == 0, "%s", err.message);
		ck_assert_str_eq(schema->subject, document_kind_name((enum document_kind)kind));
		ck_assert_ptr_nonnull(description);
		json_decref(description);
	}
}
END_TEST

START_TEST(kinds_by_name)
{
	static const char *const names[][2] = {{"zone", "zones"},
					       {"provider-config", "provider-configs"},
					       {"pool", "pools"},
					       {"autoscale-config", "autoscale-configs"}};

	for (int kind = 0; kind < DOCUMENT_KINDS; kind++) {
		ck_assert_str_eq(document_kind_name((enum document_kind)kind), names[kind][0]);
		ck_assert_str_eq(document_kind_plural((enum document_kind)kind), names[kind][1]);
		ck_assert_int_eq(document_kind_find(names[kind][0]), kind);
		ck_assert_int_eq(document_kind_find(names[kind][1]), kind);
	}
	ck_assert_int_eq(document_kind_find("server"), -1);
	ck_assert_int_eq(document_kind_find(NULL), -1);
}
END_TEST

START_TEST(references_go_to_lower_kinds)
{
	const struct schema *schema = document_schema(DOCUMENT_AUTOSCALE_CONFIG);
	int n = 0;

	ck_assert_int_eq(document_reference_kind(schema_find(schema, "pool")), DOCUMENT_POOL);
	ck_assert_int_eq(document_reference_kind(schema_find(schema, "zone")), DOCUMENT_ZONE);
	ck_assert_int_eq(document_reference_kind(schema_find(schema, "provider_config")),
			 DOCUMENT_PROVIDER_CONFIG);
	ck_assert_int_eq(document_reference_kind(schema_find(schema, "name")), -1);
	for (int kind = 0; kind < DOCUMENT_KINDS; kind++) {
		schema = document_schema((enum document_kind)kind);
		for (size_t i = 0; i < schema->n_rows; i++) {
			int target = document_reference_kind(schema_row(schema, i));

			ck_assert_int_lt(target, kind);
			n += target >= 0;
		}
	}
	ck_assert_int_eq(n, 3);
}
END_TEST

START_TEST(names_have_one_form)
{
	static const char message[] = "field \"name\" in %s: \"My Thing\" does not have the form "
				      "[a-z0-9][a-z0-9-]{0,62}; for example %s";
	static const char *const examples[] = {"default", "this-machine", "demo", "demo-local"};
	char text[64], expected[200], longest[100];

	for (int kind = 0; kind < DOCUMENT_KINDS; kind++) {
		snprintf(expected, sizeof(expected), message,
			 document_kind_name((enum document_kind)kind), examples[kind]);
		body_refused((enum document_kind)kind, "{'name': 'My Thing'}", "name", expected);
	}
	memset(text, 'a', 63);
	text[63] = '\0';
	snprintf(longest, sizeof(longest), "{'name': '%s'}", text);
	json_decref(body_document(DOCUMENT_POOL, longest).body);
	snprintf(longest, sizeof(longest), "{'name': '%sb'}", text);
	body_refused(DOCUMENT_POOL, longest, "name",
		     "field \"name\" in pool: the text has 64 bytes; at most 63 are possible; for "
		     "example demo");
}
END_TEST

START_TEST(masks_reach_into_settings)
{
	static const struct hr_setting rows[] = {
		{.key = "region", .type = HR_TYPE_STRING, .title = "R", .help = "H."},
		{.key = "token", .type = HR_TYPE_SECRET, .title = "T", .help = "H."},
	};
	static const struct schema module = SCHEMA_OF("settings of provider x", rows);
	struct document document = body_document(
		DOCUMENT_PROVIDER_CONFIG,
		"{'name': 'a', 'provider': 'xx', 'settings': {'region': 'r', 'token': "
		"'hunter2'}}");
	CLEANUP_JSON json_t *known = document_mask(document.kind, document.body, &module);
	CLEANUP_JSON json_t *unknown = document_mask(document.kind, document.body, NULL);
	const json_t *settings = json_object_get(known, "settings");

	ck_assert_str_eq(json_string_or(settings, "region", ""), "r");
	ck_assert_str_eq(json_string_or(settings, "token", ""), "***");
	settings = json_object_get(unknown, "settings");
	ck_assert_str_eq(json_string_or(settings, "region", ""), "***");
	ck_assert_str_eq(json_string_or(settings, "token", ""), "***");
	ck_assert_str_eq(json_string_or(unknown, "name", ""), "a");
	settings = json_object_get(document.body, "settings");
	ck_assert_str_eq(json_string_or(settings, "token", ""), "hunter2");
	document_clear(&document);
	ck_assert_ptr_null(document.body);
	ck_assert_str_eq(document.name, "");
}
END_TEST

START_TEST(a_normalised_body_stays_as_it_is)
{
	struct document document = body_document(
		DOCUMENT_AUTOSCALE_CONFIG,
		"{'name': 'a', 'pool': 'p', 'zone': 'z', 'provider_config': 'c', 'downscale_backoff': "
		"'30s', 'create_timeout': '5m'}");
	CLEANUP_JSON json_t *again = NULL;

	ck_assert_int_eq(document_normalize(document.kind, document.body, 0, &again, NULL), 0);
	ck_assert(json_equal(again, document.body));
	document_clear(&document);
}
END_TEST

SUITE_MAIN("document", every_table_is_sound, kinds_by_name, references_go_to_lower_kinds,
	   names_have_one_form, masks_reach_into_settings, a_normalised_body_stays_as_it_is)
