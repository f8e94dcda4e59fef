/* SPDX-License-Identifier: Apache-2.0 */
/* The order of jobs. */
#include "provider/lane.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct lane *lanes_find(struct lanes *lanes, const char *account)
{
	for (struct lane *lane = lanes->first; lane; lane = lane->next)
		if (!lane->is_closing && strcmp(lane->account, account) == 0)
			return lane;
	return NULL;
}

struct lane *lanes_add(struct lanes *lanes, const char *account)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (!lane)
		return NULL;
	text_copy(lane->account, sizeof(lane->account), account);
	lane->next = lanes->first;
	lanes->first = lane;
	return lane;
}

void lanes_remove(struct lanes *lanes, struct lane *lane)
{
	struct lane **at = &lanes->first;

	while (*at && *at != lane)
		at = &(*at)->next;
	if (*at)
		*at = lane->next;
	free(lane);
}

void lanes_queue(struct lanes *lanes, struct job *job)
{
	job->next = NULL;
	if (lanes->newest)
		lanes->newest->next = job;
	else
		lanes->oldest = job;
	lanes->newest = job;
	lanes->n_waiting++;
	if (job->request->kind == DISPATCH_OPEN)
		job->lane->pending_opens++;
	if (job->request->kind == DISPATCH_CLOSE)
		job->lane->is_closing = true;
}

static void unlink_waiting(struct lanes *lanes, struct job *job)
{
	struct job *before = NULL;

	for (struct job *at = lanes->oldest; at; before = at, at = at->next) {
		if (at != job)
			continue;
		if (before)
			before->next = job->next;
		else
			lanes->oldest = job->next;
		if (lanes->newest == job)
			lanes->newest = before;
		job->next = NULL;
		lanes->n_waiting--;
		return;
	}
}

void lanes_drop(struct lanes *lanes, struct job *job)
{
	unlink_waiting(lanes, job);
	if (job->request->kind == DISPATCH_OPEN)
		job->lane->pending_opens--;
}

static bool may_run(const struct lanes *lanes, const struct job *job)
{
	const struct lane *lane = job->lane;

	if (lane->is_opening || lane->blocked_pass == lanes->pass)
		return false;
	switch (job->request->kind) {
	case DISPATCH_OPEN: return true;
	case DISPATCH_CLOSE: return lane->running == 0 && lane->seen_pass != lanes->pass;
	default:
		return lane->running < LANE_CALLS_MAX &&
		       (!lane->seat || lane->seat->running < lane->seat->limit);
	}
}

static void start(struct lanes *lanes, struct job *job)
{
	struct lane *lane = job->lane;

	unlink_waiting(lanes, job);
	job->next = lanes->running;
	lanes->running = job;
	lane->running++;
	lane->turn = (lane->turn + 1) % LANE_OLDEST_EVERY;
	if (job->request->kind == DISPATCH_OPEN) {
		lane->is_opening = true;
	} else if (lane->seat) {
		job->seat = lane->seat;
		job->seat->running++;
	}
}

/* other came first. */
static bool goes_before(const struct job *job, const struct job *other)
{
	return job->request->urgency < other->request->urgency &&
	       other->lane->turn + 1 < LANE_OLDEST_EVERY;
}

struct job *lanes_pick(struct lanes *lanes)
{
	struct job *best = NULL;

	lanes->pass++;
	for (struct job *job = lanes->oldest; job; job = job->next) {
		if (may_run(lanes, job) && (!best || goes_before(job, best)))
			best = job;
		if (best && best->request->urgency == DISPATCH_FOR_USERS)
			break;
		job->lane->seen_pass = lanes->pass;
		if (job->request->kind == DISPATCH_OPEN)
			job->lane->blocked_pass = lanes->pass;
	}
	if (best)
		start(lanes, best);
	return best;
}

struct seat *lanes_finish(struct lanes *lanes, struct job *job)
{
	struct job **at = &lanes->running;
	struct seat *seat = job->seat;

	while (*at && *at != job)
		at = &(*at)->next;
	if (*at)
		*at = job->next;
	job->next = NULL;
	job->lane->running--;
	if (job->request->kind == DISPATCH_OPEN) {
		job->lane->is_opening = false;
		job->lane->pending_opens--;
	}
	job->seat = NULL;
	if (!seat)
		return NULL;
	seat->running--;
	return seat->is_replaced && seat->running == 0 ? seat : NULL;
}

struct seat *lanes_replace_seat(struct lane *lane, struct seat *seat)
{
	struct seat *old = lane->seat;

	lane->seat = seat;
	if (!old)
		return NULL;
	old->is_replaced = true;
	return old->running == 0 ? old : NULL;
}
