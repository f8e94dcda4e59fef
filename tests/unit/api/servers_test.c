/* SPDX-License-Identifier: Apache-2.0 */
/* A pool at work, over real HTTP: servers come and go, sessions are asked for, reached and ended. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api_fixture.h"

#define SERVERS "/api/v1/servers"
#define SESSIONS "/api/v1/sessions"

START_TEST(pool_fills_itself)
{
	char name[64], path[128];

	make_pool("{\"minimum_available_sessions\":2,\"reusable\":true}");
	wait_for_servers("running", 2);
	expect(200, call(VIEWER, "GET", "/api/v1/pools/demo/status", NULL));
	ck_assert_int_eq(number_at("running"), 2);
	ck_assert_int_eq(number_at("servers.running"), 2);
	ck_assert_int_eq(number_at("available"), 2);
	ck_assert_int_eq(number_at("target"), 2);
	ck_assert_int_eq(number_at("sessions"), 0);
	ck_assert_int_eq(number_at("queued"), 0);
	expect(200, call(VIEWER, "GET", "/api/v1/pools", NULL));
	ck_assert_int_eq(number_at("items.0.status.running"), 2);
	expect(200, call(VIEWER, "GET", "/api/v1/provider-configs/acct", NULL));
	ck_assert_int_eq(number_at("status.instances"), 2);
	expect(200,
	       call(VIEWER, "GET", SERVERS "?pool=demo&config=demo-a&state=running,failed", NULL));
	ck_assert_uint_eq(items(), 2);
	ck_assert_str_eq(text_at("items.0.pool"), "demo");
	ck_assert_str_eq(text_at("items.0.config"), "demo-a");
	ck_assert_str_eq(text_at("items.0.address"), "10.0.0.1");
	ck_assert_int_eq(number_at("items.0.port"), 2222);
	text_copy(name, sizeof(name), text_at("items.0.name"));
	/* By name too; with its operations and events. */
	text_format(path, sizeof(path), SERVERS "/%s", name);
	expect(200, call(VIEWER, "GET", path, NULL));
	ck_assert_str_eq(text_at("name"), name);
	ck_assert_str_eq(text_at("operations.0.kind"), "create");
	ck_assert_str_eq(text_at("operations.0.state"), "done");
	ck_assert_str_eq(text_at("events.0.kind"), "server.planned");
	ck_assert_int_eq(metric("headroom_servers{pool=\"demo\",state=\"running\"}"), 2);
	ck_assert_int_ge(metric("headroom_creates_total"), 2);
}
END_TEST

START_TEST(server_filters_are_checked)
{
	make_places();
	expect_problem(404, "not_found", "", "there is no pool \"nowhere\"",
		       call(VIEWER, "GET", SERVERS "?pool=nowhere", NULL));
	expect(422, call(VIEWER, "GET", SERVERS "?state=runing", NULL));
	ck_assert_str_eq(text_at("field"), "state");
	expect_problem(404, "not_found", "", "there is no server \"demo-a-12345678\"",
		       call(VIEWER, "GET", SERVERS "/demo-a-12345678", NULL));
	expect(404,
	       call(OPERATOR, "DELETE", SERVERS "/00000000-0000-4000-8000-000000000000", NULL));
	expect(200, call(VIEWER, "GET", SERVERS "?state=all", NULL));
	ck_assert_uint_eq(items(), 0);
}
END_TEST

START_TEST(pages_of_servers)
{
	char path[128];

	make_pool("{\"minimum_available_sessions\":3}");
	wait_for_servers("running", 3);
	expect(200, call(VIEWER, "GET", SERVERS "?limit=2", NULL));
	ck_assert_uint_eq(items(), 2);
	text_format(path, sizeof(path), SERVERS "?limit=2&cursor=%s", text_at("next"));
	expect(200, call(VIEWER, "GET", path, NULL));
	ck_assert_uint_eq(items(), 1);
	ck_assert(json_is_null(json_object_get(reply.json, "next")));
}
END_TEST

START_TEST(servers_are_destroyed_and_drained)
{
	char path[128];

	make_pool("{\"minimum_available_sessions\":1,\"reusable\":true}");
	wait_for_servers("running", 1);
	text_format(path, sizeof(path), SERVERS "/%s", first_server("").id);
	expect(202, call(OPERATOR, "DELETE", path, NULL));
	wait_for_servers("gone", 1);
	/* Its place is filled at once. */
	wait_for_servers("running", 1);
	expect(200, call(VIEWER, "GET", path, NULL));
	ck_assert_str_eq(text_at("state"), "gone");
	/* One with a session drains until that ends. */
	expect(201, call(BROKER, "POST", SESSIONS, "{\"pool\":\"demo\",\"user\":\"ana\"}"));
	text_format(path, sizeof(path), SERVERS "/%s/drain", text_at("server_id"));
	expect(202, call(OPERATOR, "POST", path, NULL));
	ck_assert_str_eq(text_at("state"), "draining");
	expect(200, call(VIEWER, "GET", SESSIONS "?state=active", NULL));
	text_format(path, sizeof(path), SESSIONS "/%s", text_at("items.0.id"));
	expect(200, call(BROKER, "DELETE", path, NULL));
	wait_for_servers("gone", 2);
	text_format(path, sizeof(path), SERVERS "/%s/drain", first_server("state=gone").name);
	expect(409, call(OPERATOR, "POST", path, NULL));
	ck_assert_ptr_nonnull(strstr(text_at("detail"), "is gone; it cannot be drained any more"));
}
END_TEST

START_TEST(session_from_request_to_end)
{
	char id[64], path[128];

	make_pool(
		"{\"minimum_available_sessions\":1,\"reusable\":true,\"connection_username\":\"desktop\"}");
	wait_for_servers("running", 1);
	expect(201, call(BROKER, "POST", SESSIONS, "{\"pool\":\"demo\",\"user\":\"ana\"}"));
	ck_assert_str_eq(text_at("state"), "active");
	ck_assert_str_eq(text_at("kind"), "desktop");
	ck_assert_str_ne(text_at("server"), "");
	text_copy(id, sizeof(id), text_at("id"));
	text_format(path, sizeof(path), "Location: " SESSIONS "/%s\r\n", id);
	ck_assert_ptr_nonnull(strstr(reply.headers, path));
	text_format(path, sizeof(path), SESSIONS "/%s/connection", id);
	expect(200, call(BROKER, "GET", path, NULL));
	ck_assert_str_eq(text_at("type"), "SSH");
	ck_assert_str_eq(text_at("host"), "10.0.0.1");
	ck_assert_int_eq(number_at("port"), 2222);
	ck_assert_str_eq(text_at("username"), "desktop");
	ck_assert_ptr_null(json_object_get(reply.json, "private_key"));
	/* The key goes to brokers and administrators only. */
	text_format(path, sizeof(path), SESSIONS "/%s/connection?secret=true", id);
	must_not_log("BEGIN OPENSSH PRIVATE KEY");
	expect(200, call(BROKER, "GET", path, NULL));
	ck_assert_ptr_nonnull(strstr(text_at("private_key"), "BEGIN OPENSSH PRIVATE KEY"));
	expect(200, call(LOCAL, "GET", path, NULL));
	expect_problem(
		403, "auth", "",
		"the token \"operator\" has the role operator; the key of a session needs broker or "
		"admin",
		call(OPERATOR, "GET", path, NULL));
	text_format(path, sizeof(path), SESSIONS "/%s/keepalive", id);
	expect(200, call(BROKER, "POST", path, NULL));
	ck_assert_str_ne(text_at("expires"), "");
	text_format(path, sizeof(path), "/api/v1/events?session=%s", id);
	expect(200, call(VIEWER, "GET", path, NULL));
	ck_assert_str_eq(text_at("items.0.kind"), "session.assigned");
	text_format(path, sizeof(path), SESSIONS "/%s", id);
	expect(200, call(BROKER, "DELETE", path, NULL));
	ck_assert_str_eq(text_at("state"), "ended");
	ck_assert_str_eq(text_at("reason"), "ended by broker");
	expect(200, call(BROKER, "DELETE", path, NULL));
	expect(200, call(VIEWER, "GET", SESSIONS, NULL));
	ck_assert_uint_eq(items(), 0);
	expect(200, call(VIEWER, "GET", SESSIONS "?state=ended&user=ana&pool=demo", NULL));
	ck_assert_uint_eq(items(), 1);
	text_format(path, sizeof(path), SESSIONS "/%s/connection", id);
	expect(409, call(BROKER, "GET", path, NULL));
}
END_TEST

/* Nothing stands by: the session orders its server and sees it come. */
START_TEST(session_that_waits)
{
	char path[128], server_id[ID_SIZE];

	make_pool("{\"require_checkin\":true,\"startup_script\":\"x\"}");
	expect(201, call(BROKER, "POST", SESSIONS,
			 "{\"pool\":\"demo\",\"user\":\"ana\",\"zone\":\"here\"}"));
	ck_assert_str_eq(text_at("state"), "queued");
	ck_assert_int_eq(number_at("progress.position"), 0);
	text_format(path, sizeof(path), SESSIONS "/%s", text_at("id"));
	wait_for_servers("checking_in", 1);
	text_copy(server_id, sizeof(server_id), first_server("").id);
	expect(200, call(BROKER, "GET", path, NULL));
	ck_assert_str_eq(text_at("state"), "queued");
	ck_assert_str_eq(text_at("progress.stage"), "waiting for its check-in");
	ck_assert_str_eq(text_at("progress.server_id"), server_id);
	expect(200, call(BROKER, "DELETE", path, NULL));
	ck_assert_str_eq(text_at("state"), "ended");
}
END_TEST

START_TEST(session_wishes_are_checked)
{
	make_places();
	expect(422, call(BROKER, "POST", SESSIONS, "{\"pool\":\"demo\"}"));
	ck_assert_str_eq(text_at("field"), "user");
	expect(422,
	       call(BROKER, "POST", SESSIONS, "{\"pool\":\"demo\",\"user\":\"ana\",\"colour\":1}"));
	ck_assert_str_eq(text_at("field"), "colour");
	expect(422, call(BROKER, "POST", SESSIONS,
			 "{\"pool\":\"demo\",\"user\":\"ana\",\"kind\":\"movie\"}"));
	ck_assert_str_eq(text_at("field"), "kind");
	expect_problem(404, "not_found", "", "there is no pool \"none\"",
		       call(BROKER, "POST", SESSIONS, "{\"pool\":\"none\",\"user\":\"ana\"}"));
	/* A pool that nobody fills: refused, with the reason. */
	expect(201, call(BROKER, "POST", SESSIONS, "{\"pool\":\"demo\",\"user\":\"ana\"}"));
	ck_assert_str_eq(text_at("state"), "refused");
	ck_assert_str_eq(text_at("reason"),
			 "pool demo cannot serve it: no autoscale config makes servers for it");
	expect(404, call(BROKER, "GET", SESSIONS "/none", NULL));
	expect(422, call(BROKER, "GET", SESSIONS "?state=idle", NULL));
	expect(422, call(BROKER, "GET", SESSIONS "?cursor=x", NULL));
}
END_TEST

START_TEST(events_in_order)
{
	long long first;
	char path[128];

	make_pool("{\"minimum_available_sessions\":1}");
	wait_for_servers("running", 1);
	expect(200, call(VIEWER, "GET", "/api/v1/events?limit=2&pool=demo", NULL));
	ck_assert_uint_eq(items(), 2);
	first = number_at("items.0.number");
	ck_assert_int_lt(first, number_at("items.1.number"));
	ck_assert_str_eq(text_at("items.0.pool"), "demo");
	text_format(path, sizeof(path), "/api/v1/events?after=%lld&limit=1", first);
	expect(200, call(VIEWER, "GET", path, NULL));
	ck_assert_int_gt(number_at("items.0.number"), first);
	text_format(path, sizeof(path), "/api/v1/events?cursor=%s", text_at("next"));
	expect(200, call(VIEWER, "GET", path, NULL));
	expect(200, call(VIEWER, "GET", "/api/v1/events?newest=true&limit=1", NULL));
	ck_assert_uint_eq(items(), 1);
	text_format(path, sizeof(path), "/api/v1/events?server=%s", first_server("").name);
	expect(200, call(VIEWER, "GET", path, NULL));
	ck_assert_uint_ge(items(), 3);
	expect(404, call(VIEWER, "GET", "/api/v1/events?pool=none", NULL));
	expect(422, call(VIEWER, "GET", "/api/v1/events?session=none", NULL));
	expect(422, call(VIEWER, "GET", "/api/v1/events?after=x", NULL));
}
END_TEST

START_TEST(modules_are_listed)
{
	expect(200, call(VIEWER, "GET", "/api/v1/providers", NULL));
	ck_assert_uint_eq(items(), 2);
	ck_assert_str_eq(text_at("items.0.id"), "mock");
	expect(200, call(VIEWER, "GET", "/api/v1/providers?all=true", NULL));
	ck_assert_uint_eq(items(), 3);
	ck_assert_str_eq(text_at("items.0.id"), "junk");
	ck_assert_str_eq(text_at("items.0.abi"), "");
	ck_assert_str_eq(text_at("items.0.state"), "refused");
	ck_assert_str_ne(text_at("items.0.reason"), "");
	ck_assert_str_eq(text_at("items.1.id"), "mock");
	ck_assert_str_eq(text_at("items.1.state"), "usable");
	ck_assert_str_ne(text_at("items.1.abi"), "");
	expect(200, call(VIEWER, "GET", "/api/v1/providers/mock", NULL));
	ck_assert_str_eq(text_at("state"), "usable");
	ck_assert_str_eq(text_at("described_by"), "process");
	ck_assert_str_eq(text_at("id"), "mock");
	expect(200, call(VIEWER, "GET", "/api/v1/providers/junk", NULL));
	ck_assert_str_eq(text_at("state"), "refused");
	ck_assert_str_ne(text_at("reason"), "");
	expect(404, call(VIEWER, "GET", "/api/v1/providers/mocc", NULL));
	expect(200, call(VIEWER, "GET", "/api/v1/providers/mock/schema", NULL));
	ck_assert_int_eq(number_at("properties.token.writeOnly"), 1);
	expect(404, call(VIEWER, "GET", "/api/v1/providers/none/schema", NULL));
	expect(404, call(VIEWER, "GET", "/api/v1/providers/junk/schema", NULL));
}
END_TEST

START_TEST(accounts_are_checked)
{
	make_places();
	expect(200, call(OPERATOR, "POST", "/api/v1/provider-configs/acct/check", NULL));
	/* The module mock always has something to say, and in this mood one thing more. */
	ck_assert_int_eq(number_at("ok"), 0);
	ck_assert_str_eq(text_at("problems.0.field"), "settings.region");
	ck_assert_str_eq(text_at("problems.0.class"), "invalid");
	ck_assert_str_eq(text_at("problems.1.class"), "");
	expect(200, call(ADMIN, "PATCH", "/api/v1/provider-configs/acct",
			 "{\"settings\":{\"behaviour\":\"problems\"}}"));
	expect(200, call(OPERATOR, "POST", "/api/v1/provider-configs/acct/check", NULL));
	ck_assert_str_eq(text_at("problems.1.class"), "auth");
	expect(404, call(OPERATOR, "POST", "/api/v1/provider-configs/none/check", NULL));
}
END_TEST

static void *check_slowly(void *arg)
{
	/* Ended by the API's stop; whether with an answer or with a closed connection is its choice. */
	(void)arg;
	call(OPERATOR, "POST", "/api/v1/provider-configs/acct/check", NULL);
	return NULL;
}

/* A check that still runs when the daemon stops is answered then, and its late answer goes nowhere. */
static pthread_t checker;
START_TEST(stop_during_a_check)
{
	char path[64] = "/api/v1/provider-configs/acct";

	make_places();
	expect(200, call(ADMIN, "PATCH", path, "{\"settings\":{\"delay\":1500}}"));
	ck_assert_int_eq(pthread_create(&checker, NULL, check_slowly, NULL), 0);
	usleep(300000);
}
END_TEST

static void teardown_with_checker(void)
{
	api_stop_early();
	pthread_join(checker, NULL);
	ck_assert_int_eq(reply.status, 503);
	ck_assert_str_eq(text_at("detail"), "the daemon is stopping; check again later");
	api_teardown();
}

/* Many at once, each its own connection: nobody is lost between the threads. */
static void *ask(void *arg)
{
	long *status = arg;

	*status = ask_alone(BROKER, "POST", SESSIONS, "{\"pool\":\"demo\",\"user\":\"ana\"}");
	return NULL;
}

START_TEST(many_requests_at_once)
{
	pthread_t threads[40];
	long statuses[40];

	make_pool("{\"minimum_available_sessions\":1,\"max_simultaneous_sessions_per_server\":20,"
		  "\"max_simultaneous_users\":20,\"reusable\":true}");
	wait_for_servers("running", 1);
	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &statuses[i]), 0);
	for (int i = 0; i < 40; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(statuses[i], 201);
	}
	expect(200, call(VIEWER, "GET", SESSIONS "?state=all", NULL));
	ck_assert_uint_eq(items(), 40);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		pool_fills_itself,
		server_filters_are_checked,
		pages_of_servers,
		servers_are_destroyed_and_drained,
		session_from_request_to_end,
		session_that_waits,
		session_wishes_are_checked,
		events_in_order,
		modules_are_listed,
		accounts_are_checked,
		many_requests_at_once,
	};
	const TTest *const stopping[] = {stop_during_a_check};
	int failed = run_tests("servers", tests, sizeof(tests) / sizeof(tests[0]), api_setup,
			       api_teardown);

	return run_tests("stop", stopping, 1, api_setup, teardown_with_checker) | failed;
}
