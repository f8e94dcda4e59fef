/* SPDX-License-Identifier: Apache-2.0 */
/* The governor: a dispatcher in front of another one, that lets requests through as the rate budget and
 * the breaker of their account key allow, the most urgent first. Owns no thread, clock or I/O, so
 * that the simulation runs it too: all is done in submit and step, on the engine's thread.
 *
 * OPEN, CLOSE and CHECK go through at once, without token or breaker, as does what belongs to an account
 * that was never opened (the dispatcher behind refuses it). All else waits for the next step:
 *   - of the urgencies of enum dispatch_urgency the first goes first, in each in order of arrival; but
 *     every GOVERNOR_OLDEST_EVERYth that goes is the one that has waited longest, whatever it is, so
 *     that nothing waits for ever for lack of urgency;
 *   - one that waits past its timeout is answered HR_TIMEOUT, without HR_FAULT_OUTCOME_UNKNOWN: nothing
 *     was sent; while the provider has said when to come again, with the rest of that as
 *     retry_after_ms. What goes through has as much less time as it waited;
 *   - while the breaker is open all are answered HR_TRANSIENT at once, with retry_after_ms, but for one
 *     that a user waits for: it stays, if its time allows, and is the probe. While a probe is
 *     under way the others wait for how it ends;
 *   - CLOSE answers what waits of its account HR_CANCELLED, and goes; an OPEN that replaces an account
 *     goes before what waits, which then meets the new settings.
 * What answers teach: HR_THROTTLED slows the key down; HR_TRANSIENT and HR_TIMEOUT (unless they bring
 * the provider's 4xx) and HR_INTERNAL count against the breaker; HR_CANCELLED and HR_UNSUPPORTED say
 * nothing; all others prove that the provider answers. Answers pass on unchanged, and so does news; that
 * the breaker opens or closes is news of its own, of every account with that key. */
#ifndef HR_PROVIDER_GOVERNOR_H
#define HR_PROVIDER_GOVERNOR_H

#include "provider/account_key.h"
#include "provider/breaker.h"
#include "provider/dispatch.h"
#include "provider/module_metrics.h"

#define GOVERNOR_OLDEST_EVERY 8
#define GOVERNOR_URGENCIES (DISPATCH_LOOK + 1)

/* What an account's budget goes by. */
struct governor_account {
	char key[ACCOUNT_KEY_SIZE]; /* accounts with the same key share budget and breaker */
	int64_t rate_per_minute;    /* presets; 0: the default */
	int64_t burst;
};

struct governor_options {
	struct dispatcher *inner;      /* owned from governor_new on, also where it fails */
	struct mailbox *inner_answers; /* borrowed; inner's; its wake has to lead to a step */
	struct mailbox *answers;       /* borrowed; where all answers go */
	/* Key and presets from an OPEN request. -1: not known; the account has a budget of its own
	 * then, with the defaults (inner's answer to the OPEN says what is wrong). The engine's
	 * thread. */
	int (*describe)(void *context, const struct dispatch_request *open_request,
			struct governor_account *ret_account);
	void *context;
	struct breaker_limits breaker; /* zeroes: the defaults */
	struct module_metrics
		*metrics; /* borrowed; what accounts wait for; NULL: nothing is told */
};

int governor_new(const struct governor_options *options, struct dispatcher **ret_dispatcher,
		 struct hr_error *err);

/* One account key, for metrics. */
struct governor_figure {
	char key[ACCOUNT_KEY_SIZE];
	unsigned n_accounts;
	int64_t rate_milli;   /* thousandths of a request a minute, now */
	int64_t tokens_milli; /* of a token; negative: debt */
	unsigned queued[GOVERNOR_URGENCIES];
	unsigned in_flight; /* of what went through the queue */
	enum breaker_state breaker;
	unsigned failures;                       /* in a row */
	uint64_t sent, throttled, late, refused; /* since the key is known: requests that went
	                                          * through; HR_THROTTLED answers; timed out while
	                                          * they waited; refused by the breaker */
};

/* Fills up to max figures; gives how many keys there are. Only of a governor; the engine's thread. */
size_t governor_figures(const struct dispatcher *dispatcher, struct moment now,
			struct governor_figure *ret_figures, size_t max);

#endif
