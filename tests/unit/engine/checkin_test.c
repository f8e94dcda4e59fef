/* SPDX-License-Identifier: Apache-2.0 */
/* Check-ins on a real store: what they change, which tokens speak for a server, and how long. */
#include "engine/checkin.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "engine/connection.h"
#include "engine/sessions.h"
#include "pool_fixture.h"

#define KEY_A "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPdkzlAHsFVFNsXKcYEeMIw8QbQDjcvZDT7MRlZfs9fM"
#define KEY_B "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
#define CONFIG                                                                                           \
	"{\"reusable\":true,\"require_checkin\":true,\"startup_script\":\"x\",\"provision_timeout\":60," \
	"\"checkin_token_life\":3600}"

static struct server checking_in(struct tx *tx)
{
	struct id_source ids = {.seed = {7}};
	struct hr_error err = {0};
	struct server server;

	put_pool(tx, "{}", CONFIG);
	must(checkin_key_ensure(tx, &ids, &err));
	server = add_booting(tx, "demo-a");
	server.state = SERVER_CHECKING_IN;
	must(server_update(tx, &server, &err));
	return server;
}

static char *token_of(struct tx *tx, const struct server *server)
{
	struct hr_error err = {0};
	char *token = NULL;

	must(checkin_token_make(tx, server, &token, &err));
	return token;
}

static int apply(struct tx *tx, const char *token, const char *status, const char *message,
		 int64_t percent, const char *host_key, struct server *ret, struct hr_error *err)
{
	const struct checkin checkin = {.token = token,
					.status = status,
					.message = message,
					.percent = percent,
					.ssh_host_key = host_key};

	memset(err, 0, sizeof(*err));
	return checkin_apply(tx, &life, &checkin, ret, err);
}

TRANSACTION_TEST(running_makes_it_running)
{
	struct server server = checking_in(tx);
	char *token = token_of(tx, &server);
	const struct session_wish wish = {.pool = "demo", .user = "ana", .kind = SESSION_DESKTOP};
	struct hr_error err = {0};
	struct session session;

	must(sessions_request(tx, &life, &wish, &session, &err));
	ck_assert_int_eq(session.state, SESSION_QUEUED);
	must(apply(tx, token, "running", "ready", 100, KEY_A " root@guest", &server, &err));
	server = get_server(tx, server.id);
	ck_assert_int_eq(server.state, SERVER_RUNNING);
	ck_assert_int_eq(server.checked_in_ms, NOW);
	ck_assert_int_eq(server.ready_ms, NOW);
	ck_assert_str_eq(server.host_key, KEY_A);
	ck_assert_int_eq(count_events(tx, "server.checked_in", NULL), 1);
	/* Who waited has it now. */
	ck_assert_str_eq(get_session(tx, session.id).server_id, server.id);
	free(token);
}

TRANSACTION_TEST(progress_is_shown)
{
	struct server server = checking_in(tx);
	char *token = token_of(tx, &server);
	struct hr_error err;

	must(apply(tx, token, "starting", "installing\x1b[2J things", 40, NULL, &server, &err));
	server = get_server(tx, server.id);
	ck_assert_int_eq(server.state, SERVER_CHECKING_IN);
	ck_assert_str_eq(server.stage, "installing [2J things");
	ck_assert_int_eq(server.percent, 40);
	ck_assert_int_eq(server.checked_in_ms, 0);
	must(apply(tx, token, "step two", NULL, -1, NULL, &server, &err));
	server = get_server(tx, server.id);
	ck_assert_str_eq(server.stage, "step two");
	ck_assert_int_eq(server.percent, 40);
	free(token);
}

/* Repeated calls are heartbeats. */
TRANSACTION_TEST(running_may_be_repeated)
{
	struct server server = checking_in(tx);
	char *token = token_of(tx, &server);
	struct hr_error err;

	must(apply(tx, token, "running", NULL, -1, KEY_A, &server, &err));
	life.now_ms = NOW + 5000;
	must(apply(tx, token, "running", NULL, -1, KEY_A, &server, &err));
	life.now_ms = NOW;
	server = get_server(tx, server.id);
	ck_assert_int_eq(server.checked_in_ms, NOW + 5000);
	ck_assert_int_eq(server.ready_ms, NOW);
	ck_assert_int_eq(count_events(tx, "server.checked_in", NULL), 1);
	free(token);
}

TRANSACTION_TEST(running_before_the_address_is_known)
{
	struct server server = checking_in(tx);
	char *token = token_of(tx, &server);
	struct hr_error err = {0};

	server.state = SERVER_BOOTING;
	server.address[0] = '\0';
	must(server_update(tx, &server, &err));
	must(apply(tx, token, "running", NULL, -1, KEY_A, &server, &err));
	server = get_server(tx, server.id);
	ck_assert_int_eq(server.state, SERVER_BOOTING);
	ck_assert_int_eq(server.checked_in_ms, NOW);
	ck_assert_str_eq(server.host_key, KEY_A);
	free(token);
}

TRANSACTION_TEST(failed_fails_it)
{
	struct server server = checking_in(tx);
	char *token = token_of(tx, &server);
	struct hr_error err;
	char told[768];

	must(apply(tx, token, "failed", "no disk", -1, NULL, &server, &err));
	server = get_server(tx, server.id);
	ck_assert_int_eq(server.state, SERVER_DESTROYING);
	ck_assert_str_eq(server.failure, "its startup script said that it failed: no disk");
	ck_assert_int_eq(count_events(tx, "server.failed", told), 1);
	ck_assert_ptr_nonnull(strstr(told, "no disk"));
	/* And that was its last word. */
	must_fail(apply(tx, token, "running", NULL, -1, NULL, &server, &err), HR_AUTH,
		  "the check-in token is refused: server %s is destroying", server.name);
	free(token);
}

TRANSACTION_TEST(failed_without_a_message)
{
	struct server server = checking_in(tx);
	char *token = token_of(tx, &server);
	struct hr_error err;

	must(apply(tx, token, "failed", NULL, -1, NULL, &server, &err));
	ck_assert_str_eq(get_server(tx, server.id).failure,
			 "its startup script said that it failed");
	free(token);
}

TRANSACTION_TEST(expiry_bounds_the_first_running)
{
	struct server server = checking_in(tx);
	char *token = token_of(tx, &server);
	struct hr_error err;

	life.now_ms = server.token_expires_ms;
	must_fail(apply(tx, token, "running", NULL, -1, NULL, &server, &err), HR_AUTH,
		  "the check-in token is refused: it expired before server %s checked in",
		  server.name);
	must_fail(apply(tx, token, "starting", NULL, -1, NULL, &server, &err), HR_AUTH,
		  "the check-in token is refused: it expired before server %s checked in",
		  server.name);
	life.now_ms--;
	must(apply(tx, token, "running", NULL, -1, NULL, &server, &err));
	/* From then on the same token goes on, until the server drains. */
	life.now_ms += 3600 * MS_PER_S;
	must(apply(tx, token, "running", NULL, -1, NULL, &server, &err));
	must(apply(tx, token, "updating", "x", 10, NULL, &server, &err));
	ck_assert_int_eq(get_server(tx, server.id).checked_in_ms, life.now_ms);
	server.state = SERVER_DRAINING;
	must(server_update(tx, &server, &err));
	must_fail(apply(tx, token, "running", NULL, -1, NULL, &server, &err), HR_AUTH,
		  "the check-in token is refused: server %s is draining", server.name);
	life.now_ms = NOW;
	free(token);
}

TRANSACTION_TEST(each_token_names_its_server_alone)
{
	struct server first = checking_in(tx), second = add_booting(tx, "demo-a");
	char *token = token_of(tx, &second);
	struct hr_error err;
	struct server named;

	must(apply(tx, token, "running", NULL, -1, NULL, &named, &err));
	ck_assert_str_eq(named.id, second.id);
	ck_assert_int_eq(get_server(tx, first.id).state, SERVER_CHECKING_IN);
	ck_assert_int_eq(get_server(tx, second.id).state, SERVER_RUNNING);
	free(token);
}

TRANSACTION_TEST(older_tokens_do_not_count)
{
	struct server server = checking_in(tx);
	char *token = token_of(tx, &server);
	struct hr_error err = {0};

	server.token_issued_ms += 1000;
	must(server_update(tx, &server, &err));
	must_fail(apply(tx, token, "running", NULL, -1, NULL, &server, &err), HR_AUTH,
		  "the check-in token is refused: it is not the present one of server %s",
		  server.name);
	free(token);
}

TRANSACTION_TEST(tokens_of_no_server)
{
	struct server server = checking_in(tx), unknown = server;
	struct hr_error err;
	char *token;

	text_copy(unknown.id, sizeof(unknown.id), id_of(5));
	token = token_of(tx, &unknown);
	must_fail(apply(tx, token, "running", NULL, -1, NULL, &server, &err), HR_AUTH,
		  "the check-in token is refused: its server does not exist any more");
	free(token);
	must_fail(apply(tx, "", "running", NULL, -1, NULL, &server, &err), HR_AUTH,
		  "the check-in token is refused: there is none");
	/* A rightly formed one of another installation names a key that is not here. */
	must_fail(
		apply(tx,
		      "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.e30."
		      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		      "running", NULL, -1, NULL, &server, &err),
		HR_AUTH,
		"the check-in token is refused: it is signed by a key that this installation has not");
}

TRANSACTION_TEST(host_keys_are_checked)
{
	struct server server = checking_in(tx);
	char *token = token_of(tx, &server);
	struct hr_error err;
	char name[64];

	text_copy(name, sizeof(name), server.name);
	must_fail(
		apply(tx, token, "running", NULL, -1, "ssh-ed25519 nonsense", &server, &err),
		HR_INVALID,
		"the host key of server %s is no OpenSSH public key of a kind that is accepted (Ed25519, "
		"ECDSA, RSA from 2048 bits); send one line of /etc/ssh/ssh_host_ed25519_key.pub",
		name);
	ck_assert_str_eq(err.field, "ssh_host_key");
	must(apply(tx, token, "running", NULL, -1, KEY_A, &server, &err));
	must_fail(
		apply(tx, token, "running", NULL, -1, KEY_B, &server, &err), HR_CONFLICT,
		"server %s told another host key when it checked in first; users would take the change "
		"for an attack, so it is refused",
		name);
	ck_assert_str_eq(get_server(tx, server.id).host_key, KEY_A);
	free(token);
}

/* The key is made once; every attempt to create a server sends the same token. */
TRANSACTION_TEST(key_and_token_stay_the_same)
{
	struct server server = checking_in(tx);
	struct id_source other = {.seed = {99}};
	char *before = token_of(tx, &server), *after;
	struct hr_error err = {0};

	must(checkin_key_ensure(tx, &other, &err));
	after = token_of(tx, &server);
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}

TRANSACTION_TEST(connection_of_an_active_session)
{
	const struct session_wish wish = {.pool = "demo", .user = "ana", .kind = SESSION_DESKTOP};
	struct server server = checking_in(tx);
	char *token = token_of(tx, &server);
	struct connection connection;
	struct hr_error err = {0};
	struct session session;

	must(sessions_request(tx, &life, &wish, &session, &err));
	must_fail(connection_get(tx, &session, true, &connection, &err), HR_CONFLICT,
		  "session %s is queued; only an active session has a connection", session.id);
	server = get_server(tx, server.id);
	server.provider_port = 2201;
	must(server_update(tx, &server, &err));
	must(apply(tx, token, "running", NULL, -1, KEY_A, &server, &err));
	session = get_session(tx, session.id);
	must(connection_get(tx, &session, false, &connection, &err));
	ck_assert_int_eq(connection.type, CONNECTION_SSH);
	ck_assert_str_eq(connection.host, "127.0.0.1");
	ck_assert_int_eq(connection.port, 2201);
	ck_assert_str_eq(connection.username, "ana");
	ck_assert_str_eq(connection.host_key, KEY_A);
	ck_assert_ptr_null(connection.private_key);
	connection_clear(&connection);
	must(connection_get(tx, &session, true, &connection, &err));
	ck_assert_ptr_nonnull(strstr(connection.private_key, "BEGIN OPENSSH PRIVATE KEY"));
	connection_clear(&connection);
	ck_assert_ptr_null(connection.private_key);
	free(token);
}

/* The config's own port and user come before what the provider says and the session's user. */
TRANSACTION_TEST(connection_as_configured)
{
	const struct session_wish wish = {.pool = "demo", .user = "ana", .kind = SESSION_DESKTOP};
	struct connection connection;
	struct hr_error err = {0};
	struct session session;

	put_pool(tx, "{}", "{\"connection_port\":2222,\"connection_username\":\"desktop\"}");
	add_running(tx, "demo-a");
	must(sessions_request(tx, &life, &wish, &session, &err));
	must(connection_get(tx, &session, false, &connection, &err));
	ck_assert_int_eq(connection.port, 2222);
	ck_assert_str_eq(connection.username, "desktop");
	ck_assert_str_eq(connection.host_key, "");
	connection_clear(&connection);
}

int main(void)
{
	const TTest *const tests[] = {
		running_makes_it_running,
		progress_is_shown,
		running_may_be_repeated,
		running_before_the_address_is_known,
		failed_fails_it,
		failed_without_a_message,
		expiry_bounds_the_first_running,
		each_token_names_its_server_alone,
		older_tokens_do_not_count,
		tokens_of_no_server,
		host_keys_are_checked,
		key_and_token_stay_the_same,
		connection_of_an_active_session,
		connection_as_configured,
	};

	return run_tests("checkin", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
