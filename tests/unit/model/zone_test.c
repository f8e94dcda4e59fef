/* SPDX-License-Identifier: Apache-2.0 */
#include "body.h"
#include "model/pool.h"

START_TEST(defaults)
{
	struct document document = body_document(DOCUMENT_ZONE, "{'name': 'default'}");
	struct zone zone;

	zone_read(&document, &zone);
	ck_assert_str_eq(zone.name, "default");
	ck_assert_str_eq(zone.id, document.id);
	ck_assert_str_eq(zone.upstream_auth_address, "");
	ck_assert(zone.search_alternate_zones);
	document_clear(&document);
}
END_TEST

START_TEST(all_fields)
{
	struct document document = body_document(
		DOCUMENT_ZONE, "{'zone_name': 'east', 'upstream_auth_address': "
			       "'[2001:db8::1]:8460', 'search_alternate_zones': false}");
	struct zone zone;

	zone_read(&document, &zone);
	ck_assert_str_eq(zone.name, "east");
	ck_assert_str_eq(zone.upstream_auth_address, "[2001:db8::1]:8460");
	ck_assert(!zone.search_alternate_zones);
	document_clear(&document);
}
END_TEST

START_TEST(addresses)
{
	static const char *const good[] = {"", "h", "headroom.example.net:8460", "10.0.0.1:1",
					   "[::1]"};
	static const char *const bad[] = {"http://h", "h:port", "h:123456", "a b", "h/x", "$(id)"};
	char text[200];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), "{'name': 'a', 'upstream_auth_address': '%s'}",
			 good[i]);
		json_decref(body_document(DOCUMENT_ZONE, text).body);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CLEANUP_JSON json_t *input = NULL;
		json_t *body = NULL;
		struct hr_error err;

		snprintf(text, sizeof(text), "{'name': 'a', 'upstream_auth_address': '%s'}",
			 bad[i]);
		input = body_json(text);
		ck_assert_int_eq(document_normalize(DOCUMENT_ZONE, input, 0, &body, &err), -1);
		ck_assert_str_eq(err.field, "upstream_auth_address");
		ck_assert_str_eq(err.example, "headroom.example.net:8460");
	}
}
END_TEST

SUITE_MAIN("zone", defaults, all_fields, addresses)
