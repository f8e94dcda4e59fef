/* SPDX-License-Identifier: Apache-2.0 */
/* The governor under virtual time, before a dispatcher whose answers the test gives. */
#include "provider/governor.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/text.h"
#include "provider/budget.h"

#define WALL_MS INT64_C(1800000000000) /* 2027-01-15T08:00:00Z */
#define SENT_MAX 4096

/* What reached the inner dispatcher. */
struct sent {
	enum dispatch_kind kind;
	enum dispatch_urgency urgency;
	uint64_t ticket;
	char account[ID_SIZE];
	int64_t timeout_ms, at_ms;
};

static struct sent sent[SENT_MAX];
static size_t n_sent;
static int64_t inner_due_ms;
static bool inner_refuses;
static unsigned inner_cancels, inner_frees;
static struct mailbox *inner_answers, *answers;
static struct dispatcher *governor;
static struct moment now;
static uint64_t last_ticket;
static struct governor_account described;
static int describe_result;
static bool describe_shares; /* every account has the key "shared" */

/* ---- The inner dispatcher ------------------------------------------------------------------ */

static int inner_submit(struct dispatcher *self, const struct dispatch_request *request,
			struct hr_error *err)
{
	struct sent *one = &sent[n_sent];

	(void)self;
	if (inner_refuses)
		return error_set(err, HR_TRANSIENT, "account %s is not open", request->account);
	ck_assert_uint_lt(n_sent, SENT_MAX);
	*one = (struct sent){request->kind,       request->urgency, request->ticket, "",
			     request->timeout_ms, now.mono_ms};
	text_copy(one->account, sizeof(one->account), request->account);
	n_sent++;
	return 0;
}

static int64_t inner_step(struct dispatcher *self, struct moment at)
{
	(void)self;
	ck_assert_int_eq(at.mono_ms, now.mono_ms);
	return inner_due_ms;
}

static int inner_fd(struct dispatcher *self)
{
	(void)self;
	return 42;
}

static void inner_cancel_all(struct dispatcher *self)
{
	(void)self;
	inner_cancels++;
}

static void inner_free(struct dispatcher *self)
{
	(void)self;
	inner_frees++;
}

static const struct dispatcher_operations inner_operations = {
	inner_submit, inner_step, inner_fd, inner_cancel_all, inner_free,
};
static struct dispatcher inner = {&inner_operations};

/* ---- The bench ----------------------------------------------------------------------------- */

static int describe(void *context, const struct dispatch_request *request,
		    struct governor_account *ret_account)
{
	ck_assert_ptr_eq(context, &described);
	*ret_account = described;
	text_copy(ret_account->key, sizeof(ret_account->key),
		  describe_shares ? "shared" : request->account);
	return describe_result;
}

static void setup(void)
{
	struct governor_options options = {
		.inner = &inner, .describe = describe, .context = &described};
	struct hr_error err = {0};

	n_sent = inner_cancels = inner_frees = 0;
	inner_due_ms = MS_NEVER;
	inner_refuses = false;
	last_ticket = 0;
	describe_result = 0;
	describe_shares = false;
	described = (struct governor_account){.rate_per_minute = 60, .burst = 2};
	now = (struct moment){.wall_ms = WALL_MS, .mono_ms = 0};
	options.inner_answers = inner_answers = mailbox_new(NULL, NULL);
	options.answers = answers = mailbox_new(NULL, NULL);
	ck_assert_int_eq(governor_new(&options, &governor, &err), 0);
}

/* The next answer; NULL: none. The caller frees. */
static struct dispatch_answer *take(void)
{
	return (struct dispatch_answer *)mailbox_take(answers);
}

static void teardown(void)
{
	struct dispatch_answer *answer;

	dispatch_free(governor);
	ck_assert_uint_eq(inner_frees, 1);
	ck_assert_ptr_null(mailbox_take(inner_answers));
	while ((answer = take()) != NULL)
		dispatch_answer_free(answer);
	mailbox_free(inner_answers);
	mailbox_free(answers);
}

static int64_t step(void)
{
	return dispatch_step(governor, now);
}

static int64_t pass(int64_t ms)
{
	now.mono_ms += ms;
	now.wall_ms += ms;
	return step();
}

static uint64_t ask_of(const char *account, enum dispatch_kind kind, enum dispatch_urgency urgency,
		       int64_t timeout_ms)
{
	struct dispatch_request request = {.kind = kind,
					   .ticket = ++last_ticket,
					   .timeout_ms = timeout_ms,
					   .urgency = urgency,
					   .provider = "aws"};
	struct hr_error err = {0};

	text_copy(request.account, sizeof(request.account), account);
	ck_assert_msg(dispatch_submit(governor, &request, &err) == 0, "%s", err.message);
	return request.ticket;
}

static uint64_t ask(enum dispatch_urgency urgency)
{
	return ask_of("a", DISPATCH_CREATE, urgency, 60000);
}

/* Opens the account; what was sent is forgotten. */
static void open_account(const char *account)
{
	ask_of(account, DISPATCH_OPEN, DISPATCH_FOR_USERS, 30000);
	ck_assert_int_eq(sent[n_sent - 1].kind, DISPATCH_OPEN);
	step();
	n_sent = 0;
}

/* The inner dispatcher answers that ticket, at the next step. */
static void reply_n(uint64_t ticket, int32_t result, int64_t retry_after_ms, int32_t status,
		    uint32_t n_requests)
{
	struct dispatch_request request = {.kind = DISPATCH_CREATE, .ticket = ticket};
	struct dispatch_answer *answer;

	for (size_t i = 0; i < n_sent; i++)
		if (sent[i].ticket == ticket) {
			request.kind = sent[i].kind;
			text_copy(request.account, sizeof(request.account), sent[i].account);
		}
	answer = dispatch_answer_new(&request);
	ck_assert_ptr_nonnull(answer);
	answer->result = result;
	answer->n_requests = n_requests;
	if (result >= HR_AUTH)
		error_set(&answer->error, result, "connection refused by 192.0.2.1");
	answer->error.retry_after_ms = retry_after_ms;
	answer->error.http_status = status;
	mailbox_push(inner_answers, &answer->mail);
}

static void reply(uint64_t ticket, int32_t result)
{
	reply_n(ticket, result, 0, 0, 1);
}

/* The one answer that has come must be this one. */
static void expect(uint64_t ticket, int32_t result, const char *message)
{
	struct dispatch_answer *answer = take();

	ck_assert_ptr_nonnull(answer);
	ck_assert_uint_eq(answer->ticket, ticket);
	ck_assert_int_eq(answer->result, result);
	if (result >= HR_AUTH)
		ck_assert_int_eq(answer->error.class, result);
	if (message)
		ck_assert_str_eq(answer->error.message, message);
	dispatch_answer_free(answer);
}

static void drop_answers(void)
{
	struct dispatch_answer *answer;

	while ((answer = take()) != NULL)
		dispatch_answer_free(answer);
}

static struct governor_figure figure(void)
{
	struct governor_figure one;

	ck_assert_uint_eq(governor_figures(governor, now, &one, 1), 1);
	return one;
}

/* A wide budget, and eight failures: the breaker of "a" is open. */
static void open_breaker(void)
{
	described = (struct governor_account){.rate_per_minute = 6000, .burst = 100};
	open_account("a");
	for (int i = 0; i < 8; i++) {
		uint64_t ticket = ask(DISPATCH_STANDBY);

		step();
		reply(ticket, HR_TRANSIENT);
		step();
	}
	drop_answers();
	ck_assert_int_eq(figure().breaker, BREAKER_OPEN);
	n_sent = 0;
}

/* ---- Budget -------------------------------------------------------------------------------- */

START_TEST(the_budget_holds_back)
{
	open_account("a");
	for (int i = 0; i < 5; i++)
		ask(DISPATCH_STANDBY);
	ck_assert_uint_eq(n_sent, 0); /* it has no clock: all waits for the step */
	ck_assert_int_eq(step(), 1000);
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_uint_eq(figure().queued[DISPATCH_STANDBY], 3);
	ck_assert_int_eq(pass(999), 1000);
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_int_eq(pass(1), 2000);
	ck_assert_uint_eq(n_sent, 3);
	ck_assert_int_eq(pass(2000), MS_NEVER);
	ck_assert_uint_eq(n_sent, 5);
	for (size_t i = 0; i < n_sent; i++)
		ck_assert_uint_eq(sent[i].ticket, 2 + i);
	/* What is left of its time. */
	ck_assert_int_eq(sent[0].timeout_ms, 60000);
	ck_assert_int_eq(sent[4].timeout_ms, 57000);
}
END_TEST

START_TEST(answers_pass_on_unchanged)
{
	uint64_t ticket;

	open_account("a");
	ticket = ask(DISPATCH_STANDBY);
	step();
	reply_n(ticket, HR_QUOTA, 12345, 403, 3);
	ck_assert_ptr_null(take());
	step();
	expect(ticket, HR_QUOTA, "connection refused by 192.0.2.1");
	ck_assert_ptr_null(take());
	/* Two requests more than the one that it was let through for. */
	ck_assert_int_eq(figure().tokens_milli, -1000);
	ck_assert_uint_eq(figure().in_flight, 0);
}
END_TEST

START_TEST(the_most_urgent_goes_first)
{
	uint64_t look, standby, removal, user, user_2;

	open_account("a");
	look = ask_of("a", DISPATCH_LIST, DISPATCH_LOOK, 60000);
	standby = ask(DISPATCH_STANDBY);
	removal = ask_of("a", DISPATCH_DESTROY, DISPATCH_REMOVAL, 60000);
	user = ask(DISPATCH_FOR_USERS);
	user_2 = ask(DISPATCH_FOR_USERS);
	step();
	pass(10000);
	pass(10000);
	ck_assert_uint_eq(n_sent, 5);
	ck_assert_uint_eq(sent[0].ticket, user);
	ck_assert_uint_eq(sent[1].ticket, user_2);
	ck_assert_uint_eq(sent[2].ticket, removal);
	ck_assert_uint_eq(sent[3].ticket, standby);
	ck_assert_uint_eq(sent[4].ticket, look);
}
END_TEST

START_TEST(nothing_waits_for_ever_for_want_of_urgency)
{
	uint64_t look;
	size_t at = 0;

	open_account("a");
	look = ask_of("a", DISPATCH_LIST, DISPATCH_LOOK, 600000);
	for (int i = 0; i < 30; i++)
		ask_of("a", DISPATCH_CREATE, DISPATCH_FOR_USERS, 600000);
	for (int i = 0; i < 30; i++)
		pass(1000);
	while (at < n_sent && sent[at].ticket != look)
		at++;
	ck_assert_uint_eq(at, GOVERNOR_OLDEST_EVERY - 1);
}
END_TEST

START_TEST(throttling_slows_down)
{
	uint64_t ticket;

	open_account("a");
	ticket = ask(DISPATCH_STANDBY);
	step();
	ask(DISPATCH_FOR_USERS);
	reply_n(ticket, HR_THROTTLED, 10000, 429, 1);
	/* The one that had a token, but was not sent yet, waits as well. */
	ck_assert_int_eq(step(), 12000);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_int_eq(figure().rate_milli, 30000);
	ck_assert_uint_eq(figure().throttled, 1);
	expect(ticket, HR_THROTTLED, NULL);
	pass(11999);
	ck_assert_uint_eq(n_sent, 1);
	pass(1);
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_int_eq(figure().breaker, BREAKER_CLOSED);
}
END_TEST

START_TEST(who_waits_too_long_is_told)
{
	struct dispatch_answer *answer;
	uint64_t ticket;

	open_account("a");
	ask(DISPATCH_STANDBY);
	ask(DISPATCH_STANDBY);
	ticket = ask_of("a", DISPATCH_CREATE, DISPATCH_STANDBY, 900);
	ck_assert_int_eq(step(), 900);
	pass(899);
	ck_assert_ptr_null(take());
	pass(1);
	answer = take();
	ck_assert_ptr_nonnull(answer);
	ck_assert_uint_eq(answer->ticket, ticket);
	ck_assert_int_eq(answer->result, HR_TIMEOUT);
	ck_assert_uint_eq(answer->error.flags, 0);
	ck_assert_str_eq(answer->error.message,
			 "create: waited 0 s for its turn in the rate budget of account a; nothing "
			 "was sent");
	dispatch_answer_free(answer);
	pass(60000);
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_uint_eq(figure().late, 1);
}
END_TEST

START_TEST(accounts_of_one_key_share)
{
	describe_shares = true;
	open_account("a");
	open_account("b");
	ck_assert_uint_eq(figure().n_accounts, 2);
	ck_assert_str_eq(figure().key, "shared");
	ask_of("a", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	ask_of("b", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	ask_of("a", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	step();
	ck_assert_uint_eq(n_sent, 2);
}
END_TEST

START_TEST(accounts_of_other_keys_do_not)
{
	struct governor_figure figures[2];

	open_account("a");
	open_account("b");
	for (int i = 0; i < 3; i++) {
		ask_of("a", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
		ask_of("b", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	}
	step();
	ck_assert_uint_eq(n_sent, 4);
	ck_assert_uint_eq(governor_figures(governor, now, figures, 1), 2);
	ck_assert_uint_eq(governor_figures(governor, now, figures, 2), 2);
	ck_assert_str_ne(figures[0].key, figures[1].key);
}
END_TEST

START_TEST(what_waits_moves_with_its_account)
{
	uint64_t of_a, of_b;

	open_account("a");
	for (int i = 0; i < 2; i++)
		ask(DISPATCH_STANDBY);
	of_a = ask(DISPATCH_STANDBY);
	step();
	ck_assert_uint_eq(n_sent, 2);
	/* New settings: another account at the provider, with a budget of its own. */
	describe_shares = true;
	open_account("b");
	of_b = ask_of("b", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	open_account("a");
	ck_assert_uint_eq(governor_figures(governor, now, NULL, 0), 2); /* two are in flight */
	reply(2, HR_OK);
	reply(3, HR_OK);
	step();
	ck_assert_uint_eq(governor_figures(governor, now, NULL, 0), 1);
	ck_assert_uint_eq(figure().in_flight, 2);
	reply(of_a, HR_OK);
	reply(of_b, HR_OK);
	step();
	ck_assert_uint_eq(figure().in_flight, 0);
}
END_TEST

START_TEST(an_account_that_cannot_be_described_has_defaults)
{
	describe_result = -1;
	open_account("a");
	ck_assert_str_eq(figure().key, "a");
	ck_assert_int_eq(figure().rate_milli, 1000 * BUDGET_RATE_DEFAULT);
}
END_TEST

/* ---- What is not governed ------------------------------------------------------------------ */

START_TEST(opens_closes_and_checks_go_at_once)
{
	struct dispatch_request request = {.kind = DISPATCH_CREATE, .account = "nobody"};
	struct hr_error err = {0};
	uint64_t ticket;

	open_breaker();
	ask_of("a", DISPATCH_CHECK, DISPATCH_FOR_USERS, 1000);
	ask_of("a", DISPATCH_OPEN, DISPATCH_FOR_USERS, 1000);
	ck_assert_uint_eq(n_sent, 2);
	/* The inner dispatcher knows what to say about an account that was never opened. */
	inner_refuses = true;
	ck_assert_int_eq(dispatch_submit(governor, &request, &err), -1);
	ck_assert_str_eq(err.message, "account nobody is not open");
	inner_refuses = false;
	/* A check that succeeds proves that the provider answers; it is paid for, too. */
	ticket = sent[0].ticket;
	reply_n(ticket, HR_OK, 0, 0, 3);
	step();
	expect(ticket, HR_OK, NULL);
	ck_assert_int_eq(figure().breaker, BREAKER_CLOSED);
	ck_assert_int_le(figure().tokens_milli, 97000);
}
END_TEST

START_TEST(a_close_cancels_what_waits)
{
	uint64_t of_a, of_b, closing;

	describe_shares = true;
	open_account("a");
	open_account("b");
	ask_of("a", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	ask_of("b", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	step();
	of_a = ask(DISPATCH_LOOK);
	of_b = ask_of("b", DISPATCH_CREATE, DISPATCH_STANDBY, 60000);
	drop_answers();
	closing = ask_of("a", DISPATCH_CLOSE, DISPATCH_FOR_USERS, 1000);
	ck_assert_uint_eq(sent[n_sent - 1].ticket, closing);
	expect(of_a, HR_CANCELLED, "the account is being closed; nothing was sent");
	ck_assert_ptr_null(take());
	pass(1000);
	ck_assert_uint_eq(sent[n_sent - 1].ticket, of_b);
	ck_assert_uint_eq(figure().n_accounts, 1);
}
END_TEST

START_TEST(a_refusal_of_the_inner_dispatcher_is_an_answer)
{
	uint64_t ticket;

	open_account("a");
	ticket = ask(DISPATCH_STANDBY);
	inner_refuses = true;
	step();
	expect(ticket, HR_TRANSIENT, "account a is not open");
	ck_assert_uint_eq(figure().failures, 0);
}
END_TEST

START_TEST(all_is_cancelled_at_the_end)
{
	uint64_t under_way, waiting;
	struct dispatch_request request = {.kind = DISPATCH_CREATE, .account = "a"};
	struct hr_error err = {0};

	open_account("a");
	under_way = ask(DISPATCH_STANDBY);
	step();
	waiting = ask(DISPATCH_STANDBY);
	dispatch_cancel_all(governor);
	ck_assert_uint_eq(inner_cancels, 1);
	expect(waiting, HR_CANCELLED, "headroomd is about to end; nothing was sent");
	ck_assert_int_eq(dispatch_submit(governor, &request, &err), -1);
	ck_assert_int_eq(err.class, HR_TRANSIENT);
	/* Answers still come. */
	reply(under_way, HR_CANCELLED);
	step();
	expect(under_way, HR_CANCELLED, NULL);
}
END_TEST

START_TEST(the_inner_one_is_stepped_and_watched)
{
	inner_due_ms = 77;
	ck_assert_int_eq(step(), 77);
	open_account("a");
	for (int i = 0; i < 3; i++)
		ask(DISPATCH_STANDBY);
	ck_assert_int_eq(step(), 77);
	inner_due_ms = 5000;
	ck_assert_int_eq(step(), 1000);
	ck_assert_int_eq(dispatch_fd(governor), 42);
}
END_TEST

/* ---- Breaker ------------------------------------------------------------------------------- */

START_TEST(an_open_breaker_answers_at_once)
{
	struct dispatch_answer *answer;
	uint64_t ticket;

	open_breaker();
	pass(2000);
	ticket = ask(DISPATCH_REMOVAL);
	step();
	answer = take();
	ck_assert_ptr_nonnull(answer);
	ck_assert_uint_eq(answer->ticket, ticket);
	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	ck_assert_int_eq(answer->error.retry_after_ms, 3000);
	ck_assert_uint_eq(answer->error.flags, 0);
	ck_assert_str_eq(answer->error.message,
			 "account a is not asked until 2027-01-15T08:00:05.000Z, after 8 failures "
			 "in a row; the last one: connection refused by 192.0.2.1");
	dispatch_answer_free(answer);
	ck_assert_uint_eq(n_sent, 0);
	ck_assert_uint_eq(figure().refused, 1);
}
END_TEST

START_TEST(one_that_waits_for_a_user_is_the_probe)
{
	uint64_t probe, second, impatient;

	open_breaker();
	impatient = ask_of("a", DISPATCH_CREATE, DISPATCH_FOR_USERS, 4000);
	probe = ask(DISPATCH_FOR_USERS);
	second = ask(DISPATCH_FOR_USERS);
	ck_assert_int_eq(step(), 5000);
	expect(impatient, HR_TRANSIENT, NULL);
	expect(second, HR_TRANSIENT, NULL);
	ck_assert_ptr_null(take());
	pass(4999);
	ck_assert_uint_eq(n_sent, 0);
	pass(1);
	ck_assert_uint_eq(n_sent, 1);
	ck_assert_uint_eq(sent[0].ticket, probe);
	/* What comes meanwhile waits for how it ends. */
	second = ask(DISPATCH_STANDBY);
	ck_assert_int_eq(pass(100), 5100 + 60000);
	ck_assert_ptr_null(take());
	ck_assert_uint_eq(n_sent, 1);
	reply(probe, HR_OK);
	step();
	expect(probe, HR_OK, NULL);
	ck_assert_uint_eq(n_sent, 2);
	ck_assert_int_eq(figure().breaker, BREAKER_CLOSED);
}
END_TEST

START_TEST(a_probe_that_fails_opens_it_for_longer)
{
	struct dispatch_answer *answer;
	uint64_t probe, other;

	open_breaker();
	pass(5000);
	probe = ask(DISPATCH_LOOK);
	other = ask(DISPATCH_LOOK);
	step();
	ck_assert_uint_eq(n_sent, 1);
	reply(probe, HR_TIMEOUT);
	step();
	expect(probe, HR_TIMEOUT, NULL);
	answer = take();
	ck_assert_ptr_nonnull(answer);
	ck_assert_uint_eq(answer->ticket, other);
	ck_assert_int_eq(answer->error.retry_after_ms, 10000);
	dispatch_answer_free(answer);
	ck_assert_uint_eq(figure().failures, 9);
}
END_TEST

static const struct {
	int32_t result, status;
	enum breaker_state state;
} taught[] = {
	{HR_TRANSIENT, 0, BREAKER_OPEN},
	{HR_TRANSIENT, 503, BREAKER_OPEN},
	{HR_TIMEOUT, 0, BREAKER_OPEN},
	{HR_INTERNAL, 0, BREAKER_OPEN},
	{HR_TRANSIENT, 409, BREAKER_CLOSED},
	{HR_TIMEOUT, 408, BREAKER_CLOSED},
	{HR_OK, 0, BREAKER_CLOSED},
	{HR_AGAIN, 0, BREAKER_CLOSED},
	{HR_AUTH, 401, BREAKER_CLOSED},
	{HR_INVALID, 400, BREAKER_CLOSED},
	{HR_NOT_FOUND, 404, BREAKER_CLOSED},
	{HR_QUOTA, 0, BREAKER_CLOSED},
	{HR_CAPACITY, 0, BREAKER_CLOSED},
	{HR_CONFLICT, 0, BREAKER_CLOSED},
	{HR_THROTTLED, 429, BREAKER_CLOSED},
	{HR_CANCELLED, 0, BREAKER_HALF_OPEN},
	{HR_UNSUPPORTED, 0, BREAKER_HALF_OPEN},
};

START_TEST(what_each_class_teaches)
{
	uint64_t probe;

	open_breaker();
	pass(5000);
	probe = ask(DISPATCH_LOOK);
	step();
	reply_n(probe, taught[_i].result, 0, taught[_i].status, 1);
	step();
	expect(probe, taught[_i].result, NULL);
	ck_assert_int_eq(figure().breaker, taught[_i].state);
	/* Undecided: the next one is the probe. */
	probe = ask(DISPATCH_LOOK);
	pass(3000);
	ck_assert_uint_eq(n_sent, taught[_i].state == BREAKER_OPEN ? 1 : 2);
}
END_TEST

/* ---- Any sequence -------------------------------------------------------------------------- */

#define REQUESTS 600

START_TEST(what_holds_for_any_sequence)
{
	static unsigned answered[REQUESTS + 10];
	unsigned seed = 4711 + (unsigned)_i;
	int64_t retry_ms[2] = {0, 0}, started_ms;
	size_t replied = 0, asked = 0;

	memset(answered, 0, sizeof(answered));
	described.rate_per_minute = 30 + rand_r(&seed) % 600;
	described.burst = 1 + rand_r(&seed) % 20;
	open_account("a");
	open_account("b");
	started_ms = now.mono_ms;
	while (asked < REQUESTS) {
		struct dispatch_answer *answer;
		size_t before = n_sent;

		for (int n = rand_r(&seed) % 6; n > 0 && asked < REQUESTS; n--, asked++)
			ask_of(rand_r(&seed) % 2 ? "a" : "b", DISPATCH_CREATE,
			       rand_r(&seed) % GOVERNOR_URGENCIES, 1 + rand_r(&seed) % 60000);
		for (; replied < n_sent && rand_r(&seed) % 4; replied++) {
			int result = rand_r(&seed) % 12, k = sent[replied].account[0] - 'a';
			int64_t retry = rand_r(&seed) % 9000;

			if (result == 0 && now.mono_ms + retry > retry_ms[k])
				retry_ms[k] = now.mono_ms + retry;
			reply_n(sent[replied].ticket,
				result == 0  ? HR_THROTTLED
				: result < 5 ? HR_TRANSIENT
					     : HR_OK,
				result == 0 ? retry : 0, 0, 1);
		}
		ck_assert_int_gt(pass(0), now.mono_ms);
		for (size_t i = before; i < n_sent; i++) {
			int k = sent[i].account[0] - 'a';

			ck_assert_int_ge(sent[i].at_ms, retry_ms[k]);
			ck_assert_int_gt(sent[i].timeout_ms, 0);
		}
		while ((answer = take()) != NULL) {
			answered[answer->ticket]++;
			dispatch_answer_free(answer);
		}
		now.mono_ms += rand_r(&seed) % 700;
		step();
	}
	ck_assert_uint_gt(n_sent, 20);
	ck_assert_int_gt(now.mono_ms, started_ms);
	for (; replied < n_sent; replied++)
		reply(sent[replied].ticket, HR_OK);
	/* Whatever still waits then has had its time. */
	for (int i = 0; i < 70; i++) {
		struct dispatch_answer *answer;

		pass(1000);
		for (; replied < n_sent; replied++)
			reply(sent[replied].ticket, HR_OK);
		step();
		while ((answer = take()) != NULL) {
			answered[answer->ticket]++;
			dispatch_answer_free(answer);
		}
	}
	for (uint64_t ticket = 3; ticket <= last_ticket; ticket++)
		ck_assert_msg(answered[ticket] == 1, "ticket %llu has %u answers",
			      (unsigned long long)ticket, answered[ticket]);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("governor");
	TCase *tcase = tcase_create("governor");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_budget_holds_back);
	tcase_add_test(tcase, answers_pass_on_unchanged);
	tcase_add_test(tcase, the_most_urgent_goes_first);
	tcase_add_test(tcase, nothing_waits_for_ever_for_want_of_urgency);
	tcase_add_test(tcase, throttling_slows_down);
	tcase_add_test(tcase, who_waits_too_long_is_told);
	tcase_add_test(tcase, accounts_of_one_key_share);
	tcase_add_test(tcase, accounts_of_other_keys_do_not);
	tcase_add_test(tcase, what_waits_moves_with_its_account);
	tcase_add_test(tcase, an_account_that_cannot_be_described_has_defaults);
	tcase_add_test(tcase, opens_closes_and_checks_go_at_once);
	tcase_add_test(tcase, a_close_cancels_what_waits);
	tcase_add_test(tcase, a_refusal_of_the_inner_dispatcher_is_an_answer);
	tcase_add_test(tcase, all_is_cancelled_at_the_end);
	tcase_add_test(tcase, the_inner_one_is_stepped_and_watched);
	tcase_add_test(tcase, an_open_breaker_answers_at_once);
	tcase_add_test(tcase, one_that_waits_for_a_user_is_the_probe);
	tcase_add_test(tcase, a_probe_that_fails_opens_it_for_longer);
	tcase_add_loop_test(tcase, what_each_class_teaches, 0,
			    (int)(sizeof(taught) / sizeof(taught[0])));
	tcase_add_loop_test(tcase, what_holds_for_any_sequence, 0, 30);
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
