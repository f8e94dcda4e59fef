/* SPDX-License-Identifier: Apache-2.0 */
/* The sinks that status, list and check report into. */
#ifndef HR_HOST_GATHER_H
#define HR_HOST_GATHER_H

#include "host/call.h"
#include "provider/dispatch.h"

#define GATHER_INSTANCES_MAX 100000 /* of one list */
#define GATHER_PROBLEMS_MAX 64

struct gather {
	struct hr_instance_sink instances;
	struct hr_check_sink problems_sink;
	struct call *call;
	const struct dispatch_request *request;
	struct dispatch_instance *list;
	size_t n, room;
	struct dispatch_problem *problems;
	size_t n_problems;
	char unread[512];
	bool is_partial;
	bool complete; /* the module said so */
	bool no_memory;
};

void gather_init(struct gather *gather, struct call *call, const struct dispatch_request *request);

/* What is gathered goes over into the answer. */
void gather_take(struct gather *gather, struct dispatch_answer *ret);
void gather_clear(struct gather *gather);

/* Notes that a part was not read; the list is incomplete from then on. */
void gather_unread(struct gather *gather, const char *part, const char *why);

/* Status: an id that the module said nothing about is of unknown state. */
void gather_fill_missing(struct gather *gather);

#endif
