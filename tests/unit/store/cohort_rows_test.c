/* SPDX-License-Identifier: Apache-2.0 */
/* Cohorts equal their recount, whatever happens to servers; and a difference is found. */
#include "fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/sql.h"
#include "store/tx.h"

#define N_CHANGES 5000
#define N_SERVERS 60
#define POOL id_of(900001)

/* A random walk over rows, always the same. */
struct walk {
	uint64_t state;
	int next_number;
	int live[N_SERVERS]; /* numbers, 0: none */
	int n_inserted, n_gone, n_full;
};

static uint32_t draw(struct walk *walk, uint32_t below_this)
{
	walk->state = walk->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(walk->state >> 33) % below_this;
}

static int insert_some(struct tx *tx, struct walk *walk, int place, struct hr_error *err)
{
	struct server server = new_server(walk->next_number);

	text_format(server.pool_id, sizeof(server.pool_id), "pool-%u", draw(walk, 3));
	text_format(server.config_id, sizeof(server.config_id), "config-%u", draw(walk, 4));
	text_format(server.provider_config_id, ID_SIZE, "account-%u", draw(walk, 2));
	server.config_revision = draw(walk, 3) + 1;
	server.settings.max_sessions = draw(walk, 4) + 1;
	server.settings.max_users = draw(walk, 3) + 1;
	server.settings.reusable = draw(walk, 2);
	if (server_insert(tx, &server, N_SERVERS / 2 - 5, err) < 0)
		return -1;
	walk->live[place] = walk->next_number++;
	walk->n_inserted++;
	return 0;
}

static int change_some(struct tx *tx, struct walk *walk, int place, struct hr_error *err)
{
	struct server server;

	if (server_get(tx, id_of(walk->live[place]), &server, err) < 0)
		return -1;
	switch (draw(walk, 8)) {
	case 0:
	case 6:
	case 7: server.state = (enum server_state)(10 * (draw(walk, 10) + 1)); break;
	case 1: server.enabled = !server.enabled; break;
	case 2:
		server.sessions = draw(walk, 4);
		server.users = server.sessions ? draw(walk, (uint32_t)server.sessions) + 1 : 0;
		server.sessions_ever += server.sessions;
		break;
	case 3: server.settings.max_sessions = draw(walk, 4) + 1; break;
	case 4: text_format(server.zone_id, sizeof(server.zone_id), "z%u", draw(walk, 2)); break;
	default: server.percent = draw(walk, 100); break;
	}
	if (server_update(tx, &server, err) < 0)
		return -1;
	if (server.state == SERVER_GONE) {
		walk->live[place] = 0;
		walk->n_gone++;
	}
	return 0;
}

static int take_step(struct tx *tx, void *arg, struct hr_error *err)
{
	struct walk *walk = arg;
	int place = (int)draw(walk, N_SERVERS);
	int rc = walk->live[place] ? change_some(tx, walk, place, err)
				   : insert_some(tx, walk, place, err);

	if (rc < 0 && err->class == HR_QUOTA) {
		walk->n_full++;
		return -1;
	}
	ck_assert_msg(rc == 0, "%s", err->message);
	return 0;
}

static int check(struct tx *tx, void *arg, struct hr_error *err)
{
	(void)arg;
	return server_counters_check(tx, err);
}

START_TEST(equal_their_recount_on_a_random_walk)
{
	struct walk walk = {.state = 2, .next_number = 1};
	struct hr_error err;

	for (int i = 0; i < N_CHANGES; i++) {
		err = (struct hr_error){0};
		if (store_write(store, take_step, &walk, &err) < 0)
			ck_assert_int_eq(err.class, HR_QUOTA);
		if (i % 10 == 0)
			ck_assert_msg(store_read(store, check, NULL, &err) == 0, "%s", err.message);
	}
	ck_assert_msg(store_read(store, check, NULL, &err) == 0, "%s", err.message);
	/* The walk went everywhere. */
	ck_assert_int_gt(walk.n_inserted, 100);
	ck_assert_int_gt(walk.n_gone, 100);
	ck_assert_int_gt(walk.n_full, 20);
}
END_TEST

TRANSACTION_TEST(lists_what_a_pool_has)
{
	struct server server;
	struct cohort *cohorts;
	struct hr_error err = {0};
	size_t n;

	for (int i = 1; i <= 7; i++) {
		server = new_server(i);
		server.settings.max_sessions = 3;
		server.settings.max_users = 3;
		if (i > 3) {
			server.state = SERVER_RUNNING;
			server.sessions = i == 7 ? 2 : 0;
			server.users = i == 7 ? 1 : 0;
		}
		if (i == 6)
			text_copy(server.pool_id, sizeof(server.pool_id), "other");
		must(server_insert(tx, &server, -1, &err));
	}
	must(cohort_list(tx, POOL, &cohorts, &n, &err));
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(cohorts[0].config_id, id_of(900003));
	ck_assert_str_eq(cohorts[0].zone_id, id_of(900002));
	ck_assert_int_eq(cohorts[0].config_revision, 1);
	ck_assert_int_eq(cohorts[0].state, SERVER_PLANNED);
	ck_assert(cohorts[0].enabled && cohorts[0].idle);
	ck_assert_int_eq(cohorts[0].free, 3);
	ck_assert_int_eq(cohorts[0].count, 3);
	ck_assert_int_eq(cohorts[1].state, SERVER_RUNNING);
	ck_assert(!cohorts[1].idle);
	ck_assert_int_eq(cohorts[1].free, 1);
	ck_assert_int_eq(cohorts[1].count, 1);
	ck_assert_int_eq(cohorts[2].count, 2);
	free(cohorts);
	/* The last of a cohort takes it away. */
	server.state = SERVER_GONE;
	must(server_update(tx, &server, &err));
	must(cohort_list(tx, POOL, &cohorts, &n, &err));
	ck_assert_uint_eq(n, 2);
	free(cohorts);
	must(cohort_list(tx, "nowhere", &cohorts, &n, &err));
	ck_assert_uint_eq(n, 0);
	free(cohorts);
}

/* Puts one server, then spoils the counters by arg, in one transaction that is given up. */
static int spoil_and_check(struct tx *tx, void *arg, struct hr_error *err)
{
	struct server server = new_server(1);

	text_copy(server.pool_id, sizeof(server.pool_id), "p");
	text_copy(server.config_id, sizeof(server.config_id), "c");
	text_copy(server.zone_id, sizeof(server.zone_id), "z");
	text_copy(server.provider_config_id, sizeof(server.provider_config_id), "a");
	if (server_insert(tx, &server, -1, err) < 0 || server_counters_check(tx, err) < 0 ||
	    sql_exec(tx->sql, arg, err) < 0)
		return -1;
	return server_counters_check(tx, err);
}

static void expect_difference(const char *spoil, const char *message)
{
	struct hr_error err = {0};
	char text[256];

	text_copy(text, sizeof(text), spoil);
	must_fail(store_write(store, spoil_and_check, text, &err), HR_CONFLICT, "%s", message);
}

START_TEST(a_difference_is_named)
{
	expect_difference(
		"UPDATE cohorts SET servers = 2",
		"the cohort of pool p, config c revision 1, zone z, state planned, enabled "
		"1, idle 1, free 1 is stored as 2 servers, there are 1");
	expect_difference(
		"DELETE FROM cohorts",
		"the cohort of pool p, config c revision 1, zone z, state planned, enabled "
		"1, idle 1, free 1 is stored as 0 servers, there are 1");
	expect_difference(
		"UPDATE cohorts SET free = 0",
		"the cohort of pool p, config c revision 1, zone z, state planned, enabled "
		"1, idle 1, free 0 is stored as 1 servers, there are 0");
	expect_difference(
		"UPDATE account_states SET instances = 5",
		"provider config a is stored with 5 instances, its servers not gone are 1");
	expect_difference(
		"DELETE FROM account_states",
		"provider config a is stored with 0 instances, its servers not gone are 1");
}
END_TEST

#ifdef HR_DEBUG
static int spoil(struct tx *tx, void *arg, struct hr_error *err)
{
	struct server server = new_server(1);

	(void)arg;
	if (server_insert(tx, &server, -1, err) < 0)
		return -1;
	return sql_exec(tx->sql, "UPDATE cohorts SET servers = 9", err);
}

START_TEST(a_debug_build_ends_at_a_difference)
{
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		store_write(store, spoil, NULL, NULL);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST
#endif

int main(void)
{
	const TTest *const tests[] = {
		equal_their_recount_on_a_random_walk,
		lists_what_a_pool_has,
		a_difference_is_named,
#ifdef HR_DEBUG
		a_debug_build_ends_at_a_difference,
#endif
	};

	return run_tests("cohort_rows", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
