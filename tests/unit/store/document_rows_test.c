/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: revisions, names, references, secrets; and the state kept about them. */
#include "fixture.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"

enum { ZONE = 1, PROVIDER = 2, POOL = 3, CONFIG = 4 };

static void put(struct tx *tx, struct document *document)
{
	struct hr_error err = {0};

	must(document_put(tx, document, NULL, &err));
}

/* A zone, a provider config, a pool, and a config that names them. */
static void put_all(struct tx *tx, struct document ret[DOCUMENT_KINDS])
{
	ret[DOCUMENT_ZONE] = new_document(DOCUMENT_ZONE, ZONE, "here");
	ret[DOCUMENT_PROVIDER_CONFIG] = new_document(DOCUMENT_PROVIDER_CONFIG, PROVIDER, "cloud");
	ret[DOCUMENT_POOL] = new_document(DOCUMENT_POOL, POOL, "demo");
	ret[DOCUMENT_AUTOSCALE_CONFIG] = new_document(DOCUMENT_AUTOSCALE_CONFIG, CONFIG, "demo-a");
	json_object_set_new(ret[DOCUMENT_AUTOSCALE_CONFIG].body, "zone", json_string(id_of(ZONE)));
	json_object_set_new(ret[DOCUMENT_AUTOSCALE_CONFIG].body, "pool", json_string(id_of(POOL)));
	json_object_set_new(ret[DOCUMENT_AUTOSCALE_CONFIG].body, "provider_config",
			    json_string(id_of(PROVIDER)));
	for (int kind = 0; kind < DOCUMENT_KINDS; kind++)
		put(tx, &ret[kind]);
}

static void clear_all(struct document documents[DOCUMENT_KINDS])
{
	for (int kind = 0; kind < DOCUMENT_KINDS; kind++)
		document_clear(&documents[kind]);
}

TRANSACTION_TEST(puts_and_gets)
{
	struct document pool = new_document(DOCUMENT_POOL, POOL, "demo"), got = {0};
	struct hr_error err = {0};

	put(tx, &pool);
	ck_assert_int_eq(pool.revision, 1);
	json_object_set_new(pool.body, "cap", json_integer(7));
	pool.created_ms = 5; /* what is stored counts */
	pool.changed_ms = 2000;
	put(tx, &pool);
	ck_assert_int_eq(pool.revision, 2);
	ck_assert_int_eq(pool.created_ms, 1000);
	must(document_get(tx, DOCUMENT_POOL, id_of(POOL), &got, &err));
	ck_assert_str_eq(got.name, "demo");
	ck_assert_int_eq(got.kind, DOCUMENT_POOL);
	ck_assert_int_eq(got.revision, 2);
	ck_assert_int_eq(got.created_ms, 1000);
	ck_assert_int_eq(got.changed_ms, 2000);
	ck_assert_int_eq(json_integer_or(got.body, "cap", 0), 7);
	document_clear(&got);
	must(document_get_by_name(tx, DOCUMENT_POOL, "demo", &got, &err));
	ck_assert_str_eq(got.id, id_of(POOL));
	document_clear(&got);
	must(document_find(tx, DOCUMENT_POOL, "demo", &got, &err));
	document_clear(&got);
	must(document_find(tx, DOCUMENT_POOL, id_of(POOL), &got, &err));
	document_clear(&got);
	document_clear(&pool);
}

TRANSACTION_TEST(says_what_is_not_there)
{
	struct document got;
	struct hr_error err;

	must_fail(document_get(tx, DOCUMENT_ZONE, "x", &got, &err), HR_NOT_FOUND,
		  "there is no zone \"x\"");
	must_fail(document_get_by_name(tx, DOCUMENT_POOL, "x", &got, &err), HR_NOT_FOUND,
		  "there is no pool \"x\"");
	must_fail(document_find(tx, DOCUMENT_PROVIDER_CONFIG, "x", &got, &err), HR_NOT_FOUND,
		  "there is no provider-config \"x\"");
	must_fail(document_get_revision(tx, DOCUMENT_POOL, "x", 3, &got, &err), HR_NOT_FOUND,
		  "there is no revision 3 of pool \"x\"");
	must_fail(document_delete(tx, DOCUMENT_AUTOSCALE_CONFIG, "x", &err), HR_NOT_FOUND,
		  "there is no autoscale-config \"x\"");
}

TRANSACTION_TEST(refuses_stale_edits_and_taken_names)
{
	struct document pool = new_document(DOCUMENT_POOL, POOL, "demo");
	struct document twin = new_document(DOCUMENT_POOL, POOL + 10, "demo");
	struct document zone = new_document(DOCUMENT_ZONE, ZONE, "demo");
	struct hr_error err;

	put(tx, &pool);
	put(tx, &zone); /* names are unique in their kind only */
	pool.revision = 0;
	must_fail(document_put(tx, &pool, NULL, &err), HR_CONFLICT, "pool \"demo\" exists already");
	pool.revision = 4;
	must_fail(
		document_put(tx, &pool, NULL, &err), HR_CONFLICT,
		"pool \"demo\" was changed meanwhile: it is at revision 1, the change was made to "
		"revision 4; read it again and repeat the change");
	ck_assert_int_eq(pool.revision, 4);
	must_fail(document_put(tx, &twin, NULL, &err), HR_CONFLICT,
		  "there is another pool named \"demo\"; choose another name");
	ck_assert_str_eq(err.field, "name");
	twin.revision = 2;
	must_fail(document_put(tx, &twin, NULL, &err), HR_CONFLICT,
		  "pool \"demo\" was deleted meanwhile");
	document_clear(&pool);
	document_clear(&twin);
	document_clear(&zone);
}

TRANSACTION_TEST(lists_by_name)
{
	struct document *list;
	struct hr_error err = {0};
	size_t n;

	for (int i = 0; i < 40; i++) {
		char name[NAME_SIZE];
		struct document document;

		text_format(name, sizeof(name), "pool-%02d", (i * 7) % 40);
		document = new_document(DOCUMENT_POOL, 100 + i, name);
		put(tx, &document);
		document_clear(&document);
	}
	must(document_list(tx, DOCUMENT_POOL, "", 0, &list, &n, &err));
	ck_assert_uint_eq(n, 40);
	for (size_t i = 1; i < n; i++)
		ck_assert_str_lt(list[i - 1].name, list[i].name);
	document_list_free(list, n);
	must(document_list(tx, DOCUMENT_POOL, "pool-10", 3, &list, &n, &err));
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(list[0].name, "pool-11");
	ck_assert_str_eq(list[2].name, "pool-13");
	document_list_free(list, n);
	must(document_list(tx, DOCUMENT_ZONE, "", 0, &list, &n, &err));
	ck_assert_uint_eq(n, 0);
	document_list_free(list, n);
}

TRANSACTION_TEST(lists_those_that_name_another)
{
	struct document all[DOCUMENT_KINDS], *list;
	struct document other = new_document(DOCUMENT_POOL, POOL + 10, "other");
	struct hr_error err = {0};
	size_t n;

	put_all(tx, all);
	put(tx, &other);
	must(document_list_naming(tx, DOCUMENT_AUTOSCALE_CONFIG, id_of(POOL), "", 0, &list, &n,
				  &err));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(list[0].id, all[DOCUMENT_AUTOSCALE_CONFIG].id);
	document_list_free(list, n);
	must(document_list_naming(tx, DOCUMENT_AUTOSCALE_CONFIG, other.id, "", 0, &list, &n, &err));
	ck_assert_uint_eq(n, 0);
	document_list_free(list, n);
	must(document_list_naming(tx, DOCUMENT_ZONE, id_of(POOL), "", 0, &list, &n, &err));
	ck_assert_uint_eq(n, 0);
	document_list_free(list, n);
	document_clear(&other);
	clear_all(all);
}

static void rename_pool(struct document *document, const char *name)
{
	text_copy(document->name, sizeof(document->name), name);
}

static struct server server_of(int number, int64_t config_revision)
{
	struct server server = new_server(number);

	text_copy(server.zone_id, sizeof(server.zone_id), id_of(ZONE));
	text_copy(server.pool_id, sizeof(server.pool_id), id_of(POOL));
	text_copy(server.config_id, sizeof(server.config_id), id_of(CONFIG));
	text_copy(server.provider_config_id, sizeof(server.provider_config_id), id_of(PROVIDER));
	server.config_revision = config_revision;
	return server;
}

TRANSACTION_TEST(keeps_revisions_while_servers_need_them)
{
	struct document all[DOCUMENT_KINDS], got, *config = &all[DOCUMENT_AUTOSCALE_CONFIG];
	struct server server = server_of(50, 2);
	struct hr_error err = {0};

	put_all(tx, all);
	put(tx, config); /* 2 */
	must(server_insert(tx, &server, -1, &err));
	rename_pool(config, "demo-b");
	put(tx, config); /* 3 */
	put(tx, config); /* 4 */
	must(document_get_revision(tx, config->kind, config->id, 4, &got, &err));
	ck_assert_str_eq(got.name, "demo-b");
	document_clear(&got);
	must(document_get_revision(tx, config->kind, config->id, 2, &got, &err));
	ck_assert_str_eq(got.name, "demo-a");
	ck_assert_int_eq(got.revision, 2);
	ck_assert_str_eq(json_string_or(got.body, "pool", ""), id_of(POOL));
	document_clear(&got);
	/* Nobody refers to 1 and 3. */
	must_fail(document_get_revision(tx, config->kind, config->id, 1, &got, &err), HR_NOT_FOUND,
		  "there is no revision 1 of autoscale-config \"%s\"", config->id);
	must_fail(document_get_revision(tx, config->kind, config->id, 3, &got, &err), HR_NOT_FOUND,
		  "there is no revision 3 of autoscale-config \"%s\"", config->id);
	put(tx, &all[DOCUMENT_PROVIDER_CONFIG]);
	must(document_get_revision(tx, DOCUMENT_PROVIDER_CONFIG, id_of(PROVIDER), 1, &got, &err));
	document_clear(&got);
	server.state = SERVER_GONE;
	must(server_update(tx, &server, &err));
	must_fail(document_get_revision(tx, config->kind, config->id, 2, &got, &err), HR_NOT_FOUND,
		  "there is no revision 2 of autoscale-config \"%s\"", config->id);
	must_fail(
		document_get_revision(tx, DOCUMENT_PROVIDER_CONFIG, id_of(PROVIDER), 1, &got, &err),
		HR_NOT_FOUND, "there is no revision 1 of provider-config \"%s\"", id_of(PROVIDER));
	clear_all(all);
}

TRANSACTION_TEST(refuses_to_name_what_is_not_there)
{
	struct document config = new_document(DOCUMENT_AUTOSCALE_CONFIG, CONFIG, "demo-a");
	struct hr_error err;

	json_object_set_new(config.body, "pool", json_string("nowhere"));
	must_fail(document_put(tx, &config, NULL, &err), HR_INVALID,
		  "autoscale-config \"demo-a\" names the pool \"nowhere\", which is not there");
	ck_assert_str_eq(err.field, "pool");
	document_clear(&config);
}

TRANSACTION_TEST(refuses_to_delete_what_is_in_use)
{
	struct document all[DOCUMENT_KINDS], more;
	struct server server = server_of(50, 1);
	struct session sessions[2] = {new_session(60, "ana"), new_session(61, "ben")};
	struct hr_error err = {0};

	put_all(tx, all);
	must_fail(document_delete(tx, DOCUMENT_ZONE, id_of(ZONE), &err), HR_CONFLICT,
		  "zone \"here\" is in use by autoscale-config \"demo-a\"; these must go first");
	for (int i = 0; i < 3; i++) {
		char name[NAME_SIZE];

		text_format(name, sizeof(name), "demo-%c", 'b' + i);
		more = new_document(DOCUMENT_AUTOSCALE_CONFIG, 70 + i, name);
		json_object_set_new(more.body, "pool", json_string(id_of(POOL)));
		put(tx, &more);
		document_clear(&more);
	}
	must(server_insert(tx, &server, -1, &err));
	for (int i = 0; i < 2; i++) {
		text_copy(sessions[i].pool_id, sizeof(sessions[i].pool_id), id_of(POOL));
		must(session_insert(tx, &sessions[i], &err));
	}
	must_fail(document_delete(tx, DOCUMENT_POOL, id_of(POOL), &err), HR_CONFLICT,
		  "pool \"demo\" is in use by autoscale-config \"demo-a\", autoscale-config "
		  "\"demo-b\", autoscale-config \"demo-c\" and more, 1 server, 2 sessions; these "
		  "must go first");
	must_fail(document_delete(tx, DOCUMENT_AUTOSCALE_CONFIG, id_of(CONFIG), &err), HR_CONFLICT,
		  "autoscale-config \"demo-a\" is in use by 1 server; these must go first");
	must_fail(document_delete(tx, DOCUMENT_PROVIDER_CONFIG, id_of(PROVIDER), &err), HR_CONFLICT,
		  "provider-config \"cloud\" is in use by autoscale-config \"demo-a\", 1 server; "
		  "these must go first");
	server.state = SERVER_GONE;
	must(server_update(tx, &server, &err));
	for (int i = 0; i < 2; i++) {
		sessions[i].state = SESSION_ENDED;
		must(session_update(tx, &sessions[i], &err));
	}
	for (int i = 0; i < 3; i++)
		must(document_delete(tx, DOCUMENT_AUTOSCALE_CONFIG, id_of(70 + i), &err));
	for (int kind = DOCUMENT_KINDS - 1; kind >= 0; kind--) {
		must(document_delete(tx, (enum document_kind)kind, all[kind].id, &err));
		must_fail(document_get(tx, (enum document_kind)kind, all[kind].id, &more, &err),
			  HR_NOT_FOUND, "there is no %s \"%s\"",
			  document_kind_name((enum document_kind)kind), all[kind].id);
	}
	clear_all(all);
}

static void expect_secrets(struct tx *tx, const char *wanted)
{
	struct hr_error err = {0};
	json_t *secrets;
	char *text;

	must(document_secrets(tx, DOCUMENT_PROVIDER_CONFIG, id_of(PROVIDER), &secrets, &err));
	text = json_text(secrets);
	ck_assert_str_eq(text, wanted);
	free(text);
	json_decref(secrets);
}

static void put_secrets(struct tx *tx, struct document *document, json_t *secrets)
{
	struct hr_error err = {0};

	must(document_put(tx, document, secrets, &err));
	json_decref(secrets);
}

TRANSACTION_TEST(keeps_secrets_apart)
{
	struct document cloud = new_document(DOCUMENT_PROVIDER_CONFIG, PROVIDER, "cloud"), got;
	struct hr_error err = {0};
	json_t *bad;
	char *text;

	json_object_set_new(
		cloud.body, "settings",
		json_pack("{s:s, s:s, s:s}", "key", "hush", "token", "quiet", "region", "north"));
	put_secrets(tx, &cloud,
		    json_pack("{s:s, s:s}", "settings.key", "hush", "settings.token", "quiet"));
	must(document_get(tx, cloud.kind, cloud.id, &got, &err));
	text = json_text(got.body);
	ck_assert_str_eq(text, "{\"name\":\"cloud\",\"settings\":{\"key\":\"***\",\"region\":"
			       "\"north\",\"token\":\"***\"}}");
	free(text);
	document_clear(&cloud);
	cloud = got;
	expect_secrets(tx, "{\"settings.key\":\"hush\",\"settings.token\":\"quiet\"}");
	/* Without secrets all stay; "***" stays; another text replaces; what is left out goes. */
	must(document_put(tx, &cloud, NULL, &err));
	put_secrets(tx, &cloud,
		    json_pack("{s:s, s:s}", "settings.key", "new", "settings.token", "***"));
	expect_secrets(tx, "{\"settings.key\":\"new\",\"settings.token\":\"quiet\"}");
	json_object_del(json_object_get(cloud.body, "settings"), "token");
	put_secrets(tx, &cloud, json_object());
	expect_secrets(tx, "{\"settings.key\":\"new\"}");
	bad = json_pack("{s:i}", "settings.key", 7);
	must_fail(document_put(tx, &cloud, bad, &err), HR_INVALID,
		  "the secret settings.key must be text");
	json_decref(bad);
	must(document_delete(tx, cloud.kind, cloud.id, &err));
	expect_secrets(tx, "{}");
	document_clear(&cloud);
}

TRANSACTION_TEST(keeps_state_of_configs_and_accounts)
{
	struct config_state config = {0}, wanted = {1, 2, 3, MS_NEVER, 4, "SkuNotAvailable", 5};
	struct account_state account = {0}, pause = {77, 5000, 2, "throttled"};
	struct server server = server_of(50, 1);
	struct hr_error err = {0};

	memset(&config, 0x55, sizeof(config));
	must(config_state_get(tx, "none", &config, &err));
	ck_assert_int_eq(config.paused_until_ms, 0);
	ck_assert_str_eq(config.pause_reason, "");
	for (int i = 0; i < 2; i++) {
		must(config_state_put(tx, id_of(CONFIG), &wanted, &err));
		must(config_state_get(tx, id_of(CONFIG), &config, &err));
		ck_assert_mem_eq(&config, &wanted, sizeof(config));
		wanted.surplus_floor++;
	}
	must(account_state_get(tx, "none", &account, &err));
	ck_assert_int_eq(account.instances, 0);
	must(account_state_put(tx, id_of(PROVIDER), &pause, &err));
	must(account_state_get(tx, id_of(PROVIDER), &account, &err));
	ck_assert_int_eq(account.instances, 0);
	must(server_insert(tx, &server, -1, &err));
	must(account_state_put(tx, id_of(PROVIDER), &pause, &err));
	must(account_state_get(tx, id_of(PROVIDER), &account, &err));
	ck_assert_int_eq(account.instances, 1);
	ck_assert_int_eq(account.paused_until_ms, 5000);
	ck_assert_int_eq(account.pause_step, 2);
	ck_assert_str_eq(account.pause_reason, "throttled");
}

int main(void)
{
	const TTest *const tests[] = {
		puts_and_gets,
		says_what_is_not_there,
		refuses_stale_edits_and_taken_names,
		lists_by_name,
		lists_those_that_name_another,
		keeps_revisions_while_servers_need_them,
		refuses_to_name_what_is_not_there,
		refuses_to_delete_what_is_in_use,
		keeps_secrets_apart,
		keeps_state_of_configs_and_accounts,
	};

	return run_tests("document_rows", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
