/* SPDX-License-Identifier: Apache-2.0 */
/* Calls at the simulated provider: their fates, effects and answers. */
#ifndef HR_SIM_CALLS_H
#define HR_SIM_CALLS_H

#include "sim_provider.h"

enum fate {
	FATE_ANSWERED,
	FATE_REFUSED,    /* nothing was done, and the answer says so */
	FATE_UNANSWERED, /* it was done, but the answer is an error with outcome unknown */
	FATE_HANGS,      /* likewise, at the deadline */
	FATE_THROTTLED,  /* nothing was done: too many calls */
	FATE_DOWN        /* nothing was done: an outage */
};

struct call {
	struct call *next;
	enum dispatch_kind kind;
	uint64_t ticket;
	char account[ID_SIZE];
	int64_t timeout_ms;
	struct dispatch_step step; /* resume_token and script are copies below */
	char resume_token[64];
	char checkin_token[2048];
	char (*instance_ids)[256];
	size_t n_instance_ids;
	enum fate fate;
	int64_t answer_after_ms;   /* from the effect */
	bool lost;                 /* the daemon that waits for the answer is dead */
	bool survives;             /* then it takes effect nevertheless, */
	int64_t straggles_ms;      /* perhaps a good while later */
	struct sim_course *course; /* in a world with a cloud */
	struct dispatch_answer *answer;
};

/* When it comes to the provider; sets what becomes of it there should the daemon die before. */
int64_t call_travel(struct world *world, struct call *call);
/* The daemon died before the call came to the provider, and it comes not at all, or `happen` is for
 * later. */
bool call_is_cut_off(struct world *world, struct call *call,
		     void (*happen)(struct world *world, void *arg));
/* Its answer comes to the daemon, if that is still there; the call is no more. */
void call_answer(struct world *world, void *call);
void call_drop(struct world *world, struct call *call);

/* Does what the call asks for and fills its answer. */
void call_effect(struct world *world, struct call *call);

/* An error into its answer. */
void call_fail(struct call *call, int32_t class, uint32_t flags, const char *message);

/* A random class of error for a call of this kind, into its answer. */
void call_refuse_somehow(struct world *world, struct call *call);

/* What may not be sent in the present state of the rows. */
void call_check(struct world *world, const struct dispatch_request *request);

/* The answer has reached the daemon. */
void call_told(struct world *world, const struct call *call);

void sim_calls_free(struct world *world);
/* Of what call_check remembers. */
void call_effects_free(struct world *world);

#endif
