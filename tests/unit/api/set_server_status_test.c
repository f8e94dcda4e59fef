/* SPDX-License-Identifier: Apache-2.0 */
/* The check-in over real HTTP, as startup scripts call it, and as they must not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "api_fixture.h"
#include "base/clock.h"

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPdkzlAHsFVFNsXKcYEeMIw8QbQDjcvZDT7MRlZfs9fM"

static struct server waiting_server(void)
{
	make_pool(
		"{\"require_checkin\":true,\"startup_script\":\"x\",\"minimum_available_sessions\":1,"
		"\"reusable\":true}");
	wait_for_servers("checking_in", 1);
	return first_server("state=checking_in");
}

/* As startup scripts do: the token in the query. */
static long check_in(const char *token, const char *body)
{
	char path[2048];

	text_format(path, sizeof(path), "/api/set_server_status?token=%s", token);
	return call(NOBODY, "POST", path, body);
}

#define refused(call_made) \
	expect_problem(401, "auth", "", "the check-in token is not accepted", call_made)

START_TEST(server_checks_in)
{
	struct server server = waiting_server();
	char *token = checkin_token(&server);
	char path[128];

	must_not_log(token);
	expect(200, check_in(token, "{\"status\":\"starting\",\"status_message\":\"installing\","
				    "\"status_progress\":\"40\"}"));
	ck_assert_str_eq(reply.text, "{}");
	text_format(path, sizeof(path), "/api/v1/servers/%s", server.id);
	expect(200, call(LOCAL, "GET", path, NULL));
	ck_assert_str_eq(text_at("state"), "checking_in");
	ck_assert_str_eq(text_at("stage"), "installing");
	ck_assert_int_eq(number_at("percent"), 40);
	/* A number will do as well, and fields that we do not know. */
	expect(200,
	       check_in(token, "{\"status\":\"running\",\"status_progress\":100,\"hostname\":\"x\","
			       "\"ssh_host_key\":\"" KEY " root@x\"}"));
	expect(200, call(LOCAL, "GET", path, NULL));
	ck_assert_str_eq(text_at("state"), "running");
	ck_assert_str_eq(text_at("host_key"), KEY);
	ck_assert_str_ne(text_at("checked_in"), "");
	/* Once more is a heartbeat; by the header too. */
	expect(200, check_in(token, "{\"status\":\"running\"}"));
	expect(200,
	       call_token(token, "POST", "/api/set_server_status", "{\"status\":\"running\"}"));
	ck_assert_int_eq(metric("headroom_checkins_total"), 4);
	ck_assert_int_eq(metric("headroom_checkins_refused_total"), 0);
	free(token);
}
END_TEST

START_TEST(server_says_that_it_failed)
{
	struct server server = waiting_server();
	char *token = checkin_token(&server);
	char path[128];

	must_not_log(token);
	expect(200, check_in(token, "{\"status\":\"failed\",\"status_message\":\"no network\"}"));
	text_format(path, sizeof(path), "/api/v1/servers/%s", server.id);
	expect(200, call(LOCAL, "GET", path, NULL));
	ck_assert_str_eq(text_at("failure"), "its startup script said that it failed: no network");
	wait_for_servers("gone", 1);
	refused(check_in(token, "{\"status\":\"running\"}"));
	free(token);
}
END_TEST

/* A token with this header and payload; key NULL: no signature. */
static void forge(const char *header, const char *payload, const void *key, char buf[1024])
{
	char *a = text_base64url(header, strlen(header));
	char *b = text_base64url(payload, strlen(payload)), *c = NULL;
	uint8_t digest[32];
	unsigned len = 0;

	text_format(buf, 1024, "%s.%s", a, b);
	if (key) {
		HMAC(EVP_sha256(), key, 32, (const unsigned char *)buf, strlen(buf), digest, &len);
		c = text_base64url(digest, len);
	}
	text_format(buf + strlen(buf), 1024 - strlen(buf), ".%s", c ? c : "");
	free(a);
	free(b);
	free(c);
}

START_TEST(tokens_that_are_not_accepted)
{
	static const uint8_t key[32] = {1};
	struct server server = waiting_server(), other = server;
	char payload[400], forged[1024], wrong[1024];
	char *token = checkin_token(&server);

	must_not_log(token);
	refused(call(NOBODY, "POST", "/api/set_server_status", "{\"status\":\"running\"}"));
	refused(check_in("", "{\"status\":\"running\"}"));
	refused(check_in("nonsense", "{\"status\":\"running\"}"));
	/* One character is not what it was. */
	text_copy(wrong, sizeof(wrong), token);
	wrong[strlen(wrong) - 10] ^= 1;
	refused(check_in(wrong, "{\"status\":\"running\"}"));
	/* Forged, and with no algorithm at all. */
	text_format(
		payload, sizeof(payload),
		"{\"aud\":\"checkin\",\"iss\":\"%s\",\"sub\":\"%s\",\"iat\":1,\"exp\":9999999999}",
		store_installation(store), server.id);
	forge("{\"alg\":\"none\",\"typ\":\"JWT\"}", payload, NULL, forged);
	refused(check_in(forged, "{\"status\":\"running\"}"));
	forge("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}", payload, key, forged);
	refused(check_in(forged, "{\"status\":\"running\"}"));
	/* Rightly signed, for a server that never was. */
	text_copy(other.id, sizeof(other.id), id_of(77));
	free(token);
	token = checkin_token(&other);
	refused(check_in(token, "{\"status\":\"running\"}"));
	/* An access token is no check-in token, nor the other way round. */
	refused(call(ADMIN, "POST", "/api/set_server_status", "{\"status\":\"running\"}"));
	expect(401, call_token(token, "GET", "/api/v1/servers", NULL));
	ck_assert_int_eq(metric("headroom_checkins_refused_total"), 8);
	/* Why is in the log, with nothing of the token. */
	ck_assert(log_holds("the check-in token is refused: its algorithm is not HS256"));
	ck_assert(log_holds("the check-in token is refused: its signature is wrong"));
	ck_assert(!log_holds("token=") && !log_holds(forged));
	wait_for_servers("checking_in", 1);
	free(token);
}
END_TEST

static int expire(struct tx *tx, void *arg, struct hr_error *err)
{
	struct server *server = arg;
	struct server present;

	if (server_get(tx, server->id, &present, err) != 0)
		return -1;
	present.token_expires_ms = clock_now().wall_ms - 1000;
	*server = present;
	return server_update(tx, &present, err);
}

START_TEST(expired_token)
{
	struct server server = waiting_server();
	struct hr_error err = {0};
	char *token;

	must(store_write(store, expire, &server, &err));
	token = checkin_token(&server);
	must_not_log(token);
	refused(check_in(token, "{\"status\":\"running\"}"));
	ck_assert(log_holds("it expired before server"));
	free(token);
}
END_TEST

START_TEST(bodies_are_checked)
{
	struct server server = waiting_server();
	char *token = checkin_token(&server);
	static const struct {
		const char *body, *field, *detail;
	} cases[] = {
		{"{}", "status", "\"status\" must be text of 1 to 64 bytes, such as \"running\""},
		{"{\"status\":7}", "status", "\"status\" must be text"},
		{"{\"status\":\"x\",\"status_progress\":\"much\"}", "status_progress",
		 "\"status_progress\" must be a number from 0 to 100"},
		{"{\"status\":\"x\",\"status_progress\":101}", "status_progress",
		 "\"status_progress\" must be a number from 0 to 100"},
		{"{\"status\":\"x\",\"status_progress\":-1}", "status_progress",
		 "\"status_progress\" must be a number from 0 to 100"},
		{"{\"status\":\"x\",\"status_progress\":[1]}", "status_progress",
		 "\"status_progress\" must be a number from 0 to 100"},
		{"{\"status\":\"x\",\"status_message\":{}}", "status_message",
		 "\"status_message\" must be text"},
	};
	static const char *const fine[] = {
		"{\"status\":\"x\",\"status_progress\":\"\"}",
		"{\"status\":\"x\",\"status_progress\":null,\"status_message\":null}",
		"{\"status\":\"x\",\"status_progress\":\"55.5\"}",
		"{\"status\":\"x\",\"status_progress\":\"55 %\"}",
		"{\"status\":\"x\",\"status_progress\":55.9}",
	};

	must_not_log(token);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_problem(422, "invalid", cases[i].field, cases[i].detail,
			       check_in(token, cases[i].body));
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		expect(200, check_in(token, fine[i]));
	expect(400, check_in(token, "{\"status\":"));
	expect(422, check_in(token, "{\"status\":\"running\",\"ssh_host_key\":\"ssh-rsa x\"}"));
	ck_assert_str_eq(text_at("field"), "ssh_host_key");
	expect(405, call(NOBODY, "GET", "/api/set_server_status", NULL));
	free(token);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		server_checks_in, server_says_that_it_failed, tokens_that_are_not_accepted,
		expired_token,    bodies_are_checked,
	};

	return run_tests("set_server_status", tests, sizeof(tests) / sizeof(tests[0]), api_setup,
			 api_teardown);
}
