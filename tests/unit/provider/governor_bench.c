/* SPDX-License-Identifier: Apache-2.0 */
/* The governor between a test and a dispatcher that only notes what it is asked. */
#include "governor_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/text.h"

struct sent sent[SENT_MAX];
size_t n_sent;
int64_t inner_due_ms;
bool inner_refuses;
unsigned inner_cancels, inner_frees;
static struct mailbox *inner_answers, *answers;
struct dispatcher *governor;
struct moment now;
static uint64_t last_ticket;
struct governor_account described;
int describe_result;
struct module_metrics *metrics;
char news[4096];
bool describe_shares; /* every account has the key "shared" */

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

void governor_setup(void)
{
	struct governor_options options = {
		.inner = &inner, .describe = describe, .context = &described};
	struct hr_error err = {0};

	n_sent = inner_cancels = inner_frees = 0;
	inner_due_ms = MS_NEVER;
	inner_refuses = false;
	last_ticket = 0;
	news[0] = '\0';
	describe_result = 0;
	describe_shares = false;
	described = (struct governor_account){.rate_per_minute = 60, .burst = 2};
	now = (struct moment){.wall_ms = WALL_MS, .mono_ms = 0};
	ck_assert_int_eq(module_metrics_new(&metrics, &err), 0);
	options.metrics = metrics;
	options.inner_answers = inner_answers = mailbox_new(NULL, NULL);
	options.answers = answers = mailbox_new(NULL, NULL);
	ck_assert_int_eq(governor_new(&options, &governor, &err), 0);
}

static void take_news(struct dispatch_answer *answer)
{
	size_t len = strlen(news);

	ck_assert_uint_eq(answer->ticket, 0);
	snprintf(news + len, sizeof(news) - len, "%s %d: %s\n", answer->account, (int)answer->news,
		 answer->error.message);
	dispatch_answer_free(answer);
}

/* The next answer; NULL: none. The caller frees. */
struct dispatch_answer *take(void)
{
	struct dispatch_answer *answer;

	while ((answer = (struct dispatch_answer *)mailbox_take(answers)) != NULL &&
	       answer->kind == DISPATCH_NEWS)
		take_news(answer);
	return answer;
}

void pass_on(const char *account, enum dispatch_news what, const char *text)
{
	dispatch_tell(inner_answers, account, what, "%s", text);
}

void governor_teardown(void)
{
	struct dispatch_answer *answer;

	dispatch_free(governor);
	module_metrics_free(metrics);
	ck_assert_uint_eq(inner_frees, 1);
	ck_assert_ptr_null(mailbox_take(inner_answers));
	while ((answer = take()) != NULL)
		dispatch_answer_free(answer);
	mailbox_free(inner_answers);
	mailbox_free(answers);
}

int64_t step(void)
{
	return dispatch_step(governor, now);
}

int64_t pass(int64_t ms)
{
	now.mono_ms += ms;
	now.wall_ms += ms;
	return step();
}

uint64_t ask_of(const char *account, enum dispatch_kind kind, enum dispatch_urgency urgency,
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

uint64_t ask(enum dispatch_urgency urgency)
{
	return ask_of("a", DISPATCH_CREATE, urgency, 60000);
}

/* Opens the account; what was sent is forgotten. */
void open_account(const char *account)
{
	ask_of(account, DISPATCH_OPEN, DISPATCH_FOR_USERS, 30000);
	ck_assert_int_eq(sent[n_sent - 1].kind, DISPATCH_OPEN);
	step();
	n_sent = 0;
}

/* The inner dispatcher answers that ticket, at the next step. */
void reply_n(uint64_t ticket, int32_t result, int64_t retry_after_ms, int32_t status,
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

void reply(uint64_t ticket, int32_t result)
{
	reply_n(ticket, result, 0, 0, 1);
}

/* The one answer that has come must be this one. */
void expect(uint64_t ticket, int32_t result, const char *message)
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

void drop_answers(void)
{
	struct dispatch_answer *answer;

	while ((answer = take()) != NULL)
		dispatch_answer_free(answer);
}

struct governor_figure figure(void)
{
	struct governor_figure one;

	ck_assert_uint_eq(governor_figures(governor, now, &one, 1), 1);
	return one;
}

/* A wide budget, and eight failures: the breaker of "a" is open. */
void open_breaker(void)
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
