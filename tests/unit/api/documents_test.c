/* SPDX-License-Identifier: Apache-2.0 */
/* Zones, pools, autoscale configs and provider configs over real HTTP: what is stored and shown, and
 * every mistake that an administrator makes with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_fixture.h"

#define ZONES "/api/v1/zones"
#define POOLS "/api/v1/pools"
#define CONFIGS "/api/v1/autoscale-configs"
#define ACCOUNTS "/api/v1/provider-configs"

START_TEST(create_and_show)
{
	char id[64], path[128];

	expect(201, call(ADMIN, "POST", ZONES, "{\"name\":\"here\"}"));
	ck_assert_ptr_nonnull(strstr(reply.headers, "Location: /api/v1/zones/here\r\n"));
	ck_assert_ptr_nonnull(strstr(reply.headers, "ETag: \"1\"\r\n"));
	ck_assert_int_eq(number_at("revision"), 1);
	ck_assert_int_eq(number_at("search_alternate_zones"), 1);
	text_copy(id, sizeof(id), text_at("id"));
	ck_assert_int_eq(id_valid(id), 1);
	ck_assert_ptr_nonnull(strchr(text_at("created"), 'T'));
	expect(200, call(ADMIN, "GET", ZONES "/here", NULL));
	ck_assert_str_eq(text_at("id"), id);
	text_format(path, sizeof(path), ZONES "/%s", id);
	expect(200, call(VIEWER, "GET", path, NULL));
	ck_assert_str_eq(text_at("name"), "here");
	expect(200, call(VIEWER, "HEAD", path, NULL));
	expect_problem(404, "not_found", "", "there is no zone \"mars\"",
		       call(ADMIN, "GET", ZONES "/mars", NULL));
	ck_assert_str_eq(text_at("type"), "urn:headroom:problem:not_found");
	ck_assert_str_eq(text_at("title"), "Not found");
	ck_assert_int_eq(number_at("status"), 404);
	expect_problem(
		409, "conflict", "name",
		"there is a zone named \"here\" already; change that one, or choose another name",
		call(ADMIN, "POST", ZONES, "{\"name\":\"here\"}"));
}
END_TEST

START_TEST(lists_have_pages)
{
	char name[64], body[64], path[128];

	for (int i = 0; i < 5; i++) {
		text_format(name, sizeof(name), "zone-%d", i);
		text_format(body, sizeof(body), "{\"name\":\"%s\"}", name);
		expect(201, call(ADMIN, "POST", ZONES, body));
	}
	expect(200, call(VIEWER, "GET", ZONES "?limit=2", NULL));
	ck_assert_uint_eq(items(), 2);
	ck_assert_str_eq(text_at("items.1.name"), "zone-1");
	ck_assert_str_eq(text_at("next"), "zone-1");
	text_format(path, sizeof(path), ZONES "?limit=3&cursor=%s", text_at("next"));
	expect(200, call(VIEWER, "GET", path, NULL));
	ck_assert_uint_eq(items(), 3);
	ck_assert(json_is_null(json_object_get(reply.json, "next")));
	expect_problem(422, "invalid", "limit",
		       "the query parameter \"limit\" must be a number from 1 to 1000",
		       call(VIEWER, "GET", ZONES "?limit=0", NULL));
	expect_problem(422, "invalid", "page",
		       "the query parameter \"page\" is not known here; known: cursor limit",
		       call(VIEWER, "GET", ZONES "?page=1", NULL));
}
END_TEST

START_TEST(put_creates_and_replaces)
{
	expect(201, call(ADMIN, "PUT", ZONES "/here", "{}"));
	/* The same again changes nothing. */
	expect(200, call(ADMIN, "PUT", ZONES "/here", "{\"name\":\"here\"}"));
	ck_assert_int_eq(number_at("revision"), 1);
	expect(200,
	       call(ADMIN, "PUT", ZONES "/here", "{\"upstream_auth_address\":\"10.0.0.1:80\"}"));
	ck_assert_int_eq(number_at("revision"), 2);
	ck_assert_str_eq(text_at("upstream_auth_address"), "10.0.0.1:80");
	/* Replaced means: what is not given is back at its default. */
	expect(200, call(ADMIN, "PUT", ZONES "/here", "{}"));
	ck_assert_str_eq(text_at("upstream_auth_address"), "");
	expect_problem(
		422, "invalid", "name",
		"the path names the zone \"here\", the body \"there\"; leave the name out of the body, "
		"or rename with PATCH",
		call(ADMIN, "PUT", ZONES "/here", "{\"zone_name\":\"there\"}"));
	expect(404, call(ADMIN, "PUT", ZONES "/00000000-0000-4000-8000-000000000001", "{}"));
}
END_TEST

START_TEST(patch_merges)
{
	expect(201, call(ADMIN, "PUT", POOLS "/demo",
			 "{\"strategy\":\"pack\",\"queue_timeout\":\"2m\"}"));
	ck_assert_int_eq(number_at("queue_timeout"), 120);
	expect(200, call(ADMIN, "PATCH", POOLS "/demo", "{\"queue_timeout\":300}"));
	ck_assert_int_eq(number_at("queue_timeout"), 300);
	ck_assert_str_eq(text_at("strategy"), "pack");
	/* null: back to the default. */
	expect(200, call(ADMIN, "PATCH", POOLS "/demo", "{\"strategy\":null}"));
	ck_assert_str_eq(text_at("strategy"), "spread");
	expect(200, call(ADMIN, "PATCH", POOLS "/demo", "{\"server_pool_name\":\"renamed\"}"));
	ck_assert_str_eq(text_at("name"), "renamed");
	expect(404, call(ADMIN, "GET", POOLS "/demo", NULL));
	expect(404, call(ADMIN, "PATCH", POOLS "/demo", "{}"));
}
END_TEST

START_TEST(if_match_guards)
{
	expect(201, call(ADMIN, "PUT", ZONES "/here", "{}"));
	expect(200, call_with(ADMIN, "PATCH", ZONES "/here", "{\"search_alternate_zones\":false}",
			      "If-Match: \"1\""));
	expect_problem(
		409, "conflict", "",
		"zone \"here\" was changed meanwhile: it is at revision 2, If-Match asks for 1; read it "
		"again and repeat the change",
		call_with(ADMIN, "PATCH", ZONES "/here", "{}", "If-Match: \"1\""));
	expect(409, call_with(ADMIN, "PUT", ZONES "/here", "{}", "If-Match: 1"));
	expect(409, call_with(ADMIN, "DELETE", ZONES "/here", NULL, "If-Match: \"1\""));
	expect_problem(409, "conflict", "",
		       "there is no zone \"new\" (any more), but If-Match asks for revision 1",
		       call_with(ADMIN, "PUT", ZONES "/new", "{}", "If-Match: \"1\""));
	expect(200, call_with(ADMIN, "PUT", ZONES "/here", "{}", "If-Match: *"));
	expect(204, call_with(ADMIN, "DELETE", ZONES "/here", NULL, "If-Match: \"3\""));
}
END_TEST

START_TEST(dry_run_stores_nothing)
{
	expect(200, call(ADMIN, "PUT", ZONES "/here?dry_run=true", "{}"));
	ck_assert_int_eq(number_at("revision"), 1);
	ck_assert_ptr_null(strstr(reply.headers, "Location"));
	expect(404, call(ADMIN, "GET", ZONES "/here", NULL));
	expect(422, call(ADMIN, "PUT", ZONES "/here?dry_run=true", "{\"colour\":1}"));
	expect(201, call(ADMIN, "PUT", ZONES "/here", "{}"));
	expect(200, call(ADMIN, "PATCH", ZONES "/here?dry_run=true",
			 "{\"search_alternate_zones\":false}"));
	ck_assert_int_eq(number_at("search_alternate_zones"), 0);
	ck_assert_int_eq(number_at("revision"), 2);
	expect(200, call(ADMIN, "GET", ZONES "/here", NULL));
	ck_assert_int_eq(number_at("revision"), 1);
	expect(409, call(ADMIN, "POST", ZONES "?dry_run=true", "{\"name\":\"here\"}"));
}
END_TEST

/* The first mistakes that an administrator makes. */
START_TEST(mistakes_in_a_body)
{
	expect_problem(400, "invalid", "", "the request body is empty; JSON is expected",
		       call(ADMIN, "POST", ZONES, ""));
	expect(400, call(ADMIN, "POST", ZONES, "{\"name\":"));
	ck_assert_msg(strncmp(text_at("detail"),
			      "the request body is not valid JSON: line 1, column ", 51) == 0,
		      "%s", text_at("detail"));
	expect(400, call(ADMIN, "POST", ZONES, "{\"name\":\"a\",\"name\":\"b\"}"));
	ck_assert_ptr_nonnull(strstr(text_at("detail"), "duplicate"));
	expect(400, call(ADMIN, "POST", ZONES, "{\"name\":\"a\"} x"));
	expect(400, call(ADMIN, "POST", ZONES, "{\"name\":\"\xff\"}"));
	expect(400, call(ADMIN, "POST", ZONES, "{\"name\":\"a\\u0000b\"}"));
	expect_problem(422, "invalid", "", "the request body must be a JSON object",
		       call(ADMIN, "POST", ZONES, "[]"));
	expect(422, call(ADMIN, "POST", ZONES, "{\"name\":\"a\",\"colour\":\"red\"}"));
	ck_assert_str_eq(text_at("field"), "colour");
	expect(422, call(ADMIN, "PATCH", ZONES "/none", "{\"colour\":1}") == 404 ? 422 : 0);
	expect(422, call(ADMIN, "POST", ZONES, "{\"name\":7}"));
	ck_assert_str_eq(text_at("field"), "name");
	expect(422, call(ADMIN, "POST", ZONES, "{\"name\":\"Not A Name\"}"));
	expect(422, call(ADMIN, "POST", ZONES, "{}"));
	ck_assert_str_eq(text_at("field"), "name");
	expect(422, call(ADMIN, "PUT", POOLS "/p", "{\"queue_timeout\":1}"));
	ck_assert_str_eq(text_at("field"), "queue_timeout");
	ck_assert_str_ne(text_at("example"), "");
	expect(422, call(ADMIN, "PUT", POOLS "/p", "{\"strategie\":\"pack\"}"));
	ck_assert_ptr_nonnull(strstr(text_at("detail"), "strategy"));
}
END_TEST

START_TEST(patch_of_an_unknown_field)
{
	expect(201, call(ADMIN, "PUT", ZONES "/here", "{}"));
	expect(422, call(ADMIN, "PATCH", ZONES "/here", "{\"colour\":1}"));
	ck_assert_str_eq(text_at("field"), "colour");
}
END_TEST

START_TEST(depth_and_size_are_limited)
{
	size_t size = ((size_t)1 << 20) + 100;
	char deep[256] = "{\"name\":", *big;

	for (int i = 0; i < 40; i++)
		text_copy(deep + strlen(deep), sizeof(deep) - strlen(deep), "[");
	expect(400, call(ADMIN, "POST", ZONES, deep));
	ck_assert_ptr_nonnull(strstr(text_at("detail"), "nested deeper than 32 levels"));
	big = malloc(size);
	memset(big, ' ', size - 1);
	big[size - 1] = '\0';
	expect_problem(413, "invalid", "", "the request body is longer than the limit of 1 MiB",
		       call(ADMIN, "POST", ZONES, big));
	/* Without a length in front it is noticed as well. */
	expect_problem(413, "invalid", "", "the request body is longer than the limit of 1 MiB",
		       call_with(ADMIN, "POST", ZONES, big, "Transfer-Encoding: chunked"));
	/* Just below: read whole. */
	big[(1 << 20) - 1] = '\0';
	expect(400, call(ADMIN, "POST", ZONES, big));
	free(big);
}
END_TEST

START_TEST(references_by_name_or_id)
{
	char pool_id[64], body[256];

	make_pool("{\"enabled\":false}");
	expect(200, call(VIEWER, "GET", CONFIGS "/demo-a", NULL));
	ck_assert_str_eq(text_at("pool"), "demo");
	ck_assert_str_eq(text_at("zone"), "here");
	ck_assert_str_eq(text_at("provider_config"), "acct");
	expect(200, call(VIEWER, "GET", POOLS "/demo", NULL));
	text_copy(pool_id, sizeof(pool_id), text_at("id"));
	text_format(body, sizeof(body), "{\"pool\":\"%s\",\"priority\":5}", pool_id);
	expect(200, call(ADMIN, "PATCH", CONFIGS "/demo-a", body));
	ck_assert_str_eq(text_at("pool"), "demo");
	/* A rename follows by itself. */
	expect(200, call(ADMIN, "PATCH", POOLS "/demo", "{\"name\":\"other\"}"));
	expect(200, call(VIEWER, "GET", CONFIGS "/demo-a", NULL));
	ck_assert_str_eq(text_at("pool"), "other");
}
END_TEST

START_TEST(references_that_lead_nowhere)
{
	make_places();
	expect_problem(
		422, "invalid", "pool",
		"field \"pool\" in autoscale-config: there is no pool \"dmeo\"; create it first, or see "
		"\"headroom pool list\"",
		call(ADMIN, "PUT", CONFIGS "/a",
		     "{\"pool\":\"dmeo\",\"zone\":\"here\",\"provider_config\":\"acct\"}"));
	ck_assert_str_eq(text_at("example"),
			 ""); /* a name that may not be there either is no help */
	expect_problem(409, "conflict", "",
		       "zone \"here\" is in use by autoscale-config \"a\"; these must go first",
		       call(ADMIN, "PUT", CONFIGS "/a",
			    "{\"pool\":\"demo\",\"zone\":\"here\",\"provider_config\":\"acct\"}") ==
				       201
			       ? call(ADMIN, "DELETE", ZONES "/here", NULL)
			       : 0);
}
END_TEST

START_TEST(what_cannot_be_changed)
{
	make_pool("{\"enabled\":false}");
	expect(201, call(ADMIN, "PUT", POOLS "/second", "{}"));
	expect_problem(
		422, "invalid", "pool",
		"field \"pool\" of autoscale-config \"demo-a\" cannot be changed; make a new "
		"autoscale-config instead",
		call(ADMIN, "PATCH", CONFIGS "/demo-a", "{\"pool\":\"second\"}"));
	expect_problem(422, "invalid", "type",
		       "pool type \"docker_agent\" is not in this version yet; use \"server\"",
		       call(ADMIN, "PATCH", POOLS "/demo", "{\"type\":\"docker_agent\"}"));
}
END_TEST

START_TEST(modules_are_asked)
{
	expect(422, call(ADMIN, "PUT", ACCOUNTS "/a", "{\"provider\":\"nocloud\"}"));
	ck_assert_str_eq(text_at("field"), "provider");
	ck_assert_ptr_nonnull(strstr(text_at("detail"), "nocloud"));
	expect(422, call(ADMIN, "PUT", ACCOUNTS "/a", "{\"provider\":\"junk\"}"));
	ck_assert_ptr_nonnull(strstr(text_at("detail"), "junk.so"));
	expect(422, call(ADMIN, "PUT", ACCOUNTS "/a", "{\"provider\":\"mock\"}"));
	ck_assert_str_eq(text_at("field"), "settings.token");
	expect(422,
	       call(ADMIN, "PUT", ACCOUNTS "/a",
		    "{\"provider\":\"mock\",\"settings\":{\"token\":\"t\",\"steps\":1000001}}"));
	ck_assert_str_eq(text_at("field"), "settings.steps");
	expect(422, call(ADMIN, "PUT", ACCOUNTS "/a",
			 "{\"provider\":\"mock\",\"settings\":{\"token\":\"t\",\"colour\":1}}"));
	ck_assert_str_eq(text_at("field"), "settings.colour");
}
END_TEST

START_TEST(secrets_are_write_only)
{
	make_places();
	ck_assert_str_eq(text_at("name"), "demo");
	expect(200, call(ADMIN, "GET", ACCOUNTS "/acct", NULL));
	ck_assert_str_eq(text_at("settings.token"), "***");
	ck_assert_str_eq(text_at("settings.region"), "north");
	/* "***" keeps it; what is kept changes nothing. */
	expect(200, call(ADMIN, "PUT", ACCOUNTS "/acct",
			 "{\"provider\":\"mock\",\"max_instances\":5,\"list_interval\":1,"
			 "\"settings\":{\"token\":\"***\"}}"));
	ck_assert_int_eq(number_at("revision"), 1);
	expect(200,
	       call(ADMIN, "PATCH", ACCOUNTS "/acct", "{\"settings\":{\"region\":\"south\"}}"));
	ck_assert_int_eq(number_at("revision"), 2);
	ck_assert_str_eq(text_at("settings.token"), "***");
	/* The same secret is no change, another one is. */
	expect(200, call(ADMIN, "PATCH", ACCOUNTS "/acct",
			 "{\"settings\":{\"token\":\"account-secret\"}}"));
	ck_assert_int_eq(number_at("revision"), 2);
	expect(200,
	       call(ADMIN, "PATCH", ACCOUNTS "/acct", "{\"settings\":{\"token\":\"another\"}}"));
	ck_assert_int_eq(number_at("revision"), 3);
	ck_assert_ptr_null(strstr(reply.text, "another"));
	expect(422, call(ADMIN, "PUT", ACCOUNTS "/new",
			 "{\"provider\":\"mock\",\"settings\":{\"token\":\"***\"}}"));
	ck_assert_str_eq(text_at("field"), "settings.token");
	expect(200, call(ADMIN, "GET", ACCOUNTS, NULL));
	ck_assert_ptr_null(strstr(reply.text, "another"));
}
END_TEST

/* Who may edit an account but does not know its password cannot have it sent elsewhere. */
START_TEST(secrets_go_to_no_new_place)
{
	must_not_log("portal-secret");
	expect(201,
	       call(ADMIN, "PUT", ACCOUNTS "/p",
		    "{\"provider\":\"portal\",\"settings\":{\"password\":\"portal-secret\"}}"));
	expect(200, call(ADMIN, "PATCH", ACCOUNTS "/p", "{\"settings\":{\"note\":\"x\"}}"));
	expect_problem(422, "invalid", "settings.password",
		       "setting \"url\" changes where the account's secrets are sent, so the "
		       "stored \"password\" is not kept; give it again in the same request",
		       call(ADMIN, "PATCH", ACCOUNTS "/p",
			    "{\"settings\":{\"url\":\"https://two.example\"}}"));
	expect(200, call(ADMIN, "PATCH", ACCOUNTS "/p",
			 "{\"settings\":{\"url\":\"https://two.example\","
			 "\"password\":\"portal-secret\"}}"));
	/* Without any secret left there is nothing to protect. */
	expect(200, call(ADMIN, "PATCH", ACCOUNTS "/p", "{\"settings\":{\"password\":null}}"));
	expect(200, call(ADMIN, "PATCH", ACCOUNTS "/p",
			 "{\"settings\":{\"url\":\"https://three.example\"}}"));
	expect_problem(
		422, "invalid", "settings.project",
		"setting \"project\" of provider config \"p\" cannot be changed; make a new "
		"provider config instead",
		call(ADMIN, "PATCH", ACCOUNTS "/p", "{\"settings\":{\"project\":\"other\"}}"));
	expect(422, call(ADMIN, "PATCH", ACCOUNTS "/p", "{\"provider\":\"mock\"}"));
	ck_assert_str_eq(text_at("field"), "provider");
}
END_TEST

START_TEST(scripts_are_checked)
{
	char *body, *script;

	make_pool("{\"enabled\":false}");
	expect_problem(
		422, "invalid", "startup_script",
		"startup script, line 2, column 5: a single \"{\" that belongs to no tag; write \"{{\" "
		"where the script needs a brace",
		call(ADMIN, "PATCH", CONFIGS "/demo-a",
		     "{\"startup_script\":\"#!/bin/sh\\nf() { :; }\"}"));
	expect(422, call(ADMIN, "PATCH", CONFIGS "/demo-a", "{\"startup_script\":\"{sever_id}\"}"));
	ck_assert_ptr_nonnull(strstr(text_at("detail"), "did you mean {server_id}"));
	expect(200, call(ADMIN, "PATCH", CONFIGS "/demo-a", "{\"startup_script\":\"{ad_ou_dn}\"}"));
	ck_assert_str_eq(text_at("warnings.0.field"), "startup_script");
	ck_assert_str_eq(
		text_at("warnings.0.message"),
		"the tag {ad_ou_dn} has no value in this version and is replaced by nothing");
	expect_problem(
		422, "invalid", "startup_script",
		"provider mock cannot hand a startup script to a windows guest; leave startup_script "
		"empty, or change guest_os",
		call(ADMIN, "PATCH", CONFIGS "/demo-a", "{\"guest_os\":\"windows\"}"));
	/* Its size counts as it is sent: with the tags' values. */
	script = malloc(17000);
	memset(script, 'x', 16383);
	memcpy(script, "{ssh_key}", 9);
	script[16383] = '\0';
	body = malloc(18000);
	text_format(body, 18000, "{\"startup_script\":\"%s\"}", script);
	expect(422, call(ADMIN, "PATCH", CONFIGS "/demo-a", body));
	ck_assert_ptr_nonnull(strstr(text_at("detail"), "provider mock takes at most 16384"));
	free(script);
	free(body);
}
END_TEST

START_TEST(warnings_are_given)
{
	make_pool("{\"enabled\":false}");
	expect(200, call(ADMIN, "PATCH", CONFIGS "/demo-a", "{\"minimum_available_sessions\":6}"));
	ck_assert_str_eq(text_at("warnings.0.field"), "minimum_available_sessions");
	ck_assert_str_eq(
		text_at("warnings.0.message"),
		"6 sessions cannot be kept available: provider config \"acct\" has max_instances 5, "
		"which is room for 5; raise that or lower minimum_available_sessions");
	expect(200, call(ADMIN, "PATCH", CONFIGS "/demo-a",
			 "{\"minimum_available_sessions\":5,\"provision_timeout\":\"2h\"}"));
	ck_assert_str_eq(
		text_at("warnings.0.message"),
		"pool \"demo\" lets a session wait 3600 s (queue_timeout), less than the 7200 s that a "
		"server of \"demo-a\" may take (provision_timeout)");
	expect(200, call(ADMIN, "PATCH", POOLS "/demo", "{\"queue_timeout\":60}"));
	ck_assert_str_eq(text_at("warnings.0.field"), "queue_timeout");
	expect_problem(
		422, "invalid", "max_simultaneous_users",
		"field \"max_simultaneous_users\" in autoscale-config is 2, above "
		"max_simultaneous_sessions_per_server of 1; each user needs a session, so lower the one "
		"or raise the other",
		call(ADMIN, "PATCH", CONFIGS "/demo-a", "{\"max_simultaneous_users\":2}"));
}
END_TEST

START_TEST(deleting_a_config_with_servers)
{
	make_pool("{\"minimum_available_sessions\":2}");
	wait_for_servers("running", 2);
	expect_problem(
		409, "conflict", "force",
		"autoscale-config \"demo-a\" still has 2 servers; disable it and wait until they are "
		"gone, or destroy them with force",
		call(ADMIN, "DELETE", CONFIGS "/demo-a", NULL));
	expect(202, call(ADMIN, "DELETE", CONFIGS "/demo-a?force=true", NULL));
	ck_assert_int_eq(number_at("servers"), 2);
	wait_for_servers("gone", 2);
	expect(204, call(ADMIN, "DELETE", CONFIGS "/demo-a", NULL));
	expect(404, call(ADMIN, "GET", CONFIGS "/demo-a", NULL));
	expect(204, call(ADMIN, "DELETE", POOLS "/demo", NULL));
	expect(204, call(ADMIN, "DELETE", ACCOUNTS "/acct", NULL));
	expect(404, call(ADMIN, "DELETE", POOLS "/demo", NULL));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		create_and_show,
		lists_have_pages,
		put_creates_and_replaces,
		patch_merges,
		if_match_guards,
		dry_run_stores_nothing,
		mistakes_in_a_body,
		patch_of_an_unknown_field,
		depth_and_size_are_limited,
		references_by_name_or_id,
		references_that_lead_nowhere,
		what_cannot_be_changed,
		modules_are_asked,
		secrets_are_write_only,
		secrets_go_to_no_new_place,
		scripts_are_checked,
		warnings_are_given,
		deleting_a_config_with_servers,
	};

	return run_tests("documents", tests, sizeof(tests) / sizeof(tests[0]), api_setup,
			 api_teardown);
}
