/* SPDX-License-Identifier: Apache-2.0 */
#include "body.h"
#include "model/pool.h"

START_TEST(defaults)
{
	struct document document =
		body_document(DOCUMENT_PROVIDER_CONFIG, "{'name': 'here', 'provider': 'local'}");
	struct provider_config config;

	provider_config_read(&document, &config);
	ck_assert_str_eq(config.name, "here");
	ck_assert_str_eq(config.id, document.id);
	ck_assert_str_eq(config.provider, "local");
	ck_assert_int_eq(config.revision, 7);
	ck_assert_int_eq(config.max_instances, -1);
	ck_assert_int_eq(config.list_interval_ms, 60000);
	ck_assert_int_eq(config.reaper_grace_ms, 1800000);
	ck_assert_uint_eq(json_object_size(config.settings), 0);
	ck_assert(json_is_object(config.settings));
	document_clear(&document);
}
END_TEST

START_TEST(all_fields)
{
	struct document document = body_document(
		DOCUMENT_PROVIDER_CONFIG,
		"{'vm_provider_config_name': 'here', 'vm_provider_name': 'local', 'max_instances': 5, "
		"'list_interval': '5s', 'reaper_grace': '10m', 'settings': {'a': {'b': 1}}}");
	struct provider_config config;

	provider_config_read(&document, &config);
	ck_assert_int_eq(config.max_instances, 5);
	ck_assert_int_eq(config.list_interval_ms, 5000);
	ck_assert_int_eq(config.reaper_grace_ms, 600000);
	ck_assert_uint_eq(json_object_size(config.settings), 1);
	document_clear(&document);
}
END_TEST

START_TEST(refusals)
{
	body_refused(DOCUMENT_PROVIDER_CONFIG, "{'name': 'here'}", "provider",
		     "field \"provider\" in provider-config: is required and missing; for example "
		     "local");
	body_refused(DOCUMENT_PROVIDER_CONFIG, "{'name': 'here', 'provider': '../evil'}",
		     "provider",
		     "field \"provider\" in provider-config: \"../evil\" does not have the form "
		     "[a-z][a-z0-9]{1,31}; for example local");
	body_refused(
		DOCUMENT_PROVIDER_CONFIG,
		"{'name': 'here', 'provider': 'local', 'max_instances': -1}", "max_instances",
		"field \"max_instances\" in provider-config: -1 is too small; it must be from 0 "
		"to 1000000; for example 10");
	body_refused(
		DOCUMENT_PROVIDER_CONFIG,
		"{'name': 'here', 'provider': 'local', 'max_instances': '5'}", "max_instances",
		"field \"max_instances\" in provider-config: expected an integer, not the text "
		"\"5\"; write 5 without quotes");
	body_refused(
		DOCUMENT_PROVIDER_CONFIG, "{'name': 'here', 'provider': 'local', 'settings': []}",
		"settings",
		"field \"settings\" in provider-config: expected an object (names and values), "
		"not a list; for example {}");
}
END_TEST

SUITE_MAIN("provider_config", defaults, all_fields, refusals)
