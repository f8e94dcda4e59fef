/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a server's state, each with its operation, its event and its secrets. */
#include "pool_fixture.h"

#include "base/clock.h"
#include "engine/life_parts.h"

static const char no_fields[] = "{}";

static struct autoscale_config read_config(struct tx *tx, struct document *document)
{
	struct autoscale_config config;
	struct hr_error err = {0};

	must(document_get_by_name(tx, DOCUMENT_AUTOSCALE_CONFIG, "demo-a", document, &err));
	autoscale_config_read(document, &config);
	return config;
}

static struct server add_planned(struct tx *tx, int64_t max_instances)
{
	struct document document = {0};
	struct autoscale_config config = read_config(tx, &document);
	struct hr_error err = {0};
	struct server server;

	must(life_plan(tx, &life, &config, "acct", 1, max_instances, "", "there is room for 0",
		       &server, &err));
	document_clear(&document);
	return server;
}

static struct server add_creating(struct tx *tx)
{
	struct server server = add_planned(tx, -1);
	struct hr_error err = {0};

	must(life_creating(tx, &life, &server, &err));
	return server;
}

static struct session add_session(struct tx *tx, struct server *server, int number)
{
	struct session session = new_session(number, "ana");
	struct hr_error err = {0};

	text_copy(session.pool_id, sizeof(session.pool_id), server->pool_id);
	must(session_insert(tx, &session, &err));
	session.state = SESSION_ACTIVE;
	session.assigned_ms = NOW;
	session.expires_ms = MS_NEVER;
	text_copy(session.server_id, sizeof(session.server_id), server->id);
	must(session_update(tx, &session, &err));
	must(server_recount_sessions(tx, server, NOW, &err));
	return session;
}

/* Whether an unfinished operation of the kind waits for the server. */
static bool waits(struct tx *tx, const struct server *server, enum operation_kind kind)
{
	struct operation operation;
	struct hr_error err = {0};

	return operation_get_unfinished(tx, server->id, kind, &operation, &err) == 0;
}

static bool has_key(struct tx *tx, const struct server *server)
{
	struct hr_error err = {0};
	char *key;
	size_t len;

	if (secret_get(tx, "server", server->id, "ssh_private_key", &key, &len, &err) < 0)
		return false;
	ck_assert_ptr_nonnull(strstr(key, "OPENSSH PRIVATE KEY"));
	free(key);
	return true;
}

TRANSACTION_TEST(a_planned_server_has_all_that_its_create_sends)
{
	struct server server;
	char message[768];

	put_pool(tx, no_fields,
		 "{\"provision_timeout\": 600, \"checkin_token_life\": 7200, "
		 "\"max_simultaneous_sessions_per_server\": 4, \"reusable\": true}");
	server = add_planned(tx, -1);
	server = get_server(tx, server.id);
	ck_assert_int_eq(server.state, SERVER_PLANNED);
	ck_assert_int_eq(strncmp(server.name, "demo-a-", 7), 0);
	ck_assert_int_eq(strncmp(server.name + 7, server.id, 8), 0);
	ck_assert_int_eq(server.deadline_ms, NOW + 600000);
	ck_assert_int_eq(server.token_issued_ms, NOW);
	ck_assert_int_eq(server.token_expires_ms, NOW + 7200000);
	ck_assert_int_eq(server.settings.max_sessions, 4);
	ck_assert(server.settings.reusable);
	ck_assert_int_eq(strncmp(server.public_key, "ssh-ed25519 ", 12), 0);
	ck_assert(has_key(tx, &server));
	ck_assert(waits(tx, &server, OPERATION_CREATE));
	ck_assert(!server.ever_created);
	ck_assert_int_eq(count_events(tx, "server.planned", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "is planned by demo-a at acct: there is room for 0"));
}

TRANSACTION_TEST(names_are_cut_at_63)
{
	struct document document = {0};
	struct autoscale_config config;
	struct server server;
	struct hr_error err = {0};

	put_pool(tx, no_fields, no_fields);
	config = read_config(tx, &document);
	/* 53 characters, then a dash that would stand before another. */
	text_copy(config.name, sizeof(config.name),
		  "a23456789-b23456789-c23456789-d23456789-e23456789-f23-g23456789");
	must(life_plan(tx, &life, &config, "acct", 1, -1, NULL, "why", &server, &err));
	document_clear(&document);
	ck_assert_uint_le(strlen(server.name), 63);
	ck_assert_int_eq(
		strncmp(server.name, "a23456789-b23456789-c23456789-d23456789-e23456789-f23-", 54),
		0);
	ck_assert_ptr_null(strstr(server.name, "--"));
}

TRANSACTION_TEST(the_limit_of_instances_refuses_and_writes_nothing)
{
	struct document document = {0};
	struct autoscale_config config;
	struct server server;
	struct hr_error err = {0};

	put_pool(tx, no_fields, no_fields);
	add_planned(tx, 1);
	config = read_config(tx, &document);
	ck_assert_int_eq(life_plan(tx, &life, &config, "acct", 1, 1, NULL, "why", &server, &err),
			 -1);
	ck_assert_int_eq(err.class, HR_QUOTA);
	document_clear(&document);
	ck_assert_int_eq(count_events(tx, "server.planned", NULL), 1);
	ck_assert_int_eq(server_get(tx, server.id, &server, &err), -1);
}

TRANSACTION_TEST(only_a_planned_server_is_cancelled)
{
	struct server server;
	struct hr_error err = {0};

	put_pool(tx, no_fields, no_fields);
	server = add_planned(tx, 1);
	must(life_cancel(tx, &life, &server, "nobody waits any more", &err));
	ck_assert_int_eq(server.state, SERVER_GONE);
	ck_assert(!waits(tx, &server, OPERATION_CREATE));
	ck_assert(!has_key(tx, &server));
	/* Its place is free again. */
	server = add_planned(tx, 1);
	must(life_creating(tx, &life, &server, &err));
	must_fail(life_cancel(tx, &life, &server, "why", &err), HR_CONFLICT,
		  "server %s is creating: only a planned one can be cancelled; drain or destroy it",
		  server.name);
}

TRANSACTION_TEST(each_phase_has_its_deadline_within_that_over_all)
{
	struct server server;
	struct hr_error err = {0};

	put_pool(tx, no_fields,
		 "{\"provision_timeout\": 600, \"create_timeout\": 60, \"boot_timeout\": 600, "
		 "\"checkin_timeout\": 90, \"require_checkin\": true, \"startup_script\": \"x\"}");
	server = add_creating(tx);
	ck_assert_int_eq(server.state, SERVER_CREATING);
	ck_assert(server.ever_created);
	ck_assert_int_eq(server.deadline_ms, NOW + 60000);
	life.now_ms = NOW + 50000;
	must(life_created(tx, &life, &server, "i-1", &err));
	life.now_ms = NOW;
	ck_assert_int_eq(server.state, SERVER_BOOTING);
	ck_assert_int_eq(server.deadline_ms, NOW + 600000);
	text_copy(server.address, sizeof(server.address), "10.0.0.1");
	must(life_reachable(tx, &life, &server, &err));
	ck_assert_int_eq(server.state, SERVER_CHECKING_IN);
	ck_assert_int_eq(server.deadline_ms, NOW + 90000);
	must(life_running(tx, &life, &server, "it checked in", &err));
	ck_assert_int_eq(server.state, SERVER_RUNNING);
	ck_assert_int_eq(server.deadline_ms, MS_NEVER);
	ck_assert_int_eq(server.ready_ms, NOW);
	ck_assert_int_eq(server.idle_since_ms, NOW);
}

/* Its probe is to come first, unless there is nobody to make one. */
TRANSACTION_TEST(without_checkin_a_probe_makes_it_running)
{
	struct life_context unprobed = life;
	struct server server;
	struct hr_error err = {0};

	put_pool(tx, no_fields, "{\"require_checkin\": false}");
	server = add_creating(tx);
	must(life_created(tx, &life, &server, "i-1", &err));
	text_copy(server.address, sizeof(server.address), "10.0.0.1");
	must(life_reachable(tx, &life, &server, &err));
	ck_assert_int_eq(server.state, SERVER_BOOTING);
	unprobed.no_probes = true;
	must(life_reachable(tx, &unprobed, &server, &err));
	ck_assert_int_eq(server.state, SERVER_RUNNING);
}

TRANSACTION_TEST(without_checkin_and_probe_an_address_makes_it_running)
{
	struct server server;
	struct hr_error err = {0};

	put_pool(tx, no_fields, "{\"require_checkin\": false, \"probe\": false}");
	server = add_creating(tx);
	must(life_created(tx, &life, &server, "i-1", &err));
	text_copy(server.address, sizeof(server.address), "10.0.0.1");
	must(life_reachable(tx, &life, &server, &err));
	ck_assert_int_eq(server.state, SERVER_RUNNING);
}

TRANSACTION_TEST(a_checkin_may_overtake_the_address)
{
	struct server server;
	struct hr_error err = {0};

	put_pool(tx, no_fields, "{\"require_checkin\": true, \"startup_script\": \"x\"}");
	server = add_creating(tx);
	must(life_running(tx, &life, &server, "it checked in", &err));
	ck_assert_int_eq(server.state, SERVER_CREATING);
	ck_assert_str_eq(server.stage, "ready, waiting for its address");
	must(life_created(tx, &life, &server, "i-1", &err));
	ck_assert_int_eq(server.state, SERVER_BOOTING);
	text_copy(server.address, sizeof(server.address), "10.0.0.1");
	must(life_reachable(tx, &life, &server, &err));
	ck_assert_int_eq(server.state, SERVER_RUNNING);
}

TRANSACTION_TEST(a_late_create_keeps_the_instance_of_a_failed_server)
{
	struct server server;
	struct hr_error err = {0};

	put_pool(tx, no_fields, no_fields);
	server = add_creating(tx);
	must(life_fail(tx, &life, &server, "it took too long", &err));
	ck_assert_int_eq(server.state, SERVER_DESTROYING);
	ck_assert(!waits(tx, &server, OPERATION_CREATE));
	ck_assert(waits(tx, &server, OPERATION_DESTROY));
	must(life_created(tx, &life, &server, "i-late", &err));
	ck_assert_int_eq(server.state, SERVER_DESTROYING);
	ck_assert_str_eq(get_server(tx, server.id).instance_id, "i-late");
}

TRANSACTION_TEST(draining_waits_for_the_last_session)
{
	struct server server;
	struct hr_error err = {0};

	put_pool(tx, no_fields, no_fields);
	server = add_running(tx, "demo-a");
	add_session(tx, &server, 1);
	must_fail(life_drain(tx, &life, &server, true, "too many", &err), HR_CONFLICT,
		  "server %s has 1 sessions", server.name);
	must(life_drain(tx, &life, &server, false, "to be mended", &err));
	ck_assert_int_eq(server.state, SERVER_DRAINING);
	ck_assert(!waits(tx, &server, OPERATION_DESTROY));
	server = add_running(tx, "demo-a");
	must(life_drain(tx, &life, &server, true, "too many", &err));
	ck_assert_int_eq(server.state, SERVER_DESTROYING);
	ck_assert(waits(tx, &server, OPERATION_DESTROY));
}

TRANSACTION_TEST(a_manual_destroy_ends_sessions)
{
	struct server server;
	struct session session;
	struct hr_error err = {0};

	put_pool(tx, no_fields, no_fields);
	server = add_running(tx, "demo-a");
	session = add_session(tx, &server, 1);
	must(life_destroy(tx, &life, &server, "ana said so", &err));
	ck_assert_int_eq(server.state, SERVER_DESTROYING);
	ck_assert_int_eq(server.sessions, 0);
	session = get_session(tx, session.id);
	ck_assert_int_eq(session.state, SESSION_ENDED);
	ck_assert_str_eq(session.reason, "ana said so");
	ck_assert_int_eq(count_events(tx, "session.ended", NULL), 1);
	/* Once more changes nothing. */
	must(life_destroy(tx, &life, &server, "again", &err));
	ck_assert_int_eq(count_events(tx, "server.destroying", NULL), 1);
}

TRANSACTION_TEST(a_failure_on_the_way_pauses_the_config)
{
	struct config_state state;
	struct server server;
	struct hr_error err = {0};
	char message[768];

	put_pool(tx, no_fields, no_fields);
	server = add_creating(tx);
	must(life_fail(tx, &life, &server, "no image", &err));
	must(config_state_get(tx, server.config_id, &state, &err));
	ck_assert_int_eq(state.paused_until_ms, NOW + 30000);
	ck_assert_str_eq(state.pause_reason, "no image");
	ck_assert_int_eq(count_events(tx, "config.paused", message), 1);
	ck_assert_str_eq(message, "demo-a makes no servers for 30 s: no image");
	ck_assert_str_eq(get_server(tx, server.id).failure, "no image");
}

TRANSACTION_TEST(a_failure_of_a_running_server_pauses_nothing)
{
	struct config_state state;
	struct server server;
	struct session session;
	struct hr_error err = {0};

	put_pool(tx, no_fields, no_fields);
	server = add_running(tx, "demo-a");
	session = add_session(tx, &server, 1);
	must(life_fail(tx, &life, &server, "it vanished", &err));
	must(config_state_get(tx, server.config_id, &state, &err));
	ck_assert_int_eq(state.paused_until_ms, 0);
	ck_assert_int_eq(server.state, SERVER_DESTROYING);
	ck_assert_str_eq(get_session(tx, session.id).reason, "it vanished");
}

TRANSACTION_TEST(the_newest_failed_servers_are_kept)
{
	struct server servers[3];
	struct hr_error err = {0};

	put_pool(tx, no_fields, "{\"keep_failed\": 2}");
	for (int i = 0; i < 3; i++) {
		servers[i] = add_running(tx, "demo-a");
		life.now_ms = NOW + i;
		must(life_fail(tx, &life, &servers[i], "it vanished", &err));
		ck_assert_int_eq(servers[i].state, SERVER_FAILED);
	}
	ck_assert_int_eq(get_server(tx, servers[0].id).state, SERVER_DESTROYING);
	ck_assert_int_eq(get_server(tx, servers[1].id).state, SERVER_FAILED);
	ck_assert_int_eq(get_server(tx, servers[2].id).state, SERVER_FAILED);
	life.now_ms = NOW;
	/* One that never became an instance has nothing to show. */
	servers[0] = add_creating(tx);
	must(life_fail(tx, &life, &servers[0], "no image", &err));
	ck_assert_int_eq(servers[0].state, SERVER_DESTROYING);
}

TRANSACTION_TEST(a_protected_server_goes_back)
{
	struct server server;
	struct hr_error err = {0};
	bool running;

	put_pool(tx, no_fields, "{\"reusable\": true}");
	server = add_running(tx, "demo-a");
	must(life_drain(tx, &life, &server, true, "too many", &err));
	must(life_undrain(tx, &life, &server, "deletion protection is on", &running, &err));
	ck_assert(running);
	ck_assert_int_eq(server.state, SERVER_RUNNING);
	ck_assert_int_eq(server.deadline_ms, MS_NEVER);
	/* One that failed is no use to anybody. */
	must(life_fail(tx, &life, &server, "it stopped", &err));
	must(life_undrain(tx, &life, &server, "deletion protection is on", &running, &err));
	ck_assert(!running);
	ck_assert_int_eq(server.state, SERVER_DESTROYING);
}

TRANSACTION_TEST(what_is_gone_leaves_no_secret_and_no_operation)
{
	struct server server;
	struct hr_error err = {0};

	put_pool(tx, no_fields, no_fields);
	server = add_running(tx, "demo-a");
	must(life_destroy(tx, &life, &server, "ana said so", &err));
	ck_assert(has_key(tx, &server));
	must(life_gone(tx, &life, &server, "the provider has it no more", &err));
	ck_assert_int_eq(server.state, SERVER_GONE);
	ck_assert(!has_key(tx, &server));
	ck_assert(!waits(tx, &server, OPERATION_DESTROY));
	must(server_counters_check(tx, &err));
}

TRANSACTION_TEST(a_conflict_after_a_write_is_no_refusal)
{
	struct server server;
	struct hr_error err = {0};

	put_pool(tx, no_fields, no_fields);
	server = add_running(tx, "demo-a");
	must(life_order(tx, &life, &server, OPERATION_DESTROY, false, &err));
	ck_assert_int_eq(life_drain(tx, &life, &server, true, "too many", &err), -1);
	ck_assert_int_eq(err.class, HR_INTERNAL);
}

int main(void)
{
	const TTest *const tests[] = {a_planned_server_has_all_that_its_create_sends,
				      names_are_cut_at_63,
				      the_limit_of_instances_refuses_and_writes_nothing,
				      only_a_planned_server_is_cancelled,
				      each_phase_has_its_deadline_within_that_over_all,
				      without_checkin_a_probe_makes_it_running,
				      without_checkin_and_probe_an_address_makes_it_running,
				      a_checkin_may_overtake_the_address,
				      a_late_create_keeps_the_instance_of_a_failed_server,
				      draining_waits_for_the_last_session,
				      a_manual_destroy_ends_sessions,
				      a_failure_on_the_way_pauses_the_config,
				      a_failure_of_a_running_server_pauses_nothing,
				      the_newest_failed_servers_are_kept,
				      a_protected_server_goes_back,
				      what_is_gone_leaves_no_secret_and_no_operation,
				      a_conflict_after_a_write_is_no_refusal};

	return run_tests("life", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
