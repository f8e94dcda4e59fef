/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that fall silent: missing, healed, dead with and without somebody on them. */
#include "engine_fixture.h"

#include "engine/checkin.h"
#include "engine/life_parts.h"

#define FIELDS(more)                                                                            \
	"{\"minimum_available_sessions\": 1, \"reusable\": true, \"connection_type\": \"SSH\"," \
	" \"downscale_backoff\": 86400" more "}"
#define BEATS ", \"heartbeat\": \"expected\", \"missing_after\": 120, \"dead_after\": 600"

static const char *id; /* of the server */

static void begin(const char *config)
{
	static char kept[ID_SIZE];

	/* Only what a test does ends anything. */
	engine_setup("{\"keepalive_expiration\": 0}", config, "{\"max_instances\": 3}");
	memcpy(kept, make_running().id, ID_SIZE);
	id = kept;
	list_instance("i-1", id, HR_STATE_RUNNING, 1000000);
}

static void setup(void)
{
	begin(FIELDS(BEATS));
}

static int get(struct tx *tx, void *arg, struct hr_error *err)
{
	return server_get(tx, id, arg, err);
}

static struct server now(void)
{
	struct hr_error err = {0};
	struct server server;

	must(store_read(store, get, &server, &err));
	return server;
}

struct say {
	const char *status;
	struct hr_error err;
};

static int say_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct say *say = arg;
	struct checkin checkin = {.status = say->status, .message = "", .percent = -1};
	struct life_context context = {.now_ms = now_ms};
	struct server server;
	char *token = NULL;
	int rc;

	if (server_get(tx, id, &server, err) < 0 ||
	    checkin_token_make(tx, &server, &token, err) < 0)
		return -1;
	checkin.token = token;
	rc = checkin_apply(tx, &context, &checkin, &server, err);
	free(token);
	return rc;
}

static void say(const char *status)
{
	struct say one = {.status = status};

	commit(say_run, &one);
	engine_pool_changed(engine, id_now(DOCUMENT_POOL, "demo"));
	settle();
}

START_TEST(missing_and_healed)
{
	char message[768];

	say("running");
	pass(119000);
	ck_assert_int_eq(now().silence, SILENCE_NONE);
	pass(2000);
	ck_assert_int_eq(now().silence, SILENCE_MISSING);
	ck_assert_str_eq(server_health(&(struct server){.silence = SILENCE_MISSING}), "missing");
	ck_assert_int_eq(events_of("server.missing", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "has not been heard for 120 s: no new sessions"));
	/* Its room is another's to make, and nobody is put on it. */
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
	ask_session("ana");
	ck_assert_int_eq(now().sessions, 0);
	/* Any word of it heals. */
	say("upgrading");
	ck_assert_int_eq(now().silence, SILENCE_NONE);
	ck_assert_int_eq(events_of("server.heard", NULL), 1);
	ck_assert_int_eq(now().sessions, 1);
	pass(100000);
	ck_assert_int_eq(events_of("server.missing", NULL), 1);
	ck_assert_int_eq(now().state, SERVER_RUNNING);
}
END_TEST

START_TEST(beats_keep_it_well)
{
	for (int i = 0; i < 40; i++) {
		say("running");
		pass(60000);
	}
	ck_assert_int_eq(events_of("server.missing", NULL), 0);
	ck_assert_int_eq(events_of("server.heard", NULL), 0);
	ck_assert_int_eq(now().state, SERVER_RUNNING);
}
END_TEST

START_TEST(dead_with_nobody_on_it)
{
	char message[768];

	pass(599000);
	ck_assert_int_eq(now().state, SERVER_RUNNING);
	pass(2000);
	ck_assert_int_eq(now().state, SERVER_DESTROYING);
	ck_assert_int_eq(events_of("server.failed", message), 1);
	ck_assert_msg(strstr(message, "it has not been heard for 600 s, beyond its dead_after of "
				      "600 s, and nobody is on it") != NULL,
		      "%s", message);
}
END_TEST

START_TEST(dead_with_somebody_on_it)
{
	char message[768];

	ask_session("ana");
	ck_assert_int_eq(now().sessions, 1);
	pass(1500000);
	ck_assert_int_eq(now().state, SERVER_RUNNING);
	ck_assert_int_eq(now().silence, SILENCE_DEAD);
	ck_assert_int_eq(events_of("server.silent", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "it stays, and counts"));
	ck_assert_int_eq(count_asked(DISPATCH_DESTROY), 0);
	/* It may still come back. */
	say("running");
	ck_assert_int_eq(now().silence, SILENCE_NONE);
	pass(1000000);
	ck_assert_int_eq(events_of("server.silent", NULL), 2);
}
END_TEST

/* The second witness: the provider calls its instance bad, by two lists. */
START_TEST(dead_and_the_provider_agrees)
{
	ask_session("ana");
	pass(700000);
	ck_assert_int_eq(now().silence, SILENCE_DEAD);
	listed[0].state = HR_STATE_STOPPED;
	pass(200000);
	ck_assert_int_eq(now().state, SERVER_DESTROYING);
}
END_TEST

static int end_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct life_context context = {.now_ms = now_ms};
	struct server server;

	(void)arg;
	if (server_get(tx, id, &server, err) < 0)
		return -1;
	return life_end_sessions(tx, &context, &server, "its user left", err);
}

START_TEST(dead_until_its_last_session_ends)
{
	ask_session("ana");
	pass(700000);
	ck_assert_int_eq(now().silence, SILENCE_DEAD);
	commit(end_run, NULL);
	pass(61000);
	ck_assert_int_eq(now().state, SERVER_DESTROYING);
}
END_TEST

/* Whatever the clock does: between missing and dead it has the whole time to be heard. */
START_TEST(a_jump_of_the_clock)
{
	now_ms += 24 * 3600 * MS_PER_S;
	settle();
	ck_assert_int_eq(now().silence, SILENCE_MISSING);
	say("running");
	ck_assert_int_eq(now().silence, SILENCE_NONE);
	ck_assert_int_eq(now().state, SERVER_RUNNING);
}
END_TEST

START_TEST(a_restart_changes_nothing)
{
	pass(130000);
	engine_restart();
	pass(1000);
	ck_assert_int_eq(now().silence, SILENCE_MISSING);
	ck_assert_int_eq(events_of("server.missing", NULL), 1);
	pass(480000);
	ck_assert_int_eq(now().state, SERVER_DESTROYING);
}
END_TEST

/* One check-in never turns it on. */
START_TEST(off)
{
	engine_teardown();
	begin(FIELDS(""));
	say("running");
	pass(3600 * MS_PER_S);
	ck_assert_int_eq(now().silence, SILENCE_NONE);
	ck_assert_int_eq(now().state, SERVER_RUNNING);
	ck_assert_int_eq(events_of("server.missing", NULL), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("silence");
	TCase *tcase = tcase_create("silence");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, engine_teardown);
	tcase_add_test(tcase, missing_and_healed);
	tcase_add_test(tcase, beats_keep_it_well);
	tcase_add_test(tcase, dead_with_nobody_on_it);
	tcase_add_test(tcase, dead_with_somebody_on_it);
	tcase_add_test(tcase, dead_and_the_provider_agrees);
	tcase_add_test(tcase, dead_until_its_last_session_ends);
	tcase_add_test(tcase, a_jump_of_the_clock);
	tcase_add_test(tcase, a_restart_changes_nothing);
	tcase_add_test(tcase, off);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
