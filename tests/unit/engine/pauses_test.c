/* SPDX-License-Identifier: Apache-2.0 */
/* How long configs and accounts pause. */
#include "pool_fixture.h"

#include "base/clock.h"
#include "engine/pauses.h"

static struct config_state config_pause(struct tx *tx)
{
	struct config_state state;
	struct hr_error err = {0};

	must(config_state_get(tx, document_id(tx, DOCUMENT_AUTOSCALE_CONFIG, "demo-a"), &state,
			      &err));
	return state;
}

static struct account_state account_pause(struct tx *tx)
{
	struct account_state state;
	struct hr_error err = {0};

	must(account_state_get(tx, document_id(tx, DOCUMENT_PROVIDER_CONFIG, "acct"), &state,
			       &err));
	return state;
}

/* Pauses the account at this time; gives for how long. */
static int64_t pause_for(struct tx *tx, int64_t at_ms, int32_t class)
{
	struct life_context context = {.now_ms = at_ms};
	struct hr_error err = {0}, cause = {.class = class};
	int64_t until;

	text_copy(cause.message, sizeof(cause.message), "slow down");
	must(pause_account(tx, &context, document_id(tx, DOCUMENT_PROVIDER_CONFIG, "acct"), &cause,
			   &err));
	until = account_pause(tx).paused_until_ms;
	return until == MS_NEVER ? until : until - at_ms;
}

TRANSACTION_TEST(a_config_pauses_from_30_s_to_30_min)
{
	static const int64_t seconds[] = {30, 60, 120, 240, 480, 960, 1800, 1800};
	const char *id;
	struct hr_error err = {0};
	struct life_context context = {.now_ms = NOW};

	put_pool(tx, "{}", "{}");
	id = document_id(tx, DOCUMENT_AUTOSCALE_CONFIG, "demo-a");
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		must(pause_config(tx, &context, id, "no image", &err));
		ck_assert_int_eq(config_pause(tx).paused_until_ms,
				 context.now_ms + seconds[i] * 1000);
		/* Others that fail in the same moment do not lengthen it. */
		must(pause_config(tx, &context, id, "no image", &err));
		ck_assert_int_eq(config_pause(tx).paused_until_ms,
				 context.now_ms + seconds[i] * 1000);
		context.now_ms += seconds[i] * 1000;
	}
	must(pause_config_worked(tx, &context, id, &err));
	must(pause_config(tx, &context, id, "no image", &err));
	ck_assert_int_eq(config_pause(tx).paused_until_ms, context.now_ms + 30000);
	must(pause_config_lift(tx, &context, id, &err));
	ck_assert_int_eq(config_pause(tx).paused_until_ms, 0);
	ck_assert_str_eq(config_pause(tx).pause_reason, "");
}

TRANSACTION_TEST(a_config_that_is_gone_is_not_paused)
{
	struct hr_error err = {0};

	put_pool(tx, "{}", "{}");
	must(pause_config(tx, &life, id_of(4711), "no image", &err));
	ck_assert_int_eq(count_events(tx, "config.paused", NULL), 0);
}

TRANSACTION_TEST(an_account_without_rights_pauses_until_a_check)
{
	struct hr_error err = {0};
	const char *id;
	char message[768];

	put_pool(tx, "{}", "{}");
	id = document_id(tx, DOCUMENT_PROVIDER_CONFIG, "acct");
	ck_assert_int_eq(pause_for(tx, NOW, HR_AUTH), MS_NEVER);
	count_events(tx, "account.paused", message);
	ck_assert_str_eq(message,
			 "acct is paused until its credentials are accepted again: slow down");
	/* A success of a call that was under way proves nothing about the rights. */
	must(pause_account_worked(tx, id, &err));
	ck_assert_int_eq(account_pause(tx).paused_until_ms, MS_NEVER);
	must(pause_account_lift(tx, &life, id, "a check found nothing wrong", &err));
	ck_assert_int_eq(account_pause(tx).paused_until_ms, 0);
	count_events(tx, "account.resumed", message);
	ck_assert_str_eq(message, "acct is no longer paused: a check found nothing wrong");
}

TRANSACTION_TEST(a_long_throttling_pauses_for_what_is_said)
{
	struct life_context context = {.now_ms = NOW};
	struct hr_error err = {0}, cause = {.class = HR_THROTTLED, .retry_after_ms = 59999};

	put_pool(tx, "{}", "{}");
	ck_assert(!pause_is_long(&cause));
	cause.retry_after_ms = 600000;
	ck_assert(pause_is_long(&cause));
	must(pause_account(tx, &context, document_id(tx, DOCUMENT_PROVIDER_CONFIG, "acct"), &cause,
			   &err));
	ck_assert_int_eq(account_pause(tx).paused_until_ms, NOW + 600000);
	ck_assert_int_eq(account_pause(tx).pause_step, 0);
}

TRANSACTION_TEST(a_defect_pauses_from_5_s_until_it_works)
{
	struct hr_error err = {0};
	char message[768];

	put_pool(tx, "{}", "{}");
	ck_assert_int_eq(pause_for(tx, NOW, HR_INTERNAL), 5000);
	ck_assert_int_eq(count_events(tx, "account.paused", message), 1);
	ck_assert_str_eq(message, "acct is paused for 5 s: slow down");
	ck_assert_int_eq(pause_for(tx, NOW + 100000, HR_INTERNAL), 10000);
	must(pause_account_worked(tx, document_id(tx, DOCUMENT_PROVIDER_CONFIG, "acct"), &err));
	ck_assert_int_eq(pause_for(tx, NOW + 200000, HR_INTERNAL), 5000);
}

int main(void)
{
	const TTest *const tests[] = {
		a_config_pauses_from_30_s_to_30_min, a_config_that_is_gone_is_not_paused,
		an_account_without_rights_pauses_until_a_check,
		a_long_throttling_pauses_for_what_is_said, a_defect_pauses_from_5_s_until_it_works};

	return run_tests("pauses", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
