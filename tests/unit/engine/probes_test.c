/* SPDX-License-Identifier: Apache-2.0 */
/* A server that has nobody who checks in for it: it runs when its port has spoken, and not before. */
#include "engine_fixture.h"

static const char standby[] = "{\"minimum_available_sessions\": 1, \"provision_timeout\": 900, "
			      "\"boot_timeout\": 200, \"connection_type\": \"SSH\"}";

static void setup(void)
{
	has_prober = true;
	engine_setup("{}", standby, "{}");
}

static void teardown(void)
{
	engine_teardown();
	has_prober = false;
}

/* Its instance runs, and it is asked. */
static struct asked *boot(const char *address)
{
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, address);
	return asked(DISPATCH_PROBE);
}

START_TEST(it_runs_when_its_port_speaks)
{
	struct asked *probe = boot("10.0.0.1");
	char message[768];

	ck_assert_str_eq(probe->request.account, PROBE_ACCOUNT);
	ck_assert_str_eq(probe->request.probe.address, "10.0.0.1");
	ck_assert_int_eq(probe->request.probe.port, 2022);
	ck_assert_int_eq(probe->request.probe.protocol, CONNECTION_SSH);
	only_server(SERVER_STATE_BIT(SERVER_BOOTING));
	ask_session("ana");
	answer_ok(probe, "");
	ck_assert_int_eq(only_server(SERVER_STATE_BIT(SERVER_RUNNING)).sessions, 1);
	ck_assert_int_eq(events_of("server.running", message), 1);
	ck_assert_ptr_nonnull(strstr(message, "answers at port 2022"));
}
END_TEST

START_TEST(it_is_asked_again_and_fails_with_the_reason)
{
	struct asked *probe = boot("10.0.0.1");
	struct server server;
	int asked_again = 0;

	answer_error(probe, HR_TRANSIENT, 0, 0);
	server = only_server(SERVER_STATE_BIT(SERVER_BOOTING));
	ck_assert_str_eq(server.stage, "no SSH yet at port 2022: the provider says no");
	for (int s = 0; s < 195; s++) {
		pass(1000);
		if (count_asked(DISPATCH_STATUS) > 0)
			answer_state(any_asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
		if (count_asked(DISPATCH_PROBE) == 0)
			continue;
		answer_error(asked(DISPATCH_PROBE), HR_TRANSIENT, 0, 0);
		asked_again++;
	}
	ck_assert_int_gt(asked_again, 15);
	/* What says nothing new is not written again. */
	ck_assert_int_eq(only_server(SERVER_STATE_BIT(SERVER_BOOTING)).version, server.version);
	pass(10000);
	server = any_server(SERVER_STATE_BIT(SERVER_DESTROYING) | SERVER_STATE_BIT(SERVER_FAILED));
	ck_assert_msg(strstr(server.failure, "boot_timeout of 200 s") &&
			      strstr(server.failure, "no SSH yet at port 2022"),
		      "%s", server.failure);
}
END_TEST

START_TEST(one_question_at_a_time)
{
	struct asked *probe = boot("10.0.0.1");

	for (int i = 0; i < 3; i++) {
		pass(12000);
		answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
		ck_assert_ptr_eq(asked(DISPATCH_PROBE), probe);
	}
	answer_ok(probe, "");
	only_server(SERVER_STATE_BIT(SERVER_RUNNING));
}
END_TEST

/* Who answered at another address has proven nothing. */
START_TEST(an_answer_from_an_old_address)
{
	struct asked *probe = boot("10.0.0.1");

	pass(12000);
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.2");
	answer_ok(probe, "");
	ck_assert_str_eq(only_server(SERVER_STATE_BIT(SERVER_BOOTING)).address, "10.0.0.2");
	pass(12000);
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.2");
	ck_assert_str_eq(asked(DISPATCH_PROBE)->request.probe.address, "10.0.0.2");
	answer_ok(asked(DISPATCH_PROBE), "");
	only_server(SERVER_STATE_BIT(SERVER_RUNNING));
}
END_TEST

START_TEST(a_late_answer_wakes_nobody)
{
	struct asked *probe = boot("10.0.0.1");

	order_destroy(only_server(SERVER_STATE_BIT(SERVER_BOOTING)).id);
	answer_ok(probe, "");
	ck_assert_int_eq(count_servers(SERVER_STATE_BIT(SERVER_RUNNING)), 0);
	only_server(SERVER_STATE_BIT(SERVER_DESTROYING));
}
END_TEST

/* After a restart nothing is known of a question, and it is asked again. */
START_TEST(a_restart_forgets_it)
{
	boot("10.0.0.1");
	engine_restart();
	pass(2000);
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	answer_ok(asked(DISPATCH_PROBE), "");
	only_server(SERVER_STATE_BIT(SERVER_RUNNING));
}
END_TEST

START_TEST(a_prober_that_does_not_start)
{
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	error_set(&open_error, HR_INVALID, "no such program");
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	open_error = (struct hr_error){0};
	answer_error(asked(DISPATCH_PROBE), HR_TRANSIENT, 0, 0);
	pass(3000);
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	ck_assert_int_eq(count_asked(DISPATCH_PROBE), 0);
	pass(12000);
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	answer_ok(asked(DISPATCH_PROBE), "");
	only_server(SERVER_STATE_BIT(SERVER_RUNNING));
}
END_TEST

START_TEST(turned_off)
{
	change_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a", "probe", json_false());
	order_destroy(only_server(SERVER_STATE_BIT(SERVER_CREATING)).id);
	while (count_asked(DISPATCH_CREATE) > 1)
		answer_error(any_asked(DISPATCH_CREATE), HR_CANCELLED, 0, 0);
	answer_ok(asked(DISPATCH_CREATE), "i-2");
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	ck_assert_int_eq(count_asked(DISPATCH_PROBE), 0);
	only_server(SERVER_STATE_BIT(SERVER_RUNNING));
}
END_TEST

START_TEST(check_in_needs_no_probe)
{
	change_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a", "startup_script", json_string("x"));
	change_document(DOCUMENT_AUTOSCALE_CONFIG, "demo-a", "require_checkin", json_true());
	order_destroy(only_server(SERVER_STATE_BIT(SERVER_CREATING)).id);
	while (count_asked(DISPATCH_CREATE) > 1)
		answer_error(any_asked(DISPATCH_CREATE), HR_CANCELLED, 0, 0);
	answer_ok(asked(DISPATCH_CREATE), "i-2");
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	ck_assert_int_eq(count_asked(DISPATCH_PROBE), 0);
	only_server(SERVER_STATE_BIT(SERVER_CHECKING_IN));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probes");
	TCase *tcase = tcase_create("probes");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, it_runs_when_its_port_speaks);
	tcase_add_test(tcase, it_is_asked_again_and_fails_with_the_reason);
	tcase_add_test(tcase, one_question_at_a_time);
	tcase_add_test(tcase, an_answer_from_an_old_address);
	tcase_add_test(tcase, a_late_answer_wakes_nobody);
	tcase_add_test(tcase, a_restart_forgets_it);
	tcase_add_test(tcase, a_prober_that_does_not_start);
	tcase_add_test(tcase, turned_off);
	tcase_add_test(tcase, check_in_needs_no_probe);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
