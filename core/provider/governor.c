/* SPDX-License-Identifier: Apache-2.0 */
/* The governor's dispatcher: submit queues, step lets through and takes answers. The rules are in the
 * header; what waits where is in governor_queue.c. */
#include "provider/governor.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "provider/governor_queue.h"

struct governor {
	struct dispatcher dispatcher; /* first */
	struct governor_options options;
	struct governor_queues queues;
	struct moment now; /* of the last step */
	bool is_cancelled;
	struct account_metric *published; /* room for so many, used by publish alone */
	size_t n_published;
};

static struct governor *of_dispatcher(const struct dispatcher *dispatcher)
{
	return (struct governor *)(uintptr_t)dispatcher;
}

/* ---- Answers of our own -------------------------------------------------------------------- */

/* Pushes the removed entry's answer with that error and frees the entry. */
static void answer_entry(struct governor *governor, struct governor_entry *entry,
			 const struct hr_error *why)
{
	struct dispatch_answer *answer = entry->answer;

	entry->answer = NULL;
	answer->error = *why;
	if (answer->error.class < HR_AUTH)
		answer->error.class = HR_TRANSIENT;
	answer->result = answer->error.class;
	mailbox_push(governor->options.answers, &answer->mail);
	governor_entry_free(entry);
}

static void answer_late(struct governor *governor, struct governor_entry *entry)
{
	struct hr_error why = {0};

	error_set(&why, HR_TIMEOUT,
		  "%s: waited %lld s for its turn in the rate budget of account %s; nothing was "
		  "sent",
		  dispatch_kind_name(entry->request->kind),
		  (long long)(entry->request->timeout_ms / MS_PER_S), entry->request->account);
	/* Who is told to come later does not wait in vain again. */
	why.retry_after_ms = budget_told_ms(&entry->key->budget, governor->now.mono_ms);
	entry->key->late++;
	answer_entry(governor, entry, &why);
}

static void answer_refused(struct governor *governor, struct governor_entry *entry)
{
	const struct breaker *breaker = &entry->key->breaker;
	int64_t wait_ms = breaker->next_ms - governor->now.mono_ms;
	char when[TIME_TEXT_SIZE];
	struct hr_error why = {0};

	/* The same words as long as the pause lasts: it is one piece of news. */
	error_set(&why, HR_TRANSIENT,
		  "account %s is not asked until %s, after %u failures in a row; the last one: %s",
		  entry->request->account, time_text(governor->now.wall_ms + wait_ms, when),
		  breaker->failures, breaker->text[0] ? breaker->text : "no reason given");
	why.retry_after_ms = wait_ms;
	entry->key->refused++;
	answer_entry(governor, entry, &why);
}

/* Of one account, or all (NULL). */
static void answer_cancelled(struct governor *governor, struct governor_key *key,
			     const char *account, const char *text)
{
	struct hr_error why = {0};

	error_set(&why, HR_CANCELLED, "%s; nothing was sent", text);
	for (size_t i = 0; i < GOVERNOR_URGENCIES; i++) {
		struct governor_entry *entry = key->waiting[i].first, *next;

		for (; entry; entry = next) {
			next = entry->next;
			if (account && strcmp(entry->request->account, account) != 0)
				continue;
			governor_queue_remove(entry);
			answer_entry(governor, entry, &why);
		}
	}
}

/* ---- Letting through ----------------------------------------------------------------------- */

static int64_t deadline_of(const struct governor_entry *entry)
{
	int64_t timeout_ms = entry->request->timeout_ms;

	return entry->received_ms < MS_NEVER - timeout_ms ? entry->received_ms + timeout_ms
							  : MS_NEVER;
}

/* Stamps what came since the last step and answers what is late. */
static void sort_out(struct governor *governor, struct governor_key *key)
{
	int64_t now_ms = governor->now.mono_ms;

	for (size_t i = 0; i < GOVERNOR_URGENCIES; i++) {
		struct governor_entry *entry = key->waiting[i].first, *next;

		for (; entry; entry = next) {
			next = entry->next;
			if (!entry->is_stamped) {
				entry->is_stamped = true;
				entry->received_ms = now_ms;
			}
			if (now_ms >= deadline_of(entry)) {
				governor_queue_remove(entry);
				answer_late(governor, entry);
			}
		}
	}
}

static int64_t next_deadline(const struct governor_key *key)
{
	int64_t next_ms = MS_NEVER;

	for (size_t i = 0; i < GOVERNOR_URGENCIES; i++)
		for (const struct governor_entry *e = key->waiting[i].first; e; e = e->next)
			if (deadline_of(e) < next_ms)
				next_ms = deadline_of(e);
	return next_ms;
}

/* The breaker is open: all are refused but the first of a user's that may be the probe. */
static void refuse_waiting(struct governor *governor, struct governor_key *key)
{
	const struct governor_entry *probe = NULL;

	for (size_t i = 0; i < GOVERNOR_URGENCIES; i++) {
		struct governor_entry *entry = key->waiting[i].first, *next;

		for (; entry; entry = next) {
			next = entry->next;
			if (i == DISPATCH_FOR_USERS && !probe &&
			    deadline_of(entry) > key->breaker.next_ms) {
				probe = entry;
				continue;
			}
			governor_queue_remove(entry);
			answer_refused(governor, entry);
		}
	}
}

static void let_through(struct governor *governor, struct governor_entry *entry)
{
	struct governor_key *key = entry->key;
	struct hr_error why = {0};

	governor_queue_remove(entry);
	entry->request->timeout_ms -= governor->now.mono_ms - entry->received_ms;
	if (dispatch_submit(governor->options.inner, entry->request, &why) != 0) {
		answer_entry(governor, entry, &why);
		return;
	}
	entry->is_probe = breaker_begin(&key->breaker);
	governor_flight_begin(&governor->queues, entry);
}

/* Lets through what may go now. Gives whether any did; lowers *next_ms to when more may. */
static bool pump(struct governor *governor, struct governor_key *key, int64_t *next_ms)
{
	int64_t now_ms = governor->now.mono_ms, turn_ms = MS_NEVER, late_ms;
	struct governor_entry *entry;
	bool sent = false;

	sort_out(governor, key);
	if (breaker_state(&key->breaker, now_ms) == BREAKER_OPEN)
		refuse_waiting(governor, key);
	while ((entry = governor_queue_next(key)) != NULL) {
		if (!breaker_allows(&key->breaker, now_ms, &turn_ms) ||
		    !budget_take(&key->budget, now_ms, &turn_ms))
			break;
		turn_ms = MS_NEVER;
		let_through(governor, entry);
		sent = true;
	}
	if (!entry)
		return sent;
	late_ms = next_deadline(key);
	if (turn_ms < *next_ms)
		*next_ms = turn_ms;
	if (late_ms < *next_ms)
		*next_ms = late_ms;
	return sent;
}

/* ---- Learning ------------------------------------------------------------------------------ */

enum verdict { VERDICT_NONE, VERDICT_ANSWERS, VERDICT_THROTTLES, VERDICT_FAILS };

static enum verdict judge(const struct dispatch_answer *answer)
{
	int32_t status = answer->error.http_status;

	switch (answer->result) {
	case HR_THROTTLED: return VERDICT_THROTTLES;
	case HR_TRANSIENT:
	case HR_TIMEOUT: return status >= 400 && status < 500 ? VERDICT_ANSWERS : VERDICT_FAILS;
	case HR_INTERNAL: return VERDICT_FAILS;
	case HR_CANCELLED:
	case HR_UNSUPPORTED: return VERDICT_NONE;
	default: return VERDICT_ANSWERS;
	}
}

/* Whether requests go through as a rule has changed: told to every account of the key. */
static void tell_breaker(struct governor *governor, const struct governor_key *key)
{
	const struct breaker *breaker = &key->breaker;

	for (const struct governor_member *m = governor->queues.members; m; m = m->next) {
		if (m->key != key)
			continue;
		if (breaker->opened)
			dispatch_tell(governor->options.answers, m->id,
				      DISPATCH_NEWS_BREAKER_OPENED,
				      "not asked for %lld s, after %u failures in a row; the last "
				      "one: %s",
				      (long long)(breaker->pause_ms / MS_PER_S), breaker->failures,
				      breaker->text[0] ? breaker->text : "no reason given");
		else
			dispatch_tell(governor->options.answers, m->id,
				      DISPATCH_NEWS_BREAKER_CLOSED,
				      "answers again, and is asked as usual");
	}
}

static void learn(struct governor *governor, struct governor_key *key, bool was_probe,
		  const struct dispatch_answer *answer)
{
	int64_t now_ms = governor->now.mono_ms;
	bool was_open = key->breaker.opened;

	switch (judge(answer)) {
	case VERDICT_ANSWERS:
		breaker_success(&key->breaker);
		budget_success(&key->budget, now_ms);
		break;
	case VERDICT_THROTTLES:
		breaker_success(&key->breaker);
		budget_throttled(&key->budget, answer->error.retry_after_ms, now_ms);
		key->throttled++;
		break;
	case VERDICT_FAILS:
		breaker_failure(&key->breaker, was_probe, answer->error.message, now_ms);
		break;
	case VERDICT_NONE: breaker_undecided(&key->breaker, was_probe); break;
	}
	if (key->breaker.opened != was_open)
		tell_breaker(governor, key);
}

static void take_answer(struct governor *governor, struct dispatch_answer *answer)
{
	struct governor_member *member = NULL;
	struct governor_entry *entry = NULL;

	if (answer->kind != DISPATCH_NEWS)
		entry = governor_flight_end(&governor->queues, answer->ticket);
	if (entry) {
		if (answer->n_requests > 1)
			budget_charge(&entry->key->budget, (int64_t)answer->n_requests - 1,
				      governor->now.mono_ms);
		learn(governor, entry->key, entry->is_probe, answer);
		governor_entry_free(entry);
	} else if (answer->kind == DISPATCH_CHECK) {
		member = governor_member_find(&governor->queues, answer->account);
	}
	/* A check took no token. */
	if (member) {
		budget_charge(&member->key->budget, answer->n_requests, governor->now.mono_ms);
		learn(governor, member->key, false, answer);
	}
	mailbox_push(governor->options.answers, &answer->mail);
}

/* Gives whether there were any. */
static bool take_answers(struct governor *governor)
{
	struct mail *mail;
	bool any = false;

	while ((mail = mailbox_take(governor->options.inner_answers)) != NULL) {
		take_answer(governor, (struct dispatch_answer *)mail);
		any = true;
	}
	return any;
}

/* ---- The dispatcher ------------------------------------------------------------------------ */

/* The accounts' figures. Where there is no memory they stay as they were. */
static void publish(struct governor *governor)
{
	size_t n = 0;

	if (!governor->options.metrics)
		return;
	for (const struct governor_member *m = governor->queues.members; m; m = m->next) {
		struct account_metric *figure;

		if (n == governor->n_published) {
			figure = reallocarray(governor->published, n + 16, sizeof(*figure));
			if (!figure)
				return;
			governor->published = figure;
			governor->n_published = n + 16;
		}
		figure = &governor->published[n++];
		memset(figure, 0, sizeof(*figure));
		text_copy(figure->account, sizeof(figure->account), m->id);
		memcpy(figure->waiting, m->waiting, sizeof(figure->waiting));
		figure->rate_milli = budget_rate_milli(&m->key->budget);
		figure->breaker = breaker_state(&m->key->breaker, governor->now.mono_ms);
	}
	module_metrics_accounts(governor->options.metrics, governor->published, n);
}

/* Until the inner dispatcher has taken what was let through, and nothing more comes of it. */
static int64_t governor_step(struct dispatcher *dispatcher, struct moment now)
{
	struct governor *governor = of_dispatcher(dispatcher);
	int64_t inner_ms, own_ms;
	bool again;

	governor->now = now;
	do {
		inner_ms = dispatch_step(governor->options.inner, now);
		own_ms = MS_NEVER;
		again = take_answers(governor);
		for (struct governor_key *key = governor->queues.keys; key; key = key->next)
			again |= pump(governor, key, &own_ms);
	} while (again);
	governor_keys_sweep(&governor->queues);
	publish(governor);
	return inner_ms < own_ms ? inner_ms : own_ms;
}

static int open_account(struct governor *governor, const struct dispatch_request *request,
			struct hr_error *err)
{
	struct governor_account described = {0};
	struct governor_member *known = governor_member_find(&governor->queues, request->account);
	struct governor_member *member = known ? known : governor_member_new(request->account);
	struct governor_key *key;

	if (governor->options.describe(governor->options.context, request, &described) != 0) {
		described = (struct governor_account){0};
		text_copy(described.key, sizeof(described.key), request->account);
	}
	key = governor_key_get(&governor->queues, described.key, &governor->options,
			       governor->now.mono_ms);
	if (!member || !key) {
		if (!known)
			free(member);
		return error_no_memory(err, "opening an account");
	}
	if (dispatch_submit(governor->options.inner, request, err) != 0) {
		if (!known)
			free(member);
		return -1;
	}
	budget_preset(&key->budget, described.rate_per_minute, described.burst,
		      governor->now.mono_ms);
	governor_member_join(&governor->queues, member, key);
	return 0;
}

static int close_account(struct governor *governor, const struct dispatch_request *request,
			 struct hr_error *err)
{
	struct governor_member *member = governor_member_find(&governor->queues, request->account);

	if (dispatch_submit(governor->options.inner, request, err) != 0)
		return -1;
	if (!member)
		return 0;
	answer_cancelled(governor, member->key, member->id, "the account is being closed");
	governor_member_remove(&governor->queues, member);
	return 0;
}

static int governor_submit(struct dispatcher *dispatcher, const struct dispatch_request *request,
			   struct hr_error *err)
{
	struct governor *governor = of_dispatcher(dispatcher);
	struct governor_member *member;

	if (request->kind == DISPATCH_OPEN)
		return open_account(governor, request, err);
	if (request->kind == DISPATCH_CLOSE)
		return close_account(governor, request, err);
	member = governor_member_find(&governor->queues, request->account);
	if (!member || request->kind == DISPATCH_CHECK)
		return dispatch_submit(governor->options.inner, request, err);
	if (governor->is_cancelled)
		return error_set(err, HR_TRANSIENT, "headroomd is about to end; nothing was sent");
	if (governor_queue_add(&governor->queues, member, request) != 0)
		return error_no_memory(err, "asking a provider");
	return 0;
}

static int governor_fd(struct dispatcher *dispatcher)
{
	return dispatch_fd(of_dispatcher(dispatcher)->options.inner);
}

static void governor_cancel_all(struct dispatcher *dispatcher)
{
	struct governor *governor = of_dispatcher(dispatcher);

	governor->is_cancelled = true;
	for (struct governor_key *key = governor->queues.keys; key; key = key->next)
		answer_cancelled(governor, key, NULL, "headroomd is about to end");
	dispatch_cancel_all(governor->options.inner);
}

static void governor_free(struct dispatcher *dispatcher)
{
	struct governor *governor = of_dispatcher(dispatcher);

	for (struct governor_key *key = governor->queues.keys; key; key = key->next)
		answer_cancelled(governor, key, NULL, "headroomd is about to end");
	dispatch_free(governor->options.inner);
	take_answers(governor);
	governor_queues_clear(&governor->queues);
	free(governor->published);
	free(governor);
}

static const struct dispatcher_operations governor_operations = {
	.submit = governor_submit,
	.step = governor_step,
	.fd = governor_fd,
	.cancel_all = governor_cancel_all,
	.free = governor_free,
};

int governor_new(const struct governor_options *options, struct dispatcher **ret_dispatcher,
		 struct hr_error *err)
{
	struct governor *governor = calloc(1, sizeof(*governor));

	if (!governor) {
		dispatch_cancel_all(options->inner);
		dispatch_free(options->inner);
		return error_no_memory(err, "preparing calls of modules");
	}
	governor->dispatcher.operations = &governor_operations;
	governor->options = *options;
	*ret_dispatcher = &governor->dispatcher;
	return 0;
}

/* ---- Figures ------------------------------------------------------------------------------- */

static void fill_figure(const struct governor_key *key, int64_t now_ms, struct governor_figure *ret)
{
	*ret = (struct governor_figure){
		.n_accounts = key->n_accounts,
		.rate_milli = budget_rate_milli(&key->budget),
		.tokens_milli = budget_tokens_milli(&key->budget, now_ms),
		.in_flight = key->n_in_flight,
		.breaker = breaker_state(&key->breaker, now_ms),
		.failures = key->breaker.failures,
		.sent = key->sent,
		.throttled = key->throttled,
		.late = key->late,
		.refused = key->refused,
	};
	text_copy(ret->key, sizeof(ret->key), key->text);
	for (size_t i = 0; i < GOVERNOR_URGENCIES; i++)
		ret->queued[i] = key->waiting[i].n;
}

size_t governor_figures(const struct dispatcher *dispatcher, struct moment now,
			struct governor_figure *ret_figures, size_t max)
{
	size_t n = 0;

	for (const struct governor_key *key = of_dispatcher(dispatcher)->queues.keys; key;
	     key = key->next) {
		if (n < max)
			fill_figure(key, now.mono_ms, &ret_figures[n]);
		n++;
	}
	return n;
}
