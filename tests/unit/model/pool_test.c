/* SPDX-License-Identifier: Apache-2.0 */
#include "body.h"
#include "model/pool.h"

START_TEST(defaults)
{
	struct document document = body_document(DOCUMENT_POOL, "{'name': 'demo'}");
	struct pool pool;

	pool_read(&document, &pool);
	ck_assert_str_eq(pool.name, "demo");
	ck_assert_str_eq(pool.id, document.id);
	ck_assert_int_eq(pool.strategy, STRATEGY_SPREAD);
	ck_assert_int_eq(pool.on_no_room, NO_ROOM_QUEUE);
	ck_assert_int_eq(pool.queue_timeout_ms, 3600000);
	ck_assert_int_eq(pool.keepalive_expiration_ms, 3600000);
	ck_assert_str_eq(json_string_or(document.body, "type", ""), "server");
	document_clear(&document);
}
END_TEST

START_TEST(all_fields)
{
	struct document document = body_document(
		DOCUMENT_POOL, "{'server_pool_name': 'demo', 'server_pool_type': 'server', "
			       "'strategy': 'pack', 'on_no_room': 'refuse', 'queue_timeout': 10, "
			       "'keepalive_expiration': 0}");
	struct pool pool;

	pool_read(&document, &pool);
	ck_assert_int_eq(pool.strategy, STRATEGY_PACK);
	ck_assert_int_eq(pool.on_no_room, NO_ROOM_REFUSE);
	ck_assert_int_eq(pool.queue_timeout_ms, 10000);
	ck_assert_int_eq(pool.keepalive_expiration_ms, 0);
	document_clear(&document);
}
END_TEST

START_TEST(refusals)
{
	body_refused(DOCUMENT_POOL, "{'name': 'demo', 'type': 'docker_agent'}", "type",
		     "pool type \"docker_agent\" is not in this version yet; use \"server\"");
	body_refused(DOCUMENT_POOL, "{'name': 'demo', 'type': 'servers'}", "type",
		     "field \"type\" in pool: \"servers\" is none of server, docker_agent; did you "
		     "mean \"server\"?");
	body_refused(DOCUMENT_POOL, "{'name': 'demo', 'queue_timeout': 5}", "queue_timeout",
		     "field \"queue_timeout\" in pool: 5s is too small; it must be from 10s to 1d; "
		     "for example 30m");
	body_refused(
		DOCUMENT_POOL, "{'name': 'demo', 'keepalive_expiration': '8d'}",
		"keepalive_expiration",
		"field \"keepalive_expiration\" in pool: 8d is too large; it must be from 0s to "
		"7d; for example 1h");
	body_refused(DOCUMENT_POOL, "{'name': 'demo', 'stratgy': 'pack'}", "stratgy",
		     "unknown field \"stratgy\" in pool; did you mean \"strategy\"?");
}
END_TEST

SUITE_MAIN("pool", defaults, all_fields, refusals)
