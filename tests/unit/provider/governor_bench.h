/* SPDX-License-Identifier: Apache-2.0 */
/* A governor under virtual time, before a dispatcher whose answers the test gives. */
#ifndef HR_TESTS_UNIT_PROVIDER_GOVERNOR_BENCH_H
#define HR_TESTS_UNIT_PROVIDER_GOVERNOR_BENCH_H

#include "provider/governor.h"

#define WALL_MS INT64_C(1800000000000) /* 2027-01-15T08:00:00Z, where monotonic time is 0 */
#define SENT_MAX 4096

/* What reached the inner dispatcher. */
struct sent {
	enum dispatch_kind kind;
	enum dispatch_urgency urgency;
	uint64_t ticket;
	char account[ID_SIZE];
	int64_t timeout_ms, at_ms;
};

extern struct sent sent[SENT_MAX];
extern size_t n_sent;
extern int64_t inner_due_ms; /* what its step gives */
extern bool inner_refuses;   /* what it is asked */
extern unsigned inner_cancels, inner_frees;
extern struct dispatcher *governor;
extern struct moment now;
extern struct module_metrics *metrics; /* the governor's */
/* What the next OPEN is described as: its key is the account's id, or "shared". */
extern struct governor_account described;
extern int describe_result;
extern bool describe_shares;

/* What was told, "ACCOUNT NUMBER: text" a line, as far as it was taken. */
extern char news[4096];

/* Sixty a minute, a burst of two. */
void governor_setup(void);
/* Fails the test where something was left behind. */
void governor_teardown(void);

/* Steps now, and after so many ms; gives what the governor gives. */
int64_t step(void);
int64_t pass(int64_t ms);

/* Submits a request; gives its ticket, which counts from 1. */
uint64_t ask_of(const char *account, enum dispatch_kind kind, enum dispatch_urgency urgency,
		int64_t timeout_ms);
/* A create of account "a" with 60 s. */
uint64_t ask(enum dispatch_urgency urgency);
/* Opens the account and steps; what was sent is forgotten. */
void open_account(const char *account);

/* The inner dispatcher answers that ticket, at the next step. */
void reply_n(uint64_t ticket, int32_t result, int64_t retry_after_ms, int32_t status,
	     uint32_t n_requests);
void reply(uint64_t ticket, int32_t result);

/* The inner dispatcher tells this. */
void pass_on(const char *account, enum dispatch_news what, const char *text);

/* The governor's next answer, news before it taken; NULL: none. The caller frees. */
struct dispatch_answer *take(void);
/* The next one must be this; message NULL: any. */
void expect(uint64_t ticket, int32_t result, const char *message);
void drop_answers(void);

/* Of the only key. */
struct governor_figure figure(void);

/* Account "a" with a wide budget and an open breaker, after eight failures at this moment. */
void open_breaker(void);

#endif
