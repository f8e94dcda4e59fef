/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that run are probed in rounds: one that ceases to speak takes nobody in until it does, and is
 * removed when it stays so; where most are mute nobody is judged. */
#include "engine_fixture.h"

#include "engine/checkin.h"

#define FIELDS(n, more)                                                                       \
	"{\"minimum_available_sessions\": " #n ", \"reusable\": true, \"dead_after\": 3600, " \
	"\"downscale_backoff\": 86400, \"connection_type\": \"SSH\"" more "}"
#define ROUND_MS 60000

static char ids[40][ID_SIZE];
static int n_ids;
static int n_mute;     /* the first so many do not speak */
static int32_t refuse; /* with this */

static void begin(const char *config, int n)
{
	has_prober = true;
	n_ids = n_mute = 0;
	refuse = HR_NOT_FOUND;
	engine_setup("{\"keepalive_expiration\": 0}", config, "{\"max_instances\": 60}");
	while (n_ids < n) {
		struct asked *create = any_asked(DISPATCH_CREATE);
		char instance[16];

		snprintf(instance, sizeof(instance), "i-%d", n_ids);
		memcpy(ids[n_ids++], create->request.step.server_id, ID_SIZE);
		if (n_ids <= 16)
			list_instance(instance, ids[n_ids - 1], HR_STATE_RUNNING, 0);
		answer_ok(create, instance);
	}
	while (count_servers(SERVER_STATE_BIT(SERVER_RUNNING)) < n) {
		if (count_asked(DISPATCH_STATUS) > 0)
			answer_state(any_asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
		while (count_asked(DISPATCH_PROBE) > 0)
			answer_ok(any_asked(DISPATCH_PROBE), "");
		pass(1000);
	}
}

static int check_in(struct tx *tx, void *arg, struct hr_error *err)
{
	struct checkin checkin = {.status = "running", .message = "", .percent = -1};
	struct life_context context = {.now_ms = now_ms};
	struct server_query query = {.states = SERVER_STATE_BIT(SERVER_CHECKING_IN)};
	struct server *servers;
	char *token = NULL;
	size_t n;
	int rc;

	(void)arg;
	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	ck_assert_uint_eq(n, 1);
	if (checkin_token_make(tx, &servers[0], &token, err) < 0)
		return -1;
	checkin.token = token;
	rc = checkin_apply(tx, &context, &checkin, &servers[0], err);
	free(token);
	free(servers);
	return rc;
}

static void teardown(void)
{
	engine_teardown();
	has_prober = false;
}

static bool is_mute(const char *server_id)
{
	for (int i = 0; i < n_mute; i++)
		if (strcmp(ids[i], server_id) == 0)
			return true;
	return false;
}

/* Servers that are made meanwhile are left waiting. Gives how many were asked. */
static int one_round(void)
{
	int n = 0;

	pass(ROUND_MS + 1000);
	for (; count_asked(DISPATCH_PROBE) > 0; n++) {
		struct asked *probe = any_asked(DISPATCH_PROBE);

		if (is_mute(probe->request.step.server_id))
			answer_error(probe, refuse, 0, 0);
		else
			answer_ok(probe, "");
	}
	return n;
}

static int get(struct tx *tx, void *arg, struct hr_error *err)
{
	return server_get(tx, ids[0], arg, err);
}

static struct server first(void)
{
	struct hr_error err = {0};
	struct server server;

	must(store_read(store, get, &server, &err));
	return server;
}

START_TEST(unanswered_and_healed)
{
	char message[768];

	begin(FIELDS(2, ""), 2);
	ck_assert_int_eq(one_round(), 2);
	n_mute = 1;
	one_round();
	one_round();
	ck_assert_int_eq(first().silence, SILENCE_NONE);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	one_round();
	ck_assert_int_eq(first().silence, SILENCE_UNANSWERED);
	ck_assert_str_eq(server_health(&(struct server){.silence = SILENCE_UNANSWERED}),
			 "unanswered");
	ck_assert_int_eq(events_of("server.unanswered", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "no SSH at port 2022: the provider says no"));
	/* Its room is another's to make, and nobody is put on it. */
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 1);
	ask_session("ana");
	ask_session("ben");
	ck_assert_int_eq(first().sessions, 0);
	one_round();
	ck_assert_int_eq(events_of("server.unanswered", NULL), 1);
	n_mute = 0;
	one_round();
	ck_assert_int_eq(first().silence, SILENCE_NONE);
	ck_assert_str_eq(first().stage, "");
	ck_assert_int_eq(events_of("server.answers", NULL), 1);
	ck_assert_int_eq(first().sessions, 1);
}
END_TEST

START_TEST(not_in_a_row)
{
	begin(FIELDS(2, ""), 2);
	for (int i = 0; i < 9; i++) {
		n_mute = i % 3 < 2;
		one_round();
	}
	ck_assert_int_eq(events_of("server.unanswered", NULL), 0);
}
END_TEST

/* What says nothing of the server is no sign against it. */
START_TEST(a_prober_in_trouble)
{
	begin(FIELDS(1, ""), 1);
	n_mute = 1;
	refuse = HR_TRANSIENT;
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(one_round(), 1);
	refuse = HR_TIMEOUT;
	for (int i = 0; i < 5; i++)
		one_round();
	ck_assert_int_eq(first().silence, SILENCE_NONE);
}
END_TEST

START_TEST(most_are_mute)
{
	char message[768];

	begin(FIELDS(6, ""), 6);
	n_mute = 4;
	for (int i = 0; i < 70; i++)
		ck_assert_int_eq(one_round(), 6);
	ck_assert_int_eq(events_of("server.unanswered", NULL), 0);
	ck_assert_int_eq(events_of("probes.doubted", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "4 of 6 servers"));
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_RUNNING)), 6);
	n_mute = 3;
	for (int i = 0; i < 3; i++)
		one_round();
	ck_assert_int_eq(events_of("server.unanswered", NULL), 3);
}
END_TEST

/* More than one page; a round ends before the next. */
START_TEST(many_servers)
{
	begin(FIELDS(40, ""), 40);
	n_mute = 1;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(one_round(), 40);
	ck_assert_int_eq(events_of("server.unanswered", NULL), 1);
}
END_TEST

START_TEST(removed_when_it_stays_so)
{
	struct server server;

	begin(FIELDS(2, ""), 2);
	n_mute = 1;
	for (int i = 0; i < 62; i++)
		one_round();
	ck_assert_int_eq(first().state, SERVER_RUNNING);
	for (int i = 0; i < 3; i++)
		one_round();
	server = first();
	ck_assert_int_eq(server.state, SERVER_DESTROYING);
	ck_assert_str_eq(server.failure,
			 "no SSH at port 2022: the provider says no, for longer than "
			 "its dead_after of 3600 s, and nobody is on it");
}
END_TEST

START_TEST(somebody_is_on_it)
{
	begin(FIELDS(2, ", \"max_simultaneous_sessions_per_server\": 1"), 2);
	ask_session("ana");
	ask_session("ben");
	n_mute = 1;
	for (int i = 0; i < 68; i++)
		one_round();
	ck_assert_int_eq(first().silence, SILENCE_UNANSWERED);
	ck_assert_int_eq(first().state, SERVER_RUNNING);
	ck_assert_int_eq(first().sessions, 1);
}
END_TEST

/* Where the limit leaves no room for another, it makes its own. */
START_TEST(alone_at_the_limit)
{
	begin(FIELDS(1, ""), 1);
	change_document(DOCUMENT_PROVIDER_CONFIG, "acct", "max_instances", json_integer(1));
	n_mute = 1;
	for (int i = 0; i < 3; i++)
		one_round();
	ck_assert_int_eq(first().silence, SILENCE_UNANSWERED);
	ck_assert_int_eq(count_asked(DISPATCH_CREATE), 0);
	for (int i = 0; i < 62; i++)
		one_round();
	ck_assert_int_eq(first().state, SERVER_DESTROYING);
}
END_TEST

START_TEST(a_restart_keeps_what_was_judged)
{
	begin(FIELDS(2, ""), 2);
	n_mute = 1;
	for (int i = 0; i < 3; i++)
		one_round();
	engine_restart();
	ck_assert_int_eq(first().silence, SILENCE_UNANSWERED);
	n_mute = 0;
	one_round();
	ck_assert_int_eq(first().silence, SILENCE_NONE);
}
END_TEST

START_TEST(who_is_not_asked)
{
	begin(FIELDS(2, ", \"heartbeat\": \"expected\""), 2);
	ck_assert_int_eq(one_round(), 0);
	engine_teardown();
	begin(FIELDS(2, ", \"probe\": false"), 2);
	ck_assert_int_eq(one_round(), 0);
}
END_TEST

static int lose_revision(struct tx *tx, void *arg, struct hr_error *err)
{
	struct server_query query = {.states = SERVER_STATE_BIT(SERVER_RUNNING), .limit = 1};
	struct server *servers;
	size_t n;
	int result;

	(void)arg;
	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	ck_assert_uint_eq(n, 1);
	servers[0].config_revision = 99;
	result = server_update(tx, &servers[0], err);
	free(servers);
	return result;
}

/* The one whose config cannot be read is left out, and that is said once. */
START_TEST(a_config_that_cannot_be_read)
{
	char message[768];

	begin(FIELDS(3, ""), 3);
	commit(lose_revision, NULL);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(one_round(), 2);
	ck_assert_int_eq(events_of("probes.skipped", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "there is no revision 99 of autoscale-config"));
}
END_TEST

/* The answer is late at one of them: the others are asked meanwhile, and the round waits for it. */
START_TEST(one_is_slow)
{
	struct asked *late;
	int n = 1;

	begin(FIELDS(40, ""), 40);
	pass(ROUND_MS + 1000);
	ck_assert_int_eq(count_asked(DISPATCH_PROBE), 16);
	late = any_asked(DISPATCH_PROBE);
	late->request.kind = DISPATCH_CHECK; /* not one of any_asked's */
	for (; count_asked(DISPATCH_PROBE) > 0; n++) {
		ck_assert_int_le(count_asked(DISPATCH_PROBE), 15);
		answer_ok(any_asked(DISPATCH_PROBE), "");
	}
	ck_assert_int_eq(n, 40);
	pass(2 * ROUND_MS);
	ck_assert_int_eq(count_asked(DISPATCH_PROBE), 0);
	late->request.kind = DISPATCH_PROBE;
	answer_ok(late, "");
	ck_assert_int_eq(one_round(), 40);
}
END_TEST

/* None of them was made to wait for a probe. */
START_TEST(who_must_check_in)
{
	has_prober = true;
	refuse = HR_NOT_FOUND;
	engine_setup(
		"{}",
		FIELDS(1, ", \"require_checkin\": true, \"startup_script\": \"{checkin_url}\""),
		"{\"max_instances\": 60}");
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	commit(check_in, NULL);
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_RUNNING)), 1);
	list_instance("i-1", any_server(0).id, HR_STATE_RUNNING, 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(one_round(), 0);
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_RUNNING)), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rounds");
	TCase *tcase = tcase_create("rounds");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, unanswered_and_healed);
	tcase_add_test(tcase, not_in_a_row);
	tcase_add_test(tcase, a_prober_in_trouble);
	tcase_add_test(tcase, most_are_mute);
	tcase_add_test(tcase, many_servers);
	tcase_add_test(tcase, removed_when_it_stays_so);
	tcase_add_test(tcase, somebody_is_on_it);
	tcase_add_test(tcase, alone_at_the_limit);
	tcase_add_test(tcase, a_restart_keeps_what_was_judged);
	tcase_add_test(tcase, who_is_not_asked);
	tcase_add_test(tcase, who_must_check_in);
	tcase_add_test(tcase, a_config_that_cannot_be_read);
	tcase_add_test(tcase, one_is_slow);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
