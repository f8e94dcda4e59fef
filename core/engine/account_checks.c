/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of accounts. One that was asked for waits until the account is open with its newest
 * settings; its answer goes to who asked, and a good one lifts pauses. */
#include "engine/account_checks.h"

#include <stdlib.h>

#include "base/text.h"
#include "engine/accounts.h"

#define CHECK_TIMEOUT_MS (30 * MS_PER_S)
#define CHECK_EVERY_MS (300 * MS_PER_S)

struct account_check {
	struct engine_mail mail; /* first */
	struct account_check *next;
	char account[ID_SIZE];
	void (*done)(void *context, const struct dispatch_answer *answer,
		     const struct hr_error *err);
	void *context;
	bool reopened; /* the account that had failed was opened again for it */
};

void account_check_refuse(struct account_check *check, const struct hr_error *why)
{
	check->done(check->context, NULL, why);
	free(check);
}

static void check_take(struct engine *engine, struct engine_mail *mail)
{
	struct account_check *check = (struct account_check *)mail;

	check->next = engine->checks;
	engine->checks = check;
}

static void check_drop(struct engine_mail *mail)
{
	struct hr_error why = {0};

	error_set(&why, HR_CANCELLED, "the daemon is stopping");
	account_check_refuse((struct account_check *)mail, &why);
}

void engine_check_account(struct engine *engine, const char *provider_config_id,
			  void (*done)(void *context, const struct dispatch_answer *answer,
				       const struct hr_error *err),
			  void *context)
{
	struct account_check *check = calloc(1, sizeof(*check));
	struct hr_error why = {0};

	if (!check) {
		error_no_memory(&why, "checking an account");
		done(context, NULL, &why);
		return;
	}
	check->mail.take = check_take;
	check->mail.drop = check_drop;
	check->done = done;
	check->context = context;
	text_copy(check->account, sizeof(check->account), provider_config_id);
	mailbox_push(engine->inbox, &check->mail.mail);
}

static struct flight *send_check(struct engine *engine, const char *account)
{
	struct dispatch_request request = {.kind = DISPATCH_CHECK,
					   .timeout_ms = CHECK_TIMEOUT_MS,
					   .urgency = DISPATCH_FOR_USERS};

	text_copy(request.account, sizeof(request.account), account);
	return engine_send(engine, &request);
}

/* Sends or refuses a check whose account is settled. False: it has to wait. */
static bool advance(struct engine *engine, struct account_check *check)
{
	struct engine_account *account = engine_account_find(engine, check->account);
	struct hr_error why = {0};
	struct flight *flight;

	if (engine->accounts_loading || !engine->accounts_loaded ||
	    (account && account->state == ACCOUNT_OPENING))
		return false;
	if (!account || account->state == ACCOUNT_CLOSING) {
		error_set(&why, HR_NOT_FOUND, "there is no provider config %s", check->account);
		account_check_refuse(check, &why);
		return true;
	}
	if (account->state == ACCOUNT_FAILED && !check->reopened) {
		/* Whoever asks may just have mended what was wrong. */
		check->reopened = true;
		account->open_mono_ms = engine->now.mono_ms;
		accounts_reload(engine);
		return false;
	}
	if (account->state == ACCOUNT_FAILED) {
		account_check_refuse(check, &account->open_error);
		return true;
	}
	flight = send_check(engine, check->account);
	if (flight) {
		flight->check = check;
		return true;
	}
	error_no_memory(&why, "checking an account");
	account_check_refuse(check, &why);
	return true;
}

int64_t account_checks_step(struct engine *engine)
{
	struct account_check *check = engine->checks;
	int64_t next = MS_NEVER;

	engine->checks = NULL;
	while (check) {
		struct account_check *following = check->next;

		if (!advance(engine, check)) {
			check->next = engine->checks;
			engine->checks = check;
		}
		check = following;
	}
	for (struct engine_account *a = engine->accounts; a; a = a->next) {
		if (a->state != ACCOUNT_OPEN || !a->paused_by_auth || a->checking)
			continue;
		if (a->check_mono_ms <= engine->now.mono_ms) {
			a->checking = send_check(engine, a->id) != NULL;
			a->check_mono_ms = engine->now.mono_ms + CHECK_EVERY_MS;
		}
		if (a->check_mono_ms < next)
			next = a->check_mono_ms;
	}
	return next;
}

void account_checks_answer(struct engine *engine, struct flight *flight,
			   struct dispatch_answer *answer)
{
	struct engine_account *account = engine_account_find(engine, flight->account);
	bool good = answer->result == HR_OK && answer->n_problems == 0;

	if (account && !flight->check)
		account->checking = false;
	if (account && good) {
		account->paused_by_auth = false;
		accounts_lift(engine, DOCUMENT_PROVIDER_CONFIG, account->id,
			      "a check found nothing wrong");
	}
	if (flight->check) {
		if (answer->result == HR_OK)
			flight->check->done(flight->check->context, answer, NULL);
		else
			flight->check->done(flight->check->context, NULL, &answer->error);
		free(flight->check);
		flight->check = NULL;
	}
	dispatch_answer_free(answer);
	engine_land(engine, flight);
}

void account_checks_free(struct engine *engine)
{
	while (engine->checks) {
		struct account_check *next = engine->checks->next;

		check_drop(&engine->checks->mail);
		engine->checks = next;
	}
}
