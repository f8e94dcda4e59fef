/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs waiting for accounts: which of them may run next. Data structures only: no thread, no lock,
 * no clock; whoever has one of these has it for itself (core/provider/jobs.c, under its mutex). */
#ifndef HR_PROVIDER_LANE_H
#define HR_PROVIDER_LANE_H

#include "provider/dispatch.h"

#define LANE_OLDEST_EVERY 8
#define LANE_CALLS_MAX 64 /* of one account at once, on all its seats together; OPEN comes beside */

/* An account once opened. Edited settings make a new one; the old one is closed after its last
 * call. */
struct seat {
	void *handle;     /* the implementation's */
	unsigned limit;   /* calls at once, from 1 */
	unsigned running; /* calls under way */
	bool is_replaced;
};

struct lane;

/* A request and its answer to be. */
struct job {
	struct job *next;
	struct lane *lane;
	struct dispatch_request *request;
	struct dispatch_answer *answer; /* NULL once it was given */
	int64_t deadline_ms;            /* monotonic, as below */
	int64_t started_ms;             /* by process: when it was sent */
	int64_t cancelled_ms;           /* since when its call is to end; 0: it is not */
	bool timed_out;
	bool is_stuck;     /* was answered while its call went on */
	uint64_t number;   /* the implementation's name for its call */
	struct seat *seat; /* on which it runs; OPEN: none */
	void *call;        /* the implementation's, while the module is at work */
	/* OPEN: set by whoever runs it. */
	void *opened;
	unsigned opened_limit;
};

/* All that concerns one provider config, from OPEN to CLOSE. */
struct lane {
	struct lane *next;
	char account[ID_SIZE];
	struct seat *seat;      /* NULL: not open (yet) */
	unsigned pending_opens; /* waiting or running */
	unsigned running;       /* jobs of any seat */
	unsigned turn;          /* below LANE_OLDEST_EVERY, whose last is the oldest's */
	bool is_opening;
	bool is_closing;      /* no further request is taken */
	char why_closed[256]; /* why the last OPEN failed; or "" */
	uint64_t seen_pass, blocked_pass;
	void *context; /* the implementation's */
};

struct lanes {
	struct lane *first;
	struct job *oldest, *newest; /* waiting */
	unsigned n_waiting;
	struct job *running;
	uint64_t pass;
};

/* The lane that takes requests for the account, or NULL. */
struct lane *lanes_find(struct lanes *lanes, const char *account);

/* NULL: no memory. */
struct lane *lanes_add(struct lanes *lanes, const char *account);

/* Takes it out and frees it. Its seat must be gone. */
void lanes_remove(struct lanes *lanes, struct lane *lane);

void lanes_queue(struct lanes *lanes, struct job *job);

/* Takes a waiting job out without running it. */
void lanes_drop(struct lanes *lanes, struct job *job);

/* Takes the most urgent of the waiting jobs that may run now (in order of arrival where they are equally
 * urgent) and counts it as running: none beside an OPEN of its account or past one, as many at once as its
 * seat allows and LANE_CALLS_MAX does, CLOSE after all others. Every LANE_OLDEST_EVERYth of an account is its
 * oldest, whatever it is, so that nothing waits for ever. NULL: none. */
struct job *lanes_pick(struct lanes *lanes);

/* The job has run. Gives the seat to be closed now, if it was the last on a replaced one. */
struct seat *lanes_finish(struct lanes *lanes, struct job *job);

/* Puts a new seat in the lane. Gives the old one if it can be closed now. */
struct seat *lanes_replace_seat(struct lane *lane, struct seat *seat);

#endif
