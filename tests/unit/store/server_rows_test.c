/* SPDX-License-Identifier: Apache-2.0 */
/* Server rows: every member survives, stale writes are refused, the limit holds under load. */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/tx.h"

#define ACCOUNT id_of(900004)

/* A server in which every member has a value of its own. */
static struct server full_server(void)
{
	struct server server = new_server(1);

	server.config_revision = 2;
	server.provider_revision = 3;
	server.state = SERVER_CHECKING_IN;
	server.state_since_ms = 4;
	server.created_ms = 5;
	server.deadline_ms = 6;
	server.provision_deadline_ms = 7;
	server.ready_ms = 8;
	server.for_session = true;
	server.ever_created = true;
	server.settings =
		(struct server_settings){CONNECTION_RDP, 3390, "user", 9, 10, false, true, 19, 20};
	server.silence = SILENCE_MISSING;
	server.listen_ms = 21;
	text_copy(server.instance_id, sizeof(server.instance_id), "i-1");
	text_copy(server.address, sizeof(server.address), "10.0.0.1");
	server.provider_port = 11;
	server.token_issued_ms = 12;
	server.token_expires_ms = 13;
	server.checked_in_ms = 14;
	memset(server.host_key, 'h', sizeof(server.host_key) - 1);
	memset(server.public_key, 'p', sizeof(server.public_key) - 1);
	server.sessions = 2;
	server.users = 1;
	server.sessions_ever = 15;
	server.idle_since_ms = 16;
	text_copy(server.stage, sizeof(server.stage), "installing €");
	server.percent = 17;
	text_copy(server.failure, sizeof(server.failure), "not 'yet' \"failed\"");
	server.version = 18;
	return server;
}

TRANSACTION_TEST(every_member_survives)
{
	struct server server = full_server(), got;
	struct hr_error err = {0};

	must(server_insert(tx, &server, -1, &err));
	must(server_get(tx, server.id, &got, &err));
	ck_assert_str_eq(got.name, server.name);
	ck_assert_str_eq(got.pool_id, server.pool_id);
	ck_assert_str_eq(got.zone_id, server.zone_id);
	ck_assert_str_eq(got.config_id, server.config_id);
	ck_assert_str_eq(got.provider_config_id, server.provider_config_id);
	ck_assert_str_eq(got.idempotency_token, server.idempotency_token);
	ck_assert_int_eq(got.config_revision, 2);
	ck_assert_int_eq(got.provider_revision, 3);
	ck_assert_int_eq(got.state, SERVER_CHECKING_IN);
	ck_assert_int_eq(got.state_since_ms, 4);
	ck_assert_int_eq(got.created_ms, 5);
	ck_assert_int_eq(got.deadline_ms, 6);
	ck_assert_int_eq(got.provision_deadline_ms, 7);
	ck_assert_int_eq(got.ready_ms, 8);
	ck_assert(got.enabled && got.for_session && got.ever_created);
	ck_assert_int_eq(got.settings.connection_type, CONNECTION_RDP);
	ck_assert_int_eq(got.settings.connection_port, 3390);
	ck_assert_str_eq(got.settings.connection_username, "user");
	ck_assert_int_eq(got.settings.max_sessions, 9);
	ck_assert_int_eq(got.settings.max_users, 10);
	ck_assert(!got.settings.reusable && got.settings.heartbeat);
	ck_assert_int_eq(got.settings.missing_after_ms, 19);
	ck_assert_int_eq(got.settings.dead_after_ms, 20);
	ck_assert_int_eq(got.silence, SILENCE_MISSING);
	ck_assert_int_eq(got.listen_ms, 21);
	ck_assert_str_eq(got.instance_id, "i-1");
	ck_assert_str_eq(got.address, "10.0.0.1");
	ck_assert_int_eq(got.provider_port, 11);
	ck_assert_int_eq(got.token_issued_ms, 12);
	ck_assert_int_eq(got.token_expires_ms, 13);
	ck_assert_int_eq(got.checked_in_ms, 14);
	ck_assert_str_eq(got.host_key, server.host_key);
	ck_assert_str_eq(got.public_key, server.public_key);
	ck_assert_int_eq(got.sessions, 2);
	ck_assert_int_eq(got.users, 1);
	ck_assert_int_eq(got.sessions_ever, 15);
	ck_assert_int_eq(got.idle_since_ms, 16);
	ck_assert_str_eq(got.stage, server.stage);
	ck_assert_int_eq(got.percent, 17);
	ck_assert_str_eq(got.failure, server.failure);
	ck_assert_int_eq(got.version, 18);
}

/* Whether the connection has had a statement of this text. */
static bool was_run(struct tx *tx, const char *text)
{
	const char *cached;

	for (size_t i = 0; (cached = sql_cached_text(tx->sql, i)) != NULL; i++)
		if (strcmp(cached, text) == 0)
			return true;
	return false;
}

/* Each index that has a named column is written anew. */
TRANSACTION_TEST(only_what_changed_is_written)
{
	struct server server = full_server(), got;
	struct hr_error err = {0};

	must(server_insert(tx, &server, -1, &err));
	ck_assert(!was_run(tx, "UPDATE servers SET stage = ?, version = ? WHERE id = ?"));
	text_copy(server.stage, sizeof(server.stage), "almost there");
	must(server_update(tx, &server, &err));
	ck_assert(was_run(tx, "UPDATE servers SET stage = ?, version = ? WHERE id = ?"));
	must(server_get(tx, server.id, &got, &err));
	ck_assert_str_eq(got.stage, "almost there");
	ck_assert_int_eq(got.version, 19);
	ck_assert_int_eq(got.percent, 17);
	ck_assert_str_eq(got.failure, server.failure);
}

TRANSACTION_TEST(refuses_a_stale_write)
{
	struct server first, second, server = new_server(1);
	struct hr_error err = {0};

	must(server_insert(tx, &server, -1, &err));
	must(server_get(tx, server.id, &first, &err));
	second = first;
	first.percent = 10;
	must(server_update(tx, &first, &err));
	ck_assert_int_eq(first.version, 1);
	second.percent = 20;
	must_fail(server_update(tx, &second, &err), HR_CONFLICT,
		  "server %s was changed meanwhile (version 1, not 0); read it again", server.id);
	ck_assert_int_eq(second.version, 0);
	must(server_get(tx, server.id, &second, &err));
	ck_assert_int_eq(second.percent, 10);
	must(server_update(tx, &second, &err));
}

TRANSACTION_TEST(says_what_is_wrong)
{
	struct server server = new_server(1), twin = new_server(2), got;
	struct hr_error err = {0};

	must_fail(server_get(tx, "x", &got, &err), HR_NOT_FOUND, "there is no server x");
	must_fail(server_update(tx, &server, &err), HR_NOT_FOUND, "there is no server %s",
		  server.id);
	text_copy(server.instance_id, sizeof(server.instance_id), "i-1");
	must(server_insert(tx, &server, -1, &err));
	text_copy(twin.name, sizeof(twin.name), server.name);
	must_fail(server_insert(tx, &twin, -1, &err), HR_CONFLICT,
		  "server %s cannot be written: its id, its name \"server-1\" or its instance \"\" "
		  "is another server's",
		  twin.id);
	must(server_counters_check(tx, &err)); /* the refused one does not count */
}

/* Two rows may not claim one instance; a gone one claims none. */
TRANSACTION_TEST(an_instance_has_one_server)
{
	struct server server = new_server(1), twin = new_server(2), got;
	struct hr_error err = {0};

	text_copy(server.instance_id, sizeof(server.instance_id), "i-1");
	must(server_insert(tx, &server, -1, &err));
	must(server_insert(tx, &twin, -1, &err));
	must(server_get_by_instance(tx, ACCOUNT, "i-1", &got, &err));
	ck_assert_str_eq(got.id, server.id);
	must_fail(server_get_by_instance(tx, ACCOUNT, "i-2", &got, &err), HR_NOT_FOUND,
		  "no server has the instance i-2");
	text_copy(twin.instance_id, sizeof(twin.instance_id), "i-1");
	must_fail(server_update(tx, &twin, &err), HR_CONFLICT,
		  "server %s cannot be written: its id, its name \"server-2\" or its instance "
		  "\"i-1\" is another server's",
		  twin.id);
	server.state = SERVER_GONE;
	must(server_update(tx, &server, &err));
	must_fail(server_get_by_instance(tx, ACCOUNT, "i-1", &got, &err), HR_NOT_FOUND,
		  "no server has the instance i-1");
	must(server_update(tx, &twin, &err));
	server.state = SERVER_RUNNING;
	must_fail(server_update(tx, &server, &err), HR_CONFLICT, "server %s is gone and stays gone",
		  server.id);
	text_copy(twin.provider_config_id, sizeof(twin.provider_config_id), "another");
	must_fail(server_update(tx, &twin, &err), HR_CONFLICT,
		  "server %s cannot move to another provider config", twin.id);
}

static int64_t instances(struct tx *tx)
{
	struct account_state account;
	struct hr_error err = {0};

	must(account_state_get(tx, ACCOUNT, &account, &err));
	return account.instances;
}

/* As the engine would insert: a function of its own for each, so that a refusal is rolled back. */
static int insert_one(struct tx *tx, void *arg, struct hr_error *err)
{
	struct server server = new_server((int)(intptr_t)arg);

	return server_insert(tx, &server, 2, err);
}

START_TEST(the_limit_is_never_passed)
{
	struct hr_error err = {0};

	must(store_write(store, insert_one, (void *)1, &err));
	must(store_write(store, insert_one, (void *)2, &err));
	must_fail(store_write(store, insert_one, (void *)3, &err), HR_QUOTA,
		  "the provider config's limit of 2 instances (max_instances) is reached");
}
END_TEST

TRANSACTION_TEST(gone_servers_do_not_count)
{
	struct server servers[3] = {new_server(1), new_server(2), new_server(3)};
	struct hr_error err = {0};
	char *value;
	size_t len;

	for (int i = 0; i < 2; i++)
		must(server_insert(tx, &servers[i], 2, &err));
	must(secret_put(tx, "server", servers[0].id, "key", "k", 1, &err));
	servers[0].state = SERVER_FAILED;
	must(server_update(tx, &servers[0], &err));
	ck_assert_int_eq(instances(tx), 2);
	servers[0].state = SERVER_GONE;
	must(server_update(tx, &servers[0], &err));
	ck_assert_int_eq(instances(tx), 1);
	must_fail(secret_get(tx, "server", servers[0].id, "key", &value, &len, &err), HR_NOT_FOUND,
		  "server %s has no secret key", servers[0].id);
	must(server_update(tx, &servers[0], &err));
	ck_assert_int_eq(instances(tx), 1);
	must(server_insert(tx, &servers[2], 2, &err));
	ck_assert_int_eq(instances(tx), 2);
	must(server_counters_check(tx, &err));
}

#define N_THREADS 8
#define N_EACH 10
#define LIMIT 13

static atomic_int n_good, n_full, next_number;

struct insertion {
	struct server server;
};

static int insert_limited(struct tx *tx, void *arg, struct hr_error *err)
{
	struct insertion *insertion = arg;

	return server_insert(tx, &insertion->server, LIMIT, err);
}

static void count_insertion(void *arg, const struct hr_error *err)
{
	struct insertion *insertion = arg;

	if (!err)
		atomic_fetch_add(&n_good, 1);
	else if (err->class == HR_QUOTA)
		atomic_fetch_add(&n_full, 1);
	free(insertion);
}

static void *insert_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < N_EACH; i++) {
		struct insertion *insertion = calloc(1, sizeof(*insertion));
		int number = atomic_fetch_add(&next_number, 1);

		if (!insertion)
			abort();
		insertion->server.state = SERVER_PLANNED;
		insertion->server.deadline_ms = MS_NEVER;
		text_format(insertion->server.id, ID_SIZE, "id-%d", number);
		text_format(insertion->server.name, 64, "name-%d", number);
		text_copy(insertion->server.provider_config_id, ID_SIZE, "account");
		if (store_submit(store, insert_limited, insertion, count_insertion) < 0)
			abort();
	}
	return NULL;
}

static int read_account(struct tx *tx, void *arg, struct hr_error *err)
{
	if (server_counters_check(tx, err) < 0)
		return -1;
	return account_state_get(tx, "account", arg, err);
}

START_TEST(the_limit_holds_between_threads)
{
	pthread_t threads[N_THREADS];
	struct account_state account;
	struct hr_error err = {0};

	reopen(true);
	for (int i = 0; i < N_THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, insert_many, NULL), 0);
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	must(store_write(store, read_account, &account, &err));
	ck_assert_int_eq(account.instances, LIMIT);
	ck_assert_int_eq(atomic_load(&n_good), LIMIT);
	ck_assert_int_eq(atomic_load(&n_full), N_THREADS * N_EACH - LIMIT);
}
END_TEST

static struct session put_session(struct tx *tx, int number, const char *user,
				  const struct server *server)
{
	struct session session = new_session(number, user);
	struct hr_error err = {0};

	session.state = SESSION_ACTIVE;
	session.assigned_ms = 2000;
	text_copy(session.server_id, sizeof(session.server_id), server->id);
	must(session_insert(tx, &session, &err));
	return session;
}

static void end_session(struct tx *tx, struct session *session)
{
	struct hr_error err = {0};

	session->state = SESSION_ENDED;
	session->ended_ms = 3000;
	must(session_update(tx, session, &err));
}

TRANSACTION_TEST(counts_sessions_and_users)
{
	struct server server = new_server(1), other = new_server(2);
	struct session a, b, c;
	struct hr_error err = {0};
	bool more;

	server.settings.max_sessions = 5;
	server.settings.max_users = 5;
	must(server_insert(tx, &server, -1, &err));
	must(server_insert(tx, &other, -1, &err));
	must(server_recount_sessions(tx, &server, 1500, &err));
	ck_assert_int_eq(server.idle_since_ms, 0); /* never ready */
	server.state = SERVER_RUNNING;
	server.ready_ms = 1600;
	must(server_recount_sessions(tx, &server, 1700, &err));
	ck_assert_int_eq(server.idle_since_ms, 1700);
	must(server_recount_sessions(tx, &server, 1800, &err));
	ck_assert_int_eq(server.idle_since_ms, 1700);
	a = put_session(tx, 10, "ana", &server);
	b = put_session(tx, 11, "ana", &server);
	c = put_session(tx, 12, "ben", &server);
	put_session(tx, 13, "eve", &other);
	must(server_recount_sessions(tx, &server, 2000, &err));
	ck_assert_int_eq(server.sessions, 3);
	ck_assert_int_eq(server.users, 2);
	ck_assert_int_eq(server.sessions_ever, 3);
	ck_assert_int_eq(server.idle_since_ms, 0);
	end_session(tx, &a);
	must(server_recount_sessions(tx, &server, 3000, &err));
	ck_assert_int_eq(server.sessions, 2);
	ck_assert_int_eq(server.users, 2);
	/* Pruned rows stay counted. */
	must(session_prune(tx, 5000, 10, &more, &err));
	put_session(tx, 14, "kim", &server);
	must(server_recount_sessions(tx, &server, 4000, &err));
	ck_assert_int_eq(server.sessions_ever, 4);
	ck_assert_int_eq(server.sessions, 3);
	/* One that moves counts at its new server too. */
	text_copy(b.server_id, sizeof(b.server_id), other.id);
	must(session_update(tx, &b, &err));
	must(server_recount_sessions(tx, &other, 4000, &err));
	ck_assert_int_eq(other.sessions, 2);
	ck_assert_int_eq(other.sessions_ever, 2);
	must(server_recount_sessions(tx, &server, 4000, &err));
	ck_assert_int_eq(server.sessions, 2);
	ck_assert_int_eq(server.sessions_ever, 4);
	end_session(tx, &c);
	must(server_get(tx, server.id, &other, &err));
	ck_assert_int_eq(other.sessions, 2); /* follows when it is told to */
	must(server_counters_check(tx, &err));
}

TRANSACTION_TEST(removes_old_gone_servers)
{
	struct operation operation = new_operation(40, 1);
	struct server server, got;
	struct hr_error err = {0};
	bool more;

	for (int i = 1; i <= 5; i++) {
		server = new_server(i);
		must(server_insert(tx, &server, -1, &err));
		if (i == 1)
			must(operation_insert(tx, &operation, &err));
		server.state_since_ms = i * 100;
		if (i < 5)
			server.state = SERVER_GONE;
		must(server_update(tx, &server, &err));
	}
	must(secret_put(tx, "server", id_of(1), "log", "x", 1, &err));
	/* An hourly limit counts the first one's operation; what a person orders it does not. */
	operation.started_ms = 70;
	must(operation_update(tx, &operation, &err));
	must(server_prune(tx, 150, 69, 2, &more, &err));
	must(server_get(tx, id_of(1), &got, &err));
	must(server_prune(tx, 350, 70, 2, &more, &err));
	ck_assert(more);
	must_fail(server_get(tx, id_of(1), &got, &err), HR_NOT_FOUND, "there is no server %s",
		  id_of(1));
	must_fail(operation_get(tx, operation.id, &operation, &err), HR_NOT_FOUND,
		  "there is no operation %s", id_of(40));
	must(server_get(tx, id_of(3), &got, &err));
	must(server_prune(tx, 1000, MS_NEVER, 10, &more, &err));
	must_fail(server_get(tx, id_of(4), &got, &err), HR_NOT_FOUND, "there is no server %s",
		  id_of(4));
	must(server_get(tx, id_of(5), &got, &err));
}

int main(void)
{
	const TTest *const tests[] = {
		every_member_survives,           only_what_changed_is_written,
		refuses_a_stale_write,           says_what_is_wrong,
		an_instance_has_one_server,      the_limit_is_never_passed,
		gone_servers_do_not_count,       counts_sessions_and_users,
		the_limit_holds_between_threads, removes_old_gone_servers,
	};

	return run_tests("server_rows", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
